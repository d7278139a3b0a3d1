// Outputs of -1 and +1, and the operators BipolarQuant and Trunc of QONNX.
#include <gtest/gtest.h>

#include "ops/bipolar_quant.h"
#include "ops/conv2d.h"
#include "ops/fully_connected.h"
#include "ops/pool.h"
#include "ops/quantize.h"
#include "ops/requantize.h"
#include "ops/trunc.h"
#include "tests/ops/one_node.h"

namespace mote {
namespace {

using test::evaluate;
using test::integers;
using test::reals;

const Encoding kSign = Encoding::bipolar(1);
const Encoding kWord = Encoding::integer(32, true);

TEST(Bipolar, LayersGiveTheSignOfEverySum) {
  // x w + bias takes every value from -3 to 3; the scale of the output means nothing to its sign
  for (std::int64_t bias = -2; bias <= 2; ++bias)
    for (const std::int64_t x : {-1, 1})
      for (const float scale : {1e-6F, 1.0F, 1e6F}) {
        const Encoding y = Encoding::bipolar(scale);
        const Array result =
            evaluate(FullyConnected{},
                     {integers({1, 1}, Encoding::bipolar(0.3F), {x}),
                      integers({1, 1}, Encoding::bipolar(0.7F), {-1}), integers({1}, kWord, {bias})},
                     &y);
        EXPECT_EQ(result.integer[0], bias - x >= 0 ? 1 : -1) << bias << " " << x;
      }
}

TEST(Bipolar, SignsAreRightUpToHugeSums) {
  for (const std::int64_t bias : {-(1 << 29), -1, 0, 1, 1 << 29}) {
    const Array y =
        evaluate(FullyConnected{},
                 {integers({1, 1}, Encoding::affine(8, true, 1, -128), {-128}),
                  integers({1, 1}, Encoding::affine(8, true, 1, 0), {127}), integers({1}, kWord, {bias})},
                 &kSign);
    EXPECT_EQ(y.integer[0], bias >= 0 ? 1 : -1);
  }
}

TEST(Bipolar, PaddingAddsNothing) {
  Conv2D op;
  op.padding = {1, 1, 1, 1};
  const Array y = evaluate(
      op, {integers({1, 1, 1, 1}, kSign, {-1}), integers({1, 3, 3, 1}, kSign, {1, 1, 1, 1, -1, 1, 1, 1, 1})},
      &kWord);
  EXPECT_EQ(y.integer, std::vector<std::int64_t>{1});
}

TEST(Bipolar, NumbersBecomeTheirSigns) {
  EXPECT_EQ(evaluate(Quantize{}, {reals({4}, {-1e-30, 0, -0.0, 5})}, &kSign).integer,
            (std::vector<std::int64_t>{-1, 1, 1, 1}));
  EXPECT_EQ(
      evaluate(Requantize{}, {integers({4}, Encoding::affine(8, false, 0.1F, 5), {0, 4, 5, 255})}, &kSign)
          .integer,
      (std::vector<std::int64_t>{-1, -1, 1, 1}));
}

TEST(Bipolar, MaximaStayBipolarAndAveragesAreRefused) {
  Pool pool;
  pool.function = "MaxPool";
  pool.window = {1, 2};
  pool.stride = {1, 2};
  const Array x = integers({1, 1, 4, 1}, kSign, {-1, -1, 1, -1});
  EXPECT_EQ(evaluate(pool, {x}).integer, (std::vector<std::int64_t>{-1, 1}));
  pool.function = "AveragePool";
  EXPECT_THROW(evaluate(pool, {x}), UserError);
}

TEST(Bipolar, SignsTakeNoActivationAndOtherLevelsAreNotComputed) {
  const Array x = integers({1, 1}, kSign, {1});
  FullyConnected op;
  const Encoding ternary = Encoding::affine(2, true, 1, 0).with_levels({-1, 0, 1});
  EXPECT_THROW(evaluate(op, {x, x}, &ternary), UserError);
  op.clamp_min = 0;
  EXPECT_THROW(evaluate(op, {x, x}, &kSign), UserError);
}

TEST(BipolarQuant, GivesTheScaleWithTheSign) {
  EXPECT_EQ(evaluate(BipolarQuant{}, {reals({2, 2}, {-3, 0, 0.1, -0.1}), reals({2, 1}, {0.5, 2})}).real,
            (std::vector<double>{-0.5, 0.5, 2, -2}));
}

TEST(Trunc, FirstVersionKeepsTheScale) {
  Trunc op;
  op.shift = 4;
  const std::vector<Array> inputs{reals({2}, {50, -50}), reals({}, {0.5}), reals({}, {0})};
  // 100 / 16 = 6.25 and -100 / 16 = -6.25, rounded down
  EXPECT_EQ(evaluate(op, inputs).real, (std::vector<double>{3, -3.5}));
  op.rounding = "CEIL";
  EXPECT_EQ(evaluate(op, inputs).real, (std::vector<double>{3.5, -3}));
}

TEST(Trunc, SecondVersionClampsAndKeepsTheNumbers) {
  Trunc op;
  op.version = 2;
  op.shift = 2;
  op.bits = 4;
  op.rounding = "ROUND";
  // levels 25, 10, -40 of 0.5 become 6.25, 2.5 and -10: clamped to -8..7, halves to even, times 2
  EXPECT_EQ(evaluate(op, {reals({3}, {12.5, 5, -20}), reals({}, {0.5}), reals({}, {0})}).real,
            (std::vector<double>{12, 4, -16}));
  op.is_signed = false;  // zero point 8 becomes 2: levels 33, 18 and -32 become 8.25, 4.5 and 0
  EXPECT_EQ(evaluate(op, {reals({3}, {12.5, 5, -20}), reals({}, {0.5}), reals({}, {8})}).real,
            (std::vector<double>{12, 4, -4}));
}

}  // namespace
}  // namespace mote
