// Every target must execute the same network to the same bytes, and count it exactly.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/process.h"
#include "measure/host.h"
#include "measure/measure.h"

namespace mote {
namespace {

Artifact tiny() {
  Artifact artifact;
  artifact.name = "tiny";
  artifact.folder = std::filesystem::path(MOTE_SOURCE_DIR) / "tests/measure/tiny";
  artifact.steps = {{"dense", "FullyConnected", 160}, {"mix", "Add", 0}, {"rank", "ArgMax", 0}};
  artifact.arena_bytes = 64;
  artifact.weights_bytes = 160;
  artifact.inputs = {{"in", 0, 16}};
  artifact.outputs = {{"rank", 48, 8}, {"sums", 16, 32}};
  artifact.peak_step = "mix";
  return artifact;
}

Artifact floaty() {
  Artifact artifact = tiny();
  artifact.name = "floaty";
  artifact.steps = {{"softmax", "Softmax", 0}};
  artifact.arena_bytes = 32;
  artifact.weights_bytes = 0;
  artifact.outputs = {{"out", 16, 16}};
  artifact.uses_math = true;
  return artifact;
}

Sample sample(int seed) {
  Bytes bytes;
  for (int i = 0; i < 16; ++i) bytes.push_back(static_cast<std::byte>(i * 37 + seed * 91 + 5));
  return {bytes};
}

bool available(const Target& target) {
  return find_program(target.compiler.program) &&
         (target.runner.program.empty() || find_program(target.runner.program));
}

class EveryTarget : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    target_ = load_target(GetParam());
    if (!available(target_))
      GTEST_SKIP() << target_.compiler.program << " or " << target_.runner.program << " is not installed";
  }
  Target target_;
};

INSTANTIATE_TEST_SUITE_P(Device, EveryTarget, testing::ValuesIn(list_targets()), [](const auto& row) {
  std::string name = row.param;
  for (auto& c : name)
    if (c == '-') c = '_';
  return name;
});

TEST_P(EveryTarget, GivesTheBytesOfTheHost) {
  const CompiledModel host(tiny());
  std::vector<Sample> samples;
  for (int seed = 0; seed < 5; ++seed) samples.push_back(sample(seed));
  const auto run = run_on_device(tiny(), target_, samples);
  ASSERT_EQ(run.outputs.size(), samples.size());
  for (std::size_t i = 0; i < samples.size(); ++i)
    EXPECT_EQ(run.outputs[i], host.run(samples[i])) << "sample " << i;
  EXPECT_EQ(run.stack_bytes.has_value(), target_.bare_metal());
}

TEST_P(EveryTarget, MeasuresExactlyAndRepeatably) {
  const auto first = measure(tiny(), target_, sample(1));
  const auto second = measure(tiny(), target_, sample(1));
  EXPECT_EQ(first.outputs, CompiledModel(tiny()).run(sample(1)));
  EXPECT_EQ(first.flash.weights_bytes, 160U);
  EXPECT_GT(first.flash.code_bytes, 100U);
  EXPECT_LT(first.flash.code_bytes, 4000U);
  EXPECT_EQ(first.ram.arena_bytes, 64U);
  if (target_.runner.kind == RunnerKind::kHost) {
    EXPECT_GT(first.measured_seconds.value(), 0);
    EXPECT_FALSE(first.instructions.has_value());
    return;
  }
  EXPECT_EQ(first.instructions, second.instructions);
  std::uint64_t sum = 0;
  ASSERT_EQ(first.layers.size(), 3U);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_GT(first.layers[i].instructions, 10U);
    EXPECT_EQ(first.layers[i].instructions, second.layers[i].instructions);
    sum += first.layers[i].instructions;
  }
  EXPECT_EQ(sum, first.instructions);
  EXPECT_LT(sum, 20000U);
  if (!target_.bare_metal()) return;
  EXPECT_GE(first.ram.stack_bytes.value(), 256U);  // the array of step 1
  EXPECT_LT(first.ram.stack_bytes.value(), 512U);
  EXPECT_EQ(first.ram.static_bytes, 0U);
  EXPECT_GT(first.flash.startup_bytes, 64U);
  EXPECT_LT(first.flash.startup_bytes, 300U);
}

TEST_P(EveryTarget, TracesTheHashOfEveryStep) {
  const auto outputs = CompiledModel(tiny()).run(sample(3));
  const auto trace = trace_on_device(tiny(), target_, sample(3)).trace;
  ASSERT_EQ(trace.size(), 3U);
  EXPECT_EQ(trace[1], (TraceEntry{1, 0, fnv1a_32(outputs[1])}));
  EXPECT_EQ(trace[2], (TraceEntry{2, 0, fnv1a_32(outputs[0])}));
}

