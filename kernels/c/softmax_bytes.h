/* Softmax and LogSoftmax of integers of up to 8 bits: docs/numerics.md, equations 34 to 38. Flips make signed
 * bytes count from the least one; only differences of inputs matter. */
#ifndef MOTE_SOFTMAX_BYTES_H
#define MOTE_SOFTMAX_BYTES_H

#include "fixed_point_functions.h"

typedef struct {
  int32_t outer, count, inner; /* softmax over `count` elements, `inner` apart */
  uint32_t flip;
  int32_t multiplier, shift; /* differences to Q5.26 */
  int32_t diff_min;
  int32_t bits, low, high; /* of the output */
  int32_t reverse_multiplier, reverse_shift;
} softmax_bytes_params;

MOTE_INLINE int32_t softmax_bytes_top(const softmax_bytes_params* p, const uint8_t* x) {
  uint32_t top = 0;
  int32_t i;
  for (i = 0; i < p->count; ++i) {
    const uint32_t v = x[i * p->inner] ^ p->flip;
    if (v > top) top = v;
  }
  return (int32_t)top;
}

MOTE_INLINE int32_t softmax_bytes_diff(const softmax_bytes_params* p, const uint8_t* x, int32_t i,
                                       int32_t top) {
  return (int32_t)(x[i * p->inner] ^ p->flip) - top;
}

MOTE_KERNEL int32_t softmax_bytes_exp(const softmax_bytes_params* p, int32_t d) {
  return mote_exp_q5(mote_requantize(d, p->multiplier, p->shift));
}

/* Q12.19 */
MOTE_INLINE int32_t softmax_bytes_sum(const softmax_bytes_params* p, const uint8_t* x, int32_t top) {
  int32_t sum = 0, i;
  for (i = 0; i < p->count; ++i) {
    const int32_t d = softmax_bytes_diff(p, x, i, top);
    if (d < p->diff_min) continue;
    sum += mote_rounding_shift_right(softmax_bytes_exp(p, d), 12);
  }
  return sum;
}

MOTE_INLINE void softmax_bytes_row(const softmax_bytes_params* p, const uint8_t* x, uint8_t* y) {
  const int32_t top = softmax_bytes_top(p, x);
  const int32_t sum = softmax_bytes_sum(p, x, top);
  const int32_t zeros = mote_leading_zeros(sum);
  const int32_t reciprocal = mote_reciprocal_of_one_plus((int32_t)(((uint32_t)sum << zeros) - 0x80000000u));
  const int32_t exponent = 12 - zeros + 31 - p->bits;
  int32_t i;
  for (i = 0; i < p->count; ++i) {
    const int32_t d = softmax_bytes_diff(p, x, i, top);
    int32_t v = p->low;
    if (d >= p->diff_min && exponent <= 31) {
      const int32_t e = softmax_bytes_exp(p, d);
      v += mote_rounding_shift_right(mote_high_product(reciprocal, e), exponent);
    }
    y[i * p->inner] = (uint8_t)mote_clamp(v, p->low, p->high);
  }
}

MOTE_INLINE void log_softmax_bytes_row(const softmax_bytes_params* p, const uint8_t* x, uint8_t* y) {
  const int32_t top = softmax_bytes_top(p, x);
  const int32_t log_sum = mote_log_q12(softmax_bytes_sum(p, x, top));
  const int32_t lowest = mote_requantize(log_sum + INT32_MIN, p->reverse_multiplier, p->reverse_shift);
  const int32_t least = lowest > p->diff_min - 1 ? lowest : p->diff_min - 1;
  int32_t i;
  for (i = 0; i < p->count; ++i) {
    const int32_t d = softmax_bytes_diff(p, x, i, top);
    int32_t v = p->low;
    if (d > least) {
      v = p->high +
          mote_rounding_shift_right(mote_requantize(d, p->multiplier, p->shift) - log_sum, 30 - p->bits);
    }
    y[i * p->inner] = (uint8_t)mote_clamp(v, p->low, p->high);
  }
}

#define MOTE_SOFTMAX_ROWS(name)                                                        \
  MOTE_KERNEL void name(const softmax_bytes_params* p, const uint8_t* x, uint8_t* y) { \
    const int32_t block = p->count * p->inner;                                         \
    int32_t outer, inner;                                                              \
    for (outer = 0; outer < p->outer; ++outer) {                                       \
      for (inner = 0; inner < p->inner; ++inner) {                                     \
        name##_row(p, x + outer * block + inner, y + outer * block + inner);           \
      }                                                                                \
    }                                                                                  \
  }

MOTE_SOFTMAX_ROWS(softmax_bytes)
MOTE_SOFTMAX_ROWS(log_softmax_bytes)

#endif
