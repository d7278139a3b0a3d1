// Networks whose values between layers have 4, 2 or 1 bits and stand packed in the arena: windows, pixels,
// pooling, sums of two operands, depthwise layers, another shape, a fully-connected layer; whole and row by
// row.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/process.h"
#include "ir/patch.h"
#include "ops/binary.h"
#include "ops/conv2d.h"
#include "ops/depthwise_conv2d.h"
#include "ops/fully_connected.h"
#include "ops/pool.h"
#include "ops/reshape.h"
#include "plan/plan.h"
#include "tests/support/device_layers.h"

namespace mote {
namespace {

using testing::device_differences;

enum class Values { kUnsigned4, kSigned4, kUnsigned2, kBipolar };

Encoding encoding_of(Values values, float scale) {
  switch (values) {
    case Values::kUnsigned4: return Encoding::affine(4, false, scale, 0);
    case Values::kSigned4: return Encoding::affine(4, true, scale, 1);
    case Values::kUnsigned2: return Encoding::affine(2, false, scale, 0);
    case Values::kBipolar: break;
  }
  return Encoding::bipolar(scale);
}

class NetworkWriter {
 public:
  NetworkWriter(Rng& rng, Values values) : rng_(rng), values_(values) {}

  Graph write() {
    ValueId x = patch_.add_input("x", {{1, 11, 12, 3}, Encoding::affine(8, true, 0.02F, -3), {}});
    x = convolution(x, 16, {3, 3}, {1, 1}, "first");
    const ValueId skip = x;
    x = convolution(x, 16, {3, 3}, {1, 1}, "middle");
    x = add(x, skip);
    x = depthwise(x, {2, 2});
    x = max_pool(x);
    x = convolution(x, 24, {1, 1}, {1, 1}, "pixels");
    const std::int64_t count = patch_.type(x).elements();
    auto reshape = std::make_shared<Reshape>();
    reshape->shape = {1, count};
    x = patch_.add_node(reshape, {x}, {{{1, count}, patch_.type(x).encoding, {}}}, "flat", {"flat"})[0];
    patch_.add_output(connected(x, 10));
    return std::move(patch_).apply();
  }

 private:
  ValueId weights(const Shape& shape, std::size_t axis) {
    std::vector<float> scales(static_cast<std::size_t>(shape[axis]));
    for (float& s : scales) s = static_cast<float>(rng_.uniform(0.01, 0.03));
    const auto encoding =
        Encoding::per_axis(4, true, static_cast<int>(axis), scales, std::vector<std::int32_t>(scales.size()));
    std::vector<std::int64_t> integers(static_cast<std::size_t>(element_count(shape)));
    for (auto& v : integers) v = rng_.integer(-7, 7);
    return patch_.add_constant("w", Tensor::integers({shape, encoding, {}}, integers));
  }

  ValueId layer(OperatorPtr op, ValueId x, ValueId w, std::int64_t channels, const Encoding& y,
                const std::string& name) {
    std::vector<std::int64_t> bias(static_cast<std::size_t>(channels));
    for (auto& b : bias) b = rng_.integer(-20, 20);
    const ValueId b =
        patch_.add_constant("b", Tensor::integers({{channels}, Encoding::integer(32, true), {}}, bias));
    TensorType type = op->infer({&patch_.type(x), &patch_.type(w), &patch_.type(b)}).at(0);
    type.encoding = y;
    return patch_.add_node(std::move(op), {x, w, b}, {type}, name, {name})[0];
  }

  // Fine enough for outputs to take many values.
  float scale(ValueId x, std::int64_t terms) const {
    const TensorType& type = patch_.type(x);
    const double spread =
        static_cast<double>(type.encoding.scale()) * static_cast<double>(type.encoding.max()) * 0.02 * 4;
    return static_cast<float>(spread * std::sqrt(static_cast<double>(terms)) /
                              (values_ == Values::kUnsigned2 ? 3 : 10));
  }

