#include "compress/simplify/cancel_transposes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "base/rng.h"
#include "compress/pipelines.h"
#include "compress/simplify/commute_transpose.h"
#include "ir/patch.h"
#include "ir/verify.h"
#include "ops/binary.h"
#include "ops/concat.h"
#include "ops/conv2d.h"
#include "ops/dequantize.h"
#include "ops/fully_connected.h"
#include "ops/mat_mul.h"
#include "ops/operator_list.h"
#include "ops/pad.h"
#include "ops/pool.h"
#include "ops/reduce.h"
#include "ops/requantize.h"
#include "ops/reshape.h"
#include "ops/slice.h"
#include "ops/softmax.h"
#include "ops/split.h"
#include "ops/transpose.h"
#include "ops/unary.h"
#include "tests/compress/same_results.h"

namespace mote {
namespace {

using test::count;
using test::expect_same_results;
using test::random_tensor;

template <class Op, class Set>
OperatorPtr make(const Set& set) {
  auto op = std::make_shared<Op>();
  set(*op);
  return op;
}

// Writes networks as a reader of channels-first files does: every spatial operator between two transposes.
class ChannelsFirst {
 public:
  explicit ChannelsFirst(Encoding encoding) : encoding_(std::move(encoding)) {}

  ValueId input(Shape shape) { return patch_.add_input("x", {std::move(shape), encoding_, {}}); }
  ValueId constant(Shape shape) { return constant(std::move(shape), encoding_); }
  ValueId constant(Shape shape, const Encoding& encoding) {
    return patch_.add_constant("c", random_tensor({std::move(shape), encoding, {}}, ++seed_));
  }
  ValueId node(OperatorPtr op, std::vector<ValueId> inputs) {
    InputTypes types;
    for (const ValueId v : inputs) types.push_back(&patch_.type(v));
    auto outputs = op->infer(types);
    if (encoding_.is_integer()) outputs[0].encoding = encoding_;
    return patch_.add_node(std::move(op), std::move(inputs), outputs)[0];
  }
  ValueId transpose(ValueId x, Permutation p) {
    return node(make<Transpose>([&](Transpose& o) { o.permutation = std::move(p); }), {x});
  }
  ValueId spatial(const OperatorPtr& op, std::vector<ValueId> inputs) {
    inputs[0] = transpose(inputs[0], {0, 2, 3, 1});
    return transpose(node(op, std::move(inputs)), {0, 3, 1, 2});
  }
  ValueId conv(ValueId x, std::int64_t channels) {
    const Encoding weights = encoding_.is_real() ? encoding_ : Encoding::affine(8, true, 0.02F, 0);
    const ValueId w = constant({channels, 3, 3, patch_.type(x).shape[1]}, weights);
    return spatial(make<Conv2D>([](Conv2D& o) { o.padding = {1, 1, 1, 1}; }), {x, w});
  }
  ValueId unary(const std::string& function, ValueId x) {
    return node(make<Unary>([&](Unary& o) { o.function = function; }), {x});
  }
  ValueId binary(const std::string& function, ValueId a, ValueId b) {
    return node(make<Binary>([&](Binary& o) { o.function = function; }), {a, b});
  }
  ValueId concat(std::int64_t axis, std::vector<ValueId> inputs) {
    return node(make<Concat>([&](Concat& o) { o.axis = axis; }), std::move(inputs));
  }
  ValueId reshape(ValueId x, Shape shape) {
    return node(make<Reshape>([&](Reshape& o) { o.shape = std::move(shape); }), {x});
  }
  ValueId dense(ValueId x, std::int64_t outputs) {
    const Encoding weights = encoding_.is_real() ? encoding_ : Encoding::affine(8, true, 0.02F, 0);
    return node(std::make_shared<FullyConnected>(),
                {x, constant({outputs, patch_.type(x).shape[1]}, weights)});
  }
  Graph done(ValueId y) {
    patch_.set_value_name(y, "y");
    patch_.add_output(y);
    Graph graph = std::move(patch_).apply();
    verify(graph, Stage::Mixed, "building");
    return graph;
  }
  Patch& patch() { return patch_; }

