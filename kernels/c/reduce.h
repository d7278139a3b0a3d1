/* Reductions: each output element folds a group of input elements. Groups are described by up to three kept
 * and three reduced runs of axes, in elements of the input. */
#ifndef MOTE_REDUCE_H
#define MOTE_REDUCE_H

#include "requantize.h"

typedef struct {
  int32_t kept_sizes[3], kept_strides[3];
  int32_t reduced_sizes[3], reduced_strides[3];
  int32_t count; /* elements of a group */
  /* quantized mean and sum: clamp(zero_out + (sum - count * zero_in) * multiplier * 2^(shift - 31)) */
  int32_t zero_in, zero_out, multiplier, shift, low, high;
} reduce_params;

/* A is the type of the fold's state. `start` sees x, the group's first element; `fold` sees a and the element
 * v; `finish` turns a into the output element. */
#define MOTE_REDUCE(name, T, A, start, fold, finish)                                                     \
  MOTE_KERNEL void name(const reduce_params* p, const T* in, T* out) {                                   \
    int32_t k0, k1, k2, r0, r1, r2;                                                                      \
    for (k0 = 0; k0 < p->kept_sizes[0]; ++k0) {                                                          \
      for (k1 = 0; k1 < p->kept_sizes[1]; ++k1) {                                                        \
        for (k2 = 0; k2 < p->kept_sizes[2]; ++k2) {                                                      \
          const T* x = in + k0 * p->kept_strides[0] + k1 * p->kept_strides[1] + k2 * p->kept_strides[2]; \
          A a = (A)(start);                                                                              \
          for (r0 = 0; r0 < p->reduced_sizes[0]; ++r0) {                                                 \
            for (r1 = 0; r1 < p->reduced_sizes[1]; ++r1) {                                               \
              const T* run = x + r0 * p->reduced_strides[0] + r1 * p->reduced_strides[1];                \
              for (r2 = 0; r2 < p->reduced_sizes[2]; ++r2) {                                             \
                const T v = run[r2 * p->reduced_strides[2]];                                             \
                a = (A)(fold);                                                                           \
              }                                                                                          \
            }                                                                                            \
          }                                                                                              \
          *out++ = (T)(finish);                                                                          \
        }                                                                                                \
      }                                                                                                  \
    }                                                                                                    \
  }

#define MOTE_REDUCE_EXTREMES(suffix, T)                          \
  MOTE_REDUCE(reduce_max_##suffix, T, T, x[0], v > a ? v : a, a) \
  MOTE_REDUCE(reduce_min_##suffix, T, T, x[0], v < a ? v : a, a)

MOTE_REDUCE_EXTREMES(f32, float)
MOTE_REDUCE_EXTREMES(s8, int8_t)
MOTE_REDUCE_EXTREMES(u8, uint8_t)
MOTE_REDUCE_EXTREMES(s16, int16_t)
MOTE_REDUCE_EXTREMES(u16, uint16_t)
MOTE_REDUCE_EXTREMES(s32, int32_t)
MOTE_REDUCE_EXTREMES(u32, uint32_t)

MOTE_REDUCE(reduce_sum_f32, float, float, 0, a + v, a)
MOTE_REDUCE(reduce_mean_f32, float, float, 0, a + v, a / (float)p->count)
MOTE_REDUCE(reduce_prod_f32, float, float, 1, a* v, a)

#define MOTE_REDUCE_SCALED(suffix, T)                                            \
  MOTE_REDUCE(reduce_scaled_##suffix, T, int32_t, -p->zero_in * p->count, a + v, \
              mote_clamp(mote_requantize(a, p->multiplier, p->shift) + p->zero_out, p->low, p->high))

MOTE_REDUCE_SCALED(s8, int8_t)
MOTE_REDUCE_SCALED(u8, uint8_t)
MOTE_REDUCE_SCALED(s16, int16_t)
MOTE_REDUCE_SCALED(u16, uint16_t)

MOTE_INLINE uint32_t mote_wrapping_sum(uint32_t a, int32_t v) { return a + (uint32_t)v; }
MOTE_INLINE uint32_t mote_wrapping_product(uint32_t a, int32_t v) { return a * (uint32_t)v; }

/* plain integers: sums and products wrap at the width of the element, a mean is of the true sum */
#define MOTE_REDUCE_PLAIN(suffix, T)                                                         \
  MOTE_REDUCE(reduce_sum_##suffix, T, uint32_t, 0, mote_wrapping_sum(a, (int32_t)v), a)      \
  MOTE_REDUCE(reduce_prod_##suffix, T, uint32_t, 1, mote_wrapping_product(a, (int32_t)v), a) \
  MOTE_REDUCE(reduce_mean_##suffix, T, int64_t, 0, a + (int64_t)v, a / p->count)

MOTE_REDUCE_PLAIN(s8, int8_t)
MOTE_REDUCE_PLAIN(u8, uint8_t)
MOTE_REDUCE_PLAIN(s16, int16_t)
MOTE_REDUCE_PLAIN(u16, uint16_t)
MOTE_REDUCE_PLAIN(s32, int32_t)
MOTE_REDUCE_PLAIN(u32, uint32_t)

#endif