  ValueId convolution(ValueId x, std::int64_t channels, std::vector<std::int64_t> taps,
                      std::vector<std::int64_t> stride, const std::string& name) {
    auto op = std::make_shared<Conv2D>();
    op->stride = std::move(stride);
    op->padding = {taps[0] / 2, taps[1] / 2, taps[0] / 2, taps[1] / 2};
    const std::int64_t depth = patch_.type(x).shape[3];
    const ValueId w = weights({channels, taps[0], taps[1], depth}, 0);
    return layer(op, x, w, channels, encoding_of(values_, scale(x, taps[0] * taps[1] * depth)), name);
  }

  ValueId depthwise(ValueId x, std::vector<std::int64_t> stride) {
    auto op = std::make_shared<DepthwiseConv2D>();
    op->stride = std::move(stride);
    op->padding = {1, 1, 1, 1};
    const std::int64_t channels = patch_.type(x).shape[3];
    return layer(op, x, weights({1, 3, 3, channels}, 3), channels, encoding_of(values_, scale(x, 9)),
                 "depthwise");
  }

  ValueId connected(ValueId x, std::int64_t channels) {
    const std::int64_t depth = patch_.type(x).shape[1];
    return layer(std::make_shared<FullyConnected>(), x, weights({channels, depth}, 0), channels,
                 Encoding::affine(8, true, scale(x, depth) / 8, -5), "connected");
  }

  ValueId add(ValueId a, ValueId b) {
    if (values_ == Values::kBipolar) return a;  // no bipolar sums
    TensorType type = patch_.type(a);
    type.encoding = encoding_of(values_, 1.5F * type.encoding.scale());
    return patch_.add_node(std::make_shared<Binary>(), {a, b}, {type}, "sum", {"sum"})[0];
  }

  ValueId max_pool(ValueId x) {
    auto op = std::make_shared<Pool>();
    op->window = op->stride = {2, 2};
    TensorType type = op->infer({&patch_.type(x)}).at(0);
    type.encoding = patch_.type(x).encoding;
    return patch_.add_node(op, {x}, {type}, "pool", {"pool"})[0];
  }

  Rng& rng_;
  Values values_;
  Patch patch_;
};

class PackedRows : public ::testing::TestWithParam<std::tuple<const char*, Optimize, Values>> {};

TEST_P(PackedRows, EqualsEvaluate) {
  const auto [name, optimize, values] = GetParam();
  Target target = load_target(name);
  if (target.runner.kind == RunnerKind::kHost)
    target.compiler.speed_flags = {"-O1"};
  else if (!find_program(target.runner.program))
    GTEST_SKIP() << target.runner.program << " is missing";
  Rng rng(5);
  const Graph graph = NetworkWriter(rng, values).write();
  const Plan plan = make_plan(graph, target, {.optimize = optimize, .pack_all = true});
  std::size_t packed = 0;
  for (std::size_t v = 0; v < graph.values().size(); ++v)
    packed += plan.packing(ValueId{static_cast<std::uint32_t>(v)}) ? 1 : 0;
  EXPECT_GE(packed, 5U) << "of the values between layers";
  for (const std::string& difference : device_differences(plan, target, rng)) ADD_FAILURE() << difference;
}

const char* const kNames[] = {"u4", "s4", "u2", "bipolar"};

INSTANTIATE_TEST_SUITE_P(Cores, PackedRows,
                         ::testing::Combine(::testing::Values("cortex-m4", "cortex-m3", "riscv32", "host"),
                                            ::testing::Values(Optimize::kRam, Optimize::kSpeed),
                                            ::testing::Values(Values::kUnsigned4, Values::kSigned4,
                                                              Values::kUnsigned2, Values::kBipolar)),
                         [](const auto& c) {
                           std::string name = std::get<0>(c.param) + std::string("_") +
                                              std::string(optimize_name(std::get<1>(c.param))) + "_" +
                                              kNames[static_cast<int>(std::get<2>(c.param))];
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

}  // namespace
}  // namespace mote