 private:
  Encoding encoding_;
  Patch patch_;
  std::uint64_t seed_ = 0;
};

const Encoding kS8 = Encoding::affine(8, true, 0.1F, -7);

class CancelTransposes : public testing::TestWithParam<bool> {
 protected:
  ChannelsFirst net_{GetParam() ? kS8 : Encoding::real()};

  // The simplified graph, with results checked.
  Graph simplified(ValueId y) {
    const Graph graph = net_.done(y);
    Graph simple = simplify(graph);
    expect_same_results(graph, simple);
    return simple;
  }
};

TEST_P(CancelTransposes, ResidualNetworkKeepsOnlyTheInputs) {
  const ValueId x = net_.unary("Relu", net_.conv(net_.input({1, 3, 6, 6}), 4));
  const ValueId left = net_.unary("Relu", net_.conv(x, 4));
  const ValueId sum = net_.unary("Relu", net_.binary("Add", net_.conv(left, 4), x));
  const ValueId scaled = net_.binary("Mul", sum, net_.constant({4, 1, 1}));
  const ValueId joined = net_.concat(1, {scaled, sum});
  const ValueId pooled = net_.spatial(make<Pool>([](Pool& o) { o.window = {6, 6}; }), {joined});
  const Graph simple = simplified(net_.dense(net_.reshape(pooled, {1, 8}), 5));
  EXPECT_EQ(count(simple, "Transpose"), 1);
  EXPECT_EQ(transposed_elements(simple), 3 * 6 * 6);
}

TEST_P(CancelTransposes, FlatteningGoesIntoTheWeightsBehind) {
  const ValueId image =
      net_.reshape(net_.input({1, 36}), {1, 1, 6, 6});  // one channel: its transpose moves nothing
  const ValueId features = net_.unary("Relu", net_.conv(image, 4));
  const Graph simple = simplified(net_.dense(net_.reshape(features, {1, 144}), 3));
  EXPECT_EQ(count(simple, "Transpose"), 0);
}

TEST_P(CancelTransposes, SqueezeAndExcitePattern) {
  const ValueId x = net_.conv(net_.reshape(net_.input({1, 36}), {1, 1, 6, 6}), 4);
  const ValueId pooled = net_.spatial(make<Pool>([](Pool& o) {
                                        o.function = "AveragePool";
                                        o.window = {6, 6};
                                      }),
                                      {x});
  const ValueId gate = net_.unary("HardSwish", net_.conv(pooled, 4));
  const ValueId gated = net_.conv(net_.binary("Mul", x, gate), 2);
  const Graph simple = simplified(net_.dense(net_.reshape(gated, {1, 72}), 3));
  EXPECT_EQ(count(simple, "Transpose"), 0);
}

TEST_P(CancelTransposes, OneDimensionalConvolutionsThroughReshapes) {
  const auto conv1d = [&](ValueId x) {  // [N,C,L] -> [N,C,1,L] -> ... -> [N,C,L]
    const Shape s = net_.patch().type(x).shape;
    const ValueId image = net_.conv(net_.reshape(x, {s[0], s[1], 1, s[2]}), 4);
    return net_.reshape(image, {s[0], 4, s[2]});
  };
  const ValueId x = net_.reshape(net_.input({1, 12}), {1, 1, 12});
  const ValueId y = conv1d(net_.unary("Relu", conv1d(net_.unary("Relu", conv1d(x)))));
  const Graph simple = simplified(net_.dense(net_.reshape(y, {1, 48}), 3));
  EXPECT_EQ(count(simple, "Transpose"), 0);
}

TEST_P(CancelTransposes, AxesOfOperatorsFollow) {
  const ValueId x = net_.conv(net_.reshape(net_.input({1, 24}), {1, 1, 4, 6}), 6);
  const ValueId padded = net_.node(make<Pad>([](Pad& o) {
                                     o.before = {0, 0, 1, 0};
                                     o.after = {0, 2, 0, 0};
                                   }),
                                   {x});
  const ValueId sliced = net_.node(make<Slice>([](Slice& o) {
                                     o.starts = {0, 7, 0, 1};
                                     o.sizes = {1, 4, 5, 3};
                                     o.steps = {1, -2, 1, 2};
                                   }),
                                   {padded});
  const ValueId reduced = net_.node(make<Reduce>([](Reduce& o) {
                                      o.function = "Max";
                                      o.axes = {2, 3};
                                      o.keep_dims = false;
                                    }),
                                    {sliced});
  EXPECT_EQ(count(simplified(net_.dense(reduced, 3)), "Transpose"), 0);
}

TEST_P(CancelTransposes, TransposesThatMustStayAreNotMultiplied) {
  const ValueId t = net_.transpose(net_.input({2, 3, 4}), {0, 2, 1});
  net_.patch().add_output(net_.unary("Relu", t));
  net_.patch().add_output(net_.unary("Abs", t));
  const Graph simple = simplified(net_.unary("Neg", t));
  EXPECT_EQ(count(simple, "Transpose"), 1);
}

INSTANTIATE_TEST_SUITE_P(Encodings, CancelTransposes, testing::Bool(), [](const auto& instance) {
  return std::string(instance.param ? "Integer" : "Real");
});

TEST(CancelTransposesOnce, MatMulTakesTheSwapOfItsOperands) {
  ChannelsFirst net(Encoding::real());
  const ValueId x = net.input({2, 3, 4});
  const Graph graph = net.done(net.node(std::make_shared<MatMul>(), {x, net.transpose(x, {0, 2, 1})}));
  const Graph simple = simplify(graph);
  EXPECT_EQ(simple.nodes().size(), 1U);
  expect_same_results(graph, simple);
}

TEST(CancelTransposesOnce, StoredWeightsAreTransposedAheadOfTime) {
  // w (s8, per axis 0) -> Dequantize -> Transpose -> Add: the transpose rises to the constant and folds
  Patch patch;
  const ValueId x = patch.add_input("x", {{3, 2}, Encoding::real(), {}});
  const ValueId w = patch.add_constant(
      "w", random_tensor({{2, 3}, Encoding::per_axis(8, true, 0, {0.5F, 2}, {0, 0}), {}}, 3));
  const ValueId real = patch.add(std::make_shared<Dequantize>(), {w});
  const ValueId turned = patch.add(make<Transpose>([](Transpose& o) { o.permutation = {1, 0}; }), {real});
  patch.add_output(patch.add(std::make_shared<Binary>(), {x, turned}, {}, "y"));
  const Graph graph = std::move(patch).apply();
  const Graph simple = simplify(graph);
  EXPECT_EQ(count(simple, "Transpose"), 0);
  EXPECT_EQ(count(simple, "Dequantize"), 1);
  expect_same_results(graph, simple);
}

// A random network of integers of one encoding, in which transposes meet everything that they may pass.
class RandomNetwork {
 public:
  explicit RandomNetwork(std::uint64_t seed) : rng_(seed), net_(kS8) {
    values_.push_back(
        net_.input({rng_.integer(1, 2), rng_.integer(1, 4), rng_.integer(1, 4), rng_.integer(2, 4)}));
  }

