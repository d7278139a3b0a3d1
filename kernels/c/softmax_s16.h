/* Softmax of s16 through two tables, exp on [-10, 0] and 1/(1 + x) on [0, 1]: docs/numerics.md, equations 39
 * and 40. */
#ifndef MOTE_SOFTMAX_S16_H
#define MOTE_SOFTMAX_S16_H

#include "fixed_point_functions.h"
#include "lookup.h"

typedef struct {
  int32_t outer, count, inner; /* softmax over `count` elements, `inner` apart */
  int32_t multiplier, shift;   /* differences to 65535 steps of [-10, 0] */
  const int16_t* exp_table;
  const int16_t* reciprocal_table;
} softmax_s16_params;

MOTE_INLINE void softmax_s16_row(const softmax_s16_params* p, const int16_t* x, int16_t* y) {
  int32_t top = x[0], sum = 0, i;
  for (i = 1; i < p->count; ++i) {
    if (x[i * p->inner] > top) top = x[i * p->inner];
  }
  for (i = 0; i < p->count; ++i) {
    const int32_t steps = mote_requantize(x[i * p->inner] - top, p->multiplier, p->shift);
    const int32_t e = mote_look_up_16(p->exp_table, mote_clamp(steps, -65535, 0) + 32767);
    y[i * p->inner] = (int16_t)e;
    sum += e;
  }
  {
    const int32_t zeros = mote_leading_zeros(sum);
    const int32_t mantissa = (int32_t)((((int64_t)sum << (zeros - 1)) + (1 << 13)) >> 14);
    const int32_t q = mote_clamp(mantissa - (1 << 15) - (1 << 16), -32768, 32767);
    const int32_t reciprocal = mote_look_up_16(p->reciprocal_table, q);
    const int32_t shift = 31 - zeros;
    for (i = 0; i < p->count; ++i) {
      const int64_t v = ((int64_t)y[i * p->inner] * reciprocal + ((int64_t)1 << (shift - 1))) >> shift;
      y[i * p->inner] = (int16_t)mote_clamp((int32_t)v, 0, 32767);
    }
  }
}

MOTE_KERNEL void softmax_s16(const softmax_s16_params* p, const int16_t* x, int16_t* y) {
  const int32_t block = p->count * p->inner;
  int32_t outer, inner;
  for (outer = 0; outer < p->outer; ++outer) {
    for (inner = 0; inner < p->inner; ++inner) {
      softmax_s16_row(p, x + outer * block + inner, y + outer * block + inner);
    }
  }
}

#endif
