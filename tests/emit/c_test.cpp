#include "emit/c.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "base/parallel.h"
#include "base/process.h"
#include "ops/operator_list.h"
#include "tests/support/random_network.h"

namespace mote {
namespace {

// The warnings that emitted C promises to be free of.
const std::vector<std::string> kWarnings = {"-std=c99",     "-Wall",    "-Wextra", "-Wpedantic",
                                            "-Wconversion", "-Wshadow", "-Werror", "-fsyntax-only"};

std::string compile(std::vector<std::string> argv, const Artifact& artifact) {
  argv.insert(argv.end(), kWarnings.begin(), kWarnings.end());
  argv.push_back(artifact.folder / (artifact.name + ".c"));
  const ProcessResult result = run_process(argv);
  return result.exit_code == 0 ? "" : argv[0] + ": " + result.output.substr(0, 2000);
}

std::vector<Graph> samples_of_all_operators(int each) {
  std::vector<Graph> graphs;
  for (const OperatorRow& op : operator_list()) {
    Rng rng(5);
    for (int i = 0; i < each; ++i) graphs.push_back(op.sample(rng));
  }
  return graphs;
}

void expect_no_warnings(const std::vector<std::string>& command, const Target& target, Optimize optimize) {
  const auto graphs = samples_of_all_operators(2);
  std::vector<std::string> problems(graphs.size());
  parallel_for(graphs.size(), [&](std::size_t, std::size_t i) {
    const TemporaryFolder folder;
    const Plan plan = make_plan(graphs[i], target, {.optimize = optimize, .only_kernel = {}});
    problems[i] = compile(command, emit_c(plan, {.name = "sample", .folder = folder.path()}));
  });
  for (const auto& problem : problems) EXPECT_EQ(problem, "");
}

TEST(EmitC, GccHasNoWarnings) {
  expect_no_warnings({"gcc", "-march=native"}, load_target("host"), Optimize::kSpeed);
}

TEST(EmitC, ClangHasNoWarnings) {
  if (!find_program("clang")) GTEST_SKIP() << "clang is missing";
  expect_no_warnings({"clang", "-march=native"}, load_target("host"), Optimize::kSize);
}

class EveryTarget : public ::testing::TestWithParam<std::string> {};

TEST_P(EveryTarget, HasNoWarnings) {
  const Target target = load_target(GetParam());
  if (!find_program(target.compiler.program)) GTEST_SKIP() << target.compiler.program << " is missing";
  const TemporaryFolder folder;
  std::vector<std::string> command = {target.compiler.program};
  command.insert(command.end(), target.compiler.flags.begin(), target.compiler.flags.end());
  command.insert(command.end(), target.compiler.math_flags.begin(), target.compiler.math_flags.end());
  expect_no_warnings(command, target, Optimize::kSpeed);
}

std::string file_name(const ::testing::TestParamInfo<std::string>& info) {
  std::string name = info.param;
  for (char& c : name)
    if (c == '-') c = '_';
  return name;
}

INSTANTIATE_TEST_SUITE_P(Targets, EveryTarget, ::testing::ValuesIn(list_targets()), file_name);

Graph sample_graph(std::string_view op, std::uint64_t seed) {
  Rng rng(seed);
  return find_operator(op).sample(rng);
}

TEST(EmitC, TwoModelsLiveInOneFirmware) {
  const TemporaryFolder folder;
  const Target target = load_target("host");
  emit_c(make_plan(sample_graph("Conv2D", 1), target), {.name = "first", .folder = folder.path()});
  emit_c(make_plan(sample_graph("Conv2D", 2), target), {.name = "second", .folder = folder.path()});
  write_file(folder.path() / "both.c",
             "#include \"first.h\"\n#include \"second.h\"\nstatic double a[FIRST_ARENA_BYTES / 8 + 1], "
             "b[SECOND_ARENA_BYTES / 8 + 1];\n"
             "int main(void) { first_run(a); second_run(b); return 0; }\n");
  const auto path = [&](const char* file) { return (folder.path() / file).string(); };
  const ProcessResult built = run_process({"gcc", "-std=c99", "-march=native", path("both.c"),
                                           path("first.c"), path("second.c"), "-lm", "-o", path("both")});
  ASSERT_EQ(built.exit_code, 0) << built.output;
  EXPECT_EQ(run_process({path("both")}).exit_code, 0);
}

TEST(EmitC, TheExampleAndTheHeaderWorkInCAndCpp) {
  const TemporaryFolder folder;
  emit_c(make_plan(sample_graph("AveragePool", 3), load_target("host")),
         {.name = "net", .folder = folder.path()});
  const auto path = [&](const char* file) { return (folder.path() / file).string(); };
  const ProcessResult built = run_process({"gcc", "-std=c99", "-march=native", "-Wall", "-Wextra", "-Werror",
                                           path("main.c"), path("net.c"), "-lm", "-o", path("example")});
  ASSERT_EQ(built.exit_code, 0) << built.output;
  EXPECT_EQ(run_process({path("example")}).exit_code, 0);
  write_file(folder.path() / "user.cpp",
             "#include \"net.h\"\nint main() { return NET_ARENA_BYTES > 0 ? 0 : 1; }\n");
  const ProcessResult cpp =
      run_process({"g++", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", path("user.cpp")});
  EXPECT_EQ(cpp.exit_code, 0) << cpp.output;
}

// Canaries around the arena survive a run, and the answer does not depend on what the arena held before.
void expect_inside_arena(const Graph& graph, Optimize aim) {
  const TemporaryFolder folder;
  const Artifact artifact = emit_c(make_plan(graph, load_target("host"), {.optimize = aim}),
                                   {.name = "net", .folder = folder.path()});
  std::string clear_inputs = "-DCLEAR_INPUTS=";
  for (const Port& port : artifact.inputs)
    clear_inputs += "memset(arena+" + std::to_string(port.offset) + ",0," + std::to_string(port.bytes) + ");";
  const std::string program = folder.path() / "canary";
  const ProcessResult built =
      run_process({"gcc", "-std=c99", "-march=native", clear_inputs, "-I", folder.path(),
                   MOTE_SOURCE_DIR "/tests/emit/canary.c", folder.path() / "net.c", "-lm", "-o", program});
  ASSERT_EQ(built.exit_code, 0) << built.output;
  EXPECT_EQ(run_process({program}).exit_code, 0) << graph.describe(NodeId{0});
}

TEST(EmitC, StaysInsideItsArena) {
  for (const std::string_view op : {"Conv2D", "DepthwiseConv2D", "FullyConnected", "Concat", "Softmax"})
    expect_inside_arena(sample_graph(op, 9), Optimize::kSpeed);
  Rng rng(12);
  for (int i = 0; i < 4; ++i) expect_inside_arena(testing::random_network(rng), Optimize::kRam);
}

// Groups, rings and streamed inputs as well.
TEST(EmitC, NetworksHaveNoWarnings) {
  Rng rng(13);
  for (int i = 0; i < 6; ++i) {
    const TemporaryFolder folder;
    const Plan plan = make_plan(testing::random_network(rng), load_target("host"),
                                {.optimize = Optimize::kRam, .stream_input = i % 2 == 0});
    const Artifact artifact = emit_c(plan, {.name = "network", .folder = folder.path()});
    for (const std::string compiler : {"gcc", "clang"})
      if (find_program(compiler)) {
        EXPECT_EQ(compile({compiler, "-march=native"}, artifact), "");
        EXPECT_EQ(compile({compiler, "-march=native", "-DMOTE_TRACE"}, artifact), "");
      }
    const ProcessResult built = run_process({"gcc", "-std=c99", "-march=native", "-Wall", "-Wextra",
                                             "-Werror", folder.path() / "main.c", folder.path() / "network.c",
                                             "-lm", "-o", folder.path() / "example"});
    ASSERT_EQ(built.exit_code, 0) << built.output;
    EXPECT_EQ(run_process({folder.path() / "example"}).exit_code, 0);
  }
}

TEST(LoadArtifact, ReadsWhatWasWritten) {
  const TemporaryFolder folder;
  const Artifact written = emit_c(make_plan(sample_graph("Conv2D", 4), load_target("host")),
                                  {.name = "net", .folder = folder.path()});
  const Artifact read = load_artifact(folder.path());
  EXPECT_EQ(read.name, written.name);
  EXPECT_EQ(read.arena_bytes, written.arena_bytes);
  EXPECT_EQ(read.weights_bytes, written.weights_bytes);
  ASSERT_EQ(read.inputs.size(), written.inputs.size());
  EXPECT_EQ(read.inputs[0].offset, written.inputs[0].offset);
  EXPECT_EQ(read.steps.size(), written.steps.size());
}

TEST(LoadArtifact, RefusesOtherFolders) {
  const TemporaryFolder folder;
  EXPECT_THROW(load_artifact(folder.path()), UserError);
  write_file(folder.path() / "x.json", "{\"mote_artifact\": 1}");
  EXPECT_THROW(load_artifact(folder.path()), UserError);
}

}  // namespace
}  // namespace mote
