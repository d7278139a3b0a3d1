// 8-bit kernels of x86 hosts, with AVX-512 VNNI and with AVX2 alone, on shapes of real networks: all groups
// of channel blocks, strips that hold the image and strips that do not, on random and extreme inputs.
#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "ir/patch.h"
#include "ops/conv2d.h"
#include "ops/depthwise_conv2d.h"
#include "plan/plan.h"
#include "tests/support/device_layers.h"

namespace mote {
namespace {

using testing::device_differences;
using testing::random_bytes;

struct Layer {
  Shape x;
  std::int64_t channels;  // 0: depthwise
  std::int64_t rows, columns, stride, padding;
  std::int32_t y_zero;
};

const Layer kLayers[] = {{{1, 32, 32, 16}, 16, 3, 3, 1, 1, -128}, {{1, 9, 10, 64}, 112, 3, 3, 1, 1, 4},
                         {{2, 7, 7, 32}, 40, 3, 3, 1, 1, -128},   {{1, 5, 3, 48}, 96, 3, 3, 1, 1, 127},
                         {{1, 33, 33, 3}, 8, 3, 3, 2, 1, -128},   {{1, 49, 10, 1}, 64, 10, 4, 2, 4, -128},
                         {{1, 25, 5, 64}, 64, 1, 1, 1, 0, -128},  {{1, 16, 16, 16}, 33, 1, 1, 2, 0, -7},
                         {{1, 3, 3, 256}, 24, 1, 1, 1, 0, -128},  {{1, 70, 70, 64}, 5, 3, 3, 1, 1, -128},
                         {{1, 25, 5, 64}, 0, 3, 3, 1, 1, -128},   {{1, 48, 48, 8}, 0, 3, 3, 2, 1, -128},
                         {{1, 13, 14, 5}, 0, 3, 3, 1, 1, 10},     {{1, 11, 9, 24}, 0, 5, 5, 2, 2, -128},
                         {{2, 12, 1, 40}, 0, 10, 1, 1, 0, -128}};

Encoding weights_of(Rng& rng, std::int64_t channels, int axis) {
  std::vector<float> scales;
  for (std::int64_t i = 0; i < channels; ++i) scales.push_back(static_cast<float>(rng.uniform(0.001, 0.02)));
  return Encoding::per_axis(8, true, axis, scales, std::vector<std::int32_t>(scales.size()));
}

ValueId add_layer(Patch& patch, Rng& rng, ValueId x, const Layer& layer, double extreme) {
  OperatorPtr op;
  TensorType w;
  const std::vector<std::int64_t> stride{layer.stride, layer.stride}, padding(4, layer.padding);
  if (layer.channels == 0) {
    auto depthwise = std::make_shared<DepthwiseConv2D>();
    depthwise->stride = stride;
    depthwise->padding = padding;
    op = depthwise;
    w = {{1, layer.rows, layer.columns, layer.x[3]}, weights_of(rng, layer.x[3], 3), {}};
  } else {
    auto convolution = std::make_shared<Conv2D>();
    convolution->stride = stride;
    convolution->padding = padding;
    op = convolution;
    w = {{layer.channels, layer.rows, layer.columns, layer.x[3]}, weights_of(rng, layer.channels, 0), {}};
  }
  const std::vector<ValueId> inputs{x, patch.add_constant("w", random_bytes(rng, w, extreme))};
  TensorType y = op->infer({&patch.type(inputs[0]), &patch.type(inputs[1])}).at(0);
  const auto terms = static_cast<double>(layer.rows * layer.columns * (layer.channels ? layer.x[3] : 1));
  y.encoding = Encoding::affine(8, true, static_cast<float>(0.01 * std::sqrt(terms)), layer.y_zero);
  return patch.add_node(op, inputs, {y}, "layer", {"y"})[0];
}

Graph layers(Rng& rng, double extreme) {
  Patch patch;
  for (const Layer& layer : kLayers) {
    const auto zero = static_cast<std::int32_t>(rng.chance(0.5) ? -128 : rng.integer(-128, 127));
    const ValueId x = patch.add_input("x", {layer.x, Encoding::affine(8, true, 0.02F, zero), {}});
    patch.add_output(add_layer(patch, rng, x, layer, extreme));
  }
  return std::move(patch).apply();
}

struct Aim {
  bool vnni;
  Optimize optimize;
  double extreme;  // of the weights
};

class X86 : public ::testing::TestWithParam<Aim> {};

TEST_P(X86, EqualsEvaluateOnShapesOfNetworks) {
  Target target = load_target("host");
  if (!target.has("avx2") || !target.has("fma")) GTEST_SKIP() << "this processor has no AVX2";
  if (GetParam().vnni && !target.has("avx512vnni")) GTEST_SKIP() << "this processor has no AVX-512 VNNI";
  if (!GetParam().vnni) target.features = {"avx2", "fma"};
  target.compiler.speed_flags = {"-O1"};
  Rng rng(23);
  const Plan plan = make_plan(layers(rng, GetParam().extreme), target, {.optimize = GetParam().optimize});
  std::set<std::string_view> kernels;
  for (const Step& step : plan.steps) {
    EXPECT_EQ(step.kernel->feature, GetParam().vnni ? "avx512vnni" : "avx2");
    kernels.insert(step.kernel->name);
  }
  EXPECT_EQ(kernels.contains("conv2d_s8_winograd_avx2"),
            !GetParam().vnni && GetParam().optimize == Optimize::kSpeed);
  for (const std::string& difference : device_differences(plan, target, rng)) ADD_FAILURE() << difference;
}

INSTANTIATE_TEST_SUITE_P(Aims, X86,
                         ::testing::Values(Aim{true, Optimize::kSpeed, 0.05}, Aim{true, Optimize::kRam, 1},
                                           Aim{false, Optimize::kSpeed, 0.05},
                                           Aim{false, Optimize::kSpeed, 1}, Aim{false, Optimize::kRam, 0.05}),
                         [](const auto& aim) {
                           return std::string(aim.param.vnni ? "vnni_" : "avx2_") +
                                  std::string(optimize_name(aim.param.optimize)) +
                                  (aim.param.extreme == 1 ? "_extreme" : "");
                         });

}  // namespace
}  // namespace mote
