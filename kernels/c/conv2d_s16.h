/* Convolution of 16-bit activations (zero point 0) with signed weights of up to 8 bits, 64-bit sums; plain,
 * grouped, dilated or transposed; also fully-connected layers as 1x1 windows. Layouts as in conv2d_s8.h. */
#ifndef MOTE_CONV2D_S16_H
#define MOTE_CONV2D_S16_H

#include "requantize.h"
#include "window2d.h"

typedef struct {
  mote_window2d window;
  int32_t low, high;    /* bounds of y */
  int32_t channel_step; /* 1: a multiplier and shift per channel, 0: one for all */
  const int32_t* multipliers;
  const int8_t* shifts;
  const int32_t* bias; /* or null */
} conv2d_s16_params;

/* A product has 23 bits at most: so many of them fit a sum of 32 bits. */
#define MOTE_S16_RUN 256

/* Adds `depth` products to the sums of four filters. */
MOTE_INLINE void mote_s16_add4(const int16_t* in, int32_t depth, const int8_t* const w[4], int64_t sums[4]) {
  const int8_t *w0 = w[0], *w1 = w[1], *w2 = w[2], *w3 = w[3];
  for (int32_t first = 0; first < depth; first += MOTE_S16_RUN) {
    const int32_t left = depth - first;
    const int16_t* end = in + (left < MOTE_S16_RUN ? left : MOTE_S16_RUN);
    int32_t s0 = 0, s1 = 0, s2 = 0, s3 = 0;
    while (in < end) {
      const int32_t v = *in++;
      s0 += v * *w0++;
      s1 += v * *w1++;
      s2 += v * *w2++;
      s3 += v * *w3++;
    }
    sums[0] += s0;
    sums[1] += s1;
    sums[2] += s2;
    sums[3] += s3;
  }
}

/* Four output channels at once share each load of x; the last block repeats its last channel. */
MOTE_KERNEL void conv2d_s16_body(const conv2d_s16_params* p, const int16_t* x, const int8_t* w,
                                 const int32_t* bias, int16_t* y) {
  const mote_window2d* g = &p->window;
  const int32_t depth = g->in_channels / g->groups;
  const int32_t group_outputs = g->out_channels / g->groups;
  const int32_t filter = g->rows.taps * g->columns.taps * depth;
  const int32_t pixels = g->rows.out * g->columns.out;
  for (int32_t n = 0; n < g->batches; ++n, x += g->rows.in * g->columns.in * g->in_channels)
    for (int32_t pixel = 0; pixel < pixels; ++pixel, y += g->out_channels)
      for (int32_t c = 0; c < g->out_channels;) {
        const int32_t group = c / group_outputs;
        const int32_t left = (group + 1) * group_outputs - c;
        const int32_t count = left < 4 ? left : 4;
        int64_t sums[4] = {0, 0, 0, 0};
        for (int32_t ky = 0; ky < g->rows.taps; ++ky) {
          const int32_t iy = mote_axis_source(&g->rows, pixel / g->columns.out, ky);
          for (int32_t kx = 0; kx < g->columns.taps; ++kx) {
            const int32_t ix = mote_axis_source(&g->columns, pixel % g->columns.out, kx);
            if (iy < 0 || ix < 0) continue;
            const int8_t* w0 = w + c * filter + (ky * g->columns.taps + kx) * depth;
            const int8_t* w1 = count > 1 ? w0 + filter : w0;
            const int8_t* w2 = count > 2 ? w1 + filter : w1;
            const int8_t* const filters[4] = {w0, w1, w2, count > 3 ? w2 + filter : w2};
            mote_s16_add4(x + (iy * g->columns.in + ix) * g->in_channels + group * depth, depth, filters,
                          sums);
          }
        }
        for (int32_t i = 0; i < count; ++i, ++c) {
          const int32_t at = c * p->channel_step;
          const int64_t sum = bias ? sums[i] + bias[c] : sums[i];
          y[c] = (int16_t)mote_clamp(mote_requantize_64(sum, p->multipliers[at], p->shifts[at]), p->low,
                                     p->high);
        }
      }
}

MOTE_INLINE void conv2d_s16(const conv2d_s16_params* p, const int16_t* x, const int8_t* w, int16_t* y) {
  conv2d_s16_body(p, x, w, p->bias, y);
}

/* With a bias that is computed at run time. */
MOTE_INLINE void conv2d_s16_bias(const conv2d_s16_params* p, const int16_t* x, const int8_t* w,
                                 const int32_t* bias, int16_t* y) {
  conv2d_s16_body(p, x, w, bias, y);
}

#endif
