/* exp, 1/(1 + x) and log in 32-bit fixed point, bit for bit as mote evaluates them: docs/numerics.md,
 * equations 34 to 40. A raw number with i integer bits stands for raw * 2^(i - 31). */
#ifndef MOTE_FIXED_POINT_FUNCTIONS_H
#define MOTE_FIXED_POINT_FUNCTIONS_H

#include "requantize.h"

/* x * 2^shift, saturated; 0 <= shift < 32 */
MOTE_INLINE int32_t mote_saturating_shift_left(int32_t x, int32_t shift) {
  const int64_t y = (int64_t)x * ((int64_t)1 << shift);
  return y > INT32_MAX ? INT32_MAX : y < INT32_MIN ? INT32_MIN : (int32_t)y;
}

/* round(a * b / 2^31) of factors that are not both the least number. */
MOTE_INLINE int32_t mote_high_product(int32_t a, int32_t b) {
  return (int32_t)(((int64_t)a * b + 0x40000000) >> 31);
}

MOTE_INLINE int32_t mote_leading_zeros(int32_t x) {
  uint32_t u = (uint32_t)x;
#if defined(__ARM_FEATURE_CLZ) && defined(__GNUC__)
  if (u != 0) return __builtin_clz(u);
#endif
  int32_t zeros = 0;
  if (u == 0) return 32;
  for (; (u & 0x80000000u) == 0; u <<= 1) ++zeros;
  return zeros;
}

/* exp(x) of Q5.26, x <= 0, as Q0.31: a polynomial on [-1/4, 0) and one factor for each bit of the rest. */
MOTE_KERNEL int32_t mote_exp_q5(int32_t x) {
  static const int32_t factors[7] = {1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242};
  const int32_t quarter = 1 << 24;
  const int32_t fraction = (x & (quarter - 1)) - quarter;
  const int32_t rest = fraction - x;
  const int32_t t = fraction * 32 + (1 << 28);
  const int32_t t2 = mote_high_product(t, t);
  const int32_t t3 = mote_high_product(t2, t);
  const int32_t t4 = mote_rounding_shift_right(mote_high_product(t2, t2), 2);
  const int32_t tail = mote_rounding_shift_right(mote_high_product(t4 + t3, 715827883) + t2, 1);
  int32_t result = 1895147668 + mote_high_product(1895147668, t + tail);
  int32_t i;
  if (x == 0) return INT32_MAX;
  for (i = 0; i < 7; ++i) {
    if (rest & (1 << (24 + i))) result = mote_high_product(result, factors[i]);
  }
  return result;
}

/* 1 / (1 + x) of Q0.31 in [0, 1], as Q0.31: three Newton steps. None of them leaves 32 bits; only the result
 * of an x next to 0 does. */
MOTE_KERNEL int32_t mote_reciprocal_of_one_plus(int32_t x) {
  const int32_t half = (int32_t)(((uint32_t)x + 0x80000000u) >> 1);
  int32_t r = 1515870810 + mote_high_product(half, -1010580540);
  int32_t i;
  for (i = 0; i < 3; ++i) r += mote_high_product(r, (1 << 29) - mote_high_product(half, r)) * 4;
  return r == 1 << 30 ? INT32_MAX : r * 2;
}

/* log(x) of Q12.19, x >= 1, as Q5.26. */
MOTE_KERNEL int32_t mote_log_q12(int32_t x) {
  const int32_t root_of_half = 1518500250, fourth_root_of_half = 1805811301;
  const int32_t quarter = mote_rounding_shift_right(1 << 29, 6);
  const int32_t zeros_a = mote_leading_zeros(x);
  const int32_t r_a =
      mote_saturating_shift_left(mote_high_mul(mote_saturating_shift_left(x, zeros_a - 1), root_of_half), 1);
  const int32_t power_a = (12 - zeros_a) * (1 << 25) + quarter;
  const int32_t headroom_b = mote_leading_zeros(mote_high_mul(x, root_of_half)) - 1;
  const int32_t r_b = mote_saturating_shift_left(x, headroom_b);
  const int32_t power_b = (12 - headroom_b) * (1 << 25) - quarter;
  const int32_t r = r_a < r_b ? r_a : r_b;
  const int32_t power = power_a > power_b ? power_a : power_b;
  const int64_t sum = (int64_t)r + fourth_root_of_half;
  const int32_t p = (int32_t)((sum + 1) / 2);
  const int32_t q = mote_shift_left(r - fourth_root_of_half, 1);
  const int32_t q2 = mote_high_mul(q, q);
  const int32_t numerator = mote_add(mote_high_mul(q, r), mote_high_mul(mote_high_mul(q, q2), 117049297));
  const int32_t inner = mote_add(mote_add(1057819769, q), mote_high_mul(127690142, q2));
  const int32_t denominator = mote_add(mote_high_mul(p, inner), mote_high_mul(638450708, q));
  const int32_t fraction =
      mote_high_mul(mote_rounding_shift_right(numerator, 6), mote_reciprocal_of_one_plus(denominator));
  return mote_saturating_shift_left(mote_add(mote_high_mul(power, 1488522236), fraction), 1);
}

#endif
