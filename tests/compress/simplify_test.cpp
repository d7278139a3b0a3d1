// Each exact pass on small graphs: what it must do, what it must leave, and that results stay.
#include <gtest/gtest.h>

#include <limits>

#include "compress/pipelines.h"
#include "compress/simplify/eliminate_dead_nodes.h"
#include "compress/simplify/fold_batch_norm.h"
#include "compress/simplify/fold_constants.h"
#include "compress/simplify/fuse_activation.h"
#include "compress/simplify/fuse_pad.h"
#include "compress/simplify/merge_requantize.h"
#include "compress/simplify/remove_identity.h"
#include "ir/patch.h"
#include "ir/verify.h"
#include "ops/batch_normalization.h"
#include "ops/binary.h"
#include "ops/concat.h"
#include "ops/conv2d.h"
#include "ops/conv_transpose2d.h"
#include "ops/depthwise_conv2d.h"
#include "ops/dequantize.h"
#include "ops/fully_connected.h"
#include "ops/pad.h"
#include "ops/pool.h"
#include "ops/quantize.h"
#include "ops/requantize.h"
#include "ops/reshape.h"
#include "ops/transpose.h"
#include "ops/unary.h"
#include "tests/compress/same_results.h"

namespace mote {
namespace {

using test::count;
using test::expect_same_results;
using test::random_tensor;

const Encoding kReal = Encoding::real();
const Encoding kS8 = Encoding::affine(8, true, 0.1F, -7);

template <class Op, class Set>
OperatorPtr make(const Set& set) {
  auto op = std::make_shared<Op>();
  set(*op);
  return op;
}

OperatorPtr unary(const std::string& function, float alpha = 0, float beta = 0) {
  return make<Unary>([&](Unary& o) {
    o.function = function;
    o.alpha = alpha;
    o.beta = beta;
  });
}

// Builds a chain of nodes on one input.
class Chain {
 public:
  Chain(Shape shape, Encoding encoding = kReal)
      : last_(patch_.add_input("x", {std::move(shape), std::move(encoding), {}})) {}

  ValueId constant(Shape shape, Encoding encoding = kReal) {
    return patch_.add_constant("c", random_tensor({std::move(shape), std::move(encoding), {}}, ++seed_));
  }
  Chain& add(OperatorPtr op, std::vector<ValueId> constants = {}) {
    return add(std::move(op), std::move(constants), patch_.type(last_).encoding);
  }
  Chain& add(OperatorPtr op, std::vector<ValueId> constants, const Encoding& encoding) {
    constants.insert(constants.begin(), last_);
    InputTypes types;
    for (const ValueId v : constants) types.push_back(&patch_.type(v));
    auto outputs = op->infer(types);
    outputs[0].encoding = encoding;
    last_ = patch_.add_node(std::move(op), constants, outputs)[0];
    return *this;
  }
  Chain& batch_norm() {
    const std::int64_t channels = patch_.type(last_).shape.back();
    const ValueId gamma = constant({channels}), beta = constant({channels}), mean = constant({channels});
    std::vector<float> variance(static_cast<std::size_t>(channels), 0.3F);
    return add(std::make_shared<BatchNormalization>(),
               {gamma, beta, mean, patch_.add_constant("v", Tensor::reals({channels}, variance))});
  }
  ValueId last() const { return last_; }
  Patch& patch() { return patch_; }
  Graph done() {
    patch_.set_value_name(last_, "y");
    patch_.add_output(last_);
    Graph graph = std::move(patch_).apply();
    verify(graph, Stage::Mixed, "building");
    return graph;
  }

