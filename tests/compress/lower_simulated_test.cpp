#include "compress/quantize/lower_simulated.h"

#include <gtest/gtest.h>

#include "compress/pipelines.h"
#include "compress/quantize/insert_quantizers.h"
#include "ir/patch.h"
#include "ir/text_form.h"
#include "ir/verify.h"
#include "ops/operator_list.h"
#include "run/agreement.h"
#include "tests/compress/small_network.h"
#include "zoo/zoo.h"

namespace mote {
namespace {

using testing::random_reals;

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

struct Lowered {
  Graph simulated, integer;
  std::vector<std::vector<Tensor>> images;
};

Lowered lowered(const std::string& model, LayerBits bits, std::uint64_t seed = 5) {
  Rng rng(seed);
  const Graph graph = with_random_normalization(simplify_for_training(zoo_model(model)), rng);
  Lowered result;
  for (int i = 0; i < 3; ++i)
    result.images.push_back({random_reals(rng, graph.type(graph.inputs()[0]).shape, 1)});
  QuantizerPolicy policy;
  policy.bits = bits;
  const Calibration calibration =
      calibrate(graph, {result.images[0], result.images[1]}, oracle_executor(graph));
  result.simulated = simplify(insert_quantizers(graph, policy, &calibration));
  EXPECT_EQ(stage_of(result.simulated), Stage::Simulated);
  result.integer = simplify(lower_simulated(result.simulated));
  EXPECT_EQ(stage_of(result.integer), Stage::Integer) << print(result.integer, {.constant_bytes = false});
  return result;
}

// What each layer itself adds to the disagreement, of its elements.
void expect_agreement(const std::string& model, LayerBits bits, double most) {
  const Lowered l = lowered(model, bits);
  const Agreement agreement = find_agreement(l.simulated, l.integer, l.images);
  EXPECT_GE(agreement.layers.size(), 10U);
  for (const LayerAgreement& layer : agreement.layers) {
    EXPECT_LE(static_cast<double>(layer.own), most * static_cast<double>(layer.elements) + 1) << layer.name;
  }
}

TEST(LowerSimulated, EightBits) { expect_agreement("resnet8", {8, 8}, 0.005); }
TEST(LowerSimulated, BinaryWeights) { expect_agreement("resnet8", {1, 8}, 0.005); }
TEST(LowerSimulated, FourBits) { expect_agreement("resnet8", {4, 4}, 0.1); }
TEST(LowerSimulated, TwoBits) { expect_agreement("resnet8", {2, 2}, 0.1); }

// Signs of sums, of residual sums and of bytes: not one differs where the inputs agree.
TEST(LowerSimulated, SignsAreExact) {
  const Lowered l = lowered("resnet8", {1, 1});
  int signs = 0;
  for (const LayerAgreement& layer : find_agreement(l.simulated, l.integer, l.images).layers) {
    if (layer.encoding != "b1") continue;
    EXPECT_EQ(layer.own, 0U) << layer.name;
    ++signs;
  }
  EXPECT_EQ(signs, 6);
}

}  // namespace
}  // namespace mote
