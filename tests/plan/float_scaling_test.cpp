#include "plan/float_scaling.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/rng.h"

namespace mote {
namespace {

std::int32_t real_form(const FloatScaling& form, std::int64_t sum, IntegerRange range) {
  const float offset = sum < 0 ? form.below : form.above;
  const auto rounded = std::lrint(std::fma(static_cast<float>(sum), form.scale, offset));
  return static_cast<std::int32_t>(std::clamp<long>(rounded, range.min, range.max));
}

// Every sum that can occur, for kernels whose sums are the true ones and for those whose sums are multiples.
TEST(FloatScaling, IsFoundForUsualScalesAndEqualsTheLaw) {
  Rng rng(5);
  constexpr int kRounds = 60;
  int found = 0;
  for (int round = 0; round < kRounds; ++round) {
    const Multiplier m = quantize_multiplier(rng.uniform(0.0005, 0.02));
    const auto zero = static_cast<std::int32_t>(rng.integer(-128, 127));
    const IntegerRange range{rng.chance(0.5) ? -128 : zero, 127};
    const std::int64_t factor = round % 2 == 0 ? 1 : 576;
    const std::int64_t least = -rng.integer(0, 300000);
    const std::int64_t largest = rng.integer(0, 300000);
    const auto form = prove_float_scaling(m, zero, range, least, largest, factor);
    if (!form) continue;
    ++found;
    for (std::int64_t sum = least; sum <= largest; ++sum) {
      const std::int32_t expected =
          std::clamp(multiply_by_multiplier(static_cast<std::int32_t>(sum), m) + zero, range.min, range.max);
      ASSERT_EQ(real_form(*form, sum * factor, range), expected)
          << sum << " of " << m.value << ' ' << m.shift;
    }
  }
  EXPECT_GT(found, kRounds * 3 / 4);
}

TEST(FloatScaling, RefusesSumsThatLeave32Bits) {
  const Multiplier m = quantize_multiplier(0.001);
  EXPECT_FALSE(prove_float_scaling(m, 0, {-128, 127}, 0, std::int64_t{1} << 31));
  EXPECT_FALSE(prove_float_scaling(m, 0, {-128, 127}, 0, 1 << 24, 576));
  EXPECT_FALSE(prove_float_scaling(quantize_multiplier(3.0), 0, {-128, 127}, 0, 1 << 30));
}

}  // namespace
}  // namespace mote
