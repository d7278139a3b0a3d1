/* Depthwise convolution of activations and weights of up to 8 bits (a byte each), 32-bit sums. w [rows.taps,
 * columns.taps, out_channels]; output channel c reads input channel c / (out_channels / in_channels).
 * Parameters as in conv2d_s8.h. */
#ifndef MOTE_DEPTHWISE_CONV2D_S8_H
#define MOTE_DEPTHWISE_CONV2D_S8_H

#include "conv2d_s8.h"
#include "depthwise_taps.h"

MOTE_INLINE int32_t depthwise_conv2d_s8_sum(const conv2d_s8_params* p, const mote_depthwise_taps* t,
                                            const int8_t* x, const int8_t* w, int32_t c) {
  const int32_t w_zero = p->w_zeros ? p->w_zeros[c] : p->w_zero;
  const int32_t channels = p->window.out_channels;
  int32_t sum = 0;
  for (int32_t ky = 0; ky < t->rows; ++ky, x += t->x_row, w += t->w_row)
    for (int32_t kx = 0; kx < t->columns; ++kx, x += t->x_column, w += channels)
      sum += (conv2d_s8_value(*x, p->x_flip) - p->x_zero) * (conv2d_s8_value(*w, p->w_flip) - w_zero);
  return sum;
}

MOTE_KERNEL void depthwise_conv2d_s8_body(const conv2d_s8_params* p, const int8_t* x, const int8_t* w,
                                          const int32_t* bias, int8_t* y) {
  const mote_window2d* g = &p->window;
  const int32_t multiplier = g->out_channels / g->in_channels;
  for (int32_t n = 0; n < g->batches; ++n, x += g->rows.in * g->columns.in * g->in_channels)
    for (int32_t oy = 0; oy < g->rows.out; ++oy)
      for (int32_t ox = 0; ox < g->columns.out; ++ox) {
        const mote_depthwise_taps t = mote_depthwise_taps_of(g, oy, ox);
        const int8_t* in = x + t.x_first;
        for (int32_t c = 0, j = 0; c < g->out_channels; ++c) {
          int32_t sum = depthwise_conv2d_s8_sum(p, &t, in, w + t.w_first + c, c);
          if (bias) sum = mote_add(sum, bias[c]);
          *y++ = conv2d_s8_output(p, sum, c, 1);
          if (++j == multiplier) {
            j = 0;
            ++in;
          }
        }
      }
}

MOTE_INLINE void depthwise_conv2d_s8(const conv2d_s8_params* p, const int8_t* x, const int8_t* w, int8_t* y) {
  depthwise_conv2d_s8_body(p, x, w, p->bias, y);
}

/* With a bias that is computed at run time. */
MOTE_INLINE void depthwise_conv2d_s8_bias(const conv2d_s8_params* p, const int8_t* x, const int8_t* w,
                                          const int32_t* bias, int8_t* y) {
  depthwise_conv2d_s8_body(p, x, w, bias, y);
}

#endif
