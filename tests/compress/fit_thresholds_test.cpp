#include "compress/quantize/fit_thresholds.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/rng.h"

namespace mote {
namespace {

std::int64_t held(double level, IntegerRange range) {
  return static_cast<std::int64_t>(
      std::clamp(level, static_cast<double>(range.min), static_cast<double>(range.max)));
}

// How many sums get another level than the real law gives.
int disagreements(const RealChannel& c, const Encoding& y, IntegerRange range, const FittedChannel& fitted) {
  int count = 0;
  const Multiplier m = quantize_multiplier(fitted.multiplier);
  for (std::int64_t sum = -c.most; sum <= c.most; ++sum) {
    const double real = (static_cast<double>(sum) * c.step + c.shift) / static_cast<double>(y.scale());
    const std::int64_t expected = held(std::nearbyint(real) + y.zero_point(), range);
    const std::int32_t law = multiply_by_multiplier(static_cast<std::int32_t>(sum + fitted.bias), m);
    count += held(law + y.zero_point(), range) != expected ? 1 : 0;
  }
  return count;
}

TEST(FitThresholds, AgreesOnNearlyEverySumWhereSumsAreCoarse) {
  Rng rng(3);
  int wrong = 0, plain_wrong = 0, sums = 0;
  for (int i = 0; i < 300; ++i) {
    const int bits = static_cast<int>(rng.integer(1, 4));
    const Encoding y = Encoding::affine(bits, false, 1, 0);
    const IntegerRange range{0, static_cast<std::int32_t>(y.max())};
    const RealChannel c{rng.uniform(0.02, 0.6), rng.uniform(-5, 5), rng.integer(20, 200)};
    const auto fitted = fit_thresholds(c, y, range);
    ASSERT_TRUE(fitted.has_value());
    wrong += disagreements(c, y, range, *fitted);
    plain_wrong += disagreements(c, y, range, {c.step, std::llround(c.shift / c.step), 0});
    sums += static_cast<int>(2 * c.most + 1);
  }
  EXPECT_LT(wrong, sums / 500);
  EXPECT_GT(plain_wrong, 4 * wrong);
}

TEST(FitThresholds, OneBitIsAlwaysExact) {
  Rng rng(4);
  const Encoding y = Encoding::affine(1, false, 0.3F, 0);
  for (int i = 0; i < 200; ++i) {
    const RealChannel c{rng.uniform(0.001, 0.3), rng.uniform(-3, 3), rng.integer(5, 300)};
    const auto fitted = fit_thresholds(c, y, {0, 1});
    ASSERT_TRUE(fitted.has_value());
    EXPECT_EQ(disagreements(c, y, {0, 1}, *fitted), 0) << c.step << " " << c.shift;
  }
}

TEST(FitThresholds, LeavesWideOutputsAlone) {
  EXPECT_FALSE(fit_thresholds({0.1, 0, 100}, Encoding::affine(8, true, 1, 0), {-128, 127}).has_value());
}

}  // namespace
}  // namespace mote
