#include "plan/threads.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "base/process.h"
#include "emit/c.h"
#include "measure/device.h"
#include "measure/host.h"
#include "ops/accumulation_sample.h"
#include "ops/conv2d.h"
#include "run/interpreter.h"
#include "tests/support/random_inputs.h"

namespace mote {
namespace {

// A convolution of 19 rows with enough work to share, of the first encodings that allow it.
std::optional<Plan> shared_plan(const Target& target, int threads, Rng& rng) {
  Conv2D op;
  op.padding = {1, 1, 1, 1};
  for (int attempt = 0; attempt < 60; ++attempt) {
    const Graph graph = accumulation_sample(rng, {.op = std::make_shared<Conv2D>(op),
                                                  .x = {1, 19, 24, 16},
                                                  .w = {32, 3, 3, 16},
                                                  .channels = 32,
                                                  .weight_axis = 0,
                                                  .terms = 144,
                                                  .has_sum_form = false});
    Plan plan = make_plan(graph, target, {.threads = threads});
    if (plan.steps[0].bound.calls[0].parts > 1) return plan;
  }
  return std::nullopt;
}

std::vector<std::vector<Bytes>> run(const Plan& plan, const Target& target,
                                    const std::vector<Sample>& samples) {
  const TemporaryFolder folder;
  const Artifact artifact = emit_c(plan, {.name = "m", .folder = folder.path()});
  EXPECT_EQ(artifact.threads, plan.threads);
  if (target.runner.kind != RunnerKind::kHost) return run_on_device(artifact, target, samples).outputs;
  const CompiledModel model(artifact, target);
  std::vector<std::vector<Bytes>> outputs;
  for (const Sample& sample : samples) outputs.push_back(model.run(sample));
  return outputs;
}

class Threads : public ::testing::TestWithParam<std::pair<std::string, int>> {};

TEST_P(Threads, ShareRowsWithEqualResults) {
  const auto& [name, threads] = GetParam();
  const Target target = load_target(name);
  if (!find_program(target.compiler.program)) GTEST_SKIP() << target.compiler.program << " is missing";
  if (target.runner.kind == RunnerKind::kQemuUser && !find_program(target.runner.program))
    GTEST_SKIP() << target.runner.program << " is missing";
  Rng rng(17);
  const auto plan = shared_plan(target, threads, rng);
  if (!plan) GTEST_SKIP() << "no kernel of this machine computes ranges of rows";
  std::vector<Sample> samples;
  std::vector<std::vector<Tensor>> expected;
  for (int i = 0; i < 20; ++i) {
    const auto inputs = testing::random_inputs(plan->graph, rng);
    samples.push_back({Bytes(inputs[0].bytes().begin(), inputs[0].bytes().end())});
    expected.push_back(interpret(plan->graph, inputs));
  }
  const auto outputs = run(*plan, target, samples);
  for (std::size_t i = 0; i < outputs.size(); ++i)
    EXPECT_EQ(testing::difference(expected[i][0], Tensor(expected[i][0].type(), outputs[i][0]), 1e-5,
                                  testing::largest_magnitude(expected[i][0])),
              "")
        << i;
}

INSTANTIATE_TEST_SUITE_P(Hosted, Threads,
                         ::testing::Values(std::pair("host", 2), std::pair("host", 5), std::pair("host", 40),
                                           std::pair("aarch64", 3), std::pair("aarch64-dotprod", 2)));

TEST(ThreadsOption, BareMetalHasNone) {
  Rng rng(17);
  EXPECT_THROW(shared_plan(load_target("cortex-m4"), 2, rng), UserError);
}

}  // namespace
}  // namespace mote
