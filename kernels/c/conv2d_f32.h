/* Float convolution, plain, grouped, dilated or transposed; also fully-connected layers as 1x1 windows.
 * x [batches, rows.in, columns.in, in_channels], w [out_channels, rows.taps, columns.taps, in_channels /
 * groups]. */
#ifndef MOTE_CONV2D_F32_H
#define MOTE_CONV2D_F32_H

#include "window2d.h"

typedef struct {
  mote_window2d window;
  float low, high;   /* fused activation */
  const float* bias; /* or null */
} conv2d_f32_params;

/* Four output channels at once share each load of x; the last block repeats its last channel. */
MOTE_KERNEL void conv2d_f32_body(const conv2d_f32_params* p, const float* x, const float* w,
                                 const float* bias, float* y) {
  const mote_window2d* g = &p->window;
  const int32_t depth = g->in_channels / g->groups;
  const int32_t group_outputs = g->out_channels / g->groups;
  const int32_t filter = g->rows.taps * g->columns.taps * depth;
  const int32_t pixels = g->rows.out * g->columns.out;
  for (int32_t n = 0; n < g->batches; ++n, x += g->rows.in * g->columns.in * g->in_channels) {
    for (int32_t pixel = 0; pixel < pixels; ++pixel, y += g->out_channels) {
      const int32_t oy = pixel / g->columns.out;
      const int32_t ox = pixel % g->columns.out;
      for (int32_t c = 0; c < g->out_channels;) {
        const int32_t group = c / group_outputs;
        const int32_t left = (group + 1) * group_outputs - c;
        const int32_t count = left < 4 ? left : 4;
        const float* w0 = w + c * filter;
        const float* w1 = count > 1 ? w0 + filter : w0;
        const float* w2 = count > 2 ? w1 + filter : w1;
        const float* w3 = count > 3 ? w2 + filter : w2;
        float sums[4] = {0.0F, 0.0F, 0.0F, 0.0F};
        for (int32_t ky = 0; ky < g->rows.taps; ++ky) {
          const int32_t iy = mote_axis_source(&g->rows, oy, ky);
          if (iy < 0) continue;
          for (int32_t kx = 0; kx < g->columns.taps; ++kx) {
            const int32_t ix = mote_axis_source(&g->columns, ox, kx);
            if (ix < 0) continue;
            const float* in = x + (iy * g->columns.in + ix) * g->in_channels + group * depth;
            const int32_t tap = (ky * g->columns.taps + kx) * depth;
            for (int32_t i = 0; i < depth; ++i) {
              const float v = in[i];
              sums[0] += v * w0[tap + i];
              sums[1] += v * w1[tap + i];
              sums[2] += v * w2[tap + i];
              sums[3] += v * w3[tap + i];
            }
          }
        }
        for (int32_t i = 0; i < count; ++i) {
          const float value = bias ? sums[i] + bias[c + i] : sums[i];
          y[c + i] = value < p->low ? p->low : (value > p->high ? p->high : value);
        }
        c += count;
      }
    }
  }
}

MOTE_INLINE void conv2d_f32(const conv2d_f32_params* p, const float* x, const float* w, float* y) {
  conv2d_f32_body(p, x, w, p->bias, y);
}

/* With a bias that is computed at run time. */
MOTE_INLINE void conv2d_f32_bias(const conv2d_f32_params* p, const float* x, const float* w,
                                 const float* bias, float* y) {
  conv2d_f32_body(p, x, w, bias, y);
}

#endif
