// Whole networks with quantizers: what training computes is what the exported graph computes, by the oracle.
#include <gtest/gtest.h>

#include "base/error.h"
#include "compress/finetune/quantize_aware.h"
#include "ir/verify.h"
#include "ops/quant.h"
#include "run/interpreter.h"
#include "tests/compress/small_network.h"
#include "train/network.h"
#include "train/quantizer_list.h"
#include "zoo/zoo.h"

namespace mote::train {
namespace {

torch::Tensor random_batch(const Graph& graph, std::int64_t count) {
  Shape shape = graph.type(graph.inputs()[0]).shape;
  shape[0] = count;
  return torch::randn(shape);
}

Tensor sample(const torch::Tensor& batch, std::int64_t i, const Shape& shape) {
  const torch::Tensor one = batch[i].contiguous();
  return Tensor::reals(shape, {one.data_ptr<float>(), one.data_ptr<float>() + one.numel()});
}

// The fraction of outputs that agree within 1e-4 of the largest: sums in another order may fall on the other
// side of a rounding, rarely.
double agreement(Network& network, const torch::Tensor& x) {
  const torch::NoGradGuard no_gradient;
  const torch::Tensor y = network.forward(x, false).contiguous();
  const Graph exported = network.exported();
  verify(exported, Stage::Simulated, "exported");
  const Shape& shape = exported.type(exported.inputs()[0]).shape;
  const float largest = y.abs().max().item<float>();
  std::int64_t same = 0;
  for (std::int64_t i = 0; i < x.size(0); ++i) {
    const Tensor expected = interpret(exported, {sample(x, i, shape)})[0];
    const torch::Tensor got = y[i].flatten();
    for (std::int64_t k = 0; k < got.numel(); ++k)
      same += std::abs(got[k].item<float>() - expected.real_at(k)) <= 1e-4 * largest ? 1 : 0;
  }
  return static_cast<double>(same) / static_cast<double>(y.numel());
}

TEST(QuantizedNetwork, ExportsWhatItComputesWithEveryMethod) {
  const Graph float_network = zoo_model("cnn?width=4&resolution=12&channels=1");
  for (const QuantizerRow& row : quantizer_list()) {
    if (row.max_bits < 2) continue;
    const int bits = std::min(3, row.max_bits);
    SCOPED_TRACE(std::string(row.name));
    torch::manual_seed(1);
    QuantizerPolicy policy;
    policy.bits = {bits, row.activations || row.weights ? 4 : 8};
    const QuantizerMethods methods = methods_named(std::string(row.name), policy.bits);
    NetworkOptions options;
    options.weights = methods.weights;
    options.activations = methods.activations;
    Network network(quantizer_network(float_network, policy), options);
    const torch::Tensor x = random_batch(float_network, 32);
    network.initialize_quantizers(x);
    // a few steps, so that statistics and steps are not what they started from
    for (int i = 0; i < 3; ++i) {
      network.forward(x, true).square().mean().backward();
      const torch::NoGradGuard no_gradient;
      for (Parameter& p : network.parameters())
        if (p.tensor.grad().defined()) {
          p.tensor.sub_(0.01 * p.tensor.grad());
          p.tensor.grad().zero_();
        }
    }
    EXPECT_GE(agreement(network, x.slice(0, 0, 8)), 0.95);
  }
}

TEST(QuantizedNetwork, ConcatOperandsLearnOneStepAndSoftmaxKeepsItsEncoding) {
  torch::manual_seed(2);
  QuantizerPolicy policy;
  Network network(quantizer_network(testing::small_network(1), policy));
  const torch::Tensor x = random_batch(network.graph(), 16);
  network.initialize_quantizers(x);
  const Graph exported = network.exported();
  std::map<std::string, ValueId> scales;
  std::size_t steps = 0;
  for (const Node& node : exported.nodes())
    if (node.as<Quant>()) scales[exported.value(node.inputs[0]).name] = node.inputs[1];
  for (const Parameter& p : network.parameters()) steps += p.name.ends_with("/step") ? 1 : 0;
  EXPECT_EQ(scales.at("sum"), scales.at("gate_out"));
  EXPECT_EQ(exported.constant(scales.at("probability_real"))->floats()[0], 1.0F / 256);
  EXPECT_EQ(steps, scales.size() - 2);  // the shared one once, the softmax none
  EXPECT_GE(agreement(network, x.slice(0, 0, 8)), 0.95);
}

TEST(QuantizedNetwork, NamesOfMethodsFitTheirWidths) {
  EXPECT_EQ(methods_named("pact", {4, 4}).weights, "lsq");
  EXPECT_EQ(methods_named("pact", {4, 4}).activations, "pact");
  EXPECT_EQ(methods_named("learned_interval", {4, 4}).activations, "lsq");
  EXPECT_EQ(methods_named("discrete", {2, 1}).activations, "bi_real");
  EXPECT_EQ(methods_named("bnn", {1, 8}).activations, "lsq");
  EXPECT_THROW(methods_named("lsq", {1, 8}), UserError);
  EXPECT_THROW(methods_named("lsq", {8, 1}), UserError);
  EXPECT_THROW(methods_named("alchemy", {8, 8}), UserError);
}

}  // namespace
}  // namespace mote::train
