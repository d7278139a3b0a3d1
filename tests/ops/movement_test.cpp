#include "ops/movement.h"

#include <gtest/gtest.h>

#include "ops/arg_max.h"
#include "ops/concat.h"
#include "ops/depth_to_space.h"
#include "ops/gather.h"
#include "ops/pad.h"
#include "ops/reshape.h"
#include "ops/slice.h"
#include "ops/split.h"
#include "ops/transpose.h"
#include "tests/ops/one_node.h"

namespace mote {
namespace {

using test::counting;
using test::evaluate;
using test::integers;
using Integers = std::vector<std::int64_t>;

const Encoding kInt8 = Encoding::affine(8, true, 0.5F, 10);
const Encoding kPlain = Encoding::integer(32, true);

TEST(Transpose, PermutesElementsAndFollowsThePerAxisEncoding) {
  Transpose op;
  op.permutation = {2, 0, 1};
  const Array y = evaluate(op, {counting({2, 1, 3}, kInt8)});
  EXPECT_EQ(y.shape(), (Shape{3, 2, 1}));
  EXPECT_EQ(y.integer, (Integers{0, 3, 1, 4, 2, 5}));
  const TensorType x{{2, 1, 3}, Encoding::per_axis(8, true, 0, {1, 2}, {0, 0}), {}};
  EXPECT_EQ(op.infer({&x})[0].encoding.quantization().axis, 1);
  op.permutation = {0, 1, 1};
  EXPECT_THROW(op.infer({&x}), UserError);
}

TEST(Reshape, KeepsAPerAxisEncodingOnlyWhileItsAxisSurvives) {
  Reshape op;
  const TensorType x{{2, 3, 4}, Encoding::per_axis(8, true, 1, {1, 2, 3}, {0, 0, 0}), {}};
  op.shape = {2, 3, 2, 2};
  EXPECT_EQ(op.infer({&x})[0].encoding, x.encoding);
  op.shape = {1, 2, 3, 4};
  EXPECT_EQ(op.infer({&x})[0].encoding.quantization().axis, 2);
  op.shape = {6, 4};
  EXPECT_THROW(op.infer({&x}), UserError);
  op.shape = {5};
  EXPECT_THROW(op.infer({&x}), UserError);
  op.shape = {-1, 24};
  EXPECT_THROW(op.infer({&x}), UserError);
}

TEST(Slice, StepsForwardAndBackward) {
  Slice op;
  op.starts = {1, 3};
  op.sizes = {1, 2};
  op.steps = {1, -2};
  EXPECT_EQ(evaluate(op, {counting({2, 4}, kPlain)}).integer, (Integers{7, 5}));
  const TensorType x{{2, 4}, kPlain, {}};
  op.sizes = {1, 3};
  EXPECT_THROW(op.infer({&x}), UserError);
  op.sizes = {1, 2};
  op.steps = {1, INT64_MIN};
  EXPECT_THROW(op.infer({&x}), UserError);
  op.steps = {1, INT64_MAX};
  EXPECT_THROW(op.infer({&x}), UserError);
  op.sizes = {1, 0};
  EXPECT_EQ(op.infer({&x})[0].shape, (Shape{1, 0}));
}

TEST(ConcatAndSplit, AreInverse) {
  const Array x = counting({2, 5, 2}, kInt8);
  Split split;
  split.axis = 1;
  split.sizes = {1, 3, 1};
  const std::vector<Array> parts = test::evaluate_all(split, {x});
  EXPECT_EQ(parts[1].integer, (Integers{2, 3, 4, 5, 6, 7, 12, 13, 14, 15, 16, 17}));
  Concat concat;
  concat.axis = 1;
  EXPECT_EQ(evaluate(concat, parts).integer, x.integer);
  EXPECT_EQ(evaluate(concat, parts).shape(), x.shape());
  split.sizes = {1, 3};
  EXPECT_THROW(split.infer({&x.type}), UserError);
}

TEST(Concat, RefusesMixedEncodingsAndShapes) {
  Concat op;
  const TensorType a{{2, 3}, kInt8, {}}, b{{2, 3}, Encoding::affine(8, true, 0.25F, 10), {}},
      c{{2, 4}, kInt8, {}};
  const TensorType y{{4, 3}, kInt8, {}};
  EXPECT_THROW(op.check({&a, &b}, {&y}), UserError);
  EXPECT_THROW(op.infer({&a, &c}), UserError);
  EXPECT_NO_THROW(op.check({&a, &a}, {&y}));
}

TEST(Pad, FillsReflectsAndRepeats) {
  Pad op;
  op.before = {2};
  op.after = {1};
  const Array x = integers({3}, kInt8, {1, 2, 3});
  EXPECT_EQ(evaluate(op, {x}).integer, (Integers{10, 10, 1, 2, 3, 10}));  // zero is the integer 10
  op.value = -0.75F;                                                      // -1.5 steps below it
  EXPECT_EQ(evaluate(op, {x}).integer, (Integers{8, 8, 1, 2, 3, 8}));
  op.value = 1e9F;
  EXPECT_EQ(evaluate(op, {x}).integer.front(), 127);
  op.mode = "reflect";
  EXPECT_EQ(evaluate(op, {x}).integer, (Integers{3, 2, 1, 2, 3, 2}));
  op.mode = "edge";
  EXPECT_EQ(evaluate(op, {x}).integer, (Integers{1, 1, 1, 2, 3, 3}));
  op.mode = "reflect";
  op.before = {3};
  EXPECT_THROW(op.infer({&x.type}), UserError);
}

TEST(Gather, CountsFromTheEndAndStaysInside) {
  Gather op;
  op.axis = 1;
  const Array x = counting({2, 3}, kInt8);
  const Array indices = integers({1, 4}, kPlain, {2, -3, 9, -9});
  const Array y = evaluate(op, {x, indices});
  EXPECT_EQ(y.shape(), (Shape{2, 1, 4}));
  EXPECT_EQ(y.integer, (Integers{2, 0, 2, 0, 5, 3, 5, 3}));
}

TEST(DepthToSpace, OrdersChannelsAsOnnxDoes) {
  DepthToSpace op;
  op.block = 2;
  // two channels deep: DCR has channel = (row * 2 + column) * 2 + c, CRD channel = c * 4 + row * 2 + column
  const Array x = counting({1, 1, 1, 8}, kPlain);
  EXPECT_EQ(evaluate(op, {x}).integer, (Integers{0, 1, 2, 3, 4, 5, 6, 7}));
  op.mode = "CRD";
  EXPECT_EQ(evaluate(op, {x}).integer, (Integers{0, 4, 1, 5, 2, 6, 3, 7}));
}

TEST(DepthToSpace, SpaceToDepthIsItsInverse) {
  Rng rng(9);
  for (int i = 0; i < 30; ++i) {
    DepthToSpace op;
    op.block = rng.integer(1, 3);
    op.mode = rng.chance(0.5) ? "DCR" : "CRD";
    const Array x =
        counting({2, rng.integer(1, 3), rng.integer(1, 3), op.block * op.block * rng.integer(1, 3)}, kPlain);
    const Array y = evaluate(op, {x});
    op.function = "SpaceToDepth";
    const Array z = evaluate(op, {y});
    EXPECT_EQ(z.shape(), x.shape());
    EXPECT_EQ(z.integer, x.integer);
  }
}

TEST(ArgMax, TakesTheFirstOrTheLastOfEquals) {
  ArgMax op;
  op.axis = 1;
  op.keep_dims = false;
  const Array x = integers({2, 3}, kInt8, {5, 7, 7, -1, -1, -2});
  EXPECT_EQ(evaluate(op, {x}).integer, (Integers{1, 0}));
  op.select_last = true;
  EXPECT_EQ(evaluate(op, {x}).integer, (Integers{2, 1}));
  op.function = "ArgMin";
  EXPECT_EQ(evaluate(op, {x}).integer, (Integers{0, 2}));
}

TEST(View, CollapsesToTheFewestAxes) {
  const movement::View whole{3, {2, 1, 3, 4}, {12, 99, 4, 1}};
  const movement::View flat = movement::collapsed(whole);
  EXPECT_EQ(flat.sizes, Shape{24});
  EXPECT_EQ(flat.strides, Shape{1});
  EXPECT_EQ(flat.offset, 3);
  EXPECT_EQ(movement::collapsed({0, {2, 3}, {1, 2}}).sizes.size(), 2U);
  EXPECT_TRUE(movement::collapsed({0, {1, 1}, {5, 5}}).sizes.empty());
}

}  // namespace
}  // namespace mote
