// Layers of -1 and +1 on every instruction set: windows that leave the image on all sides, strides, odd
// numbers of channels, thresholds that are never or always met, networks in which all signs stand packed; on
// random and uniform inputs.
#include <gtest/gtest.h>

#include <ranges>

#include "base/process.h"
#include "ir/patch.h"
#include "ops/conv2d.h"
#include "ops/fully_connected.h"
#include "ops/pool.h"
#include "ops/reshape.h"
#include "plan/plan.h"
#include "tests/support/device_layers.h"

namespace mote {
namespace {

using testing::device_differences;
using testing::random_bytes;

struct Layer {
  Shape x;
  std::int64_t channels, taps, stride, padding;
  bool signs;  // of the output, else bytes
};

const Layer kLayers[] = {{{1, 8, 8, 64}, 64, 3, 1, 1, true},   {{1, 5, 6, 32}, 24, 3, 1, 1, true},
                         {{1, 6, 5, 128}, 16, 3, 2, 1, true},  {{2, 4, 4, 96}, 13, 3, 1, 2, true},
                         {{1, 7, 7, 40}, 8, 3, 2, 0, true},    {{1, 3, 3, 8}, 7, 5, 1, 4, true},
                         {{1, 4, 3, 64}, 31, 1, 1, 0, true},   {{1, 6, 6, 64}, 20, 3, 1, 1, false},
                         {{1, 5, 5, 32}, 33, 3, 2, 1, false},  {{1, 9, 1, 16}, 5, 2, 1, 1, false},
                         {{3, 1, 1, 576}, 10, 0, 1, 0, false}, {{1, 1, 1, 288}, 32, 0, 1, 0, true}};

Encoding weights_of(Rng& rng, std::int64_t channels, bool signs) {
  Quantization q{0, {}, std::vector<std::int32_t>(static_cast<std::size_t>(channels))};
  for (std::int64_t i = 0; i < channels; ++i) q.scales.push_back(static_cast<float>(rng.uniform(0.1, 2)));
  if (!signs && rng.chance(0.3))
    return Encoding::integer(8, true).with_levels({-4, 4}).with_quantization(std::move(q));
  return Encoding::bipolar(1).with_quantization(std::move(q));
}

ValueId add_layer(Patch& patch, Rng& rng, ValueId x, const Layer& layer) {
  OperatorPtr op = std::make_shared<FullyConnected>();
  Shape w{layer.channels, layer.x[3]};
  if (layer.taps > 0) {
    auto convolution = std::make_shared<Conv2D>();
    convolution->stride = {layer.stride, layer.stride};
    convolution->padding = std::vector<std::int64_t>(4, layer.padding);
    op = convolution;
    w = {layer.channels, layer.taps, layer.taps, layer.x[3]};
  }
  std::vector<std::int64_t> bias;
  for (std::int64_t i = 0; i < layer.channels; ++i)
    bias.push_back(rng.chance(0.1) ? rng.integer(-10000, 10000) : rng.integer(-20, 20));
  const std::vector<ValueId> inputs{
      x,
      patch.add_constant("w", random_bytes(rng, {w, weights_of(rng, layer.channels, layer.signs), {}}, 0.1)),
      patch.add_constant("b", Tensor::integers({{layer.channels}, Encoding::integer(32, true), {}}, bias))};
  TensorType y = op->infer({&patch.type(inputs[0]), &patch.type(inputs[1]), &patch.type(inputs[2])}).at(0);
  y.encoding = layer.signs ? Encoding::bipolar(1) : Encoding::affine(8, true, 0.4F, -3);
  return patch.add_node(op, inputs, {y}, "layer", {"y"})[0];
}

Graph single_layers(Rng& rng) {
  Patch patch;
  for (const Layer& layer : kLayers) {
    const Shape x = layer.taps > 0 ? layer.x : Shape{layer.x[0], layer.x[3]};
    patch.add_output(add_layer(patch, rng, patch.add_input("x", {x, Encoding::bipolar(0.5F), {}}), layer));
  }
  return std::move(patch).apply();
}

// Bytes to signs, convolutions with pooling between, layers of features, bytes.
Graph network(Rng& rng) {
  Patch patch;
  ValueId v = patch.add_input("x", {{1, 16, 12, 3}, Encoding::affine(8, true, 0.02F, -3), {}});
  v = add_layer(patch, rng, v, {{1, 16, 12, 3}, 32, 3, 1, 1, true});
  v = add_layer(patch, rng, v, {{1, 16, 12, 32}, 64, 3, 1, 1, true});
  auto pool = std::make_shared<Pool>();
  pool->function = "MaxPool";
  pool->window = {3, 2};
  pool->stride = {2, 2};
  pool->padding = {1, 0, 1, 0};
  v = patch.add_node(pool, {v}, {{{1, 8, 6, 64}, Encoding::bipolar(1), {}}}, "pool", {"p"})[0];
  v = add_layer(patch, rng, v, {{1, 8, 6, 64}, 40, 3, 2, 1, true});
  auto flatten = std::make_shared<Reshape>();
  flatten->shape = {1, 480};
  v = patch.add_node(flatten, {v}, {{{1, 480}, Encoding::bipolar(1), {}}}, "flatten", {"f"})[0];
  v = add_layer(patch, rng, v, {{1, 1, 1, 480}, 96, 0, 1, 0, true});
  patch.add_output(add_layer(patch, rng, v, {{1, 1, 1, 96}, 10, 0, 1, 0, false}));
  return std::move(patch).apply();
}

struct Aim {
  std::string target, feature;        // of the rows that must be chosen
  std::vector<std::string> features;  // empty: those of the target
};

class Xnor : public ::testing::TestWithParam<Aim> {};

// Of the parameter, or why there is none.
std::variant<Target, std::string> target_of(const Aim& aim) {
  Target target = load_target(aim.target);
  const bool host = target.runner.kind == RunnerKind::kHost;
  if (!aim.feature.empty() && !target.has(aim.feature))
    return "no machine here has the feature " + aim.feature;
  if (!host && !find_program(target.runner.program)) return target.runner.program + " is missing";
  if (host) target.compiler.speed_flags = {"-O1"};
  if (host) target.features = aim.features;
  return target;
}

TEST_P(Xnor, LayersEqualEvaluate) {
  const auto target = target_of(GetParam());
  if (const auto* why = std::get_if<std::string>(&target)) GTEST_SKIP() << *why;
  Rng rng(31);
  const Plan plan = make_plan(single_layers(rng), std::get<Target>(target));
  for (const Step& step : plan.steps) {
    EXPECT_NE(step.kernel->name.find("xnor"), std::string_view::npos) << step.kernel->name;
    EXPECT_TRUE(step.kernel->feature == GetParam().feature || GetParam().feature == "dsp")
        << step.kernel->name;
  }
  for (const std::string& difference : device_differences(plan, std::get<Target>(target), rng))
    ADD_FAILURE() << difference;
}

TEST_P(Xnor, PackedNetworksEqualEvaluate) {
  const auto target = target_of(GetParam());
  if (const auto* why = std::get_if<std::string>(&target)) GTEST_SKIP() << *why;
  for (const Optimize optimize : {Optimize::kSpeed, Optimize::kRam}) {
    Rng rng(37);
    const Plan plan = make_plan(network(rng), std::get<Target>(target), {.optimize = optimize});
    for (const ValueId v : node_ids(plan.graph) |
                               std::views::transform([&](NodeId n) { return plan.graph.node(n).outputs[0]; }))
      EXPECT_EQ(plan.packing(v), plan.graph.type(v).encoding.is_bipolar())
          << plan.graph.values()[v.index].name;
    EXPECT_EQ(plan.steps[2].kernel->name, "max_pool_bits");
    for (const std::size_t s : {std::size_t{1}, std::size_t{3}, std::size_t{5}, std::size_t{6}})
      EXPECT_NE(plan.steps[s].kernel->name.find("xnor"), std::string_view::npos)
          << plan.steps[s].kernel->name;
    for (const std::string& difference : device_differences(plan, std::get<Target>(target), rng))
      ADD_FAILURE() << optimize_name(optimize) << ": " << difference;
  }
}

INSTANTIATE_TEST_SUITE_P(Targets, Xnor,
                         ::testing::Values(Aim{"host", "avx512vpopcntdq", {"avx512vpopcntdq", "avx2", "fma"}},
                                           Aim{"host", "avx2", {"avx2", "fma"}}, Aim{"host", "", {}},
                                           Aim{"aarch64", "neon", {}}, Aim{"cortex-m4", "dsp", {}},
                                           Aim{"cortex-m55", "mve", {}}, Aim{"cortex-m0", "", {}}),
                         [](const auto& aim) {
                           const std::string& feature = aim.param.feature;
                           std::string name = aim.param.target + (feature.empty() ? "" : "_" + feature);
                           for (char& c : name) c = c == '-' ? '_' : c;
                           return name;
                         });

}  // namespace
}  // namespace mote
