/* Fixed-point scaling of integer accumulators: the two roundings of the 8-bit law (docs/numerics.md,
 * equations 5 to 12), bit for bit what mote computes when it evaluates a network. Right shifts of negative
 * numbers are arithmetic, as on every compiler in use. */
#ifndef MOTE_REQUANTIZE_H
#define MOTE_REQUANTIZE_H

#include "mote_kernel.h"

MOTE_INLINE int32_t mote_clamp(int32_t value, int32_t low, int32_t high) {
  return value < low ? low : (value > high ? high : value);
}

/* Wrapping sum. */
MOTE_INLINE int32_t mote_add(int32_t a, int32_t b) { return (int32_t)((uint32_t)a + (uint32_t)b); }

/* Wrapping left shift. */
MOTE_INLINE int32_t mote_shift_left(int32_t x, int32_t shift) { return (int32_t)((uint32_t)x << shift); }

/* round(a * b / 2^31), saturated. Adding one nudge and rounding down gives for both signs what a
 * sign-dependent nudge with truncation gives. */
MOTE_INLINE int32_t mote_high_mul(int32_t a, int32_t b) {
  if (a == b && a == INT32_MIN) return INT32_MAX;
  return (int32_t)(((int64_t)a * b + 0x40000000) >> 31);
}

/* round(x / 2^exponent), halves away from zero; exponent 0 to 31. */
MOTE_INLINE int32_t mote_rounding_shift_right(int32_t x, int32_t exponent) {
  const int32_t mask = (int32_t)((UINT32_C(1) << exponent) - 1U);
  const int32_t threshold = (mask >> 1) + (x < 0 ? 1 : 0);
  return (x >> exponent) + ((x & mask) > threshold ? 1 : 0);
}

/* x * multiplier * 2^(shift - 31), multiplier >= 0; a left shift wraps. */
MOTE_INLINE int32_t mote_requantize(int32_t x, int32_t multiplier, int32_t shift) {
  const int32_t shifted = shift > 0 ? mote_shift_left(x, shift) : x;
  const int32_t product = (int32_t)(((int64_t)shifted * multiplier + 0x40000000) >> 31);
  return shift < 0 ? mote_rounding_shift_right(product, -shift) : product;
}

/* The same for 64-bit accumulators of 16-bit activations: a 16-bit multiplier and one rounding. */
MOTE_INLINE int32_t mote_requantize_64(int64_t x, int32_t multiplier, int32_t shift) {
  const int32_t reduced = multiplier < 0x7fff0000 ? (multiplier + 0x8000) >> 16 : 0x7fff;
  const int32_t right = 15 - shift;
  return (int32_t)((x * reduced + ((int64_t)1 << (right - 1))) >> right);
}

#endif
