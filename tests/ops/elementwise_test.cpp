// Binary, Unary and PRelu: broadcasting, plain integers, and the integer law against formulas of its own.
#include <gtest/gtest.h>

#include <cmath>

#include "ops/binary.h"
#include "ops/elementwise.h"
#include "ops/fixed_point_functions.h"
#include "ops/prelu.h"
#include "ops/unary.h"
#include "tests/ops/one_node.h"

namespace mote {
namespace {

using test::counting;
using test::evaluate;
using test::integers;
using test::reals;

Binary binary(std::string function) {
  Binary op;
  op.function = std::move(function);
  return op;
}

Unary unary(std::string function, float alpha = 0, float beta = 0) {
  Unary op;
  op.function = std::move(function);
  op.alpha = alpha;
  op.beta = beta;
  return op;
}

// Every value of an s8 encoding.
Array all_bytes(float scale, std::int32_t zero_point) {
  Array x({{256}, Encoding::affine(8, true, scale, zero_point), {}});
  for (std::size_t i = 0; i < 256; ++i) x.integer[i] = static_cast<std::int64_t>(i) - 128;
  return x;
}

// The largest distance, in steps of the output, between the integer result and the exact one clamped to the
// range.
double worst_error(const Array& x, const Array& y, const std::function<double(double)>& exact) {
  const Encoding& e = y.encoding();
  const std::vector<double> in = dequantized(x);
  double worst = 0;
  for (std::size_t i = 0; i < in.size(); ++i) {
    const double steps = std::clamp(exact(in[i]) / e.scale() + e.zero_point(), static_cast<double>(e.min()),
                                    static_cast<double>(e.max()));
    worst = std::max(worst, std::abs(steps - static_cast<double>(y.integer[i])));
  }
  return worst;
}

TEST(Broadcast, MergesAxesThatRunTogether) {
  const auto same = elementwise::broadcast({2, 3, 4}, {2, 3, 4}, {2, 3, 4});
  EXPECT_EQ(same.extents, (std::vector<std::int64_t>{24}));
  const auto channel = elementwise::broadcast({2, 3, 4}, {4}, {2, 3, 4});
  EXPECT_EQ(channel.extents, (std::vector<std::int64_t>{6, 4}));
  EXPECT_EQ(channel.b_strides, (std::vector<std::int64_t>{0, 1}));
  const auto both = elementwise::broadcast({3, 1}, {1, 4}, {3, 4});
  EXPECT_EQ(both.a_strides, (std::vector<std::int64_t>{1, 0}));
}

TEST(Binary, RealsBroadcastAndClamp) {
  Binary op = binary("Sub");
  op.clamp_min = 0;
  const Array y = evaluate(op, {reals({2, 1}, {1, 5}), reals({3}, {0, 2, 4})});
  EXPECT_EQ(y.shape(), (Shape{2, 3}));
  EXPECT_EQ(y.real, (std::vector<double>{1, 0, 0, 5, 3, 1}));
  EXPECT_THROW(evaluate(op, {reals({2}, {1, 5}), reals({3}, {0, 2, 4})}), UserError);
}

TEST(Binary, PlainIntegersWrapAndTruncate) {
  const Encoding s8 = Encoding::integer(8, true);
  const Encoding u4 = Encoding::integer(4, false);
  EXPECT_EQ(evaluate(binary("Add"), {integers({2}, s8, {127, -128}), integers({2}, s8, {1, -1})}).integer,
            (std::vector<std::int64_t>{-128, 127}));
  EXPECT_EQ(evaluate(binary("Mul"), {integers({1}, u4, {7}), integers({1}, u4, {5})}).integer[0], 35 % 16);
  EXPECT_EQ(evaluate(binary("Div"), {integers({3}, s8, {-7, 7, 5}), integers({3}, s8, {2, -2, 0})}).integer,
            (std::vector<std::int64_t>{-3, -3, 0}));
  EXPECT_EQ(evaluate(binary("Pow"), {integers({3}, s8, {-3, 2, 1}), integers({3}, s8, {3, -1, -5})}).integer,
            (std::vector<std::int64_t>{-27, 0, 1}));
}

// The published 8-bit Add in one hand-computed case: scales 0.5 and 0.25, output 1, zero points 10, -4, 3.
TEST(Binary, AddByHand) {
  const Encoding out = Encoding::affine(8, true, 1.0F, 3);
  const Array y = evaluate(binary("Add"),
                           {integers({3}, Encoding::affine(8, true, 0.5F, 10), {20, 11, 127}),
                            integers({3}, Encoding::affine(8, true, 0.25F, -4), {-4, 0, 127})},
                           &out);
  // 5 + 0; 0.5 + 1 = 1.5 -> 2 (halves away from zero); 58.5 + 32.75 = 91.25
  EXPECT_EQ(y.integer, (std::vector<std::int64_t>{8, 5, 94}));
}

class QuantizedBinary : public ::testing::TestWithParam<const char*> {};

// Real arithmetic on the same integers differs from the law by rounding alone.
TEST_P(QuantizedBinary, IsTheRoundedRealResult) {
  Rng rng(7);
  const std::string function = GetParam();
  for (int round = 0; round < 300; ++round) {
    const auto form = rng.chance(0.7) ? elementwise::Form::Int8 : elementwise::Form::Int16;
    const Encoding ea = elementwise::sample_quantized(rng, form);
    const Encoding eb = elementwise::sample_quantized(rng, form);
    const Encoding eo = elementwise::sample_quantized(rng, form);
    const std::int64_t qa = rng.integer(ea.min(), ea.max());
    const std::int64_t qb = rng.integer(eb.min(), eb.max());
    const double a = static_cast<double>(ea.scale()) * static_cast<double>(qa - ea.zero_point());
    const double b = static_cast<double>(eb.scale()) * static_cast<double>(qb - eb.zero_point());
    if (function == "Div" && b == 0) continue;
    const double exact = function == "Add"       ? a + b
                         : function == "Sub"     ? a - b
                         : function == "Mul"     ? a * b
                         : function == "Div"     ? a / b
                         : function == "Minimum" ? std::min(a, b)
                         : function == "Maximum" ? std::max(a, b)
                         : a >= 0                ? a
                                                 : a * b;
    const Array x = integers({1}, ea, {qa});
    const Array z = integers({1}, eb, {qb});
    const Array y =
        function == "PRelu" ? evaluate(PRelu(), {x, z}, &eo) : evaluate(binary(function), {x, z}, &eo);
    const double steps = std::clamp(exact / eo.scale() + eo.zero_point(), static_cast<double>(eo.min()),
                                    static_cast<double>(eo.max()));
    // Two roundings in a row: one to an integer, one of its bits.
    const double allowed = eo.bits() == 16 ? 1.01 : 0.76;
    EXPECT_NEAR(static_cast<double>(y.integer[0]), steps, allowed) << function << " " << qa << " " << qb;
  }
}
INSTANTIATE_TEST_SUITE_P(All, QuantizedBinary,
                         ::testing::Values("Add", "Sub", "Mul", "Div", "Minimum", "Maximum", "PRelu"));

TEST(Binary, QuantizedPowerIsATable) {
  const Encoding out = Encoding::affine(8, false, 0.1F, 0);
  const Array x = all_bytes(0.03F, 5);
  const Array y = evaluate(binary("Pow"), {x, integers({}, Encoding::affine(8, true, 0.5F, 0), {4})}, &out);
  EXPECT_LE(worst_error(x, y, [](double v) { return v * v; }), 0.5000001);
}

TEST(FixedPointFunctions, AreCloseToTheRealOnes) {
  constexpr double kOne = 2147483648.0;
  for (int i = 0; i <= 4000; ++i) {
    const double x = -16 + i * 0.008;
    const auto q4 = static_cast<std::int32_t>(std::llround(x * (1 << 27)) - (i == 4000 ? 1 : 0));
    EXPECT_NEAR(fixed_logistic(q4) / kOne, 1 / (1 + std::exp(-x)), 2e-7) << x;
    EXPECT_NEAR(fixed_tanh(q4) / kOne, std::tanh(x), 3e-7) << x;
    if (x <= 0) {
      EXPECT_NEAR(fixed_exp(q4, 4) / kOne, std::exp(x), 4e-7) << x;
    }
  }
  for (double x = 1; x < 2048; x *= 1.0137) {
    const double held = std::round(x * (1 << 19)) / (1 << 19);
    EXPECT_NEAR(fixed_log(static_cast<std::int32_t>(held * (1 << 19))) / static_cast<double>(1 << 26),
                std::log(held), 3e-6);
  }
}

// Values that the published fixed-point tests of logistic and tanh compute: symmetric, saturating, exact at
// 0.
TEST(Unary, SigmoidAndTanhOfBytes) {
  const Array x = all_bytes(0.0625F, 3);
  const Encoding sigmoid = Encoding::affine(8, true, 1.0F / 256, -128);
  const Array s = evaluate(unary("Sigmoid"), {x}, &sigmoid);
  EXPECT_EQ(s.integer[128 + 3], 0);
  EXPECT_LE(worst_error(x, s, [](double v) { return 1 / (1 + std::exp(-v)); }), 0.51);
  const Encoding tanh = Encoding::affine(8, true, 1.0F / 128, 0);
  const Array t = evaluate(unary("Tanh"), {x}, &tanh);
  EXPECT_EQ(t.integer[128 + 3], 0);
  EXPECT_EQ(t.integer[0], -128);
  EXPECT_LE(worst_error(x, t, [](double v) { return std::tanh(v); }), 0.51);
}

struct UnaryCase {
  const char* function;
  float alpha;
  float beta;
  double allowed_8;  // output steps
  double allowed_16;
};

class QuantizedUnary : public ::testing::TestWithParam<UnaryCase> {};

TEST_P(QuantizedUnary, IsTheRoundedRealResult) {
  const UnaryCase& c = GetParam();
  const Unary op = unary(c.function, c.alpha, c.beta);
  const auto exact = [&](double v) { return op.apply(v); };
  const Encoding out = Encoding::affine(8, true, 0.04F, -20);
  const Array x = all_bytes(0.031F, -11);
  EXPECT_LE(worst_error(x, evaluate(op, {x}, &out), exact), c.allowed_8);
  Array wide({{4096}, Encoding::affine(16, true, 4.0F / 32768, 0), {}});
  for (std::size_t i = 0; i < 4096; ++i) wide.integer[i] = static_cast<std::int64_t>(i) * 16 - 32768;
  const Encoding wide_out = Encoding::affine(16, true, 5.0F / 32768, 0);
  EXPECT_LE(worst_error(wide, evaluate(op, {wide}, &wide_out), exact), c.allowed_16);
}
// 16-bit tables interpolate between 513 samples: coarser where the function bends or has a corner.
INSTANTIATE_TEST_SUITE_P(
    Functions, QuantizedUnary,
    ::testing::Values(UnaryCase{"Relu", 0, 0, 0.51, 1.01}, UnaryCase{"Relu6", 0, 0, 0.51, 1.01},
                      UnaryCase{"Clip", -0.5F, 1.25F, 0.51, 1.01},
                      UnaryCase{"LeakyRelu", 0.1F, 0, 0.76, 1.01},
                      UnaryCase{"LeakyRelu", -0.3F, 0, 0.76, 1.01}, UnaryCase{"HardSwish", 0, 0, 1.01, 40},
                      UnaryCase{"Abs", 0, 0, 0.51, 1.01}, UnaryCase{"Neg", 0, 0, 0.51, 1.01},
                      UnaryCase{"Gelu", 0, 0, 0.501, 3}, UnaryCase{"Elu", 1, 0, 0.501, 40},
                      UnaryCase{"Erf", 0, 0, 0.501, 3}, UnaryCase{"Softplus", 0, 0, 0.501, 3},
                      UnaryCase{"Tanh", 0, 0, 0.501, 3}));

TEST(Unary, RealFormulas) {
  const double x = -0.75;
  EXPECT_DOUBLE_EQ(unary("HardSigmoid", 0.2F, 0.5F).apply(x), static_cast<double>(0.2F) * x + 0.5);
  EXPECT_DOUBLE_EQ(unary("HardSwish").apply(x), x * (x + 3) / 6);
  EXPECT_NEAR(unary("Gelu").apply(x), -0.16997, 1e-5);  // x * Phi(x), Phi(-0.75) = 0.226627
  EXPECT_NEAR(unary("Gelu", 0, 1).apply(x), -0.16995, 2e-4);
  EXPECT_NEAR(unary("Elu", 2).apply(x), 2 * (std::exp(x) - 1), 1e-15);
  EXPECT_EQ(unary("Round").apply(2.5), 2);
  EXPECT_EQ(unary("Round").apply(-1.5), -2);
  EXPECT_TRUE(std::isnan(unary("Sqrt").apply(x)));
  EXPECT_EQ(unary("Clip", 0, std::numeric_limits<float>::infinity()).apply(1e30), 1e30);
}

TEST(Unary, RefusesWhatHasNoMeaning) {
  const Encoding s32 = Encoding::integer(32, true);
  EXPECT_THROW(evaluate(unary("Exp"), {integers({1}, s32, {1})}), UserError);
  EXPECT_THROW(evaluate(unary("Nothing"), {reals({1}, {1})}), UserError);
  const Encoding other = Encoding::affine(8, true, 2, 0);
  EXPECT_THROW(evaluate(unary("Identity"), {all_bytes(1, 0)}, &other), UserError);
  EXPECT_EQ(evaluate(unary("Clip", -2, 3), {integers({3}, s32, {-9, 1, 9})}).integer,
            (std::vector<std::int64_t>{-2, 1, 3}));
}

}  // namespace
}  // namespace mote
