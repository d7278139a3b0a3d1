#include "plan/fitted_requantization.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "ir/patch.h"
#include "ops/fully_connected.h"

namespace mote {
namespace {

constexpr std::int64_t kInputs = 5;
constexpr std::int64_t kOutputs = 6;

// A fully-connected layer with ReLU whose outputs count from -128.
Graph relu_layer(Rng& rng) {
  const auto byte = [](double scale, std::int64_t zero) {
    return Encoding::affine(8, true, static_cast<float>(scale), static_cast<std::int32_t>(zero));
  };
  std::vector<float> scales;
  for (std::int64_t o = 0; o < kOutputs; ++o) scales.push_back(static_cast<float>(rng.uniform(0.0005, 0.01)));
  std::vector<std::int64_t> w, bias;
  for (std::int64_t i = 0; i < kInputs * kOutputs; ++i) w.push_back(rng.integer(-127, 127));
  for (std::int64_t o = 0; o < kOutputs; ++o) bias.push_back(rng.integer(-20000, 20000));
  Patch patch;
  const TensorType w_type{
      {kOutputs, kInputs}, Encoding::per_axis(8, true, 0, scales, std::vector<std::int32_t>(kOutputs)), {}};
  const std::vector<ValueId> inputs{
      patch.add_input("x", {{1, kInputs}, byte(0.02, rng.integer(-128, 127)), {}}),
      patch.add_constant("w", Tensor::integers(w_type, w)),
      patch.add_constant("b", Tensor::integers({{kOutputs}, Encoding::integer(32, true), {}}, bias))};
  auto op = std::make_shared<FullyConnected>();
  op->clamp_min = 0;
  const TensorType y{{1, kOutputs}, byte(rng.uniform(0.005, 0.05), -128), {}};
  patch.add_output(patch.add_node(op, inputs, {y}, "layer", {"y"})[0]);
  return std::move(patch).apply();
}

TEST(FittedRequantization, EqualsBothRoundingsForEveryReachableSum) {
  Rng rng(5);
  int fitted_layers = 0;
  for (int round = 0; round < 20; ++round) {
    const Graph graph = relu_layer(rng);
    const BindContext context{graph, NodeId{0}, load_target("cortex-m4"), Optimize::kSpeed};
    const Convolution c = convolution_of(context);
    const Filters filters = filters_of(context, c);
    const auto fitted = fit_requantization(context, c, filters);
    if (!fitted) continue;
    ++fitted_layers;
    for (std::size_t o = 0; o < kOutputs; ++o) {
      std::int64_t low = 0;
      std::int64_t high = 0;
      for (std::int64_t k = 0; k < kInputs; ++k) {
        const std::int64_t w = filters.at(static_cast<std::int64_t>(o), k);
        low += std::min(-128 * w, 127 * w);
        high += std::max(-128 * w, 127 * w);
      }
      for (std::int64_t sum = low; sum <= high; ++sum) {
        const std::int64_t product = (sum + fitted->biases[o]) * fitted->multipliers[o] >> 32;
        const std::int64_t y =
            std::clamp<std::int64_t>((product + fitted->offsets[o]) >> fitted->shift, -128, 127);
        ASSERT_EQ(y, c.stage(sum + filters.bias[o], o)) << "sum " << sum << " of channel " << o;
      }
    }
  }
  EXPECT_GT(fitted_layers, 10);
}

}  // namespace
}  // namespace mote
