/* Float depthwise convolution. w [rows.taps, columns.taps, out_channels]; output channel c reads input
 * channel c / (out_channels / in_channels). */
#ifndef MOTE_DEPTHWISE_CONV2D_F32_H
#define MOTE_DEPTHWISE_CONV2D_F32_H

#include "window2d.h"

typedef struct {
  mote_window2d window;
  float low, high;   /* fused activation */
  const float* bias; /* or null */
} depthwise_conv2d_f32_params;

MOTE_KERNEL void depthwise_conv2d_f32_body(const depthwise_conv2d_f32_params* p, const float* x,
                                           const float* w, const float* bias, float* y) {
  const mote_window2d* g = &p->window;
  const int32_t multiplier = g->out_channels / g->in_channels;
  for (int32_t n = 0; n < g->batches; ++n, x += g->rows.in * g->columns.in * g->in_channels) {
    for (int32_t pixel = 0; pixel < g->rows.out * g->columns.out; ++pixel, y += g->out_channels) {
      for (int32_t c = 0; c < g->out_channels; ++c) y[c] = bias ? bias[c] : 0.0F;
      for (int32_t ky = 0; ky < g->rows.taps; ++ky) {
        const int32_t iy = mote_axis_source(&g->rows, pixel / g->columns.out, ky);
        if (iy < 0) continue;
        for (int32_t kx = 0; kx < g->columns.taps; ++kx) {
          const int32_t ix = mote_axis_source(&g->columns, pixel % g->columns.out, kx);
          if (ix < 0) continue;
          const float* in = x + (iy * g->columns.in + ix) * g->in_channels;
          const float* filter = w + (ky * g->columns.taps + kx) * g->out_channels;
          float* out = y;
          for (int32_t i = 0; i < g->in_channels; ++i)
            for (int32_t j = 0; j < multiplier; ++j) *out++ += in[i] * *filter++;
        }
      }
      for (int32_t c = 0; c < g->out_channels; ++c)
        y[c] = y[c] < p->low ? p->low : (y[c] > p->high ? p->high : y[c]);
    }
  }
}

MOTE_INLINE void depthwise_conv2d_f32(const depthwise_conv2d_f32_params* p, const float* x, const float* w,
                                      float* y) {
  depthwise_conv2d_f32_body(p, x, w, p->bias, y);
}

/* With a bias that is computed at run time. */
MOTE_INLINE void depthwise_conv2d_f32_bias(const depthwise_conv2d_f32_params* p, const float* x,
                                           const float* w, const float* bias, float* y) {
  depthwise_conv2d_f32_body(p, x, w, bias, y);
}

#endif
