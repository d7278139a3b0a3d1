#include "compress/quantize/insert_quantizers.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "base/error.h"
#include "compress/quantize/quantizer_sites.h"
#include "ir/verify.h"
#include "ops/batch_normalization.h"
#include "ops/bipolar_quant.h"
#include "ops/quant.h"
#include "run/interpreter.h"
#include "tests/compress/small_network.h"
#include "zoo/zoo.h"

namespace mote {
namespace {

// conv, batch normalization, relu; a residual block of two more; mean over the image by pooling; dense.
Graph residual_network(std::uint64_t seed) {
  Rng rng(seed);
  Patch p;
  p.set_name("residual");
  const auto weights = [&](const std::string& name, Shape shape, double deviation, double mean = 0) {
    return p.add_constant(name, testing::random_reals(rng, shape, deviation, mean));
  };
  const auto conv_bn = [&](ValueId x, std::int64_t in, const std::string& name) {
    auto conv = std::make_shared<Conv2D>();
    conv->padding = {1, 1, 1, 1};
    const ValueId y = p.add(conv, {x, weights(name + "_w", {8, 3, 3, in}, 0.3)}, name, name + "_out");
    const ValueId variance =
        p.add_constant(name + "_variance", Tensor::reals({8}, std::vector<float>(8, 2.0F)));
    return p.add(std::make_shared<BatchNormalization>(),
                 {y, weights(name + "_gamma", {8}, 0.5), weights(name + "_beta", {8}, 0.3),
                  weights(name + "_mean", {8}, 0.1), variance},
                 name + "_bn", name + "_normal");
  };
  const auto relu = [&](ValueId x, const std::string& name) {
    return p.add(std::make_shared<Unary>(), {x}, name, name + "_out");
  };
  const ValueId x = p.add_input("image", {{1, 8, 8, 3}, Encoding::real(), {}});
  const ValueId stem = relu(conv_bn(x, 3, "stem"), "stem_relu");
  const ValueId first = relu(conv_bn(stem, 8, "first"), "first_relu");
  const ValueId second = conv_bn(first, 8, "second");
  const ValueId sum = relu(p.add(std::make_shared<Binary>(), {second, stem}, "residual", "sum"), "sum_relu");
  auto pool = std::make_shared<Pool>();
  pool->function = "AveragePool";
  pool->window = pool->stride = {8, 8};
  auto reshape = std::make_shared<Reshape>();
  reshape->shape = {1, 8};
  const ValueId flat = p.add(reshape, {p.add(pool, {sum}, "pool", "pooled")}, "flatten", "flat");
  p.add_output(p.add(std::make_shared<FullyConnected>(),
                     {flat, weights("dense_w", {10, 8}, 0.5), weights("dense_b", {10}, 0.3)}, "dense",
                     "logits"));
  return std::move(p).apply();
}

struct Seen {
  float bits;
  bool is_signed;
  ValueId scale;
};
// By the name of the value that is quantized.
std::map<std::string, Seen> quantizers(const Graph& graph) {
  std::map<std::string, Seen> found;
  for (const Node& node : graph.nodes())
    if (const auto* quant = node.as<Quant>())
      found[graph.value(node.inputs[0]).name] = {quant->bits, quant->is_signed, node.inputs[1]};
  return found;
}

// Computed by a quantizer, seen through what only moves elements.
bool is_quantized(const Graph& graph, ValueId v) {
  for (NodeId n = graph.value(v).producer; n.valid(); n = graph.value(graph.node(n).inputs[0]).producer) {
    const Node& node = graph.node(n);
    if (node.op->simulates_quantization()) return true;
    const std::string_view name = node.op->name();
    if (name != "MaxPool" && name != "Reshape" && name != "Transpose" && name != "Concat" &&
        name != "Split" && name != "Slice" && name != "Pad")
      return false;
  }
  return false;
}

double worst_error(const Graph& a, const Graph& b, const std::vector<std::vector<Tensor>>& samples) {
  double worst = 0;
  for (const auto& sample : samples) {
    const Tensor ya = interpret(a, sample)[0];
    const Tensor yb = interpret(b, sample)[0];
    for (std::int64_t i = 0; i < ya.type().elements(); ++i)
      worst = std::max(worst, std::abs(ya.real_at(i) - yb.real_at(i)));
  }
  return worst;
}

TEST(InsertQuantizers, PutsThemBehindWhatALayerTakesIntoItself) {
  QuantizerPolicy policy;
  policy.bits = {4, 4};
  const Graph graph = insert_quantizers(residual_network(1), policy);
  verify(graph, Stage::Simulated, "insert_quantizers");
  const auto found = quantizers(graph);
  // convolution and normalization stay bare, the result behind the Relu is unsigned
  for (const char* bare :
       {"stem_out", "stem_normal", "first_out", "first_normal", "second_out", "sum", "flat"})
    EXPECT_FALSE(found.contains(bare)) << bare;
  EXPECT_EQ(found.at("image").bits, 8);
  EXPECT_TRUE(found.at("image").is_signed);
  EXPECT_EQ(found.at("stem_relu_out").bits, 8) << "the residual stream";
  EXPECT_FALSE(found.at("stem_relu_out").is_signed);
  EXPECT_EQ(found.at("stem_relu_out_quant").bits, 4) << "in front of the convolution only";
  EXPECT_EQ(found.at("first_relu_out").bits, 4);
  EXPECT_EQ(found.at("second_normal").bits, 8) << "an operand of the sum";
  EXPECT_TRUE(found.at("second_normal").is_signed);
  EXPECT_EQ(found.at("sum_relu_out").bits, 8);
  EXPECT_EQ(found.at("pooled").bits, 8) << "the last layer's input";
  EXPECT_EQ(found.at("logits_real").bits, 8);
  EXPECT_EQ(graph.value(graph.outputs()[0]).name, "logits");
  EXPECT_EQ(found.at("stem_w").bits, 8);
  EXPECT_EQ(found.at("first_w").bits, 4);
  EXPECT_EQ(found.at("dense_w").bits, 8);
  EXPECT_EQ(found.size(), 12U);
}

TEST(InsertQuantizers, LeavesAGraphThatHasThemAlone) {
  const Graph once = insert_quantizers(residual_network(1), {});
  EXPECT_TRUE(insert_quantizers(once, {}) == once);
}

TEST(InsertQuantizers, OverridesGoByNameAndBeforeThePolicyOfTheLastLayer) {
  QuantizerPolicy policy;
  policy.layers = {{"first", {2, 3}}, {"dense", {5, 6}}};
  const auto found = quantizers(insert_quantizers(residual_network(1), policy));
  EXPECT_EQ(found.at("first_w").bits, 2);
  EXPECT_EQ(found.at("stem_relu_out_quant").bits, 3);
  EXPECT_EQ(found.at("second_w").bits, 8);
  EXPECT_EQ(found.at("dense_w").bits, 5);
  EXPECT_EQ(found.at("pooled").bits, 6);
  policy.layers = {{"third", {2, 3}}};
  EXPECT_THROW(insert_quantizers(residual_network(1), policy), UserError);
}

TEST(InsertQuantizers, OperandsOfAConcatShareOneScale) {
  const Graph graph = insert_quantizers(testing::small_network(1), {});
  const auto found = quantizers(graph);
  EXPECT_EQ(found.at("sum").scale, found.at("gate_out").scale);
  EXPECT_FALSE(found.at("sum").is_signed);
  EXPECT_FALSE(found.contains("both")) << "a concat of quantized values is quantized";
  // the law prescribes the encoding of a softmax
  const auto scale = graph.constant(found.at("probability_real").scale)->floats()[0];
  EXPECT_EQ(scale, 1.0F / 256);
}

TEST(InsertQuantizers, EightCalibratedBitsStayCloseToTheFloatNetwork) {
  for (const Graph& network : {residual_network(2), testing::small_network(2, false)}) {
    const auto samples = testing::random_images(3, 20);
    const Calibration calibration = calibrate(network, samples);
    QuantizerPolicy policy;
    const double eight = worst_error(insert_quantizers(network, policy, &calibration), network, samples);
    policy.bits = {4, 4};
    const double four = worst_error(insert_quantizers(network, policy, &calibration), network, samples);
    EXPECT_LT(eight, 0.2);
    EXPECT_LT(eight, four);
    EXPECT_LT(four, 4);
  }
}

TEST(InsertQuantizers, BipolarReadersLoseTheirRectifiers) {
  QuantizerPolicy policy;
  policy.bits = {1, 1};
  const Graph network = residual_network(1);
  const QuantizerSites sites = find_quantizer_sites(network, policy);
  std::vector<std::string> names;
  for (const NodeId n : sites.rectifiers) names.push_back(network.node(n).name);
  std::ranges::sort(names);
  // what the pool and the dense layer read keeps its Relu
  EXPECT_EQ(names, (std::vector<std::string>{"first_relu", "stem_relu"}));
  const Graph graph = insert_quantizers(network, policy);
  verify(graph, Stage::Simulated, "insert_quantizers");
  std::map<std::string, Shape> bipolar;  // name of what is quantized -> shape of the scale
  for (const Node& node : graph.nodes())
    if (node.as<BipolarQuant>()) bipolar[graph.value(node.inputs[0]).name] = graph.type(node.inputs[1]).shape;
  EXPECT_EQ(bipolar, (std::map<std::string, Shape>{{"first_w", {8, 1, 1, 1}},
                                                   {"second_w", {8, 1, 1, 1}},
                                                   {"stem_normal_quant", {}},
                                                   {"first_normal", {}}}));
  EXPECT_TRUE(quantizers(graph).at("stem_normal").is_signed);
}

TEST(InsertQuantizers, EveryNetworkOfTheZooTakesThem) {
  for (const ZooRow& row : zoo_list()) {
    SCOPED_TRACE(std::string(row.name));
    const Graph network = zoo_model(row.name);
    for (const int bits : {1, 8}) {
      QuantizerPolicy policy;
      policy.bits = {bits, bits};
      const Graph graph = insert_quantizers(network, policy);
      EXPECT_TRUE(find_problems(graph, Stage::Simulated).empty());
      // no layer reads a value or weights that are not quantized
      for (const NodeId n : layers_with_weights(network)) {
        const auto at = std::ranges::find_if(graph.nodes(), [&](const Node& node) {
          return layer_key(graph, NodeId{static_cast<std::uint32_t>(&node - graph.nodes().data())}) ==
                 layer_key(network, n);
        });
        ASSERT_NE(at, graph.nodes().end());
        EXPECT_TRUE(is_quantized(graph, at->inputs[0])) << layer_key(network, n);
        EXPECT_TRUE(is_quantized(graph, at->inputs[1])) << layer_key(network, n);
      }
    }
  }
}

TEST(InsertQuantizers, RefusesWidthsThatDoNotExist) {
  QuantizerPolicy policy;
  policy.bits.weights = 9;
  EXPECT_THROW(insert_quantizers(residual_network(1), policy), UserError);
  policy.bits.weights = 8;
  policy.other_bits = 1;
  EXPECT_THROW(insert_quantizers(residual_network(1), policy), UserError);
}

}  // namespace
}  // namespace mote