TEST_P(EveryTarget, LinksTheMathLibraryOnlyWhereAsked) {
  const std::array<float, 4> in = {0.5F, -1.25F, 3.0F, 0.0F};
  Sample floats = {Bytes(16)};
  std::memcpy(floats[0].data(), in.data(), 16);
  Measurement result;
  try {
    result = measure(floaty(), target_, floats);
  } catch (const UserError& error) {
    if (target_.compiler.math_package.empty() ||
        error.parts().remedy.find(target_.compiler.math_package) == std::string::npos)
      throw;
    GTEST_SKIP() << error.what();
  }
  std::array<float, 4> out{};
  std::memcpy(out.data(), result.outputs.at(0).data(), 16);
  const double sum = std::exp(0.5) + std::exp(-1.25) + std::exp(3.0) + 1;
  for (std::size_t i = 0; i < 4; ++i) EXPECT_NEAR(out[i], std::exp(static_cast<double>(in[i])) / sum, 1e-6);
}

TEST(Device, ASizeBuildIsSmallerAndSlower) {
  const auto target = load_target("cortex-m4");
  if (!available(target)) GTEST_SKIP() << "no cross compiler or QEMU for Cortex-M";
  auto small = tiny();
  small.optimize = Optimize::kSize;
  const auto speed = measure(tiny(), target, sample(2)), size = measure(small, target, sample(2));
  EXPECT_EQ(speed.outputs, size.outputs);
  EXPECT_LT(size.flash.code_bytes, speed.flash.code_bytes);
  EXPECT_GT(size.instructions.value(), speed.instructions.value());
}

TEST(Device, EstimatesNameTheirSource) {
  Target plain = load_target("cortex-m4");
  plain.cycle_model.reset();
  plain.cycles_per_instruction = SourcedConstant{1.5, "a paper"};
  const auto estimate = estimate_cost(plain, {{"instruction", 1000000}});
  EXPECT_DOUBLE_EQ(estimate.cycles.value(), 1.5e6);
  EXPECT_DOUBLE_EQ(estimate.seconds.value(), 0.0125);
  EXPECT_DOUBLE_EQ(estimate.energy_joules.value(), 1.5e6 * 349e-12);
  EXPECT_NE(estimate.source.find("a paper"), std::string::npos);
  Measurement unknown;
  unknown.estimate = estimate_cost(load_target("cortex-m55"), {{"instruction", 1000}});
  EXPECT_TRUE(to_json(unknown)["estimate"]["cycles"].is_null());
  EXPECT_TRUE(to_json(unknown)["instructions"].is_null());
}

TEST(Device, AnArenaBeyondTheBoardSaysByHowMuch) {
  auto artifact = tiny();
  artifact.arena_bytes = (640U << 10) + 123;
  try {
    measure(artifact, load_target("cortex-m4"), sample(0));
    FAIL() << "no error";
  } catch (const UserError& error) {
    EXPECT_NE(error.parts().why.find("123 bytes too many"), std::string::npos) << error.what();
    EXPECT_NE(error.parts().why.find("'mix'"), std::string::npos) << error.what();
  }
}

TEST(Device, TheLinkersOverflowIsTranslated) {
  auto target = load_target("cortex-m4");
  if (!available(target)) GTEST_SKIP() << "no cross compiler or QEMU for Cortex-M";
  target.flash.bytes = 256;
  try {
    measure(tiny(), target, sample(0));
    FAIL() << "no error";
  } catch (const UserError& error) {
    EXPECT_NE(error.parts().why.find("bytes too many"), std::string::npos) << error.what();
    EXPECT_NE(error.parts().why.find("'dense' has the largest weights"), std::string::npos) << error.what();
  }
}

TEST(Device, AMissingProgramNamesItsPackage) {
  const std::string path = std::getenv("PATH");
  ::setenv("PATH", "/nonexistent", 1);
  std::string remedy;
  try {
    measure(tiny(), load_target("cortex-m4"), sample(0));
  } catch (const UserError& error) {
    remedy = error.parts().remedy;
  }
  ::setenv("PATH", path.c_str(), 1);
  EXPECT_NE(remedy.find("apt install qemu-system-arm"), std::string::npos) << remedy;
}

