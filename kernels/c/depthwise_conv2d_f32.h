/* Float depthwise convolution. w [rows.taps, columns.taps, out_channels]; output channel c reads input
 * channel c / (out_channels / in_channels). With one filter per channel four channels at a time. */
#ifndef MOTE_DEPTHWISE_CONV2D_F32_H
#define MOTE_DEPTHWISE_CONV2D_F32_H

#include "depthwise_taps.h"
#include "f32x4.h"

typedef struct {
  mote_window2d window;
  float low, high;   /* fused activation */
  const float* bias; /* or null */
} depthwise_conv2d_f32_params;

/* Four channels of one output position; x, w and y of the first one. */
MOTE_INLINE void mote_depthwise_f32_quad(const depthwise_conv2d_f32_params* p, const mote_depthwise_taps* t,
                                         const float* x, const float* w, mote_f32x4 sum, float* y) {
  for (int32_t ky = 0; ky < t->rows; ++ky, x += t->x_row, w += t->w_row)
    for (int32_t kx = 0; kx < t->columns; ++kx, x += t->x_column, w += p->window.out_channels)
      sum = mote_f32x4_add_product(sum, mote_f32x4_load(x), mote_f32x4_load(w));
  mote_f32x4_store(sum, p->low, p->high, 4, y);
}

MOTE_INLINE void mote_depthwise_f32_single(const depthwise_conv2d_f32_params* p, const mote_depthwise_taps* t,
                                           const float* x, const float* w, float sum, float* y) {
  for (int32_t ky = 0; ky < t->rows; ++ky, x += t->x_row, w += t->w_row)
    for (int32_t kx = 0; kx < t->columns; ++kx, x += t->x_column, w += p->window.out_channels) sum += *x * *w;
  *y = mote_f32_clamp(sum, p->low, p->high);
}

MOTE_KERNEL void depthwise_conv2d_f32_body(const depthwise_conv2d_f32_params* p, const float* x,
                                           const float* w, const float* bias, float* y) {
  const mote_window2d* g = &p->window;
  const int32_t channels = g->out_channels;
  const int32_t multiplier = channels / g->in_channels;
  const int32_t quads = multiplier == 1 ? channels / 4 * 4 : 0;
  for (int32_t n = 0; n < g->batches; ++n, x += g->rows.in * g->columns.in * g->in_channels)
    for (int32_t oy = 0; oy < g->rows.out; ++oy)
      for (int32_t ox = 0; ox < g->columns.out; ++ox, y += channels) {
        const mote_depthwise_taps t = mote_depthwise_taps_of(g, oy, ox);
        const float* in = x + t.x_first;
        const float* filter = w + t.w_first;
        int32_t c = 0;
        for (; c < quads; c += 4)
          mote_depthwise_f32_quad(p, &t, in + c, filter + c,
                                  bias ? mote_f32x4_load(bias + c) : mote_f32x4_set(0.0F), y + c);
        for (; c < channels; ++c)
          mote_depthwise_f32_single(p, &t, in + c / multiplier, filter + c, bias ? bias[c] : 0.0F, y + c);
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