  Graph build() {
    for (int i = 0; i < 14; ++i)
      values_.push_back(
          step(values_[static_cast<std::size_t>(rng_.integer(std::max<std::int64_t>(0, i - 3), i))]));
    if (rng_.chance(0.5)) net_.patch().add_output(values_[7]);
    return net_.done(values_.back());
  }

 private:
  ValueId step(ValueId x) {
    const Shape shape = net_.patch().type(x).shape;
    const auto rank = static_cast<std::int64_t>(shape.size());
    const std::int64_t axis = rank > 0 ? rng_.integer(0, rank - 1) : 0;
    const auto at = static_cast<std::size_t>(axis);
    switch (rank == 0 ? 4 : rng_.integer(0, 12)) {
      case 0:
      case 1:
      case 2:
      case 3: return net_.transpose(x, permutation(rank));
      case 4: return net_.unary("Relu", x);
      case 5: return net_.binary("Maximum", x, partner(shape, x));
      case 6:
        return net_.binary("Add", x,
                           net_.constant(rank > 0 && rng_.chance(0.5) ? Shape{shape.back()} : shape));
      case 7: return net_.concat(axis, {x, net_.unary("Neg", x)});
      case 8:
        return net_.node(make<Pad>([&](Pad& o) {
                           o.before.assign(shape.size(), 0);
                           o.after = o.before;
                           o.before[at] = 1;
                         }),
                         {x});
      case 9:
        return net_.node(make<Slice>([&](Slice& o) {
                           o.starts.assign(shape.size(), 0);
                           o.steps.assign(shape.size(), 1);
                           o.sizes = shape;
                           o.starts[at] = shape[at] - 1;
                           o.steps[at] = -1;
                           o.sizes[at] = std::max<std::int64_t>(1, shape[at] - 1);
                         }),
                         {x});
      case 10:
        return net_.node(make<Reduce>([&](Reduce& o) {
                           o.function = rng_.chance(0.5) ? "Max" : "Mean";
                           o.axes = {axis};
                           o.keep_dims = rank <= 2 || rng_.chance(0.5);
                         }),
                         {x});
      case 11: return net_.reshape(x, refined(shape));
      default: return net_.reshape(x, merged(shape, at));
    }
  }