TEST(Device, AFaultOnTheDeviceIsReported) {
  const auto target = load_target("cortex-m4");
  if (!available(target)) GTEST_SKIP() << "no cross compiler or QEMU for Cortex-M";
  const std::vector<Sample> samples = {sample(0)};
  const std::string illegal = "void tiny_run(void *arena) { (void)arena; __builtin_trap(); }\n";
  const std::string deep_stack =
      "void tiny_run(void *arena) { volatile int a[1100000]; (void)arena; for (int i = 0; i < 1100000; ++i) "
      "a[i] = i; }\n";
  for (const auto& body : {illegal, deep_stack}) {
    const TemporaryFolder folder;
    auto artifact = tiny();
    artifact.folder = folder.path();
    write_file(folder.path() / "tiny.h", read_text_file(tiny().folder / "tiny.h"));
    write_file(folder.path() / "tiny.c", "#include \"tiny.h\"\n" + body);
    try {
      run_on_device(artifact, target, samples);
      ADD_FAILURE() << "no error";
    } catch (const UserError& error) {
      EXPECT_NE(error.parts().why.find("met a fault"), std::string::npos) << error.what();
    }
  }
}

// Both steps and the call are assembly of known length, so every count is known.
TEST(Device, CountsAreExact) {
  const auto target = load_target("cortex-m4");
  if (!available(target)) GTEST_SKIP() << "no cross compiler or QEMU for Cortex-M";
  const TemporaryFolder folder;
  auto artifact = tiny();
  artifact.folder = folder.path();
  artifact.steps.pop_back();
  write_file(folder.path() / "tiny.h", read_text_file(tiny().folder / "tiny.h"));
  write_file(folder.path() / "tiny.c", R"(#include "tiny.h"
#define NAKED __attribute__((naked, noinline, used))
NAKED static void tiny_step_0(void) {
  __asm__ volatile("movs r1, #100\n1: subs r1, r1, #1\nbne 1b\nbx lr");
}
NAKED static void tiny_step_1(void) { __asm__ volatile("nop\nnop\nbx lr"); }
NAKED void tiny_run(void *arena) { __asm__ volatile("push {lr}\nbl tiny_step_0\nbl tiny_step_1\npop {pc}"); }
)");
  const auto result = measure(artifact, target, sample(0));
  EXPECT_EQ(result.layers.at(0).instructions, 2U + (1 + 200 + 1) + 1);  // push, bl; the loop; bl
  EXPECT_EQ(result.layers.at(1).instructions, 3U + 1 + 1);  // two nop, bx; pop; the caller's next bl
  EXPECT_EQ(result.instructions, 210U);
}

// Every event of the cycle model, on instructions whose timing the processor's manual states.
TEST(Device, EventsOfTheCycleModelAreExact) {
  const auto target = load_target("cortex-m4");
  if (!available(target)) GTEST_SKIP() << "no cross compiler or QEMU for Cortex-M";
  const TemporaryFolder folder;
  auto artifact = tiny();
  artifact.folder = folder.path();
  artifact.steps.resize(1);
  write_file(folder.path() / "tiny.h", read_text_file(tiny().folder / "tiny.h"));
  write_file(folder.path() / "tiny.c", R"(#include "tiny.h"
#define NAKED __attribute__((naked, noinline, used, aligned(16)))
NAKED static void tiny_step_0(void) {
  __asm__ volatile(
      "movs r1, #0\nmovs r3, #5\nnop\n"
      "ldr r2, [r0]\nldr r1, [r0, #4]\nldr r12, [r0, #8]\n"  /* 1 + 3 cycles: the others are pipelined */
      "nop\nand r1, r1, #0\nldr r2, [r0, r1]\n"              /* the address is fresh: interlock; load */
      "nop\nstr r2, [r0, r1]\nstr r2, [r0]\n"                /* register offset 2 cycles, immediate 1 */
      "ldm r0, {r1, r2, r12}\nstrd r1, r2, [r0]\n"            /* 3 and 2 words */
      "udiv r1, r2, r3\nsmlad r1, r2, r3, r1\n"
      "1: subs r3, r3, #1\nbne 1b\nbx lr");                  /* taken 4 of 5 times, and the return */
}
NAKED void tiny_run(void *arena) { __asm__ volatile("push {lr}\nbl tiny_step_0\npop {pc}"); }
)");
  EventCounts events = measure(artifact, target, sample(0)).events;
  EXPECT_EQ(events["load"], 2U);
  EXPECT_EQ(events["interlock"], 1U);
  EXPECT_EQ(events["store_indexed"], 1U);
  EXPECT_EQ(events["word"], 5U + 2);  // and push, pop
  EXPECT_EQ(events["divide"], 1U);
  EXPECT_EQ(events["branch"],
            1U + 4 + 1 + 1 + 1);  // the call, the loop, the return, pop, the caller's next bl
  EXPECT_EQ(events["paired"], 0U);
  EXPECT_EQ(events["data_wait"], 0U);
}

