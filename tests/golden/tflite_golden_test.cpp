// The five published int8 networks against the recorded outputs and layer hashes of the reference kernels.
#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "base/hash.h"
#include "base/text.h"
#include "compress/pipelines.h"
#include "format/tflite.h"
#include "run/interpreter.h"

namespace mote {
namespace {

const std::filesystem::path kShared = std::filesystem::path(MOTE_SOURCE_DIR) / ".." / "shared";

struct Network {
  const char* name;
  const char* file;
};

constexpr Network kNetworks[] = {{"ic01", "mlperf-tiny/pretrainedResnet_quant.tflite"},
                                 {"kws01", "mlperf-tiny/kws_ref_model.tflite"},
                                 {"vww01", "mlperf-tiny/vww_96_int8.tflite"},
                                 {"ad01", "mlperf-tiny/ad01_int8.tflite"},
                                 {"person_detect", "tflite-micro/person_detect.tflite"}};

// "ramp": (i * 7919 + 13) mod 256 - 128; "lcgK": the high bytes of a linear congruential generator that
// starts with K.
Tensor rule_input(const TensorType& type, const std::string& rule) {
  std::vector<std::byte> bytes(static_cast<std::size_t>(type.elements()));
  std::uint32_t state = rule == "ramp" ? 0 : static_cast<std::uint32_t>(std::stoul(rule.substr(3)));
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    state = state * 1664525U + 1013904223U;
    const auto value = rule == "ramp" ? (i * 7919 + 13) % 256 - 128 : state >> 24;
    bytes[i] = static_cast<std::byte>(value);
  }
  return {type, std::move(bytes)};
}

struct Golden {
  std::vector<std::string> rules;
  std::vector<std::vector<std::uint32_t>> layer_hashes;      // by operator, then by rule
  std::map<std::string, std::vector<std::int64_t>> outputs;  // by rule
};

Golden read_golden(const std::string& name) {
  Golden golden;
  std::ifstream outputs(kShared / "golden" / (name + ".outputs.txt"));
  for (std::string line; std::getline(outputs, line);) {
    if (line.empty() || line[0] == '#') continue;
    std::istringstream words(line);
    std::string rule;
    words >> rule;
    golden.rules.push_back(rule);
    for (std::int64_t v = 0; words >> v;) golden.outputs[rule].push_back(v);
  }
  std::ifstream layers(kShared / "golden" / (name + ".layers.txt"));
  for (std::string line; std::getline(layers, line);) {
    if (line.empty() || line[0] == '#') continue;
    std::istringstream words(line);
    std::vector<std::string> fields;
    for (std::string word; words >> word;) fields.push_back(word);
    auto& hashes = golden.layer_hashes.emplace_back();
    for (std::size_t i = fields.size() - golden.rules.size(); i < fields.size(); ++i)
      hashes.push_back(static_cast<std::uint32_t>(std::stoul(fields[i], nullptr, 16)));
  }
  return golden;
}

std::vector<std::int64_t> integers(const Tensor& tensor) { return widen(tensor).integer; }

// The operator's index in the file, which ends its nodes' name.
std::size_t file_index(const Node& node) { return std::stoul(node.name.substr(node.name.rfind('_') + 1)); }

class TfliteGolden : public testing::TestWithParam<Network> {};

TEST_P(TfliteGolden, EveryLayerAndEveryOutputIsTheReferencesOwn) {
  if (!std::filesystem::exists(kShared / "golden")) GTEST_SKIP() << "the shared models are not here";
  const Graph graph = read_tflite(kShared / "models" / GetParam().file);
  const Golden golden = read_golden(GetParam().name);
  ASSERT_FALSE(golden.rules.empty());
  ASSERT_FALSE(golden.layer_hashes.empty());
  for (std::size_t r = 0; r < golden.rules.size(); ++r) {
    const Tensor input = rule_input(graph.type(graph.inputs()[0]), golden.rules[r]);
    std::map<std::size_t, std::uint32_t> hashes;  // a composed operator's last node counts
    const auto outputs = interpret(graph, {input}, [&](NodeId n, std::size_t, const Tensor& value) {
      hashes[file_index(graph.node(n))] = fnv1a_32(value.bytes());
    });
    for (const auto& [index, hash] : hashes)
      EXPECT_EQ(hash, golden.layer_hashes.at(index).at(r)) << golden.rules[r] << ", operator " << index;
    EXPECT_EQ(hashes.size(), golden.layer_hashes.size()) << "operators without a node";
    EXPECT_EQ(integers(outputs.at(0)), golden.outputs.at(golden.rules[r])) << golden.rules[r];
  }
}

TEST_P(TfliteGolden, SimplifyingChangesNoOutput) {
  if (!std::filesystem::exists(kShared / "golden")) GTEST_SKIP() << "the shared models are not here";
  const Graph graph = simplify(read_tflite(kShared / "models" / GetParam().file));
  const Golden golden = read_golden(GetParam().name);
  for (const std::string& rule : golden.rules) {
    const Tensor input = rule_input(graph.type(graph.inputs()[0]), rule);
    EXPECT_EQ(integers(interpret(graph, {input}).at(0)), golden.outputs.at(rule)) << rule;
  }
}

INSTANTIATE_TEST_SUITE_P(Networks, TfliteGolden, testing::ValuesIn(kNetworks),
                         [](const auto& instance) { return std::string(instance.param.name); });

}  // namespace
}  // namespace mote
