// The passes that need a proof: what goes, what must stay, and that every output is the same, on small
// graphs, on random ones, and on a published network.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "base/rng.h"
#include "compress/import.h"
#include "compress/simplify/bounds.h"
#include "compress/simplify/center_weights.h"
#include "compress/simplify/drop_softmax.h"
#include "compress/simplify/make_bytes_signed.h"
#include "compress/simplify/remove_dead_channels.h"
#include "compress/simplify/remove_idle_clamps.h"
#include "compress/simplify/share_constants.h"
#include "ir/patch.h"
#include "ir/verify.h"
#include "measure/sample_input.h"
#include "ops/binary.h"
#include "ops/concat.h"
#include "ops/conv2d.h"
#include "ops/depthwise_conv2d.h"
#include "ops/fully_connected.h"
#include "ops/pool.h"
#include "ops/reduce.h"
#include "ops/requantize.h"
#include "ops/reshape.h"
#include "ops/softmax.h"
#include "ops/unary.h"
#include "run/interpreter.h"
#include "tests/compress/same_results.h"

namespace mote {
namespace {

using test::count;
using test::expect_same_results;

const Encoding kActivation = Encoding::affine(8, true, 0.1F, -128);

// Builds 8-bit networks layer by layer; weights are random, whole filters zero with some probability.
class Network {
 public:
  explicit Network(std::uint64_t seed, Shape shape = {1, 7, 6, 4}) : rng_(seed) {
    last = patch.add_input("x", {std::move(shape), kActivation, {}});
  }

  const Shape& shape(ValueId v) const { return patch.type(v).shape; }

  // Filters `dead` are zero, and their bias makes the channel the constant `value`.
  ValueId weights(Shape shape, int axis, const std::vector<std::int64_t>& dead) {
    const std::int64_t outputs = shape[static_cast<std::size_t>(axis)];
    std::vector<float> scales;
    for (std::int64_t o = 0; o < outputs; ++o)
      scales.push_back(static_cast<float>(rng_.uniform(0.002, 0.01)));
    const Encoding e = Encoding::per_axis(8, true, axis, scales,
                                          std::vector<std::int32_t>(static_cast<std::size_t>(outputs), 0));
    Array w(TensorType{shape, e, {}});
    for (std::size_t i = 0; i < w.integer.size(); ++i) {
      const std::int64_t o = axis_index(shape, axis, static_cast<std::int64_t>(i));
      const bool zero = std::find(dead.begin(), dead.end(), o) != dead.end() || rng_.chance(0.1);
      w.integer[i] = zero ? 0 : rng_.integer(-127, 127);
    }
    return patch.add_constant("w", narrow(w));
  }
  ValueId bias(std::int64_t outputs, const std::vector<std::int64_t>& dead, std::int64_t value) {
    std::vector<std::int64_t> values(static_cast<std::size_t>(outputs));
    for (auto& b : values) b = rng_.integer(-3000, 3000);
    for (const std::int64_t o : dead) values[static_cast<std::size_t>(o)] = value;
    return patch.add_constant("b", Tensor::integers({{outputs}, Encoding::integer(32, true), {}}, values));
  }

  Network& add(OperatorPtr op, std::vector<ValueId> inputs, const Encoding& encoding = kActivation) {
    InputTypes types;
    for (const ValueId v : inputs) types.push_back(&patch.type(v));
    auto outputs = op->infer(types);
    outputs[0].encoding = encoding;
    last = patch.add_node(std::move(op), std::move(inputs), outputs)[0];
    return *this;
  }
  Network& conv(std::int64_t outputs, std::int64_t size, std::int64_t padding,
                const std::vector<std::int64_t>& dead = {}, std::int64_t dead_bias = 0, bool relu = true) {
    auto op = std::make_shared<Conv2D>();
    op->padding = {padding, padding, padding, padding};
    if (relu) op->clamp_min = 0;
    const ValueId w = weights({outputs, size, size, shape(last)[3]}, 0, dead);
    return add(op, {last, w, bias(outputs, dead, dead_bias)});
  }
  Network& depthwise(std::int64_t multiplier, std::int64_t padding,
                     const std::vector<std::int64_t>& dead = {}) {
    auto op = std::make_shared<DepthwiseConv2D>();
    op->padding = {padding, padding, padding, padding};
    op->clamp_min = 0;
    const std::int64_t outputs = shape(last)[3] * multiplier;
    return add(op, {last, weights({1, 3, 3, outputs}, 3, dead), bias(outputs, dead, 2000)});
  }
  Network& binary(const std::string& function, ValueId a, ValueId b) {
    auto op = std::make_shared<Binary>();
    op->function = function;
    return add(op, {a, b}, Encoding::affine(8, true, 0.2F, -100));
  }
  Network& dense(std::int64_t outputs) {
    std::int64_t inputs = 1;
    for (const std::int64_t extent : shape(last)) inputs *= extent;
    auto reshape = std::make_shared<Reshape>();
    reshape->shape = {1, inputs};
    add(reshape, {last}, patch.type(last).encoding);
    return add(std::make_shared<FullyConnected>(), {last, weights({outputs, inputs}, 0, {})});
  }
  Graph done() {
    patch.set_value_name(last, "y");
    patch.add_output(last);
    Graph graph = std::move(patch).apply();
    verify(graph, Stage::Integer, "building");
    return graph;
  }

