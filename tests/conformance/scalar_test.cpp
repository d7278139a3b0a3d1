// Kernels with two numbers in a word on the cores that have no better ones, on shapes of real networks: runs
// of every length, every output stage, in every aim, on random and extreme inputs.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/process.h"
#include "ir/patch.h"
#include "ops/conv2d.h"
#include "ops/depthwise_conv2d.h"
#include "ops/fully_connected.h"
#include "tests/support/device_layers.h"

namespace mote {
namespace {

using testing::device_differences;
using testing::random_bytes;

constexpr float kInfinity = std::numeric_limits<float>::infinity();

struct Window {
  Shape x;
  std::int64_t channels;
  std::vector<std::int64_t> taps, stride;
  std::int32_t y_zero = -128;
  std::int64_t groups = 1;  // 0: depthwise
  bool is_signed = true;
  std::vector<std::int64_t> dilation = {1, 1};
  float clamp_max = kInfinity;
};

const Window kWindows[] = {
    {{1, 16, 16, 16}, 16, {3, 3}, {1, 1}},
    {{2, 9, 7, 6}, 13, {3, 5}, {1, 2}, 3},
    {{1, 12, 9, 4}, 6, {3, 3}, {1, 1}, -128, 1, true, {2, 3}},
    {{1, 13, 5, 64}, 40, {1, 1}, {1, 1}},
    {{1, 8, 9, 32}, 16, {1, 1}, {2, 2}, -7},
    {{1, 20, 22, 3}, 8, {3, 3}, {2, 2}, -128, 1, false},
    {{1, 49, 10, 1}, 12, {10, 4}, {2, 2}},
    {{1, 9, 8, 12}, 8, {3, 3}, {1, 1}, 5, 4},
    {{1, 6, 6, 20}, 9, {1, 1}, {1, 1}, 10, 1, true, {1, 1}, 1.0F},
    {{1, 1, 1, 64}, 7, {1, 1}, {1, 1}, 1},
    {{1, 25, 5, 64}, 64, {3, 3}, {1, 1}, -128, 0},  // depthwise, along columns
    {{1, 48, 48, 4}, 4, {3, 3}, {1, 1}, -128, 0},   // several bands
    {{1, 17, 18, 12}, 12, {3, 3}, {2, 2}, -10, 0},
    {{2, 12, 11, 5}, 5, {3, 3}, {2, 2}, -128, 0, false},
    {{1, 3, 3, 20}, 20, {3, 3}, {1, 1}, -128, 0},
    {{1, 20, 12, 2}, 8, {10, 8}, {2, 2}, -128, 0},
    {{1, 11, 13, 7}, 7, {5, 5}, {2, 1}, 0, 0, true, {1, 2}},
    {{1, 24, 1, 32}, 32, {10, 1}, {1, 1}, -128, 0, true, {1, 1}, 1.0F},
};

const Shape kConnected[] = {{1, 640, 33}, {1, 128, 8}, {1, 8, 12}, {2, 27, 5}, {1, 3, 2}, {5, 20, 6}};

// Each output channel has weights of its own magnitude.
ValueId add_weights(Patch& patch, Rng& rng, const Shape& shape, int axis) {
  const auto channels = static_cast<std::size_t>(shape[static_cast<std::size_t>(axis)]);
  std::vector<float> scales;
  std::vector<std::int64_t> divisors;
  for (std::size_t i = 0; i < channels; ++i) {
    scales.push_back(static_cast<float>(rng.uniform(0.002, 0.02)));
    divisors.push_back(rng.chance(0.4) ? 1 : rng.integer(2, 40));
  }
  const TensorType type{
      shape, Encoding::per_axis(8, true, axis, scales, std::vector<std::int32_t>(channels)), {}};
  const Tensor drawn = random_bytes(rng, type, 0.05);
  std::vector<std::byte> bytes(drawn.bytes().begin(), drawn.bytes().end());
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const std::size_t channel = axis == 0 ? i / (bytes.size() / channels) : i % channels;
    bytes[i] = static_cast<std::byte>(static_cast<std::int8_t>(bytes[i]) / divisors[channel] & 0xff);
  }
  return patch.add_constant("w", Tensor(type, std::move(bytes)));
}

void add_layer(Patch& patch, Rng& rng, const OperatorPtr& op, const Shape& x, const Shape& w, int axis,
               bool is_signed, std::int32_t y_zero) {
  const auto zero = static_cast<std::int32_t>(is_signed ? (rng.chance(0.5) ? -128 : rng.integer(-128, 127))
                                                        : rng.integer(0, 255));
  const std::vector<ValueId> inputs{
      patch.add_input("x", {x, Encoding::affine(8, is_signed, 0.02F, zero), {}}),
      add_weights(patch, rng, w, axis)};
  TensorType y = op->infer({&patch.type(inputs[0]), &patch.type(inputs[1])}).at(0);
  std::int64_t terms = 1;
  for (std::size_t i = 0; i < w.size(); ++i)
    if (static_cast<int>(i) != axis) terms *= w[i];
  y.encoding = Encoding::affine(8, is_signed, 0.01F * std::sqrt(static_cast<float>(terms)),
                                is_signed ? y_zero : y_zero + 128);
  patch.add_output(patch.add_node(op, inputs, {y}, "layer", {"y"})[0]);
}

template <class Op>
OperatorPtr window_operator(const Window& l) {
  auto op = std::make_shared<Op>();
  op->stride = l.stride;
  op->dilation = l.dilation;
  op->clamp_max = l.clamp_max;
  op->padding = {l.taps[0] / 2, l.taps[1] / 2, (l.taps[0] - 1) / 2, (l.taps[1] - 1) / 2};
  if constexpr (std::is_same_v<Op, Conv2D>) op->groups = l.groups;
  return op;
}

Graph layers(Rng& rng) {
  Patch patch;
  for (const Window& l : kWindows) {
    if (l.groups == 0)
      add_layer(patch, rng, window_operator<DepthwiseConv2D>(l), l.x, {1, l.taps[0], l.taps[1], l.channels},
                3, l.is_signed, l.y_zero);
    else
      add_layer(patch, rng, window_operator<Conv2D>(l), l.x,
                {l.channels, l.taps[0], l.taps[1], l.x[3] / l.groups}, 0, l.is_signed, l.y_zero);
  }
  for (const Shape& s : kConnected)
    add_layer(patch, rng, std::make_shared<FullyConnected>(), {s[0], s[1]}, {s[2], s[1]}, 0, true, -128);
  return std::move(patch).apply();
}

class Scalar : public ::testing::TestWithParam<std::tuple<const char*, Optimize>> {};

TEST_P(Scalar, EqualsEvaluateOnShapesOfNetworks) {
  const auto [name, aim] = GetParam();
  const Target target = load_target(name);
  if (!find_program(target.runner.program)) GTEST_SKIP() << target.runner.program << " is missing";
  if (!find_program(target.compiler.program)) GTEST_SKIP() << target.compiler.program << " is missing";
  Rng rng(31);
  const Plan plan = make_plan(layers(rng), target, {.optimize = aim});
  for (const Step& step : plan.steps)
    EXPECT_NE(step.bound.note.find("per word"), std::string::npos) << plan.graph.describe(step.node);
  for (const std::string& difference : device_differences(plan, target, rng)) ADD_FAILURE() << difference;
}

INSTANTIATE_TEST_SUITE_P(Cores, Scalar,
                         ::testing::Combine(::testing::Values("cortex-m3", "cortex-m0", "riscv32"),
                                            ::testing::Values(Optimize::kSpeed, Optimize::kBalanced,
                                                              Optimize::kSize, Optimize::kRam)),
                         [](const auto& instance) {
                           std::string name = std::get<0>(instance.param);
                           std::erase(name, '-');
                           return name + "_" + std::string(optimize_name(std::get<1>(instance.param)));
                         });

}  // namespace
}  // namespace mote
