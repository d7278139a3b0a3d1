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

MOTE_KERNEL void conv2d_s16_body(const conv2d_s16_params* p, const int16_t* x, const int8_t* w,
                                 const int32_t* bias, int16_t* y) {
  const mote_window2d* g = &p->window;
  const int32_t depth = g->in_channels / g->groups;
  const int32_t group_outputs = g->out_channels / g->groups;
  for (int32_t n = 0; n < g->batches; ++n, x += g->rows.in * g->columns.in * g->in_channels) {
    for (int32_t pixel = 0; pixel < g->rows.out * g->columns.out; ++pixel, y += g->out_channels) {
      const int32_t oy = pixel / g->columns.out;
      const int32_t ox = pixel % g->columns.out;
      const int8_t* filter = w;
      for (int32_t c = 0; c < g->out_channels; ++c) {
        const int32_t first = c / group_outputs * depth;
        int64_t sum = bias ? bias[c] : 0;
        for (int32_t ky = 0; ky < g->rows.taps; ++ky) {
          const int32_t iy = mote_axis_source(&g->rows, oy, ky);
          for (int32_t kx = 0; kx < g->columns.taps; ++kx, filter += depth) {
            const int32_t ix = mote_axis_source(&g->columns, ox, kx);
            if (iy < 0 || ix < 0) continue;
            const int16_t* in = x + (iy * g->columns.in + ix) * g->in_channels + first;
            for (int32_t i = 0; i < depth; ++i) sum += (int32_t)in[i] * filter[i];
          }
        }
        const int32_t at = c * p->channel_step;
        y[c] =
            (int16_t)mote_clamp(mote_requantize_64(sum, p->multipliers[at], p->shifts[at]), p->low, p->high);
      }
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