  // Another value of the same shape, or a transpose of x that fits.
  ValueId partner(const Shape& shape, ValueId x) {
    for (const ValueId v : values_)
      if (v != x && net_.patch().type(v).shape == shape) return v;
    return net_.unary("Abs", x);
  }
  Permutation permutation(std::int64_t rank) {
    Permutation p(static_cast<std::size_t>(rank));
    std::iota(p.begin(), p.end(), 0);
    for (std::size_t i = p.size(); i > 1; --i)
      std::swap(p[i - 1], p[static_cast<std::size_t>(rng_.integer(0, static_cast<std::int64_t>(i) - 1))]);
    return p;
  }
  Shape refined(const Shape& shape) {  // ones put in, even extents split
    Shape result;
    for (const std::int64_t extent : shape) {
      if (result.size() < 5 && rng_.chance(0.3)) result.push_back(1);
      if (extent % 2 == 0 && result.size() < 5 && rng_.chance(0.5)) {
        result.insert(result.end(), {extent / 2, 2});
      } else {
        result.push_back(extent);
      }
    }
    return result.size() <= 6 ? result : shape;
  }
  Shape merged(Shape shape, std::size_t at) {
    if (at + 1 >= shape.size()) return shape;
    shape[at] *= shape[at + 1];
    shape.erase(shape.begin() + static_cast<std::ptrdiff_t>(at) + 1);
    return shape;
  }

  Rng rng_;
  ChannelsFirst net_;
  std::vector<ValueId> values_;
};

TEST(SimplifyProperty, RandomNetworksOfTransposesKeepEveryInteger) {
  int fewer = 0;
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    const Graph graph = RandomNetwork(seed).build();
    const Graph simple = simplify(graph);
    expect_same_results(graph, simple, seed);
    EXPECT_LE(transposed_elements(simple), transposed_elements(graph)) << "seed " << seed;
    fewer += transposed_elements(simple) < transposed_elements(graph) ? 1 : 0;
    if (HasFailure()) FAIL() << "seed " << seed;
  }
  EXPECT_GT(fewer, 200);
}

TEST(SimplifyProperty, SamplesOfEveryOperatorKeepTheirResults) {
  Rng rng(7);
  for (const OperatorRow& row : operator_list())
    for (int i = 0; i < 20; ++i) {
      const Graph graph = row.sample(rng);
      expect_same_results(graph, simplify(graph));
      if (HasFailure()) FAIL() << row.name << ", sample " << i;
    }
}

}  // namespace
}  // namespace mote