// Two independent additions start together; a dependent one, a multiplication behind another instruction, do
// not.
TEST(Device, DualIssuePairsWhatIsIndependent) {
  const auto target = load_target("cortex-m7");
  if (!available(target)) GTEST_SKIP() << "no cross compiler or QEMU for Cortex-M";
  const TemporaryFolder folder;
  auto artifact = tiny();
  artifact.folder = folder.path();
  artifact.steps.resize(1);
  write_file(folder.path() / "tiny.h", read_text_file(tiny().folder / "tiny.h"));
  write_file(folder.path() / "tiny.c", R"(#include "tiny.h"
#define NAKED __attribute__((naked, noinline, used, aligned(16)))
NAKED static void tiny_step_0(void) {
  __asm__ volatile("add r1, r2, #1\nadd r2, r3, #1\n"   /* a pair */
                   "add r3, r3, #1\nadd r3, r3, #1\n"   /* none: dependent */
                   "smlad r1, r2, r3, r1\nsmlad r12, r2, r3, r12\n"
                   "ldr r1, [r0]\nldr r2, [r0, #4]\n"   /* two loads pair */
                   "smuad r1, r3, r2\nbx lr");           /* r2 was just loaded; the jump beside it */
}
NAKED void tiny_run(void *arena) { __asm__ volatile("push {lr}\nbl tiny_step_0\npop {pc}"); }
)");
  EventCounts events = measure(artifact, target, sample(0)).events;
  EXPECT_EQ(events["paired"], 3U);
  EXPECT_EQ(events["interlock"], 1U);
}

// A table in flash that is larger than the data cache: each line waits, each time.
TEST(Device, FlashWaitsFollowTheCaches) {
  auto target = load_target("cortex-m4");
  if (!available(target)) GTEST_SKIP() << "no cross compiler or QEMU for Cortex-M";
  const TemporaryFolder folder;
  auto artifact = tiny();
  artifact.folder = folder.path();
  artifact.steps.resize(1);
  write_file(folder.path() / "tiny.h", read_text_file(tiny().folder / "tiny.h"));
  write_file(folder.path() / "tiny.c", R"(#include "tiny.h"
static const int tiny_w[256] __attribute__((aligned(64))) = {1, 2, 3};
static void __attribute__((noinline)) tiny_step_0(volatile int *arena) {
  for (int pass = 0; pass < 2; ++pass)
    for (int i = 0; i < 256; ++i) arena[0] += ((const volatile int *)tiny_w)[i];
}
void tiny_run(void *arena) { tiny_step_0(arena); }
)");
  const std::uint64_t lines = 2 * 1024 / target.cycle_model->line_bytes;
  const auto waits = [&] { return measure(artifact, target, sample(0)).events.at("data_wait"); };
  const std::uint64_t streamed = waits();
  EXPECT_GE(streamed, lines * target.cycle_model->wait_states);
  EXPECT_LE(streamed, (lines + 4) * target.cycle_model->wait_states);
  target.cycle_model->data_bytes = 4096;  // now the second pass finds everything
  EXPECT_LE(waits(), (lines / 2 + 4) * target.cycle_model->wait_states);
}

TEST(Device, AnEndlessNetworkMeetsTheTimeLimit) {
  const auto target = load_target("cortex-m4");
  if (!available(target)) GTEST_SKIP() << "no cross compiler or QEMU for Cortex-M";
  const TemporaryFolder folder;
  auto artifact = tiny();
  artifact.folder = folder.path();
  write_file(folder.path() / "tiny.h", read_text_file(tiny().folder / "tiny.h"));
  write_file(folder.path() / "tiny.c",
             "#include \"tiny.h\"\nvoid tiny_run(void *arena) { (void)arena; for (;;) {} }\n");
  const std::vector<Sample> samples = {sample(0)};
  EXPECT_THROW(run_on_device(artifact, target, samples, {.limit = std::chrono::seconds(1)}), UserError);
}

TEST(CompiledModel, RunsInManyThreads) {
  const CompiledModel model(tiny());
  std::vector<std::thread> threads;
  std::array<bool, 4> equal{};
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      CompiledModel::Arena arena(model);
      const auto expected = model.run(sample(t));
      bool same = true;
      for (int i = 0; i < 200; ++i) same = same && model.run(arena, sample(t)) == expected;
      equal[static_cast<std::size_t>(t)] = same;
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(equal, (std::array<bool, 4>{true, true, true, true}));
}

}  // namespace
}  // namespace mote