  Patch patch;
  ValueId last;

 private:
  Rng rng_;
};

Graph expect_same_by_proof(const Graph& graph) {
  const Graph result = simplify_by_proof(graph);
  for (std::uint64_t seed = 1; seed <= 4; ++seed) expect_same_results(graph, result, seed);
  return result;
}

std::int64_t channels_after(const Graph& graph, std::size_t node) {
  return graph.type(graph.nodes()[node].outputs[0]).shape[3];
}

TEST(ChannelBounds, ContainEveryValueAndKnowConstants) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Network net(seed);
    net.conv(6, 3, 1, {2}, 500).depthwise(2, 1).conv(5, 1, 0, {0}, -9999).dense(3);
    const Graph graph = net.done();
    const auto bounds = channel_bounds(graph);
    EXPECT_TRUE(bounds[graph.nodes()[0].outputs[0].index][2].is_constant());
    EXPECT_EQ(bounds[graph.nodes()[2].outputs[0].index][0], (Interval{-128, -128}));
    const Tensor x = test::random_tensor(graph.type(graph.inputs()[0]), seed);
    interpret(graph, {x}, [&](NodeId n, std::size_t output, const Tensor& value) {
      const auto& claimed = bounds[graph.node(n).outputs[output].index];
      for (std::int64_t i = 0; i < value.type().elements(); ++i) {
        const Interval& b = claimed[static_cast<std::size_t>(i) % claimed.size()];
        ASSERT_TRUE(b.low <= value.integer_at(i) && value.integer_at(i) <= b.high) << graph.describe(n);
      }
    });
  }
}

TEST(ChannelBounds, AreAttained) {  // one filter: both extremes of the input exist
  Network net(3, {1, 1, 1, 4});
  net.conv(2, 1, 0, {}, 0, false);
  const Graph graph = net.done();
  const auto bounds = channel_bounds(graph)[graph.nodes()[0].outputs[0].index];
  const Tensor& w = *graph.constant(graph.nodes()[0].inputs[1]);
  for (std::int64_t o = 0; o < 2; ++o)
    for (const bool high : {false, true}) {
      std::vector<std::int64_t> x;
      for (std::int64_t i = 0; i < 4; ++i) x.push_back((w.integer_at(o * 4 + i) > 0) == high ? 127 : -128);
      const Tensor y = interpret(graph, {Tensor::integers(graph.type(graph.inputs()[0]), x)})[0];
      const Interval& b = bounds[static_cast<std::size_t>(o)];
      EXPECT_EQ(y.integer_at(o), high ? b.high : b.low);
    }
}

TEST(RemoveDeadChannels, ConstantsMoveIntoBiases) {
  Network net(5);
  net.conv(8, 3, 1, {1, 4, 6}, 700).conv(5, 1, 0).dense(2);
  const Graph graph = net.done();
  const Graph result = expect_same_by_proof(graph);
  EXPECT_EQ(channels_after(result, 0), 5);
  EXPECT_LT(total_macs(result), total_macs(graph));
}

// Padding stands for the zero point: another constant would be wrong at the border.
TEST(RemoveDeadChannels, PaddingMustBeTheConstant) {
  for (const bool zero : {false, true}) {
    Network net(6);
    net.conv(8, 3, 1, {1, 4}, zero ? -700 : 700).conv(5, 3, 1).dense(2);
    const Graph result = expect_same_by_proof(net.done());
    EXPECT_EQ(channels_after(result, 0), zero ? 6 : 8);
  }
}

