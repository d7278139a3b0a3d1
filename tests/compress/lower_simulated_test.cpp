#include "compress/quantize/lower_simulated.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "compress/pipelines.h"
#include "compress/quantize/insert_quantizers.h"
#include "ir/text_form.h"
#include "ir/verify.h"
#include "ops/operator_list.h"
#include "run/interpreter.h"
#include "tests/compress/small_network.h"
#include "zoo/zoo.h"

namespace mote {
namespace {

using testing::random_reals;

// The values of a graph by name, as reals.
std::map<std::string, std::vector<double>> values_of(const Graph& graph, const Tensor& input) {
  std::map<std::string, std::vector<double>> values;
  interpret(graph, {input}, [&](NodeId n, std::size_t i, const Tensor& tensor) {
    values[graph.value(graph.node(n).outputs[i]).name] = dequantized(widen(tensor));
  });
  return values;
}

struct Agreement {
  std::int64_t elements = 0, different = 0;
  double largest = 0;  // steps
};

// Every quantized value of the integer graph that the simulated one has too.
std::map<std::string, Agreement> compare(const Graph& simulated, const Graph& integer,
                                         const std::vector<Tensor>& images) {
  std::map<std::string, Agreement> result;
  for (const Tensor& image : images) {
    const auto expected = values_of(simulated, image);
    Array input(integer.type(integer.inputs()[0]));
    const Encoding& e = input.encoding();
    for (std::size_t i = 0; i < input.integer.size(); ++i)
      input.integer[i] = std::clamp<std::int64_t>(std::llrint(image.floats()[i] / e.scale()) + e.zero_point(),
                                                  e.min(), e.max());
    const auto got = values_of(integer, narrow(input));
    for (std::uint32_t v = 0; v < integer.values().size(); ++v) {
      const Value& value = integer.values()[v];
      const Encoding& encoding = value.type.encoding;
      const auto reference = expected.find(value.name);
      if (value.constant || !encoding.is_quantized() || reference == expected.end()) continue;
      if (encoding.bits() > 8 || !got.contains(value.name)) continue;
      Agreement& agreement = result[value.name];
      for (std::size_t i = 0; i < reference->second.size(); ++i) {
        const double scale = static_cast<double>(encoding.scale()), zero = encoding.zero_point();
        double level = std::clamp(std::nearbyint(reference->second[i] / scale) + zero,
                                  static_cast<double>(encoding.min()), static_cast<double>(encoding.max()));
        if (encoding.is_bipolar()) level = reference->second[i] >= 0 ? 1 : -1;
        const double difference = std::abs(level - (got.at(value.name)[i] / scale + zero));
        ++agreement.elements;
        agreement.different += difference > 0.5 ? 1 : 0;
        agreement.largest = std::max(agreement.largest, difference);
      }
    }
  }
  return result;
}

// Gammas of both signs, other means and variances than 0 and 1.
Graph with_random_normalization(const Graph& graph, Rng& rng) {
  Patch patch(graph);
  for (const Node& node : graph.nodes()) {
    if (node.op->name() != "BatchNormalization") continue;
    for (std::size_t i = 1; i < 5; ++i) {
      std::vector<float> values(static_cast<std::size_t>(graph.type(node.inputs[i]).elements()));
      for (float& v : values)
        v = static_cast<float>(i == 1   ? rng.uniform(0.5, 1.5) * (rng.chance(0.3) ? -1 : 1)
                               : i == 4 ? rng.uniform(0.2, 3)
                                        : rng.uniform(-0.5, 0.5));
      patch.set_constant(node.inputs[i], Tensor::reals(graph.type(node.inputs[i]).shape, values));
    }
  }
  return std::move(patch).apply();
}

void expect_agreement(const std::string& model, LayerBits bits, double share) {
  Rng rng(5);
  const Graph graph = with_random_normalization(simplify_for_training(zoo_model(model)), rng);
  std::vector<Tensor> images;
  for (int i = 0; i < 4; ++i) images.push_back(random_reals(rng, graph.type(graph.inputs()[0]).shape, 1));
  QuantizerPolicy policy;
  policy.bits = bits;
  const Calibration calibration = calibrate(graph, {{images[0]}, {images[1]}}, oracle_executor(graph));
  const Graph simulated = insert_quantizers(graph, policy, &calibration);
  ASSERT_EQ(stage_of(simulated), Stage::Simulated);
  const Graph integer = simplify(lower_simulated(simplify(simulated)));
  EXPECT_EQ(stage_of(integer), Stage::Integer) << print(integer, {.constant_bytes = false});
  for (const auto& [name, a] : compare(simulated, integer, images)) {
    EXPECT_LE(static_cast<double>(a.different), share * static_cast<double>(a.elements)) << name;
  }
}

TEST(LowerSimulated, EightBits) { expect_agreement("resnet8", {8, 8}, 0.4); }
TEST(LowerSimulated, FourBits) { expect_agreement("resnet8", {4, 4}, 1); }

}  // namespace
}  // namespace mote
