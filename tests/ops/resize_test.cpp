#include "ops/resize.h"

#include <gtest/gtest.h>

#include "tests/ops/one_node.h"

namespace mote {
namespace {

using test::evaluate;
using Integers = std::vector<std::int64_t>;

Resize row_resize(const std::string& function, const std::string& coordinate, std::int64_t width) {
  Resize op;
  op.function = function;
  op.coordinate = coordinate;
  op.height = 1;
  op.width = width;
  return op;
}

void expect_reals(const Resize& op, const std::vector<double>& in, const std::vector<double>& out) {
  const Array y = evaluate(op, {test::reals({1, 1, static_cast<std::int64_t>(in.size()), 1}, in)});
  ASSERT_EQ(y.real.size(), out.size());
  for (std::size_t i = 0; i < out.size(); ++i) EXPECT_NEAR(y.real[i], out[i], 1e-12) << i;
}

// The positions follow from the formulas of the ONNX operator, by hand.
TEST(Resize, InterpolatesLinearly) {
  expect_reals(row_resize("linear", "half_pixel", 4), {1, 2}, {1, 1.25, 1.75, 2});
  expect_reals(row_resize("linear", "align_corners", 4), {1, 2}, {1, 4.0 / 3, 5.0 / 3, 2});
  expect_reals(row_resize("linear", "asymmetric", 4), {1, 2}, {1, 1.5, 2, 2});
  expect_reals(row_resize("linear", "pytorch_half_pixel", 1), {1, 2, 3, 4}, {1});
  expect_reals(row_resize("linear", "half_pixel", 1), {1, 2, 3, 4}, {2.5});
  Resize symmetric = row_resize("linear", "half_pixel_symmetric", 2);
  symmetric.scale_h = 1;
  symmetric.scale_w = 0.6F;  // of 4 cells: 2.4, cut to 2; the crop is centred
  expect_reals(symmetric, {1, 2, 3, 4},
               {2.5 - 0.5 / static_cast<double>(0.6F), 2.5 + 0.5 / static_cast<double>(0.6F)});
}

TEST(Resize, RoundsNearestInEachMode) {
  const auto nearest = [&](const std::string& coordinate, const std::string& rounding) {
    Resize op = row_resize("nearest", coordinate, 4);
    op.nearest = rounding;
    return evaluate(op, {test::counting({1, 1, 8, 1}, Encoding::integer(8, true))}).integer;
  };
  // positions 0.5, 2.5, 4.5, 6.5
  EXPECT_EQ(nearest("half_pixel", "floor"), (Integers{0, 2, 4, 6}));
  EXPECT_EQ(nearest("half_pixel", "ceil"), (Integers{1, 3, 5, 7}));
  EXPECT_EQ(nearest("half_pixel", "round_prefer_floor"), (Integers{0, 2, 4, 6}));
  EXPECT_EQ(nearest("half_pixel", "round_prefer_ceil"), (Integers{1, 3, 5, 7}));
  EXPECT_EQ(nearest("asymmetric", "floor"), (Integers{0, 2, 4, 6}));
  EXPECT_EQ(nearest("tf_half_pixel_for_nn", "floor"), (Integers{1, 3, 5, 7}));
  EXPECT_EQ(nearest("align_corners", "round_prefer_ceil"), (Integers{0, 2, 5, 7}));  // 0, 2.33, 4.67, 7
}

// TFLite's law for 2 -> 3 cells with half pixel centres: step (1024 * 2 + 1) / 3 = 683, positions -171, 512,
// 1195; the weights of the upper cell are 0, 512/1024 and (beyond the last cell) 0.
TEST(Resize, InterpolatesIntegersInTenBits) {
  const ResizeAxis axis = resize_axis_integer(row_resize("linear", "half_pixel", 3), 1, 2);
  EXPECT_EQ(axis.lower, (Integers{0, 0, 1}));
  EXPECT_EQ(axis.upper, (Integers{0, 1, 1}));
  EXPECT_EQ(axis.weight_1024, (Integers{0, 512, 0}));
  const Encoding e = Encoding::affine(8, true, 0.5F, 3);
  const Array up = test::integers({1, 1, 2, 1}, e, {10, 13});
  EXPECT_EQ(evaluate(row_resize("linear", "half_pixel", 3), {up}).integer,
            (Integers{10, 12, 13}));  // 11.5 away from 0
  const Array down = test::integers({1, 1, 2, 1}, e, {-10, -13});
  EXPECT_EQ(evaluate(row_resize("linear", "half_pixel", 3), {down}).integer, (Integers{-10, -12, -13}));
}

TEST(Resize, RefusesUnknownModesAndSizes) {
  const TensorType x{{1, 1, 4, 1}, Encoding::real(), {}};
  EXPECT_THROW(row_resize("cubic", "half_pixel", 2).infer({&x}), UserError);
  EXPECT_THROW(row_resize("linear", "crop", 2).infer({&x}), UserError);
  EXPECT_THROW(row_resize("linear", "half_pixel", 0).infer({&x}), UserError);
  EXPECT_THROW(row_resize("linear", "half_pixel", INT64_MAX).infer({&x}), UserError);
}

}  // namespace
}  // namespace mote