TEST(RemoveDeadChannels, GoThroughDepthwiseResidualConcatAndPool) {
  Network net(7);
  net.conv(6, 1, 0, {0, 3}, -100);
  const ValueId skip = net.last;
  net.depthwise(1, 1).conv(6, 1, 0, {0, 2, 3}, -100);
  net.binary("Add", skip, net.last);
  const ValueId left = net.last;
  net.conv(6, 3, 1, {5}, -100);
  auto requantize = std::make_shared<Requantize>();
  net.add(requantize, {net.last}, net.patch.type(left).encoding);
  auto concat = std::make_shared<Concat>();
  concat->axis = 3;
  net.add(concat, {left, net.last}, net.patch.type(left).encoding);
  auto mean = std::make_shared<Reduce>();
  mean->axes = {1, 2};
  net.add(mean, {net.last}, net.patch.type(net.last).encoding).dense(3);
  const Graph graph = net.done();
  const Graph result = expect_same_by_proof(graph);
  EXPECT_EQ(channels_after(result, 0), 4);
  EXPECT_EQ(channels_after(result, 1), 4);
  for (const Node& node : result.nodes()) {
    if (node.as<Concat>()) {
      EXPECT_EQ(result.type(node.outputs[0]).shape[3], 9);
    }
  }
}

TEST(RemoveDeadChannels, OutputsAndInputsKeepTheirChannels) {
  Network net(8);
  net.conv(4, 1, 0, {1, 2}, 50);
  const Graph graph = net.done();
  const Graph result = expect_same_by_proof(graph);
  EXPECT_EQ(channels_after(result, 0), 4);
}

TEST(RemoveDeadChannels, AFoldThatOverflowsStays) {
  Network net(9, {1, 2, 2, 1});
  net.conv(2, 1, 0, {1}, 3000);
  auto op = std::make_shared<Conv2D>();
  const ValueId w = net.weights({1, 1, 1, 2}, 0, {});
  const Tensor b = Tensor::integers({{1}, Encoding::integer(32, true), {}}, {2147483647});
  net.add(op, {net.last, w, net.patch.add_constant("b", b)});
  expect_same_by_proof(net.done());
}

Graph random_network(std::uint64_t seed) {
  Rng rng(seed);
  Network net(seed, {1, rng.integer(3, 7), rng.integer(3, 7), rng.integer(1, 5)});
  const auto some = [&](std::int64_t channels) {
    std::vector<std::int64_t> dead;
    for (std::int64_t c = 0; c < channels; ++c)
      if (rng.chance(0.4)) dead.push_back(c);
    return dead;
  };
  std::vector<ValueId> earlier;
  for (int layer = 0; layer < 6; ++layer) {
    const std::int64_t outputs = rng.integer(1, 7), size = rng.chance(0.5) ? 1 : 3;
    const std::int64_t dead_bias = rng.integer(-2000, 2000);
    switch (rng.integer(0, 4)) {
      case 0: {
        const std::int64_t multiplier = rng.integer(1, 2);
        net.depthwise(multiplier, 1, some(net.shape(net.last)[3] * multiplier));
        break;
      }
      case 1:
        for (const ValueId v : earlier)
          if (net.shape(v) == net.shape(net.last) && v != net.last) {
            net.binary(rng.chance(0.7) ? "Add" : "Mul", v, net.last);
            break;
          }
        break;
      case 2: {
        auto pool = std::make_shared<Pool>();
        pool->function = rng.chance(0.5) ? "MaxPool" : "AveragePool";
        pool->window = {3, 3};
        pool->padding = {1, 1, 1, 1};
        pool->count_include_pad = rng.chance(0.5);
        net.add(pool, {net.last}, net.patch.type(net.last).encoding);
        break;
      }
      default: net.conv(outputs, size, size / 2, some(outputs), dead_bias, rng.chance(0.7)); break;
    }
    earlier.push_back(net.last);
  }
  return net.dense(rng.integer(1, 4)).done();
}

TEST(SimplifyByProof, RandomNetworksKeepEveryOutput) {
  int smaller = 0;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE(seed);
    const Graph graph = random_network(seed);
    smaller += total_macs(expect_same_by_proof(graph)) < total_macs(graph);
  }
  EXPECT_GT(smaller, 80);
}

TEST(RemoveIdleClamps, GoOnlyWhereTheRangeImpliesThem) {
  Network net(10);
  net.conv(3, 1, 0);  // zero point -128: relu is the range
  net.add(std::make_shared<Unary>(), {net.last});
  net.conv(3, 1, 0);
  const Graph result = remove_idle_clamps(net.done());
  EXPECT_EQ(count(result, "Relu"), 0);
  EXPECT_TRUE(std::isinf(result.nodes()[0].as<Conv2D>()->clamp_min));
  Network other(11);
  other.add(std::make_shared<Unary>(), {other.last}, Encoding::affine(8, true, 0.1F, -100)).conv(3, 1, 0);
  EXPECT_EQ(count(remove_idle_clamps(other.done()), "Relu"), 1);
}

