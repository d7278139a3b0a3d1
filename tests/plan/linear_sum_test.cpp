#include "plan/linear_sum.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "base/rng.h"

namespace mote {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

TEST(LinearSum, IsFoundForUsualScalesAndEqualsTheLaw) {
  Rng rng(11);
  int found = 0;
  int found_cut = 0;
  constexpr int kRounds = 40;
  for (int round = 0; round < kRounds; ++round) {
    const auto encoding = [&] {
      return Encoding::affine(8, true, static_cast<float>(rng.uniform(0.01, 0.05)),
                              static_cast<std::int32_t>(rng.integer(-128, 127)));
    };
    const Encoding a = encoding();
    const Encoding b = encoding();
    const Encoding y = encoding();
    const BinaryLaw law = binary_law(rng.chance(0.5) ? "Add" : "Sub", a, b, y, {-kInfinity, kInfinity});
    const auto cut = prove_linear_sum(law, a, b, y, Products::kHigh);
    const auto sum = prove_linear_sum(law, a, b, y);
    found_cut += cut ? 1 : 0;
    found += sum ? 1 : 0;
    for (std::int32_t qa = -128; qa < 128; ++qa)
      for (std::int32_t qb = -128; qb < 128; ++qb) {
        if (sum) {
          const std::int32_t x = qa * sum->a_multiplier + qb * sum->b_multiplier + sum->offset;
          ASSERT_EQ(std::clamp(x >> LinearSum::kShift, -128, 127), law(qa, qb));
        }
        if (cut) {
          const auto x = static_cast<std::int32_t>((std::int64_t{qa} * cut->a_multiplier >> 8) +
                                                   (std::int64_t{qb} * cut->b_multiplier >> 8) + cut->offset);
          ASSERT_EQ(std::clamp(x >> LinearSum::kHighShift, -128, 127), law(qa, qb));
        }
      }
  }
  EXPECT_GT(found, kRounds * 3 / 4);
  EXPECT_GT(found_cut, kRounds * 3 / 4);
}

TEST(LinearSum,
     ReproducesTiesOfBothSigns) {  // 0.5 and -0.5 round to 1 and -1: a slope a little steeper than 1/2
  const Encoding e = Encoding::affine(8, true, 0.5F, 0);
  const Encoding y = Encoding::affine(8, true, 1, 0);
  EXPECT_TRUE(prove_linear_sum(binary_law("Add", e, e, y, {-kInfinity, kInfinity}), e, e, y));
}

TEST(LinearSum, RefusesSumsThatLeave32Bits) {
  const Encoding e = Encoding::affine(8, true, 0.5F, 0);
  const Encoding y = Encoding::affine(8, true, 0.01F, 0);
  EXPECT_FALSE(prove_linear_sum(binary_law("Add", e, e, y, {-kInfinity, kInfinity}), e, e, y));
}

}  // namespace
}  // namespace mote
