/* Pooling of signed bytes on Armv8.1-M with vector instructions (MVE): channels in lanes. */
#ifndef MOTE_POOL_S8_MVE_H
#define MOTE_POOL_S8_MVE_H

#include "pool.h"

#if defined(__ARM_FEATURE_MVE)

#include <arm_mve.h>

MOTE_KERNEL void max_pool_s8_mve(const pool_params* p, const int8_t* in, int8_t* out, int32_t first,
                                 int32_t rows) {
  const int32_t column_step = p->dilation_w * p->channels;
  int32_t row, x, c, i, j;
  for (row = first; row < first + rows; ++row) {
    const int32_t image = row / p->out_height;
    int8_t* to = out + mote_pool_output(p, row);
    for (x = 0; x < p->out_width; ++x, to += p->channels) {
      const mote_pool_window w = mote_pool_at(p, row - image * p->out_height, x);
      for (c = 0; c < p->channels; c += 16) {
        const mve_pred16_t there = vctp8q((uint32_t)(p->channels - c));
        int8x16_t best = vdupq_n_s8((int8_t)p->low);
        for (i = 0; i < w.rows; ++i) {
          const int8_t* at =
              in + mote_pool_input(p, image * p->in_height + w.row + i * p->dilation_h) + w.first + c;
          for (j = w.columns; j > 0; --j, at += column_step) best = vmaxq_s8(best, vldrbq_z_s8(at, there));
        }
        vstrbq_p_s8(to + c, vminq_s8(best, vdupq_n_s8((int8_t)p->high)), there);
      }
    }
  }
}

/* The same; at most 255 cells in a window, so that sums fit 16 bits. */
MOTE_KERNEL void average_pool_s8_mve(const pool_params* p, const int8_t* in, int8_t* out, int32_t first,
                                     int32_t rows) {
  const int32_t column_step = p->dilation_w * p->channels;
  int32_t row, x, c, i, j;
  for (row = first; row < first + rows; ++row) {
    const int32_t image = row / p->out_height;
    int8_t* to = out + mote_pool_output(p, row);
    for (x = 0; x < p->out_width; ++x, to += p->channels) {
      const mote_pool_window w = mote_pool_at(p, row - image * p->out_height, x);
      for (c = 0; c < p->channels; c += 32) {
        const int32_t left = p->channels - c;
        int16_t sums[32];
        int16x8_t s0 = vdupq_n_s16(0), s1 = s0, s2 = s0, s3 = s0;
        for (i = 0; i < w.rows; ++i) {
          const int8_t* at =
              in + mote_pool_input(p, image * p->in_height + w.row + i * p->dilation_h) + w.first + c;
          if (left >= 32) {
            for (j = w.columns; j > 0; --j, at += column_step) {
              s0 = vaddq_s16(s0, vldrbq_s16(at));
              s1 = vaddq_s16(s1, vldrbq_s16(at + 8));
              s2 = vaddq_s16(s2, vldrbq_s16(at + 16));
              s3 = vaddq_s16(s3, vldrbq_s16(at + 24));
            }
          } else {
            const mve_pred16_t t0 = vctp16q((uint32_t)left);
            const mve_pred16_t t1 = vctp16q((uint32_t)(left < 8 ? 0 : left - 8));
            const mve_pred16_t t2 = vctp16q((uint32_t)(left < 16 ? 0 : left - 16));
            const mve_pred16_t t3 = vctp16q((uint32_t)(left < 24 ? 0 : left - 24));
            for (j = w.columns; j > 0; --j, at += column_step) {
              s0 = vaddq_s16(s0, vldrbq_z_s16(at, t0));
              s1 = vaddq_s16(s1, vldrbq_z_s16(at + 8, t1));
              s2 = vaddq_s16(s2, vldrbq_z_s16(at + 16, t2));
              s3 = vaddq_s16(s3, vldrbq_z_s16(at + 24, t3));
            }
          }
        }
        vst1q_s16(sums, s0);
        vst1q_s16(sums + 8, s1);
        vst1q_s16(sums + 16, s2);
        vst1q_s16(sums + 24, s3);
        for (i = 0; i < left && i < 32; ++i) to[c + i] = (int8_t)mote_pool_average(p, sums[i], w);
      }
    }
  }
}

#endif
#endif
