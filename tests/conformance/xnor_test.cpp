// Layers of -1 and +1 on every instruction set: windows that leave the image on all sides, strides, odd
// numbers of channels, thresholds that are never or always met; on random and uniform inputs.
#include <gtest/gtest.h>

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

void add_layer(Patch& patch, Rng& rng, const Layer& layer) {
  OperatorPtr op = std::make_shared<FullyConnected>();
  Shape x = layer.x, w{layer.channels, layer.x[3]};
  if (layer.taps > 0) {
    auto convolution = std::make_shared<Conv2D>();
    convolution->stride = {layer.stride, layer.stride};
    convolution->padding = std::vector<std::int64_t>(4, layer.padding);
    op = convolution;
    w = {layer.channels, layer.taps, layer.taps, layer.x[3]};
  } else {
    x = {layer.x[0], layer.x[3]};
  }
  std::vector<std::int64_t> bias;
  for (std::int64_t i = 0; i < layer.channels; ++i)
    bias.push_back(rng.chance(0.1) ? rng.integer(-10000, 10000) : rng.integer(-20, 20));
  const std::vector<ValueId> inputs{
      patch.add_input("x", {x, Encoding::bipolar(0.5F), {}}),
      patch.add_constant("w", random_bytes(rng, {w, weights_of(rng, layer.channels, layer.signs), {}}, 0.1)),
      patch.add_constant("b", Tensor::integers({{layer.channels}, Encoding::integer(32, true), {}}, bias))};
  TensorType y = op->infer({&patch.type(inputs[0]), &patch.type(inputs[1]), &patch.type(inputs[2])}).at(0);
  y.encoding = layer.signs ? Encoding::bipolar(1) : Encoding::affine(8, true, 0.4F, -3);
  patch.add_output(patch.add_node(op, inputs, {y}, "layer", {"y"})[0]);
}

struct Aim {
  std::string target, feature;        // of the rows that must be chosen
  std::vector<std::string> features;  // empty: those of the target
};

class Xnor : public ::testing::TestWithParam<Aim> {};

TEST_P(Xnor, EqualsEvaluate) {
  Target target = load_target(GetParam().target);
  const bool host = target.runner.kind == RunnerKind::kHost;
  if (!GetParam().feature.empty() && !target.has(GetParam().feature))
    GTEST_SKIP() << "no machine here has the feature " << GetParam().feature;
  if (!host && !find_program(target.runner.program)) GTEST_SKIP() << target.runner.program << " is missing";
  if (host) target.compiler.speed_flags = {"-O1"};
  if (host) target.features = GetParam().features;
  Rng rng(31);
  Patch patch;
  for (const Layer& layer : kLayers) add_layer(patch, rng, layer);
  const Plan plan = make_plan(std::move(patch).apply(), target);
  for (const Step& step : plan.steps) {
    EXPECT_NE(step.kernel->name.find("xnor"), std::string_view::npos) << step.kernel->name;
    EXPECT_TRUE(step.kernel->feature == GetParam().feature || GetParam().feature == "dsp")
        << step.kernel->name;
  }
  for (const std::string& difference : device_differences(plan, target, rng)) ADD_FAILURE() << difference;
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
