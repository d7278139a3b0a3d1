#include "ops/reduce.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/ops/one_node.h"

namespace mote {
namespace {

using test::evaluate;
using Integers = std::vector<std::int64_t>;
using Reals = std::vector<double>;

Reduce reduce(const std::string& function, std::vector<std::int64_t> axes, bool keep_dims = false) {
  Reduce op;
  op.function = function;
  op.axes = std::move(axes);
  op.keep_dims = keep_dims;
  return op;
}

TEST(Reduce, FoldsReals) {
  const Array x = test::reals({2, 3}, {1, 2, 3, 4, -5, 6});
  EXPECT_EQ(evaluate(reduce("Sum", {1}), {x}).real, (Reals{6, 5}));
  EXPECT_EQ(evaluate(reduce("Mean", {0}), {x}).real, (Reals{2.5, -1.5, 4.5}));
  EXPECT_EQ(evaluate(reduce("Max", {0, 1}), {x}).real, Reals{6});
  EXPECT_EQ(evaluate(reduce("Min", {1}), {x}).real, (Reals{1, -5}));
  EXPECT_EQ(evaluate(reduce("Prod", {1}), {x}).real, (Reals{6, -120}));
  EXPECT_EQ(evaluate(reduce("Sum", {}), {x}).real, x.real);
  EXPECT_EQ(evaluate(reduce("Sum", {1}, true), {x}).shape(), (Shape{2, 1}));
  EXPECT_EQ(evaluate(reduce("Sum", {0, 1}), {x}).shape(), Shape{});
}

TEST(Reduce, WrapsPlainIntegers) {
  const Array x = test::integers({3}, Encoding::integer(8, true), {100, 100, 3});
  EXPECT_EQ(evaluate(reduce("Sum", {0}), {x}).integer, Integers{203 - 256});
  EXPECT_EQ(evaluate(reduce("Prod", {0}), {x}).integer, Integers{30000 % 256});
  EXPECT_EQ(evaluate(reduce("Mean", {0}), {x}).integer, Integers{67});
  const Array y = test::integers({2}, Encoding::integer(32, false), {4294967295, 2});
  EXPECT_EQ(evaluate(reduce("Sum", {0}), {y}).integer, Integers{1});
}

// The integer result against the real one: the published scheme is within one step of it, and nearly always
// exact.
TEST(Reduce, QuantizedMeanAndSumAreTheRoundedRealOnes) {
  Rng rng(4);
  int off = 0, total = 0;
  for (int i = 0; i < 200; ++i) {
    const std::int64_t count = rng.integer(1, 300);
    const auto zero_in = static_cast<std::int32_t>(rng.integer(-128, 127));
    const auto zero_out = static_cast<std::int32_t>(rng.integer(-128, 127));
    const Encoding in = Encoding::affine(8, true, 0.05F, zero_in);
    const bool mean = rng.chance(0.5);
    const Encoding out = Encoding::affine(8, true, mean ? 0.04F : 2.0F, zero_out);
    Array x({{count, 3}, in, {}});
    for (auto& q : x.integer) q = rng.integer(-128, 127);
    const Array y = evaluate(reduce(mean ? "Mean" : "Sum", {0}), {x}, &out);
    for (std::size_t c = 0; c < 3; ++c) {
      double sum = 0;
      for (std::int64_t k = 0; k < count; ++k)
        sum += static_cast<double>(x.integer[static_cast<std::size_t>(k) * 3 + c] - zero_in);
      const double real = sum * static_cast<double>(0.05F) / (mean ? static_cast<double>(count) : 1.0);
      const double exact = std::clamp(real / static_cast<double>(out.scale()) + zero_out, -128.0, 127.0);
      EXPECT_NEAR(static_cast<double>(y.integer[c]), exact, 0.76);
      off += static_cast<double>(y.integer[c]) != std::round(exact);
      ++total;
    }
  }
  EXPECT_LT(off, total / 20);
}

// Worked by hand: scale 1/1 is 2^30 * 2^1; for 3 elements TFLite shifts by one bit and divides: 2^31 / 3 =
// 715827882.
TEST(Reduce, DividesTheMultiplierAsTheReferenceDoes) {
  const Encoding e = Encoding::affine(8, true, 1.0F, 0);
  const Multiplier sum = reduce_multiplier(false, e, e, 3);
  EXPECT_EQ(sum.value, 1 << 30);
  EXPECT_EQ(sum.shift, 1);
  const Multiplier mean = reduce_multiplier(true, e, e, 3);
  EXPECT_EQ(mean.value, 715827882);
  EXPECT_EQ(mean.shift, 0);
}

TEST(Reduce, RefusesWhatHasNoLaw) {
  const Encoding in = Encoding::affine(8, true, 0.05F, 0);
  const TensorType x{{4}, in, {}}, plain{{}, Encoding::integer(8, true), {}},
      wide{{}, Encoding::affine(16, true, 1, 0), {}};
  EXPECT_THROW(reduce("Mean", {0}).check({&x}, {&plain}), UserError);
  EXPECT_THROW(reduce("Mean", {0}).check({&x}, {&wide}), UserError);
  EXPECT_THROW(reduce("Mean", {1}).infer({&x}), UserError);
  EXPECT_THROW(reduce("Mean", {-1}).infer({&x}), UserError);
  EXPECT_THROW(reduce("Median", {0}).infer({&x}), UserError);
  const TensorType same{{}, in, {}};
  EXPECT_THROW(reduce("Prod", {0}).check({&x}, {&same}), UserError);
}

}  // namespace
}  // namespace mote
