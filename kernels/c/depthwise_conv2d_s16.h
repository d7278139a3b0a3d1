/* Depthwise convolution of 16-bit activations (zero point 0) with signed weights of up to 8 bits, 64-bit
 * sums. w [rows.taps, columns.taps, out_channels]. Parameters as in conv2d_s16.h. */
#ifndef MOTE_DEPTHWISE_CONV2D_S16_H
#define MOTE_DEPTHWISE_CONV2D_S16_H

#include "conv2d_s16.h"
#include "depthwise_taps.h"

MOTE_KERNEL void depthwise_conv2d_s16_body(const conv2d_s16_params* p, const int16_t* x, const int8_t* w,
                                           const int32_t* bias, int16_t* y) {
  const mote_window2d* g = &p->window;
  const int32_t multiplier = g->out_channels / g->in_channels;
  for (int32_t n = 0; n < g->batches; ++n, x += g->rows.in * g->columns.in * g->in_channels)
    for (int32_t oy = 0; oy < g->rows.out; ++oy)
      for (int32_t ox = 0; ox < g->columns.out; ++ox) {
        const mote_depthwise_taps t = mote_depthwise_taps_of(g, oy, ox);
        for (int32_t c = 0; c < g->out_channels; ++c) {
          const int16_t* in = x + t.x_first + c / multiplier;
          const int8_t* filter = w + t.w_first + c;
          int64_t sum = bias ? bias[c] : 0;
          for (int32_t ky = 0; ky < t.rows; ++ky, in += t.x_row, filter += t.w_row)
            for (int32_t kx = 0; kx < t.columns; ++kx, in += t.x_column, filter += g->out_channels)
              sum += (int32_t)*in * *filter;
          const int32_t at = c * p->channel_step;
          *y++ = (int16_t)mote_clamp(mote_requantize_64(sum, p->multipliers[at], p->shifts[at]), p->low,
                                     p->high);
        }
      }
}

MOTE_INLINE void depthwise_conv2d_s16(const conv2d_s16_params* p, const int16_t* x, const int8_t* w,
                                      int16_t* y) {
  depthwise_conv2d_s16_body(p, x, w, p->bias, y);
}

/* With a bias that is computed at run time. */
MOTE_INLINE void depthwise_conv2d_s16_bias(const conv2d_s16_params* p, const int16_t* x, const int8_t* w,
                                           const int32_t* bias, int16_t* y) {
  depthwise_conv2d_s16_body(p, x, w, bias, y);
}

#endif
