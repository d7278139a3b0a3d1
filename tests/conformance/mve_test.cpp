// Kernels of cores with MVE on shapes of real networks and odd ones: every rounding form, clamp and way of
// reading windows, in every aim, on random and extreme inputs.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "base/file.h"
#include "base/process.h"
#include "emit/c.h"
#include "ir/patch.h"
#include "ir/text_form.h"
#include "measure/device.h"
#include "ops/binary.h"
#include "ops/conv2d.h"
#include "ops/depthwise_conv2d.h"
#include "ops/operator_list.h"
#include "plan/plan.h"
#include "run/interpreter.h"
#include "tests/support/device_layers.h"
#include "tests/support/random_inputs.h"

namespace mote {
namespace {

using testing::device_differences;
using testing::difference;
using testing::largest_magnitude;
using testing::random_bytes;
using testing::random_inputs;

struct Layer {
  Shape x;
  std::vector<std::int64_t> taps;
  std::int64_t stride, dilation, channels;
  std::int32_t y_zero;
  float scale;  // of the output against the largest sum: small ones need no shift or one to the left
  bool is_unsigned = false;
};

const Layer kConvolutions[] = {
    {{1, 32, 32, 3}, {3, 3}, 1, 1, 16, -128, 0.1F},    {{1, 49, 10, 1}, {10, 4}, 2, 1, 64, -128, 0.1F},
    {{1, 16, 16, 16}, {3, 3}, 1, 1, 16, -128, 0.05F},  {{1, 17, 15, 16}, {3, 3}, 2, 1, 18, 4, 0.05F},
    {{1, 9, 7, 32}, {3, 3}, 1, 1, 33, 127, 0.02F},     {{1, 16, 16, 16}, {1, 1}, 2, 1, 32, -7, 0.05F},
    {{1, 25, 5, 64}, {1, 1}, 1, 1, 64, -128, 0.02F},   {{2, 5, 5, 8}, {1, 1}, 1, 1, 12, 0, 0.1F},
    {{1, 3, 3, 256}, {1, 1}, 1, 1, 40, -128, 0.01F},   {{1, 3, 3, 320}, {1, 1}, 1, 1, 9, 3, 0.01F},
    {{1, 2, 3, 307}, {1, 1}, 1, 1, 16, -128, 0.01F},   {{1, 11, 13, 10}, {5, 3}, 1, 2, 7, -128, 0.05F},
    {{1, 12, 12, 3}, {7, 7}, 2, 1, 8, -128, 0.05F},    {{1, 6, 6, 24}, {3, 3}, 1, 1, 8, 0, 0.0002F},
    {{1, 6, 6, 5}, {3, 3}, 1, 1, 8, -20, 0.0002F},     {{1, 4, 5, 20}, {1, 1}, 1, 1, 20, -20, 0.0002F},
    {{1, 10, 9, 7}, {3, 3}, 1, 1, 10, 5, 0.05F, true}, {{1, 7, 6, 40}, {1, 1}, 1, 1, 24, 0, 0.02F, true},
    {{1, 1, 1, 90}, {1, 1}, 1, 1, 10, 0, 0.02F, true}, {{1, 1, 1, 515}, {1, 1}, 1, 1, 26, 0, 0.02F},
    {{1, 1, 1, 64}, {1, 1}, 1, 1, 12, 9, 0.0001F},     {{1, 5, 1, 100}, {3, 1}, 1, 1, 11, -128, 0.02F}};

const Layer kDepthwise[] = {
    {{1, 25, 5, 64}, {3, 3}, 1, 1, 64, -128, 0.1F}, {{1, 24, 24, 6}, {3, 3}, 1, 1, 6, -128, 0.1F},
    {{1, 33, 37, 8}, {3, 3}, 1, 1, 8, 3, 0.1F},     {{2, 12, 11, 5}, {3, 3}, 2, 1, 5, -128, 0.1F},
    {{1, 17, 18, 12}, {3, 3}, 2, 1, 12, -10, 0.1F}, {{1, 3, 3, 20}, {3, 3}, 1, 1, 20, -128, 0.1F},
    {{1, 24, 20, 1}, {10, 8}, 2, 1, 8, -128, 0.1F}, {{1, 14, 9, 3}, {3, 3}, 1, 1, 6, -128, 0.1F},
    {{1, 24, 1, 64}, {10, 1}, 1, 1, 64, 5, 0.1F},   {{1, 11, 13, 7}, {5, 5}, 1, 1, 14, 0, 0.1F},
    {{1, 30, 2, 4}, {3, 3}, 1, 1, 4, -128, 0.1F},   {{1, 9, 10, 9}, {3, 3}, 1, 2, 9, 0, 0.1F},
    {{1, 7, 9, 16}, {3, 3}, 1, 1, 16, 0, 0.001F},   {{1, 9, 19, 3}, {3, 3}, 2, 1, 3, 20, 0.001F},
    {{1, 8, 6, 5}, {3, 3}, 1, 1, 5, 9, 0.1F, true}, {{3, 5, 7, 4}, {2, 3}, 1, 1, 4, 9, 0.1F}};

Encoding bytes(const Layer& layer, float scale, std::int32_t zero) {
  return layer.is_unsigned ? Encoding::affine(8, false, scale, zero + 128)
                           : Encoding::affine(8, true, scale, zero);
}

template <class Op>
ValueId add_layer(Patch& patch, Rng& rng, ValueId x, const Layer& layer, const Shape& w_shape, int axis) {
  auto op = std::make_shared<Op>();
  op->stride = {layer.stride, layer.stride};
  op->dilation = {layer.dilation, layer.dilation};
  op->padding = {layer.taps[0] / 2, layer.taps[1] / 2, layer.taps[0] / 2, layer.taps[1] / 2};
  if (layer.y_zero == -128 || rng.chance(0.3)) op->clamp_min = 0;
  if (rng.chance(0.3)) op->clamp_max = 6;
  std::vector<float> scales;
  for (std::int64_t i = 0; i < layer.channels; ++i)
    scales.push_back(static_cast<float>(rng.uniform(0.001, 0.02)));
  const auto encoding = Encoding::per_axis(8, true, axis, scales, std::vector<std::int32_t>(scales.size()));
  const TensorType w{w_shape, encoding, {}};
  const std::vector<ValueId> inputs{x, patch.add_constant("w", random_bytes(rng, w, 0.1))};
  TensorType y = op->infer({&patch.type(inputs[0]), &patch.type(inputs[1])}).at(0);
  const auto products = static_cast<float>(w.elements() / layer.channels);
  y.encoding = bytes(layer, layer.scale * 0.02F * products, layer.y_zero);
  return patch.add_node(op, inputs, {y}, "layer", {"y"})[0];
}

ValueId add_convolution(Patch& patch, Rng& rng, ValueId x, const Layer& l) {
  return add_layer<Conv2D>(patch, rng, x, l, {l.channels, l.taps[0], l.taps[1], patch.type(x).shape[3]}, 0);
}

ValueId add_depthwise(Patch& patch, Rng& rng, ValueId x, const Layer& l) {
  return add_layer<DepthwiseConv2D>(patch, rng, x, l, {1, l.taps[0], l.taps[1], l.channels}, 3);
}

ValueId add_input(Patch& patch, Rng& rng, const Layer& layer) {
  const auto zero = static_cast<std::int32_t>(rng.chance(0.5) ? -128 : rng.integer(-128, 127));
  return patch.add_input("x", {layer.x, bytes(layer, 0.02F, zero), {}});
}

// A network of a few layers with a residual, whose rows may overlay others or pass through rings.
void add_network(Patch& patch, Rng& rng) {
  const std::int64_t channels = rng.integer(1, 5) * (rng.chance(0.7) ? 8 : 5);
  Layer l{{1, rng.integer(5, 20), rng.integer(1, 20), rng.integer(1, 6)}, {3, 3}, 1, 1, channels, -128, 0.1F};
  ValueId x = add_convolution(patch, rng, add_input(patch, rng, l), l);
  for (int block = 0; block < 3; ++block) {
    l.y_zero = rng.chance(0.5) ? -128 : 3;
    l.taps = {3, rng.chance(0.7) ? 3 : 5};
    const ValueId wide = add_depthwise(patch, rng, x, l);
    l.taps = {1, 1};
    const ValueId sum = add_convolution(patch, rng, wide, l);
    TensorType y = patch.type(x);
    y.encoding = Encoding::affine(8, true, 0.05F, -100);
    x = patch.add_node(std::make_shared<Binary>(), {x, sum}, {y}, "sum", {"y"})[0];
    if (rng.chance(0.5)) continue;
    l.taps = {3, 3};
    l.stride = rng.integer(1, 2);
    x = add_convolution(patch, rng, x, l);
    l.stride = 1;
  }
  patch.add_output(x);
}

class MveLayers : public ::testing::TestWithParam<Optimize> {};

TEST_P(MveLayers, EqualEvaluateOnShapesOfNetworks) {
  const Target target = load_target("cortex-m55");
  if (!find_program(target.runner.program)) GTEST_SKIP() << target.runner.program << " is missing";
  Rng rng(19);
  Patch patch;
  for (const Layer& l : kConvolutions)
    patch.add_output(add_convolution(patch, rng, add_input(patch, rng, l), l));
  for (const Layer& l : kDepthwise) patch.add_output(add_depthwise(patch, rng, add_input(patch, rng, l), l));
  const Graph graph = std::move(patch).apply();
  const Plan plan = make_plan(graph, target, {.optimize = GetParam()});
  std::set<std::string> forms;
  for (const Step& step : plan.steps) {
    EXPECT_EQ(step.kernel->feature, "mve") << graph.describe(step.node);
    for (const std::string form : {"any shift", "both roundings in vectors", "negatives clamped away"})
      if (step.bound.note.ends_with(form)) forms.insert(form);
  }
  EXPECT_EQ(forms.size(), 3);
  for (const std::string& difference : device_differences(plan, target, rng)) ADD_FAILURE() << difference;
}

TEST_P(MveLayers, NetworksEqualEvaluate) {
  const Target target = load_target("cortex-m55");
  if (!find_program(target.runner.program)) GTEST_SKIP() << target.runner.program << " is missing";
  Rng rng(29);
  for (int i = 0; i < 8; ++i) {
    Patch patch;
    add_network(patch, rng);
    const Graph graph = std::move(patch).apply();
    const Plan plan = make_plan(graph, target, {.optimize = GetParam()});
    for (const std::string& difference : device_differences(plan, target, rng))
      ADD_FAILURE() << difference << "\n" << print(graph, {.constant_bytes = false});
  }
}

// Rows without a feature that have a vector form of their own: floats, tables of bytes, transposed bytes.
TEST(MvePortable, EqualsEvaluate) {
  const Target target = load_target("cortex-m55");
  if (!find_program(target.runner.program)) GTEST_SKIP() << target.runner.program << " is missing";
  constexpr int kCases = 4;
  for (const std::string_view name :
       {"Conv2D", "DepthwiseConv2D", "FullyConnected", "HardSwish", "Transpose"}) {
    Rng rng(23);
    for (int found = 0; found < kCases;) {
      const Graph graph = find_operator(name).sample(rng);
      const Plan plan = make_plan(graph, target);
      const std::string_view file = plan.steps[0].kernel ? plan.steps[0].kernel->file : "";
      if (file.find("f32") == std::string_view::npos && file != "lookup.h" && file != "copy_strided.h")
        continue;
      ++found;
      const std::vector<Tensor> inputs = random_inputs(graph, rng);
      Sample sample;
      for (const Tensor& t : inputs) sample.emplace_back(t.bytes().begin(), t.bytes().end());
      const TemporaryFolder folder;
      const Artifact artifact = emit_c(plan, {.name = "m", .folder = folder.path()});
      const auto outputs = run_on_device(artifact, target, std::vector<Sample>{sample}).outputs;
      const Tensor expected = interpret(graph, inputs).at(0);
      // the sums before a fused activation may be larger than what it leaves
      const double largest = std::max(largest_magnitude(expected), 10.0);
      EXPECT_EQ(difference(expected, Tensor(expected.type(), outputs.at(0).at(0)), 1e-5, largest), "")
          << graph.describe(plan.steps[0].node);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Aims, MveLayers,
                         ::testing::Values(Optimize::kSpeed, Optimize::kBalanced, Optimize::kSize,
                                           Optimize::kRam),
                         [](const auto& aim) { return std::string(optimize_name(aim.param)); });

}  // namespace
}  // namespace mote
