// Emitted C against published bytes: every listed input of the five int8 networks, outputs and the hash of
// every layer, on this computer and in a Cortex-M4 image.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <sstream>

#include "base/file.h"
#include "base/process.h"
#include "compress/import.h"
#include "emit/c.h"
#include "measure/device.h"
#include "measure/sample_input.h"

namespace mote {
namespace {

const std::filesystem::path kShared = std::filesystem::path(MOTE_SOURCE_DIR) / ".." / "shared";

struct GoldenLayer {
  std::string op;
  std::vector<std::uint32_t> hashes;  // by input
};

struct Golden {
  std::string model;
  std::vector<std::string> inputs;        // names
  std::vector<std::vector<int>> outputs;  // by input
  std::vector<GoldenLayer> layers;        // RESHAPE left out: it moves nothing
};

std::vector<std::string> words(const std::string& line) {
  std::istringstream stream(line);
  return {std::istream_iterator<std::string>(stream), {}};
}

Golden read_golden(const std::string& name) {
  Golden golden;
  std::ifstream outputs(kShared / "golden" / (name + ".outputs.txt"));
  std::string line;
  std::getline(outputs, line);
  golden.model = words(line).at(1);
  while (std::getline(outputs, line)) {
    const auto w = words(line);
    if (w.empty() || w[0] == "#") continue;
    golden.inputs.push_back(w[0]);
    auto& values = golden.outputs.emplace_back();
    for (std::size_t i = 1; i < w.size(); ++i) values.push_back(std::stoi(w[i]));
  }
  std::ifstream layers(kShared / "golden" / (name + ".layers.txt"));
  while (std::getline(layers, line)) {
    const auto w = words(line);
    if (w.empty() || w[0] == "#" || w.at(1) == "RESHAPE") continue;
    GoldenLayer layer{w[1], {}};
    for (std::size_t i = 3; i < w.size(); ++i)
      layer.hashes.push_back(static_cast<std::uint32_t>(std::stoul(w[i], nullptr, 16)));
    golden.layers.push_back(layer);
  }
  return golden;
}

Bytes golden_input(const std::string& name, std::uint64_t count) {
  if (name != "ramp") return sample_bytes(count, static_cast<std::uint32_t>(std::stoul(name.substr(3))));
  Bytes bytes(count);
  for (std::uint64_t i = 0; i < count; ++i)
    bytes[i] = static_cast<std::byte>(static_cast<std::int8_t>((i * 7919 + 13) % 256 - 128));
  return bytes;
}

// The golden layer of each emitted step: the plan may run branches in another order than the file has them.
std::vector<std::size_t> golden_layers(const Plan& plan) {
  std::vector<std::uint32_t> nodes;
  for (const Step& step : plan.steps)
    if (step.kernel) nodes.push_back(step.node.index);
  std::vector<std::uint32_t> sorted = nodes;
  std::sort(sorted.begin(), sorted.end());
  std::vector<std::size_t> layers;
  for (const std::uint32_t node : nodes)
    layers.push_back(
        static_cast<std::size_t>(std::lower_bound(sorted.begin(), sorted.end(), node) - sorted.begin()));
  return layers;
}

// model, target, aim
class EmittedGolden : public ::testing::TestWithParam<std::tuple<std::string, std::string, Optimize>> {};

TEST_P(EmittedGolden, EveryLayerAndOutput) {
  const auto& [name, target_name, aim] = GetParam();
  if (!std::filesystem::exists(kShared / "golden"))
    GTEST_SKIP() << "the golden files are not beside the repository";
  const Target target = load_target(target_name);
  if (!target.runner.program.empty() && !find_program(target.runner.program))
    GTEST_SKIP() << target.runner.program << " is missing";
  const Golden golden = read_golden(name);
  ASSERT_FALSE(golden.inputs.empty());
  const Graph graph = import_model(kShared / "models" / golden.model);
  const TemporaryFolder folder;
  const Plan plan = make_plan(graph, target, {.optimize = aim});
  const auto layers = golden_layers(plan);
  const Artifact artifact = emit_c(plan, {.name = "net", .folder = folder.path()});
  ASSERT_EQ(artifact.steps.size(), golden.layers.size());
  for (std::size_t i = 0; i < golden.inputs.size(); ++i) {
    const DeviceRun run =
        trace_on_device(artifact, target, {golden_input(golden.inputs[i], artifact.inputs[0].bytes)});
    ASSERT_EQ(run.outputs.size(), 1U);
    std::vector<int> actual;
    for (const std::byte b : run.outputs[0][0]) actual.push_back(static_cast<std::int8_t>(b));
    EXPECT_EQ(actual, golden.outputs[i]) << golden.inputs[i];
    ASSERT_EQ(run.trace.size(), golden.layers.size());
    for (std::size_t l = 0; l < run.trace.size(); ++l)
      EXPECT_EQ(run.trace[l].fnv1a, golden.layers[layers[l]].hashes.at(i))
          << "layer " << layers[l] << " " << golden.layers[layers[l]].op << ", " << golden.inputs[i];
  }
}

INSTANTIATE_TEST_SUITE_P(Models, EmittedGolden,
                         ::testing::Combine(::testing::Values("ic01", "kws01", "vww01", "ad01",
                                                              "person_detect"),
                                            ::testing::Values("host", "cortex-m4"),
                                            ::testing::Values(Optimize::kSpeed, Optimize::kRam)),
                         [](const auto& instance) {
                           const std::string target =
                               std::get<1>(instance.param) == "host" ? "host" : "cortex_m4";
                           return std::get<0>(instance.param) + "_" + target + "_" +
                                  std::string(optimize_name(std::get<2>(instance.param)));
                         });

}  // namespace
}  // namespace mote
