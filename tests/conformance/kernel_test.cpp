// Every kernel row against `evaluate`: random graphs of one node, emitted with that very kernel, run where it
// can run.
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "base/hash.h"
#include "base/parallel.h"
#include "base/process.h"
#include "emit/c.h"
#include "ir/patch.h"
#include "ir/text_form.h"
#include "ir/verify.h"
#include "measure/device.h"
#include "measure/host.h"
#include "ops/operator_list.h"

#include "plan/plan.h"
#include "run/interpreter.h"
#include "tests/support/random_inputs.h"

namespace mote {
namespace {

using testing::difference;
using testing::largest_magnitude;
using testing::random_inputs;

// Of the largest output before the fused activation, for float32 kernels against float64: the activation may
// cut all but the smallest sums.
constexpr double kTolerance = 1e-5;

// The device whose features let the kernel run.
std::string target_for(const KernelRow& row) {
  if (row.feature == "dsp" || row.feature == "fpu") return "cortex-m4";
  if (row.feature == "armv7m") return "cortex-m3";
  if (row.feature == "armv6m") return "cortex-m0";
  if (row.feature == "rv32m") return "riscv32";
  if (row.feature == "mve") return "cortex-m55";
  if (row.feature == "neon") return "aarch64";
  if (row.feature == "dotprod") return "aarch64-dotprod";
  return "host";
}

// Emitted code runs without sanitizers: there only planning and emission are theirs to watch.
#if defined(__SANITIZE_ADDRESS__)
constexpr std::size_t kHostCases = 5, kDeviceCases = 2;
#else
constexpr std::size_t kHostCases = 16, kDeviceCases = 8;
#endif

struct Case {
  Graph graph;
  Plan plan;
  std::vector<std::vector<Tensor>> inputs;
  std::vector<std::vector<Tensor>> expected;
};

// The graph of one node without its fused activation.
Graph without_activation(const Graph& graph) {
  Patch patch(graph);
  for (std::size_t i = 0; i < graph.nodes().size(); ++i) {
    const NodeId id{static_cast<std::uint32_t>(i)};
    Fields fields = graph.node(id).op->fields();
    for (auto& [name, value] : fields) {
      if (name == "clamp_min") value = -std::numeric_limits<double>::infinity();
      if (name == "clamp_max") value = std::numeric_limits<double>::infinity();
    }
    patch.set_operator(id, find_operator(graph.node(id).op->name()).from_fields(fields));
  }
  return std::move(patch).apply();
}

// Samples of the row's operator that the row accepts; fewer than `wanted` when it is picky.
std::vector<Case> find_cases(const KernelRow& row, const Target& target, std::size_t wanted) {
  Rng rng(Hash64().text(row.name).text(row.op).value());
  std::vector<Case> cases;
  const OperatorRow& op = find_operator(row.op);
  for (int attempt = 0; attempt < 400 && cases.size() < wanted; ++attempt) {
    Case c;
    c.graph = op.sample(rng);
    c.plan = make_plan(c.graph, target, {.optimize = Optimize::kSpeed, .only_kernel = std::string(row.name)});
    const bool uses_row = std::any_of(c.plan.steps.begin(), c.plan.steps.end(), [&](const Step& s) {
      return s.kernel && s.kernel->name == row.name && s.kernel->op == row.op;
    });
    if (!uses_row) continue;
    verify(c.graph, Stage::Mixed, "sampling");
    for (int i = 0; i < 3; ++i) {
      c.inputs.push_back(random_inputs(c.graph, rng));
      c.expected.push_back(interpret(c.graph, c.inputs.back()));
    }
    cases.push_back(std::move(c));
  }
  return cases;
}

Sample to_sample(const std::vector<Tensor>& tensors) {
  Sample sample;
  for (const Tensor& t : tensors) sample.emplace_back(t.bytes().begin(), t.bytes().end());
  return sample;
}

// Outputs of all inputs of a case: [input][output].
std::vector<std::vector<Bytes>> run_case(const Case& c, const Target& target) {
  const TemporaryFolder folder;
  const Artifact artifact = emit_c(c.plan, {.name = "m", .folder = folder.path()});
  std::vector<Sample> samples;
  for (const auto& inputs : c.inputs) samples.push_back(to_sample(inputs));
  if (target.runner.kind != RunnerKind::kHost) return run_on_device(artifact, target, samples).outputs;
  const CompiledModel model(artifact, target);
  std::vector<std::vector<Bytes>> outputs;
  for (const Sample& sample : samples) outputs.push_back(model.run(sample));
  return outputs;
}

std::string check_case(const Case& c, const Target& target) {
  const auto outputs = run_case(c, target);
  const Graph unclamped = without_activation(c.graph);
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    std::vector<double> largest;
    for (const Tensor& t : interpret(unclamped, c.inputs[i])) largest.push_back(largest_magnitude(t));
    for (std::size_t o = 0; o < c.expected[i].size(); ++o) {
      const Tensor actual(c.expected[i][o].type(), outputs[i][o]);
      const std::string problem = difference(c.expected[i][o], actual, kTolerance, largest[o]);
      if (!problem.empty())
        return "input " + std::to_string(i) + ", output " + std::to_string(o) + ": " + problem;
    }
  }
  return {};
}

class KernelConformance : public ::testing::TestWithParam<std::size_t> {};

TEST_P(KernelConformance, EqualsEvaluate) {
  const KernelRow& row = kernel_table()[GetParam()];
  Target target = load_target(target_for(row));
  if (!row.feature.empty() && !target.has(row.feature))
    GTEST_SKIP() << "no machine here has the feature " << row.feature;
  const bool host = target.runner.kind == RunnerKind::kHost;
  if (!host && !find_program(target.runner.program)) GTEST_SKIP() << target.runner.program << " is missing";
  if (host) target.compiler.speed_flags = {"-O1"};
  const auto cases = find_cases(row, target, host ? kHostCases : kDeviceCases);
  if (cases.empty() && row.takes_packed)
    GTEST_SKIP() << "only packed operands, which no graph of one node has";
  ASSERT_FALSE(cases.empty()) << "no sample of " << row.op << " is accepted by " << row.name;
  std::vector<std::string> problems(cases.size());
  parallel_for(cases.size(), [&](std::size_t, std::size_t i) { problems[i] = check_case(cases[i], target); });
  for (std::size_t i = 0; i < cases.size(); ++i)
    EXPECT_EQ(problems[i], "") << row.name << " on " << target.name << "\n"
                               << print(cases[i].graph, {.constant_bytes = false});
}

std::string row_name(const ::testing::TestParamInfo<std::size_t>& info) {
  const KernelRow& row = kernel_table()[info.param];
  return std::string(row.op) + "_" + std::string(row.name);
}

INSTANTIATE_TEST_SUITE_P(Rows, KernelConformance, ::testing::Range<std::size_t>(0, kernel_table().size()),
                         row_name);

// Every operator has a kernel for every sample: any legal graph compiles.
TEST(KernelTable, EveryOperatorHasAPortableKernel) {
  const Target target = load_target("cortex-m0");
  for (const OperatorRow& op : operator_list()) {
    Rng rng(11);
    for (int i = 0; i < 30; ++i) {
      const Graph graph = op.sample(rng);
      EXPECT_NO_THROW(make_plan(graph, target)) << op.name << "\n" << print(graph, {.constant_bytes = false});
    }
  }
}

}  // namespace
}  // namespace mote
