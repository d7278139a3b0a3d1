#include "ops/pool.h"

#include <gtest/gtest.h>

#include "tests/ops/one_node.h"

namespace mote {
namespace {

using test::evaluate;
using Integers = std::vector<std::int64_t>;
using Reals = std::vector<double>;

const Encoding kInt8 = Encoding::affine(8, true, 0.5F, 10);

Pool pool(const std::string& function, std::int64_t window, std::int64_t stride) {
  Pool op;
  op.function = function;
  op.window = {window, window};
  op.stride = {stride, stride};
  return op;
}

TEST(Pool, TakesTheMaximumPerChannel) {
  const Array x = test::integers({1, 2, 2, 2}, kInt8, {1, -5, 4, -2, 3, -9, 2, -7});
  EXPECT_EQ(evaluate(pool("MaxPool", 2, 2), {x}).integer, (Integers{4, -2}));
}

TEST(Pool, NeverTakesPaddingAsTheMaximum) {
  Pool op = pool("MaxPool", 2, 1);
  op.padding = {1, 1, 0, 0};
  const Array x = test::integers({1, 2, 2, 1}, kInt8, {-100, -90, -80, -70});
  EXPECT_EQ(evaluate(op, {x}).integer, (Integers{-100, -90, -80, -70}));
}

TEST(Pool, RoundsAveragesHalfAwayFromZero) {
  // sums 6, -6, 7, -7 over 4 cells: 1.5, -1.5, 1.75, -1.75
  const Array x =
      test::integers({1, 2, 2, 4}, kInt8, {3, -3, 4, -4, 1, -1, 1, -1, 1, -1, 1, -1, 1, -1, 1, -1});
  EXPECT_EQ(evaluate(pool("AveragePool", 2, 2), {x}).integer, (Integers{2, -2, 2, -2}));
}

TEST(Pool, CountsPaddingOnlyWhenAsked) {
  Pool op = pool("AveragePool", 2, 2);
  op.padding = {1, 1, 0, 0};
  const Array x = test::reals({1, 1, 1, 1}, {8});
  EXPECT_EQ(evaluate(op, {x}).real, Reals{8});
  op.count_include_pad = true;
  EXPECT_EQ(evaluate(op, {x}).real, Reals{2});
  // three cells of zero, which is the integer 10: (30 + 50) / 4
  EXPECT_EQ(evaluate(op, {test::integers({1, 1, 1, 1}, kInt8, {50})}).integer, Integers{20});
}

TEST(Pool, NeverCountsTheCellsOfARoundedUpSize) {
  Pool op = pool("AveragePool", 2, 2);
  op.count_include_pad = true;
  op.ceil_extra = {1, 1};
  const Array x = test::reals({1, 3, 3, 1}, {1, 2, 3, 4, 5, 6, 7, 8, 9});
  EXPECT_EQ(evaluate(op, {x}).real, (Reals{3, 4.5, 7.5, 9}));
}

TEST(Pool, DilatesAndClamps) {
  Pool op = pool("MaxPool", 2, 1);
  op.dilation = {2, 2};
  const Array x = test::reals({1, 3, 3, 1}, {1, 9, 2, 9, 9, 9, 3, 9, 4});
  EXPECT_EQ(evaluate(op, {x}).real, Reals{4});
  op.clamp_max = 3.5F;
  EXPECT_EQ(evaluate(op, {x}).real, Reals{3.5});
  // a clamp at real 0..2 is the integers 10..14
  op.clamp_min = 0;
  op.clamp_max = 2;
  EXPECT_EQ(evaluate(op, {test::counting({1, 3, 3, 1}, kInt8)}).integer, Integers{10});
}

TEST(Pool, RefusesImpossibleWindowsAndEncodings) {
  const TensorType x{{1, 2, 2, 1}, kInt8, {}};
  EXPECT_THROW(pool("MaxPool", 3, 1).infer({&x}), UserError);
  EXPECT_THROW(pool("MaxPool", 0, 1).infer({&x}), UserError);
  EXPECT_THROW(pool("MaxPool", 2, 0).infer({&x}), UserError);
  EXPECT_THROW(pool("MedianPool", 2, 1).infer({&x}), UserError);
  const TensorType y{{1, 1, 1, 1}, Encoding::affine(8, true, 0.25F, 10), {}};
  EXPECT_THROW(pool("MaxPool", 2, 1).check({&x}, {&y}), UserError);
}

}  // namespace
}  // namespace mote
