/* Depthwise convolution of activations and weights of up to 8 bits (a byte each), 32-bit sums. w [rows.taps,
 * columns.taps, out_channels]; output channel c reads input channel c / (out_channels / in_channels).
 * Parameters as in conv2d_s8.h. */
#ifndef MOTE_DEPTHWISE_CONV2D_S8_H
#define MOTE_DEPTHWISE_CONV2D_S8_H

#include "conv2d_s8.h"

/* Taps of the window of one output position that read inside. */
typedef struct {
  mote_taps rows, columns;
  int32_t image, y, x; /* as conv2d_s8_place, but where tap 0 reads */
} depthwise_conv2d_s8_window;

MOTE_INLINE int32_t depthwise_conv2d_s8_sum(const conv2d_s8_params* p, const depthwise_conv2d_s8_window* t,
                                            const int8_t* x, const int8_t* w, int32_t w_step, int32_t c) {
  const mote_window2d* g = &p->window;
  const int32_t w_zero = p->w_zeros ? p->w_zeros[c] : p->w_zero;
  const int32_t row_bytes = g->columns.in * g->in_channels;
  int32_t sum = 0;
  for (int32_t ky = t->rows.first; ky < t->rows.last; ++ky) {
    const int8_t* row = x + mote_row_slot(t->image + t->y + ky * g->rows.step, p->x_slots) * row_bytes;
    for (int32_t kx = t->columns.first; kx < t->columns.last; ++kx) {
      const int8_t a = row[(t->x + kx * g->columns.step) * g->in_channels];
      const int8_t b = w[(ky * g->columns.taps + kx) * w_step];
      sum += (conv2d_s8_value(a, p->x_flip) - p->x_zero) * (conv2d_s8_value(b, p->w_flip) - w_zero);
    }
  }
  return sum;
}

MOTE_KERNEL void depthwise_conv2d_s8_body(const conv2d_s8_params* p, const int8_t* x, const int8_t* w,
                                          const int32_t* bias, int8_t* y, int32_t first, int32_t rows) {
  const mote_window2d* g = &p->window;
  const int32_t multiplier = g->out_channels / g->in_channels;
  for (int32_t row = first; row < first + rows; ++row) {
    const conv2d_s8_place at = conv2d_s8_row(g, row);
    int8_t* out = y + mote_row_slot(row, p->y_slots) * g->columns.out * g->out_channels;
    depthwise_conv2d_s8_window t;
    t.rows = mote_axis_taps(&g->rows, at.oy);
    t.image = at.image;
    t.y = at.oy * g->rows.stride + g->rows.offset;
    for (int32_t ox = 0; ox < g->columns.out; ++ox) {
      t.columns = mote_axis_taps(&g->columns, ox);
      t.x = ox * g->columns.stride + g->columns.offset;
      for (int32_t c = 0, i = 0, j = 0; c < g->out_channels; ++c) {
        int32_t sum = depthwise_conv2d_s8_sum(p, &t, x + i, w + c, g->out_channels, c);
        if (bias) sum = mote_add(sum, bias[c]);
        *out++ = conv2d_s8_output(p, sum, c, 1);
        if (++j == multiplier) {
          j = 0;
          ++i;
        }
      }
    }
  }
}

/* Bias constant (or absent), or computed at run time. */
MOTE_CONV2D_S8(depthwise_conv2d_s8, depthwise_conv2d_s8_body, int8_t)

#endif
