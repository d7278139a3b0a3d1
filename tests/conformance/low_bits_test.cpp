// Layers whose weights have 1 to 7 bits, two, three or sixteen levels, or powers of two: every kernel that
// reads them packed, on every kind of core, on random and extreme inputs; and their size in flash.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/process.h"
#include "ir/patch.h"
#include "ops/conv2d.h"
#include "ops/conv_transpose2d.h"
#include "ops/depthwise_conv2d.h"
#include "ops/fully_connected.h"
#include "plan/plan.h"
#include "tests/support/device_layers.h"

namespace mote {
namespace {

using testing::device_differences;

// The integers that occur, in an encoding of `bits` bits; the width at which they stand in flash.
struct Weights {
  const char* name;
  int bits;
  std::vector<std::int64_t> levels;
  int stored_bits;
};

std::vector<std::int64_t> range(std::int64_t low, std::int64_t high) {
  std::vector<std::int64_t> levels;
  for (std::int64_t v = low; v <= high; ++v) levels.push_back(v);
  return levels;
}

const Weights kWeights[] = {
    {"binary", 2, {-1, 1}, 1},
    {"ternary", 2, {-1, 0, 1}, 2},
    {"bits2", 2, range(-2, 1), 2},
    {"bits3", 3, range(-3, 3), 3},
    {"bits4", 4, range(-8, 7), 4},
    {"narrow4", 4, range(-7, 7), 4},
    {"bits5", 5, range(-16, 15), 5},
    {"bits6", 6, range(-31, 31), 6},
    {"bits7", 7, range(-64, 63), 7},
    {"codebook", 7, {-64, -43, -30, -21, -14, -9, -5, -2, 0, 3, 6, 10, 17, 27, 41, 63}, 4},
    {"powers", 7, {-32, -16, -8, -4, 0, 8, 16, 32}, 3},
};

struct Layer {
  enum Kind { kConv, kDepthwise, kConnected, kTransposed } kind;
  Shape x;
  std::int64_t channels;  // of the output; of a depthwise layer those of one input channel
  std::vector<std::int64_t> taps = {1, 1}, stride = {1, 1}, padding = {0, 0};
  std::int32_t y_zero = -128;
  bool is_signed = true;
  std::int64_t groups = 1;
  std::vector<std::int64_t> dilation = {1, 1};
};

const Layer kLayers[] = {
    {Layer::kConv, {1, 8, 8, 16}, 16, {3, 3}, {1, 1}, {1, 1}},
    {Layer::kConv, {1, 6, 6, 64}, 40, {3, 3}, {1, 1}, {1, 1}, 4},  // many tiles
    {Layer::kConv, {2, 7, 5, 8}, 9, {3, 3}, {2, 2}, {1, 1}, -128, false},
    {Layer::kConv, {1, 9, 7, 3}, 6, {3, 3}, {1, 1}, {1, 1}},
    {Layer::kConv, {1, 12, 5, 1}, 5, {10, 4}, {2, 1}, {4, 1}, 7},
    {Layer::kConv, {1, 5, 7, 20}, 33},
    {Layer::kConv, {1, 6, 5, 48}, 24, {1, 1}, {1, 1}, {0, 0}, -128, false},
    {Layer::kConv, {1, 6, 6, 8}, 12, {3, 3}, {1, 1}, {1, 1}, 0, true, 2},
    {Layer::kConv, {1, 9, 8, 4}, 7, {3, 2}, {1, 1}, {1, 2}, 11, true, 1, {2, 3}},
    {Layer::kDepthwise, {1, 10, 5, 64}, 1, {3, 3}, {1, 1}, {1, 1}},
    {Layer::kDepthwise, {1, 9, 8, 6}, 1, {3, 3}, {2, 2}, {1, 1}, 5},
    {Layer::kDepthwise, {2, 6, 7, 5}, 2, {5, 5}, {1, 1}, {2, 2}, -128, false},
    {Layer::kDepthwise, {1, 12, 10, 1}, 8, {4, 3}, {2, 2}, {1, 1}},
    {Layer::kConnected, {1, 640}, 24},
    {Layer::kConnected, {1, 75}, 10, {}, {}, {}, 3},
    {Layer::kConnected, {2, 27}, 5, {}, {}, {}, -20, false},
    {Layer::kConnected, {5, 36}, 7},
    {Layer::kTransposed, {1, 4, 5, 6}, 5, {3, 3}, {2, 2}, {1, 1}},
};

ValueId add_weights(Patch& patch, Rng& rng, const Weights& kind, const Shape& shape, std::size_t axis,
                    double extreme) {
  std::vector<float> scales;
  for (std::int64_t i = 0; i < shape[axis]; ++i)
    scales.push_back(static_cast<float>(rng.uniform(0.002, 0.02)));
  const Encoding encoding = Encoding::per_axis(kind.bits, true, static_cast<int>(axis), scales,
                                               std::vector<std::int32_t>(scales.size()));
  const auto& levels = kind.levels;
  std::vector<std::int64_t> values(static_cast<std::size_t>(element_count(shape)));
  for (auto& v : values)
    v = rng.chance(extreme)
            ? levels.back()
            : levels[static_cast<std::size_t>(rng.integer(0, static_cast<std::int64_t>(levels.size()) - 1))];
  return patch.add_constant("w", Tensor::integers({shape, encoding, {}}, values));
}

template <class Op>
std::shared_ptr<Op> window(const Layer& l) {
  auto op = std::make_shared<Op>();
  op->stride = l.stride;
  op->dilation = l.dilation;
  op->padding = {l.padding[0], l.padding[1], l.padding[0], l.padding[1]};
  return op;
}

void add_layer(Patch& patch, Rng& rng, const Weights& kind, const Layer& l) {
  OperatorPtr op;
  Shape w;
  std::size_t axis = 0;
  const std::int64_t depth = l.x.back() / l.groups;
  if (l.kind == Layer::kConnected) {
    op = std::make_shared<FullyConnected>();
    w = {l.channels, depth};
  } else if (l.kind == Layer::kDepthwise) {
    op = window<DepthwiseConv2D>(l);
    w = {1, l.taps[0], l.taps[1], l.x[3] * l.channels};
    axis = 3;
  } else if (l.kind == Layer::kTransposed) {
    op = window<ConvTranspose2D>(l);
    w = {l.channels, l.taps[0], l.taps[1], depth};
  } else {
    auto conv = window<Conv2D>(l);
    conv->groups = l.groups;
    op = conv;
    w = {l.channels, l.taps[0], l.taps[1], depth};
  }
  const auto zero =
      static_cast<std::int32_t>(rng.chance(0.5) ? (l.is_signed ? -128 : 0) : rng.integer(0, 100));
  const ValueId x = patch.add_input("x", {l.x, Encoding::affine(8, l.is_signed, 0.02F, zero), {}});
  const ValueId weights = add_weights(patch, rng, kind, w, axis, rng.chance(0.2) ? 0.9 : 0.0);
  std::vector<std::int64_t> bias(static_cast<std::size_t>(w[axis]));
  for (auto& b : bias) b = rng.integer(-2000, 2000);
  const ValueId b =
      patch.add_constant("b", Tensor::integers({{w[axis]}, Encoding::integer(32, true), {}}, bias));
  TensorType y = op->infer({&patch.type(x), &patch.type(weights), &patch.type(b)}).at(0);
  const double terms = static_cast<double>(element_count(w) / w[axis]);
  const double spread = static_cast<double>(kind.levels.back()) * std::sqrt(terms) * 0.02 * 0.01;
  y.encoding =
      Encoding::affine(8, l.is_signed, static_cast<float>(spread), l.is_signed ? l.y_zero : l.y_zero + 128);
  patch.add_output(patch.add_node(op, {x, weights, b}, {y}, "layer", {"y"})[0]);
}

Graph make_graph(Rng& rng, const Weights& kind) {
  Patch patch;
  for (const Layer& l : kLayers) add_layer(patch, rng, kind, l);
  return std::move(patch).apply();
}

// Bytes of the arrays that hold the weights of a step.
std::int64_t weight_bytes(const Step& step) {
  std::int64_t bytes = 0;
  for (const KernelCall& call : step.bound.calls)
    for (const Parameter& p : call.params)
      if (const auto* array = std::get_if<ConstantArray>(&p.value))
        if (p.name.ends_with("weights.words") || p.name.ends_with("weights"))
          bytes += static_cast<std::int64_t>(array->bytes.size());
  return bytes;
}

class LowBits : public ::testing::TestWithParam<std::tuple<const char*, Optimize, Weights>> {};

TEST_P(LowBits, EqualEvaluateAndTakeTheirWidthInFlash) {
  const auto& [name, optimize, kind] = GetParam();
  Target target = load_target(name);
  if (target.runner.kind != RunnerKind::kHost && !find_program(target.runner.program))
    GTEST_SKIP() << target.runner.program << " is missing";
  Rng rng(static_cast<std::uint64_t>(kind.bits) * 31 + static_cast<std::uint64_t>(kind.stored_bits));
  const Plan plan = make_plan(make_graph(rng, kind), target, {.optimize = optimize});
  std::int64_t bytes = 0, ideal = 0;
  for (const Step& step : plan.steps) {
    const TensorType& w = plan.graph.type(plan.graph.node(step.node).inputs[1]);
    const std::int64_t least = (w.elements() * kind.stored_bits + 7) / 8;
    // what is beyond a filter, or the last tile, rounded up
    EXPECT_LE(weight_bytes(step), least * 105 / 100 + w.elements() / 4 + 32 * kind.stored_bits)
        << plan.graph.describe(step.node) << ": " << step.kernel->name;
    EXPECT_GT(weight_bytes(step), 0) << plan.graph.describe(step.node) << ": " << step.kernel->name;
    bytes += weight_bytes(step);
    ideal += least;
  }
  EXPECT_LE(bytes, ideal * 105 / 100 + 16) << "of " << ideal;
  for (const std::string& difference : device_differences(plan, target, rng)) ADD_FAILURE() << difference;
}

const char* const kTargets[] = {"cortex-m4", "cortex-m3", "cortex-m0", "riscv32"};

INSTANTIATE_TEST_SUITE_P(Cores, LowBits,
                         ::testing::Combine(::testing::ValuesIn(kTargets),
                                            ::testing::Values(Optimize::kSpeed),
                                            ::testing::ValuesIn(kWeights)),
                         [](const auto& c) {
                           std::string name =
                               std::get<0>(c.param) + std::string("_") + std::get<2>(c.param).name;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

INSTANTIATE_TEST_SUITE_P(Aims, LowBits,
                         ::testing::Combine(::testing::Values("cortex-m4"),
                                            ::testing::Values(Optimize::kBalanced, Optimize::kSize,
                                                              Optimize::kRam),
                                            ::testing::Values(kWeights[0], kWeights[4], kWeights[9])),
                         [](const auto& c) {
                           return std::string(optimize_name(std::get<1>(c.param))) + "_" +
                                  std::get<2>(c.param).name;
                         });

// Kernels with vectors round filters up to whole vectors of channels: their size in flash is not checked.
struct VectorAim {
  const char* target;
  std::vector<std::string> features;  // of hosts
  const char* kernel;                 // of a whole word of channels
};

class LowBitsOfVectors : public ::testing::TestWithParam<std::tuple<VectorAim, Weights>> {};

TEST_P(LowBitsOfVectors, EqualEvaluate) {
  const auto& [aim, kind] = GetParam();
  Target target = load_target(aim.target);
  for (const std::string& feature : aim.features)
    if (!target.has(feature)) GTEST_SKIP() << "this processor has no " << feature;
  if (!aim.features.empty()) target.features = aim.features;
  if (target.runner.kind == RunnerKind::kHost) target.compiler.speed_flags = {"-O1"};
  if (target.runner.kind != RunnerKind::kHost && !find_program(target.runner.program))
    GTEST_SKIP() << target.runner.program << " is missing";
  Rng rng(static_cast<std::uint64_t>(kind.bits) * 37 + static_cast<std::uint64_t>(kind.stored_bits));
  const Plan plan = make_plan(make_graph(rng, kind), target);
  EXPECT_EQ(plan.steps[0].kernel->name, aim.kernel);
  EXPECT_NE(plan.steps[0].bound.note.find(kind.stored_bits == 1 ? "1 bit in flash" : "bits in flash"),
            std::string::npos)
      << plan.steps[0].bound.note;
  for (const std::string& difference : device_differences(plan, target, rng)) ADD_FAILURE() << difference;
}

INSTANTIATE_TEST_SUITE_P(
    Vectors, LowBitsOfVectors,
    ::testing::Combine(::testing::Values(VectorAim{"host", {"avx2", "fma", "avx512vnni"}, "conv2d_s8_vnni"},
                                         VectorAim{"host", {"avx2", "fma"}, "conv2d_s8_avx2"},
                                         VectorAim{"aarch64", {}, "conv2d_s8_neon"}),
                       ::testing::Values(kWeights[0], kWeights[3], kWeights[4], kWeights[9])),
    [](const auto& c) { return std::get<0>(c.param).kernel + std::string("_") + std::get<1>(c.param).name; });

}  // namespace
}  // namespace mote
