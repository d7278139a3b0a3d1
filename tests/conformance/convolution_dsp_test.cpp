// Convolutions and fully-connected layers of cores with the DSP extension on shapes of real networks: every
// kernel and output stage in every aim, on random and extreme inputs.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <set>

#include "base/process.h"
#include "ir/patch.h"
#include "ops/conv2d.h"
#include "ops/fully_connected.h"
#include "plan/plan.h"
#include "tests/support/device_layers.h"

namespace mote {
namespace {

using testing::device_differences;
using testing::random_bytes;

constexpr float kUnbounded = std::numeric_limits<float>::infinity();

struct Layer {
  Shape x;
  std::int64_t channels;
  std::vector<std::int64_t> taps, stride, padding;  // padding: of rows, of columns
  std::int32_t y_zero = -128;
  bool is_signed = true;
  std::vector<std::int64_t> dilation = {1, 1};
  float clamp_max = kUnbounded;
  bool own_lanes = false;  // weights too large for shared ones
  std::int32_t w_zero = 0;
};

const Layer kLayers[] = {
    {{1, 16, 16, 16}, 16, {3, 3}, {1, 1}, {1, 1}},             // Winograd, whole groups
    {{1, 9, 13, 8}, 10, {3, 3}, {1, 1}, {1, 1}, 5},            // parts of tiles and groups
    {{2, 7, 6, 24}, 12, {3, 3}, {1, 1}, {1, 1}, -128, false},  // several images, unsigned
    {{1, 11, 10, 64}, 20, {3, 3}, {1, 1}, {0, 0}},             // no padding
    {{1, 12, 20, 36}, 8, {3, 3}, {1, 1}, {1, 1}, -20},
    {{1, 16, 16, 16}, 18, {3, 3}, {2, 2}, {1, 1}},  // windows
    {{2, 9, 7, 8}, 7, {3, 5}, {1, 2}, {2, 0}, 3},   // blocks across rows and images, odd channels
    {{1, 12, 9, 4}, 6, {3, 3}, {1, 1}, {2, 3}, -128, true, {2, 3}},
    {{1, 13, 5, 64}, 66, {1, 1}, {1, 1}, {0, 0}},  // pixels
    {{1, 6, 7, 40}, 9, {1, 1}, {1, 1}, {0, 0}, 0, false},
    {{1, 5, 7, 57}, 33, {1, 1}, {1, 1}, {0, 0}},
    {{1, 3, 7, 3}, 2, {1, 1}, {1, 1}, {0, 0}, 6},
    {{1, 8, 9, 32}, 16, {1, 1}, {2, 2}, {0, 0}},
    {{1, 5, 5, 12}, 8, {1, 1}, {1, 1}, {0, 0}, 10, true, {1, 1}, 1.0F},  // any bounds
    {{1, 20, 22, 3}, 8, {3, 3}, {1, 1}, {1, 1}},                         // shallow: one byte left of each row
    {{1, 31, 33, 3}, 16, {3, 3}, {2, 2}, {1, 1}, -128, false},
    {{1, 49, 10, 1}, 12, {10, 4}, {2, 2}, {4, 1}},   // none
    {{1, 14, 15, 2}, 8, {5, 5}, {1, 1}, {2, 2}, 7},  // two
    {{1, 10, 12, 1}, 6, {3, 3}, {1, 1}, {1, 1}},     // three
    {{2, 9, 9, 6}, 5, {3, 2}, {2, 1}, {0, 1}, 0, false, {1, 2}},
    {{1, 8, 8, 18}, 10, {5, 3}, {1, 1}, {1, 2}, -128, true},
    {{1, 7, 7, 20}, 6, {3, 3}, {2, 2}, {1, 1}, -128, true, {1, 1}, kUnbounded, true},
    {{1, 9, 6, 3}, 5, {3, 3}, {1, 1}, {1, 1}, 9, false, {1, 1}, kUnbounded, true},
    {{1, 9, 8, 16}, 16, {3, 3}, {1, 1}, {1, 1}, -128, true, {1, 1}, kUnbounded, false, 30}};

struct Connected {
  std::int64_t rows, inputs, channels;
  std::int32_t y_zero;
  bool own_lanes = false;
};
const Connected kConnected[] = {{1, 640, 128, -128}, {1, 128, 8, -128}, {1, 8, 12, 4},
                                {2, 27, 5, -3},      {1, 64, 10, 100},  {1, 3, 2, 0},
                                {5, 20, 6, -128},    {4, 7, 4, -128},   {1, 72, 10, -128, true}};

ValueId add_input(Patch& patch, Rng& rng, const Shape& shape, bool is_signed) {
  const auto zero = static_cast<std::int32_t>(is_signed ? (rng.chance(0.5) ? -128 : rng.integer(-128, 127))
                                                        : rng.integer(0, 255));
  return patch.add_input("x", {shape, Encoding::affine(8, is_signed, 0.02F, zero), {}});
}

// The first of each filter; -128 in two channels leaves shared lanes no room.
std::byte first_weight(bool own_lanes) { return static_cast<std::byte>(own_lanes ? 0x80 : 1); }

// Per axis, or with one scale: its constants are then common to all channels.
ValueId add_weights(Patch& patch, Rng& rng, const Shape& shape, std::byte first, bool per_axis,
                    std::int32_t zero = 0) {
  std::vector<float> scales;
  for (std::int64_t i = 0; i < shape[0]; ++i) scales.push_back(static_cast<float>(rng.uniform(0.002, 0.02)));
  const std::vector<std::int32_t> zeros(scales.size(), zero);
  const Encoding encoding =
      per_axis ? Encoding::per_axis(8, true, 0, scales, zeros) : Encoding::affine(8, true, scales[0], zero);
  Tensor w = random_bytes(rng, {shape, encoding, {}}, 0.05);
  std::vector<std::byte> bytes(w.bytes().begin(), w.bytes().end());
  const std::size_t filter = bytes.size() / static_cast<std::size_t>(shape[0]);
  for (std::size_t at = 0; at < bytes.size(); at += filter) bytes[at] = first;
  return patch.add_constant("w", Tensor(w.type(), std::move(bytes)));
}

void add_layer(Patch& patch, const OperatorPtr& op, const std::vector<ValueId>& inputs, std::int64_t terms,
               std::int32_t y_zero, bool is_signed) {
  TensorType y = op->infer({&patch.type(inputs[0]), &patch.type(inputs[1])}).at(0);
  const auto scale = 0.02F * std::sqrt(static_cast<float>(terms));
  y.encoding = Encoding::affine(8, is_signed, scale, is_signed ? y_zero : y_zero + 128);
  patch.add_output(patch.add_node(op, inputs, {y}, "layer", {"y"})[0]);
}

class ConvolutionDsp : public ::testing::TestWithParam<std::tuple<Optimize, bool>> {};

TEST_P(ConvolutionDsp, EqualsEvaluateOnShapesOfNetworks) {
  const Target target = load_target("cortex-m4");
  if (!find_program(target.runner.program)) GTEST_SKIP() << target.runner.program << " is missing";
  const auto [optimize, per_axis] = GetParam();
  Rng rng(23);
  Patch patch;
  for (const Layer& l : kLayers) {
    auto op = std::make_shared<Conv2D>();
    op->stride = l.stride;
    op->dilation = l.dilation;
    op->padding = {l.padding[0], l.padding[1], l.padding[0], l.padding[1]};
    op->clamp_max = l.clamp_max;
    const ValueId x = add_input(patch, rng, l.x, l.is_signed);
    const ValueId w = add_weights(patch, rng, {l.channels, l.taps[0], l.taps[1], l.x[3]},
                                  first_weight(l.own_lanes), per_axis, l.w_zero);
    add_layer(patch, op, {x, w}, l.taps[0] * l.taps[1] * l.x[3], l.y_zero, l.is_signed);
  }
  for (const Connected& l : kConnected) {
    const ValueId x = add_input(patch, rng, {l.rows, l.inputs}, true);
    const ValueId w = add_weights(patch, rng, {l.channels, l.inputs}, first_weight(l.own_lanes), per_axis);
    add_layer(patch, std::make_shared<FullyConnected>(), {x, w}, l.inputs, l.y_zero, true);
  }
  const Plan plan = make_plan(std::move(patch).apply(), target, {.optimize = optimize});
  std::set<std::string_view> kernels;
  for (const Step& step : plan.steps) {
    kernels.insert(step.kernel->name);
    EXPECT_EQ(step.kernel->feature, "dsp") << plan.graph.describe(step.node);
  }
  EXPECT_EQ(kernels.contains("conv2d_s8_winograd_dsp"), optimize == Optimize::kSpeed);
  for (const std::string& difference : device_differences(plan, target, rng)) ADD_FAILURE() << difference;
}

INSTANTIATE_TEST_SUITE_P(Aims, ConvolutionDsp,
                         ::testing::Combine(::testing::Values(Optimize::kSpeed, Optimize::kBalanced,
                                                              Optimize::kSize, Optimize::kRam),
                                            ::testing::Bool()),
                         [](const auto& aim) {
                           return std::string(optimize_name(std::get<0>(aim.param))) +
                                  (std::get<1>(aim.param) ? "_per_axis" : "_per_tensor");
                         });

}  // namespace
}  // namespace mote