TEST(CenterWeights, UnsignedWeightsBecomeSymmetric) {
  Network net(12);
  const Encoding u8 = Encoding::affine(8, false, 0.01F, 128);
  const Tensor w = test::random_tensor({{3, 1, 1, 4}, u8, {}}, 5);
  net.add(std::make_shared<Conv2D>(), {net.last, net.patch.add_constant("w", w)});
  const Graph graph = net.done();
  const Graph result = center_weights(graph);
  const Encoding& e = result.constant(result.nodes()[0].inputs[1])->type().encoding;
  EXPECT_TRUE(e.is_signed());
  EXPECT_EQ(e.zero_point(), 0);
  expect_same_results(graph, result);
}

// The same network with unsigned bytes everywhere but in the weights.
Graph with_unsigned_bytes(const Graph& graph) {
  Patch patch(graph);
  for (std::uint32_t i = 0; i < graph.values().size(); ++i) {
    const ValueId v{i};
    if (graph.constant(v)) continue;
    TensorType type = graph.type(v);
    type.encoding = Encoding::affine(8, false, type.encoding.scale(), type.encoding.zero_point() + 128);
    patch.set_type(v, type);
  }
  return std::move(patch).apply();
}

std::size_t unsigned_values(const Graph& graph) {
  std::size_t n = 0;
  for (const Value& v : graph.values())
    n += v.producer.valid() && v.type.encoding.is_quantized() && !v.type.encoding.is_signed();
  return n;
}

TEST(MakeBytesSigned, KeepsEveryOutputOfRandomNetworks) {
  std::size_t before = 0, after = 0;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE(seed);
    const Graph graph = with_unsigned_bytes(random_network(seed));
    const Graph result = make_bytes_signed(graph);
    verify(result, Stage::Integer, "make_bytes_signed");
    expect_same_results(graph, result, seed);
    before += unsigned_values(graph);
    after += unsigned_values(result);
  }
  EXPECT_LT(after, before * 2 / 3);  // what stands around average pools and at the outputs stays
}

TEST(MakeBytesSigned, AllButTheEnds) {
  Network net(3);
  const ValueId first = net.conv(4, 3, 1).last;
  net.depthwise(1, 1).binary("Add", first, net.last).conv(3, 1, 0);
  EXPECT_EQ(unsigned_values(make_bytes_signed(with_unsigned_bytes(net.done()))), 1U);
}

TEST(ShareConstants, EqualOnesBecomeOne) {
  Network net(13);
  const ValueId w = net.weights({4, 1, 1, 4}, 0, {});
  const ValueId twin = net.patch.add_constant("twin", *net.patch.constant(w));
  net.add(std::make_shared<Conv2D>(), {net.last, w}).add(std::make_shared<Conv2D>(), {net.last, twin});
  const Graph graph = net.done();
  const Graph result = share_constants(graph);
  EXPECT_EQ(result.nodes()[0].inputs[1], result.nodes()[1].inputs[1]);
  expect_same_results(graph, result);
}

TEST(DropSoftmax, OnlyAtTheOutput) {
  Network net(14);
  net.dense(5);
  auto softmax = std::make_shared<Softmax>();
  softmax->axis = 1;
  net.add(softmax, {net.last}, softmax_encoding("Softmax", kActivation));
  const Graph graph = net.done();
  const Graph result = drop_softmax(graph);
  EXPECT_EQ(count(result, "Softmax"), 0);
  EXPECT_EQ(result.value(result.outputs()[0]).name, "y");
  EXPECT_EQ(result.type(result.outputs()[0]).encoding, kActivation);
}

TEST(SimplifyByProof, VisualWakeWordsLosesHalfItsWork) {
  const auto model =
      std::filesystem::path(MOTE_SOURCE_DIR) / ".." / "shared/models/mlperf-tiny/vww_96_int8.tflite";
  if (!std::filesystem::exists(model)) GTEST_SKIP() << "the models are not beside the repository";
  const Graph graph = import_model(model);
  const Graph result = simplify_by_proof(graph);
  EXPECT_LE(total_macs(result), total_macs(graph) * 55 / 100);
  for (std::uint32_t seed = 1; seed <= 2; ++seed) {
    const auto inputs = sample_inputs(graph, seed);
    EXPECT_TRUE(interpret(graph, inputs) == interpret(result, inputs));
  }
}

}  // namespace
}  // namespace mote
