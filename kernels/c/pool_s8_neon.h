/* Pooling of signed bytes with NEON: sixteen channels at a time. */
#ifndef MOTE_POOL_S8_NEON_H
#define MOTE_POOL_S8_NEON_H

#include "pool.h"

#if defined(__aarch64__)
#include <arm_neon.h>

/* Walks the windows; channels >= 16, the last group of sixteen may overlap the one before. `begin` and
 * `finish` see the window w and the group's output y; `fold` sees the bytes v of a cell. */
#define MOTE_POOL_S8_NEON(begin, fold, finish)                                       \
  do {                                                                               \
    const int32_t column_step = p->dilation_w * p->channels;                         \
    for (int32_t row = first; row < first + rows; ++row) {                           \
      const int32_t image = row / p->out_height;                                     \
      int8_t* to = out + mote_pool_output(p, row);                                   \
      for (int32_t x = 0; x < p->out_width; ++x, to += p->channels) {                \
        const mote_pool_window w = mote_pool_at(p, row - image * p->out_height, x);  \
        for (int32_t c = 0; c < p->channels; c += 16) {                              \
          const int32_t lane = c + 16 <= p->channels ? c : p->channels - 16;         \
          int8_t* y = to + lane;                                                     \
          begin;                                                                     \
          for (int32_t i = 0; i < w.rows; ++i) {                                     \
            const int32_t in_row = image * p->in_height + w.row + i * p->dilation_h; \
            const int8_t* at = in + mote_pool_input(p, in_row) + w.first + lane;     \
            for (int32_t j = 0; j < w.columns; ++j, at += column_step) {             \
              const int8x16_t v = vld1q_s8(at);                                      \
              fold;                                                                  \
            }                                                                        \
          }                                                                          \
          finish;                                                                    \
        }                                                                            \
      }                                                                              \
    }                                                                                \
  } while (0)

MOTE_KERNEL void max_pool_s8_neon(const pool_params* p, const int8_t* in, int8_t* out, int32_t first,
                                  int32_t rows) {
  const int8x16_t low = vdupq_n_s8((int8_t)p->low), high = vdupq_n_s8((int8_t)p->high);
  MOTE_POOL_S8_NEON(int8x16_t best = low, best = vmaxq_s8(best, v), vst1q_s8(y, vminq_s8(best, high)));
}

/* Sums of at most 255 cells as averages. */
MOTE_INLINE void mote_pool_s8_neon_averages(const pool_params* p, int16x8_t low, int16x8_t high,
                                            mote_pool_window w, int8_t* y) {
  int16_t sums[16];
  vst1q_s16(sums, low);
  vst1q_s16(sums + 8, high);
  for (int32_t i = 0; i < 16; ++i) y[i] = (int8_t)mote_pool_average(p, sums[i], w);
}

/* At most 255 cells in a window, so that sums fit 16 bits. */
MOTE_KERNEL void average_pool_s8_neon(const pool_params* p, const int8_t* in, int8_t* out, int32_t first,
                                      int32_t rows) {
  MOTE_POOL_S8_NEON(int16x8_t low = vdupq_n_s16(0); int16x8_t high = low, low = vaddw_s8(low, vget_low_s8(v));
                    high = vaddw_high_s8(high, v), mote_pool_s8_neon_averages(p, low, high, w, y));
}

#undef MOTE_POOL_S8_NEON

#endif
#endif
