// Quantize, Dequantize, Requantize, Quant and Cast.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "ops/cast.h"
#include "ops/dequantize.h"
#include "ops/quant.h"
#include "ops/quantize.h"
#include "ops/requantize.h"
#include "tests/ops/one_node.h"

namespace mote {
namespace {

using test::evaluate;
using test::integers;
using test::reals;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

TEST(Quantize, RoundsHalvesAwayFromZeroAndSaturates) {
  const Encoding e = Encoding::affine(8, true, 0.5F, 10);
  const Array y = evaluate(Quantize(), {reals({8}, {0, 0.25, -0.25, 0.74, 1e30, -kInfinity, NAN, -64})}, &e);
  EXPECT_EQ(y.integer, (std::vector<std::int64_t>{10, 11, 9, 11, 127, -128, 10, -118}));
  const Encoding axis = Encoding::per_axis(4, false, 1, {1, 0.5F}, {0, 8});
  EXPECT_EQ(evaluate(Quantize(), {reals({2, 2}, {3, 1, 20, -9})}, &axis).integer,
            (std::vector<std::int64_t>{3, 10, 15, 0}));
}

TEST(Dequantize, PerAxis) {
  const Encoding axis = Encoding::per_axis(8, true, 0, {1, 0.5F}, {0, 8});
  EXPECT_EQ(evaluate(Dequantize(), {integers({2, 2}, axis, {3, -4, 9, 7})}).real,
            (std::vector<double>{3, -4, 0.5, -0.5}));
}

TEST(Requantize, SameEncodingIsIdentityAndHalvesOfTheProductGoUp) {
  const Encoding e = Encoding::affine(8, true, 0.3F, -7);
  std::vector<std::int64_t> all;
  for (std::int64_t q = -128; q < 128; ++q) all.push_back(q);
  EXPECT_EQ(evaluate(Requantize(), {integers({256}, e, all)}, &e).integer, all);
  const Encoding out = Encoding::affine(16, true, 2, 0);
  EXPECT_EQ(
      evaluate(Requantize(), {integers({4}, Encoding::affine(8, true, 1, 0), {3, -3, 5, 4})}, &out).integer,
      (std::vector<std::int64_t>{2, -1, 3, 2}));
  const Encoding bits = Encoding::affine(3, false, 0.5F, 4);
  EXPECT_EQ(evaluate(Requantize(),
                     {integers({3}, Encoding::affine(32, true, 0.001F, 0), {1000, -100000, 100000})}, &bits)
                .integer,
            (std::vector<std::int64_t>{6, 0, 7}));
}

// The levels of the QONNX definition: x / scale + zero point, clamped, then rounded.
TEST(Quant, LevelsAndRoundings) {
  const auto levels = [](const std::string& rounding, bool is_signed, bool narrow, float bits) {
    Quant op;
    op.rounding = rounding;
    op.is_signed = is_signed;
    op.narrow = narrow;
    op.bits = bits;
    return evaluate(op, {reals({6}, {2.5, -2.5, 3.5, 1.2, -1.2, 100}), reals({}, {1}), reals({}, {0})}).real;
  };
  EXPECT_EQ(levels("ROUND", true, false, 4), (std::vector<double>{2, -2, 4, 1, -1, 7}));
  EXPECT_EQ(levels("HALF_UP", true, true, 3), (std::vector<double>{3, -3, 3, 1, -1, 3}));
  EXPECT_EQ(levels("HALF_DOWN", true, false, 8), (std::vector<double>{2, -2, 3, 1, -1, 100}));
  EXPECT_EQ(levels("UP", true, false, 8), (std::vector<double>{3, -3, 4, 2, -2, 100}));
  EXPECT_EQ(levels("DOWN", true, false, 8), (std::vector<double>{2, -2, 3, 1, -1, 100}));
  EXPECT_EQ(levels("CEIL", true, false, 8), (std::vector<double>{3, -2, 4, 2, -1, 100}));
  EXPECT_EQ(levels("FLOOR", true, false, 8), (std::vector<double>{2, -3, 3, 1, -2, 100}));
  EXPECT_EQ(levels("ROUND", false, true, 2), (std::vector<double>{2, 0, 2, 1, 0, 2}));
  Quant op;
  op.bits = 3;
  const Array y = evaluate(op, {reals({2, 2}, {1, -3, 1, 9}), reals({1, 2}, {0.5, 2}), reals({1}, {1})});
  EXPECT_EQ(y.real, (std::vector<double>{1, -2, 1, 4}));
}

std::vector<double> cast(const std::string& to, std::vector<double> values, bool saturate = true) {
  Cast op;
  op.to = to;
  op.saturate = saturate;
  const auto count = static_cast<std::int64_t>(values.size());
  return evaluate(op, {reals({count}, std::move(values))}).real;
}

TEST(Cast, SmallFloatFormats) {
  EXPECT_EQ(cast("f16", {65504, 65519, 65520, 1.0 / (1 << 25), 3.0 / (1 << 25), 2049}),
            (std::vector<double>{65504, 65504, kInfinity, 0, 4.0 / (1 << 25), 2048}));
  EXPECT_EQ(cast("bf16", {1 + 1.0 / 256, 1 + 3.0 / 256, -kInfinity}),
            (std::vector<double>{1, 1 + 4.0 / 256, -kInfinity}));
  EXPECT_EQ(cast("f8e4m3fn", {17, 19, 500, -kInfinity, 1.0 / 1024, 3.0 / 1024}),
            (std::vector<double>{16, 20, 448, -448, 0, 2.0 / 512}));
  EXPECT_TRUE(std::isnan(cast("f8e4m3fn", {500}, false)[0]));
  EXPECT_EQ(cast("f8e5m2", {1e6, -1e6}, false), (std::vector<double>{kInfinity, -kInfinity}));
  EXPECT_EQ(cast("f8e5m2", {1e6, 9}), (std::vector<double>{57344, 8}));
  EXPECT_FALSE(std::signbit(cast("f8e4m3fnuz", {-1e-9})[0]));
  EXPECT_EQ(cast("f4e2m1", {0.25, 0.75, 2.5, 5, 100}), (std::vector<double>{0, 1, 2, 4, 6}));
}

TEST(Cast, Integers) {
  Cast op;
  op.to = "s8";
  EXPECT_EQ(evaluate(op, {reals({5}, {1.9, -1.9, 300, -300, NAN})}).integer,
            (std::vector<std::int64_t>{1, -1, 127, -128, 0}));
  EXPECT_EQ(evaluate(op, {integers({2}, Encoding::integer(32, true), {200, -129})}).integer,
            (std::vector<std::int64_t>{-56, 127}));
  op.to = "bool";
  EXPECT_EQ(evaluate(op, {reals({3}, {0, -0.5, NAN})}).integer, (std::vector<std::int64_t>{0, 1, 1}));
  op.to = "u4";
  EXPECT_EQ(evaluate(op, {integers({2}, Encoding::integer(8, true), {-1, 17})}).integer,
            (std::vector<std::int64_t>{15, 1}));
  op.to = "string";
  EXPECT_THROW(evaluate(op, {reals({1}, {1})}), UserError);
}

}  // namespace
}  // namespace mote