 private:
  Patch patch_;
  std::uint64_t seed_ = 0;
  ValueId last_;
};

void expect_folded_norm(const Graph& graph, int nodes) {
  const Graph folded = fold_batch_norm(graph);
  EXPECT_EQ(static_cast<int>(folded.nodes().size()), nodes);
  expect_same_results(graph, folded);
}

TEST(FoldBatchNorm, FoldsIntoTheLayerBefore) {
  Chain conv({1, 5, 5, 4});
  conv.add(make<Conv2D>([](Conv2D& o) {
             o.groups = 2;
             o.padding = {1, 1, 1, 1};
           }),
           {conv.constant({6, 3, 3, 2}), conv.constant({6})});
  expect_folded_norm(conv.batch_norm().done(), 1);
  Chain depthwise({1, 5, 5, 3});
  depthwise.add(std::make_shared<DepthwiseConv2D>(), {depthwise.constant({1, 3, 3, 6})});
  expect_folded_norm(depthwise.batch_norm().done(), 1);
  Chain transposed({1, 3, 3, 4});
  transposed.add(make<ConvTranspose2D>([](ConvTranspose2D& o) {
                   o.stride = {2, 2};
                   o.groups = 2;
                 }),
                 {transposed.constant({6, 3, 3, 2})});
  expect_folded_norm(transposed.batch_norm().done(), 1);
  Chain dense({2, 5});
  dense.add(std::make_shared<FullyConnected>(), {dense.constant({3, 5}), dense.constant({3})});
  expect_folded_norm(dense.batch_norm().done(), 1);
}

TEST(FoldBatchNorm, FoldsIntoTheLayerBehindWhereExact) {
  const auto conv = [](std::vector<std::int64_t> padding) {
    Chain chain({1, 5, 5, 4});
    chain.batch_norm().add(make<Conv2D>([&](Conv2D& o) {
                             o.groups = 2;
                             o.padding = padding;
                           }),
                           {chain.constant({6, 3, 3, 2}), chain.constant({6})});
    return chain.done();
  };
  expect_folded_norm(conv({0, 0, 0, 0}), 1);
  expect_folded_norm(conv({1, 0, 0, 0}), 2);  // the shift does not reach the padding
  Chain depthwise({1, 5, 5, 3});
  depthwise.batch_norm().add(std::make_shared<DepthwiseConv2D>(), {depthwise.constant({1, 3, 3, 6})});
  expect_folded_norm(depthwise.done(), 1);
  Chain dense({2, 5});
  dense.batch_norm().add(std::make_shared<FullyConnected>(), {dense.constant({3, 5})});
  expect_folded_norm(dense.done(), 1);
}

TEST(FoldBatchNorm, TakesScalesAndShiftsPerChannel) {
  Chain chain({1, 4, 4, 2});
  chain.add(std::make_shared<Conv2D>(), {chain.constant({3, 1, 1, 2})});
  for (const char* function : {"Mul", "Add", "Sub"})
    chain.add(make<Binary>([&](Binary& o) { o.function = function; }), {chain.constant({3})});
  expect_folded_norm(chain.done(), 1);
  Chain wide({1, 4, 4, 2});
  wide.add(std::make_shared<Conv2D>(), {wide.constant({3, 1, 1, 2})})
      .add(std::make_shared<Binary>(), {wide.constant({4, 3})});
  expect_folded_norm(wide.done(), 2);  // varies along another axis
}

TEST(FoldBatchNorm, LeavesALayerWithOtherReadersOrAClamp) {
  Chain clamped({2, 5});
  clamped.add(make<FullyConnected>([](FullyConnected& o) { o.clamp_min = 0; }), {clamped.constant({3, 5})});
  expect_folded_norm(clamped.batch_norm().done(), 2);
  Chain shared({2, 5});
  shared.add(std::make_shared<FullyConnected>(), {shared.constant({3, 5})});
  shared.patch().add_output(shared.last());
  expect_folded_norm(shared.batch_norm().done(), 2);
}

TEST(FuseActivation, JoinsRealClamps) {
  Chain chain({1, 6});
  chain.add(std::make_shared<FullyConnected>(), {chain.constant({4, 6})})
      .add(unary("Clip", -1, 2))
      .add(unary("Relu"))
      .add(unary("Clip", 0.5F, 9));
  const Graph graph = chain.done();
  const Graph fused = fuse_activation(graph);
  ASSERT_EQ(fused.nodes().size(), 1U);
  EXPECT_EQ(fused.nodes()[0].as<FullyConnected>()->clamp_min, 0.5F);
  EXPECT_EQ(fused.nodes()[0].as<FullyConnected>()->clamp_max, 2.0F);
  expect_same_results(graph, fused);
}

Graph quantized_conv(const Encoding& conv_output, const Encoding& output, const OperatorPtr& then) {
  Chain chain({1, 5, 5, 2}, kS8);
  const ValueId w = chain.constant({3, 3, 3, 2}, Encoding::affine(8, true, 0.02F, 0));
  const ValueId bias = chain.constant({3}, Encoding::affine(32, true, 0.1F * 0.02F, 0));
  chain.add(std::make_shared<Conv2D>(), {w, bias}, conv_output).add(then, {}, output);
  return chain.done();
}

TEST(FuseActivation, IsExactOnIntegers) {
  const Encoding narrow_range = Encoding::affine(8, true, 0.05F, -20);
  for (const auto& activation : {unary("Relu"), unary("Relu6"), unary("Clip", -1.025F, 3.33F)}) {
    const Graph graph = quantized_conv(narrow_range, narrow_range, activation);
    const Graph fused = fuse_activation(graph);
    EXPECT_EQ(fused.nodes().size(), 1U);
    expect_same_results(graph, fused);
  }
  const Graph rescaled = quantized_conv(narrow_range, Encoding::affine(8, true, 0.04F, -128), unary("Relu"));
  EXPECT_EQ(fuse_activation(rescaled).nodes().size(), 2U);
}

OperatorPtr pad(std::vector<std::int64_t> before, std::vector<std::int64_t> after, float value) {
  return make<Pad>([&](Pad& o) {
    o.before = std::move(before);
    o.after = std::move(after);
    o.value = value;
  });
}

TEST(FusePad, MovesZerosIntoConvolutionsAndPools) {
  for (const Encoding& encoding : {kReal, kS8}) {
    Chain chain({1, 5, 5, 2}, encoding);
    const Encoding weights = encoding.is_real() ? kReal : Encoding::affine(8, true, 0.02F, 0);
    chain.add(pad({0, 1, 2, 0}, {0, 0, 1, 0}, 0), {})
        .add(make<DepthwiseConv2D>([](DepthwiseConv2D& o) {
               o.padding = {1, 0, 0, 0};
             }),
             {chain.constant({1, 3, 3, 2}, weights)})
        .add(pad({0, 1, 1, 0}, {0, 1, 1, 0}, 0))
        .add(make<Pool>([](Pool& o) {
          o.function = "AveragePool";
          o.window = {3, 3};
        }));
    const Graph graph = chain.done();
    const Graph fused = eliminate_dead_nodes(fuse_pad(graph));
    EXPECT_EQ(fused.nodes().size(), 2U);
    expect_same_results(graph, fused);
  }
}

TEST(FusePad, KeepsWhatIsNotTheSame) {
  const auto fused_nodes = [](const OperatorPtr& padding, const OperatorPtr& pool) {
    Chain chain({1, 5, 5, 2}, kS8);
    const Graph graph = chain.add(padding, {}).add(pool).done();
    const Graph fused = eliminate_dead_nodes(fuse_pad(graph));
    expect_same_results(graph, fused);
    return fused.nodes().size();
  };
  const auto max_pool = make<Pool>([](Pool& o) { o.window = {3, 3}; });
  EXPECT_EQ(fused_nodes(pad({0, 1, 1, 0}, {0, 1, 1, 0}, 0), max_pool), 2U);      // a zero may be the maximum
  EXPECT_EQ(fused_nodes(pad({0, 1, 1, 0}, {0, 1, 1, 0}, -1000), max_pool), 1U);  // the least value never is
  EXPECT_EQ(fused_nodes(pad({0, 3, 1, 0}, {0, 1, 1, 0}, -1000), max_pool), 2U);  // a window of padding alone
  EXPECT_EQ(fused_nodes(pad({0, 1, 1, 0}, {0, 1, 1, 1}, -1000), max_pool), 2U);  // channels
}

TEST(FoldConstants, EvaluatesButKeepsStoredWeights) {
  Patch patch;
  const ValueId x = patch.add_input("x", {{2, 3}, kReal, {}});
  const ValueId a = patch.add_constant("a", random_tensor({{3, 2}, kReal, {}}, 1));
  const ValueId transposed = patch.add(make<Transpose>([](Transpose& o) { o.permutation = {1, 0}; }), {a});
  const ValueId q = patch.add_constant("q", random_tensor({{2, 3}, kS8, {}}, 2));
  const ValueId stored = patch.add(std::make_shared<Dequantize>(), {q});
  const ValueId sum = patch.add(std::make_shared<Binary>(),
                                {patch.add(std::make_shared<Binary>(), {x, transposed}), stored}, {}, "y");
  patch.add_output(sum);
  const Graph graph = std::move(patch).apply();
  const Graph folded = fold_constants(graph);
  EXPECT_EQ(count(folded, "Transpose"), 0);
  EXPECT_EQ(count(folded, "Dequantize"), 1);
  expect_same_results(graph, folded);
}

TEST(RemoveIdentity, RemovesWhatChangesNothingAndKeepsNames) {
  Chain chain({1, 2, 3, 1});
  chain.add(unary("Identity"))
      .add(pad({0, 0, 0, 0}, {0, 0, 0, 0}, 0))
      .add(make<Transpose>([](Transpose& o) {
        o.permutation = {0, 1, 3, 2};
      }))  // moves an extent of 1
      .add(make<Reshape>([](Reshape& o) { o.shape = {6}; }))
      .add(unary("Abs"))
      .add(make<Reshape>([](Reshape& o) { o.shape = {6}; }))
      .add(make<Concat>([](Concat&) {}));
  const Graph graph = chain.done();
  Graph removed = graph;
  for (int i = 0; i < 3; ++i) removed = eliminate_dead_nodes(remove_identity(removed));
  EXPECT_EQ(removed.nodes().size(), 2U);  // one reshape, Abs
  expect_same_results(graph, removed);
  Chain copy({3});
  const Graph only = copy.add(unary("Identity")).done();
  EXPECT_EQ(remove_identity(only).nodes().size(), 1U);  // an output cannot be its input under another name
}

TEST(EliminateDeadNodes, KeepsInputsAndWhatOutputsNeed) {
  Chain chain({3});
  chain.add(unary("Abs"));
  const ValueId used = chain.last();
  chain.patch().add(unary("Exp"), {chain.patch().add(unary("Neg"), {used})});
  const Graph graph = chain.done();
  EXPECT_EQ(graph.nodes().size(), 3U);
  EXPECT_EQ(eliminate_dead_nodes(graph).nodes().size(), 1U);
}

TEST(MergeRequantize, RemovesExactChangesOnly) {
  const Encoding unsigned_same = Encoding::affine(8, false, 0.05F, 108);
  const Encoding s8 = Encoding::affine(8, true, 0.05F, -20);
  const Graph shift = quantized_conv(s8, unsigned_same, std::make_shared<Requantize>());
  EXPECT_EQ(merge_requantize(shift).nodes().size(), 1U);
  expect_same_results(shift, merge_requantize(shift));
  const Graph rescale =
      quantized_conv(s8, Encoding::affine(8, true, 0.06F, -20), std::make_shared<Requantize>());
  EXPECT_EQ(merge_requantize(rescale).nodes().size(), 2U);

  Chain there_and_back({16}, s8);
  there_and_back.add(std::make_shared<Dequantize>(), {}, kReal)
      .add(std::make_shared<Quantize>(), {}, s8)
      .add(unary("Neg"));
  const Graph pair = there_and_back.done();
  EXPECT_EQ(eliminate_dead_nodes(merge_requantize(pair)).nodes().size(), 1U);
  expect_same_results(pair, eliminate_dead_nodes(merge_requantize(pair)));

  Chain coarse({64}, s8);  // through 16 steps and back: information is lost, so both must stay
  coarse.add(std::make_shared<Requantize>(), {}, Encoding::affine(4, true, 0.8F, 0))
      .add(std::make_shared<Requantize>(), {}, s8);
  const Graph lossy = coarse.done();
  EXPECT_EQ(eliminate_dead_nodes(merge_requantize(lossy)).nodes().size(), 2U);

  Chain fine({64}, s8);  // through 16 bits of a finer scale and back
  fine.add(std::make_shared<Requantize>(), {}, Encoding::affine(16, true, 0.05F / 128, 0))
      .add(std::make_shared<Requantize>(), {}, s8);
  const Graph exact = fine.done();
  const Graph merged = eliminate_dead_nodes(remove_identity(merge_requantize(exact)));
  EXPECT_EQ(merged.nodes().size(), 1U);
  expect_same_results(exact, merged);
}

TEST(Simplify, TellsItsObserverWhatChanged) {
  Chain chain({1, 5, 5, 2});
  chain.add(std::make_shared<Conv2D>(), {chain.constant({3, 3, 3, 2})}).batch_norm().add(unary("Relu"));
  const Graph graph = chain.done();
  std::vector<std::string> names;
  const Graph simple =
      simplify(graph, [&](std::string_view pass, const Graph&) { names.emplace_back(pass); });
  EXPECT_EQ(names, (std::vector<std::string>{"fold_batch_norm", "fuse_activation"}));
  EXPECT_EQ(simple.nodes().size(), 1U);
  expect_same_results(graph, simple);
}

}  // namespace
}  // namespace mote
