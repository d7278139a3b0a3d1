// Softmax, LogSoftmax, BatchNormalization and LayerNormalization.
#include <gtest/gtest.h>

#include <cmath>

#include "base/rng.h"
#include "ops/batch_normalization.h"
#include "ops/layer_normalization.h"
#include "ops/layer_normalization_law.h"
#include "ops/softmax.h"
#include "tests/ops/one_node.h"

namespace mote {
namespace {

using test::evaluate;
using test::integers;
using test::reals;

std::vector<double> exact_softmax(const std::vector<double>& x, bool is_log) {
  double sum = 0;
  for (const double v : x) sum += std::exp(v);
  std::vector<double> y;
  for (const double v : x) y.push_back(is_log ? v - std::log(sum) : std::exp(v) / sum);
  return y;
}

TEST(Softmax, RealsAlongAMiddleAxis) {
  Softmax op;
  op.axis = 1;
  const Array y = evaluate(op, {reals({1, 2, 2}, {0, 1000, 0, 1000 + std::log(3.0)})});
  EXPECT_NEAR(y.real[0], 0.5, 1e-15);
  EXPECT_NEAR(y.real[1], 0.25, 1e-12);
  EXPECT_NEAR(y.real[3], 0.75, 1e-12);
  op.function = "LogSoftmax";
  EXPECT_NEAR(evaluate(op, {reals({1, 2, 2}, {0, 1000, 0, 1000})}).real[3], -std::log(2.0), 1e-12);
}

struct SoftmaxCase {
  const char* function;
  int bits;
  bool is_signed;
  float scale;
  double allowed;  // output steps
};

class QuantizedSoftmax : public ::testing::TestWithParam<SoftmaxCase> {};

TEST_P(QuantizedSoftmax, IsCloseToTheRealOne) {
  const SoftmaxCase& c = GetParam();
  Softmax op;
  op.function = c.function;
  op.axis = 1;
  Rng rng(3);
  for (const std::int64_t count : {1, 2, 10, 300}) {
    const Encoding e = Encoding::affine(c.bits, c.is_signed, c.scale, 0);
    Array x({{2, count}, e, {}});
    for (auto& q : x.integer) q = rng.integer(e.min(), e.max());
    const Array y = evaluate(op, {x});
    EXPECT_EQ(y.encoding(), softmax_encoding(c.function, e));
    const std::vector<double> in = dequantized(x);
    const std::vector<double> out = dequantized(y);
    for (std::ptrdiff_t row = 0; row < 2; ++row) {
      const auto exact =
          exact_softmax({in.begin() + row * count, in.begin() + (row + 1) * count}, op.function != "Softmax");
      for (std::int64_t i = 0; i < count; ++i) {
        const double step = y.encoding().scale();
        const bool is_log = op.function != "Softmax";
        const double held = std::clamp(exact[static_cast<std::size_t>(i)], is_log ? -16 + step : 0.0,
                                       is_log ? 0.0 : 1 - step);
        EXPECT_NEAR(out[static_cast<std::size_t>(row * count + i)], held, c.allowed * step) << count;
      }
    }
  }
}
INSTANTIATE_TEST_SUITE_P(All, QuantizedSoftmax,
                         ::testing::Values(SoftmaxCase{"Softmax", 8, true, 0.05F, 0.51},
                                           SoftmaxCase{"Softmax", 8, false, 0.1F, 0.51},
                                           SoftmaxCase{"Softmax", 4, true, 0.5F, 0.51},
                                           SoftmaxCase{"Softmax", 16, true, 0.0002F, 12},
                                           SoftmaxCase{"LogSoftmax", 8, true, 0.05F, 0.51},
                                           SoftmaxCase{"LogSoftmax", 6, false, 0.2F, 0.51}));

TEST(Softmax, RefusesAnotherOutputScale) {
  Softmax op;
  const Encoding out = Encoding::affine(8, true, 1.0F / 128, 0);
  EXPECT_THROW(evaluate(op, {integers({2}, Encoding::affine(8, true, 0.1F, 0), {1, 2})}, &out), UserError);
}

TEST(BatchNormalization, ByHand) {
  BatchNormalization op;
  op.epsilon = 1;
  const Array y = evaluate(op, {reals({2, 2}, {1, 2, 3, 4}), reals({2}, {2, 3}), reals({2}, {10, 20}),
                                reals({2}, {1, 0}), reals({2}, {3, 8})});
  EXPECT_EQ(y.real, (std::vector<double>{10, 22, 12, 24}));
}

TEST(LayerNormalization, IntegerSquareRoot) {
  Rng rng(1);
  for (int i = 0; i < 2000; ++i) {
    const auto x = static_cast<std::int64_t>(rng.next() >> rng.integer(1, 60));
    const std::int64_t r = integer_square_root(x);
    EXPECT_LE(r * r, x);
    EXPECT_GT(static_cast<std::uint64_t>(r + 1) * static_cast<std::uint64_t>(r + 1),
              static_cast<std::uint64_t>(x));
  }
}

TEST(LayerNormalization, IntegersAreTheRoundedRealResult) {
  Rng rng(5);
  for (int round = 0; round < 60; ++round) {
    const bool wide = round % 3 == 2;
    const std::int64_t count = rng.integer(1, 200);
    LayerNormalization op;
    op.axis = 1;
    op.epsilon = 1e-3F;
    const Encoding ex = wide ? Encoding::affine(16, true, 1e-4F, 0) : Encoding::affine(8, true, 0.04F, 17);
    const Encoding eg = Encoding::affine(8, true, 0.01F, 0);
    const Encoding eb = Encoding::affine(32, true, std::ldexp(0.01F, -12), 0);
    const Encoding ey = wide ? Encoding::affine(16, true, 3e-4F, 0) : Encoding::affine(8, false, 0.05F, 120);
    Array x({{2, count}, ex, {}});
    Array gamma({{count}, eg, {}});
    Array beta({{count}, eb, {}});
    for (auto& q : x.integer) q = rng.integer(ex.min(), ex.max());
    for (auto& q : gamma.integer) q = rng.integer(eg.min(), eg.max());
    for (auto& q : beta.integer) q = rng.integer(-400000, 400000);
    const Array y = evaluate(op, {x, gamma, beta}, &ey);
    const Array exact = evaluate(op, {reals({2, count}, dequantized(x)), reals({count}, dequantized(gamma)),
                                      reals({count}, dequantized(beta))});
    for (std::size_t i = 0; i < y.integer.size(); ++i) {
      const double steps = std::clamp(exact.real[i] / ey.scale() + ey.zero_point(),
                                      static_cast<double>(ey.min()), static_cast<double>(ey.max()));
      EXPECT_NEAR(static_cast<double>(y.integer[i]), steps, wide ? 2.0 : 0.52);
    }
  }
}

}  // namespace
}  // namespace mote
