// Depthwise kernels of cores with the DSP extension on shapes of real networks: every output stage, layers
// that fit the scratch whole and layers that do not, in every aim, on random and extreme inputs.
#include <gtest/gtest.h>

#include "base/process.h"
#include "ir/patch.h"
#include "ops/depthwise_conv2d.h"
#include "plan/plan.h"
#include "tests/support/device_layers.h"

namespace mote {
namespace {

using testing::device_differences;
using testing::random_bytes;

struct Layer {
  Shape x;
  std::vector<std::int64_t> taps, stride;
  std::int64_t multiplier;
  std::int32_t y_zero;
  int y_bits = 8;
  bool y_signed = true;
};

const Layer kLayers[] = {
    {{1, 25, 5, 64}, {3, 3}, {1, 1}, 1, -128},       {{1, 24, 24, 6}, {3, 3}, {1, 1}, 1, -128},
    {{1, 33, 37, 8}, {3, 3}, {1, 1}, 1, 3},          {{2, 12, 11, 5}, {3, 3}, {2, 2}, 1, -128},
    {{1, 17, 18, 12}, {3, 3}, {2, 2}, 1, -10},       {{1, 3, 3, 20}, {3, 3}, {1, 1}, 1, -128},
    {{1, 49, 40, 1}, {10, 8}, {2, 2}, 8, -128},      {{1, 14, 9, 3}, {3, 3}, {1, 1}, 2, -128},
    {{1, 24, 1, 128}, {10, 1}, {1, 1}, 1, -128},     {{1, 96, 96, 1}, {3, 3}, {2, 2}, 8, -128},
    {{1, 11, 13, 7}, {5, 5}, {2, 1}, 1, 0},          {{1, 30, 2, 4}, {3, 3}, {1, 1}, 1, -128},
    {{1, 12, 9, 8}, {3, 3}, {1, 1}, 1, 0, 8, false}, {{1, 12, 9, 8}, {3, 3}, {2, 2}, 1, 9, 8, false},
    {{1, 12, 9, 8}, {3, 3}, {1, 1}, 1, 0, 4, false}, {{1, 12, 9, 8}, {3, 3}, {1, 1}, 1, -3, 4, true}};

ValueId add_layer(Patch& patch, Rng& rng, ValueId x, const Layer& layer) {
  auto op = std::make_shared<DepthwiseConv2D>();
  op->stride = layer.stride;
  op->padding = {layer.taps[0] / 2, layer.taps[1] / 2, layer.taps[0] / 2, layer.taps[1] / 2};
  const std::int64_t channels = layer.x[3] * layer.multiplier;
  std::vector<float> scales;
  for (std::int64_t i = 0; i < channels; ++i) scales.push_back(static_cast<float>(rng.uniform(0.001, 0.02)));
  const auto w = Encoding::per_axis(8, true, 3, scales, std::vector<std::int32_t>(scales.size()));
  const TensorType w_type{{1, layer.taps[0], layer.taps[1], channels}, w, {}};
  const std::vector<ValueId> inputs{x, patch.add_constant("w", random_bytes(rng, w_type, 0.1))};
  TensorType y = op->infer({&patch.type(inputs[0]), &patch.type(inputs[1])}).at(0);
  const auto taps = static_cast<float>(layer.taps[0] * layer.taps[1]);
  const float steps = layer.y_bits == 8 ? 1.0F : 16.0F;
  y.encoding = Encoding::affine(layer.y_bits, layer.y_signed, 0.002F * taps * steps, layer.y_zero);
  return patch.add_node(op, inputs, {y}, "layer", {"y"})[0];
}

class DepthwiseDsp : public ::testing::TestWithParam<Optimize> {};

TEST_P(DepthwiseDsp, EqualsEvaluateOnShapesOfNetworks) {
  const Target target = load_target("cortex-m4");
  if (!find_program(target.runner.program)) GTEST_SKIP() << target.runner.program << " is missing";
  Rng rng(17);
  Patch patch;
  for (const Layer& layer : kLayers) {
    const auto zero = static_cast<std::int32_t>(rng.chance(0.5) ? -128 : rng.integer(-128, 127));
    const ValueId x = patch.add_input("x", {layer.x, Encoding::affine(8, true, 0.02F, zero), {}});
    patch.add_output(add_layer(patch, rng, x, layer));
  }
  const Graph graph = std::move(patch).apply();
  const Plan plan = make_plan(graph, target, {.optimize = GetParam()});
  for (const Step& step : plan.steps) EXPECT_EQ(step.kernel->feature, "dsp");
  for (const std::string& difference : device_differences(plan, target, rng)) ADD_FAILURE() << difference;
}

INSTANTIATE_TEST_SUITE_P(Aims, DepthwiseDsp,
                         ::testing::Values(Optimize::kSpeed, Optimize::kBalanced, Optimize::kSize,
                                           Optimize::kRam),
                         [](const auto& aim) { return std::string(optimize_name(aim.param)); });

}  // namespace
}  // namespace mote
