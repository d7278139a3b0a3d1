/* Layer normalization of quantized numbers: docs/numerics.md, equations 41 to 44. */
#ifndef MOTE_LAYER_NORMALIZATION_INTEGER_H
#define MOTE_LAYER_NORMALIZATION_INTEGER_H

#include "requantize.h"

typedef struct {
  int32_t groups, count;
  int64_t epsilon;
  int32_t gamma_zero, y_zero, multiplier, shift;
  int32_t low, high;             /* bounds of y - y_zero */
  int32_t gamma_step, beta_step; /* 1: an element per position, 0: one for all */
  const int16_t* gamma;          /* or null */
  const int32_t* beta;           /* or null */
} layer_normalization_integer_params;

MOTE_KERNEL int64_t mote_square_root_64(int64_t x) {
  uint64_t rest = (uint64_t)x, root = 0, bit;
  for (bit = UINT64_C(1) << 62; bit != 0; bit >>= 2) {
    if (rest >= root + bit) {
      rest -= root + bit;
      root = (root >> 1) + bit;
    } else {
      root >>= 1;
    }
  }
  return (int64_t)root;
}

/* From count * sum of squares - sum^2 + epsilon: the root of the spread and by how much both are scaled. */
MOTE_INLINE int64_t layer_normalization_root(int64_t spread, int32_t* doublings) {
  *doublings = 0;
  if (spread == 0) return 1;
  for (; spread < ((int64_t)1 << 61); spread <<= 2) ++*doublings;
  return mote_square_root_64(spread);
}

MOTE_INLINE int32_t layer_normalization_value(const layer_normalization_integer_params* p, int64_t deviation,
                                              int64_t root, int32_t i) {
  const int64_t magnitude = ((deviation < 0 ? -deviation : deviation) + root / 2) / root;
  int64_t v = deviation < 0 ? -magnitude : magnitude;
  if (p->gamma) v *= p->gamma[i * p->gamma_step] - p->gamma_zero;
  if (p->beta) v += p->beta[i * p->beta_step];
  v = v < INT32_MIN ? INT32_MIN : v > INT32_MAX ? INT32_MAX : v;
  return mote_clamp(mote_requantize((int32_t)v, p->multiplier, p->shift), p->low, p->high) + p->y_zero;
}

#define MOTE_LAYER_NORMALIZATION(from, TX, to, TY)                                                     \
  MOTE_KERNEL void layer_normalization_##from##_##to(const layer_normalization_integer_params* p,      \
                                                     const TX* x, TY* y) {                             \
    int32_t group, i;                                                                                  \
    for (group = 0; group < p->groups; ++group, x += p->count, y += p->count) {                        \
      int64_t sum = 0, squares = 0, root;                                                              \
      int32_t doublings;                                                                               \
      for (i = 0; i < p->count; ++i) {                                                                 \
        sum += x[i];                                                                                   \
        squares += (int64_t)x[i] * x[i];                                                               \
      }                                                                                                \
      root = layer_normalization_root(p->count * squares - sum * sum + p->epsilon, &doublings);        \
      for (i = 0; i < p->count; ++i) {                                                                 \
        const int64_t deviation = ((int64_t)p->count * x[i] - sum) * ((int64_t)1 << (doublings + 12)); \
        y[i] = (TY)layer_normalization_value(p, deviation, root, i);                                   \
      }                                                                                                \
    }                                                                                                  \
  }

MOTE_LAYER_NORMALIZATION(s8, int8_t, s8, int8_t)
MOTE_LAYER_NORMALIZATION(s8, int8_t, u8, uint8_t)
MOTE_LAYER_NORMALIZATION(u8, uint8_t, s8, int8_t)
MOTE_LAYER_NORMALIZATION(u8, uint8_t, u8, uint8_t)
MOTE_LAYER_NORMALIZATION(s16, int16_t, s16, int16_t)

#endif
