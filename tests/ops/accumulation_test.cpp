#include "ops/accumulation.h"

#include <gtest/gtest.h>

namespace mote {
namespace {

constexpr AccumulationRule kPerChannel{"Conv2D", 0, false};
constexpr AccumulationRule kDense{"FullyConnected", 0, true};

TensorType of(Encoding encoding) { return {{2, 4}, std::move(encoding), {}}; }

Accumulation form(const TensorType& x, const TensorType& w, const TensorType& y,
                  const TensorType* bias = nullptr, std::int64_t terms = 4) {
  return accumulation_form(kPerChannel, {x, w, bias, y}, terms);
}

TEST(Accumulation, FormFollowsFromTheEncodings) {
  const TensorType s8 = of(Encoding::affine(8, true, 0.1F, 3));
  const TensorType w8 = of(Encoding::affine(4, true, 0.1F, 0));
  const TensorType s16 = of(Encoding::affine(16, true, 0.1F, 0));
  const TensorType real = of(Encoding::real());
  const TensorType word = of(Encoding::integer(32, true));
  EXPECT_EQ(form(real, real, real), Accumulation::Real);
  EXPECT_EQ(form(s8, w8, s8), Accumulation::Int8);
  EXPECT_EQ(form(s8, w8, word), Accumulation::Sum);
  EXPECT_EQ(form(s16, w8, s16), Accumulation::Int16);
  EXPECT_EQ(form(s8, w8, s8, &word), Accumulation::Int8);
  EXPECT_THROW(form(real, w8, real), UserError);
  EXPECT_THROW(form(s8, w8, real), UserError);
  EXPECT_THROW(form(s8, w8, s16), UserError);
  EXPECT_THROW(form(s8, w8, s8, &real), UserError);
  EXPECT_THROW(form(s16, s8, s16), UserError);  // weights with a zero point
  EXPECT_THROW(form(of(Encoding::affine(16, true, 0.1F, 1)), w8, s16), UserError);
  EXPECT_THROW(form(of(Encoding::integer(8, true)), w8, s8), UserError);  // no scale
  EXPECT_THROW(form(s8, w8, of(Encoding::affine(32, true, 0.5F, 0))), UserError);
  EXPECT_EQ(form(s8, w8, of(Encoding::affine(32, true, 0.1F * 0.1F, 0))), Accumulation::Sum);
}

TEST(Accumulation, SumsMustFit32Bits) {
  const TensorType x = of(Encoding::affine(8, true, 0.1F, -128));  // |x - zx| <= 255
  const TensorType w = of(Encoding::affine(8, true, 0.1F, 0));     // |w| <= 128
  const std::int64_t most = 2147483647 / (255 * 128);
  EXPECT_NO_THROW(form(x, w, x, nullptr, most));
  EXPECT_THROW(form(x, w, x, nullptr, most + 1), UserError);
}

TEST(Accumulation, WeightAxis) {
  const TensorType x = of(Encoding::affine(8, true, 0.1F, 0));
  EXPECT_NO_THROW(form(x, of(Encoding::per_axis(8, true, 0, {0.1F, 0.2F}, {0, 0})), x));
  EXPECT_THROW(form(x, of(Encoding::per_axis(8, true, 1, {1, 1, 1, 1}, {0, 0, 0, 0})), x), UserError);
}

// Scales whose product rounds visibly in float32: 1.0000001 * 1.0000001. Dense layers with one scale take the
// rounded one.
TEST(Accumulation, FloatProductOnlyForDenseLayersWithOneScale) {
  const float scale = 1.0F + 0x1p-23F * 3000;
  const TensorType x = of(Encoding::affine(8, true, scale, 0));
  const TensorType single = of(Encoding::affine(8, true, scale, 0));
  const TensorType each = of(Encoding::per_axis(8, true, 0, {scale, scale}, {0, 0}));
  const TensorType y = of(Encoding::affine(8, true, 2, 0));
  const auto multiplier = [&](const AccumulationRule& rule, const TensorType& w) {
    return output_stage(rule, {x, w, nullptr, y}, Accumulation::Int8, {-1e9F, 1e9F}).multipliers[0].value;
  };
  const double exact = static_cast<double>(scale) * static_cast<double>(scale);
  const std::int32_t from_double = quantize_multiplier(exact / 2).value;
  const std::int32_t from_float = quantize_multiplier(static_cast<double>(scale * scale) / 2).value;
  ASSERT_NE(from_double, from_float);
  EXPECT_EQ(multiplier(kPerChannel, single), from_double);
  EXPECT_EQ(multiplier(kDense, each), from_double);
  EXPECT_EQ(multiplier(kDense, single), from_float);
}

}  // namespace
}  // namespace mote
