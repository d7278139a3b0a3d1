/* The layers of depthwise_conv2d_s8.h with weights of few bits (low_bits.h): those of a tile of channels are
 * expanded into the scratch, [taps, channels of the tile], and serve some output rows. */
#ifndef MOTE_DEPTHWISE_CONV2D_S8_LOW_H
#define MOTE_DEPTHWISE_CONV2D_S8_LOW_H

#include "conv2d_s8_low.h"
#include "depthwise_conv2d_s8.h"

/* Channels [c, c + channels) of an output row. */
MOTE_KERNEL void depthwise_conv2d_s8_tile(const conv2d_s8_params* p, const int8_t* x, const int8_t* w,
                                          int8_t* y, int32_t c, int32_t channels, int32_t row) {
  const mote_window2d* g = &p->window;
  const int32_t multiplier = g->out_channels / g->in_channels;
  const conv2d_s8_place at = conv2d_s8_row(g, row);
  int8_t* out = y + mote_row_slot(row, p->y_slots) * g->columns.out * g->out_channels + c;
  depthwise_conv2d_s8_window t;
  t.rows = mote_axis_taps(&g->rows, at.oy);
  t.image = at.image;
  t.y = at.oy * g->rows.stride + g->rows.offset;
  for (int32_t ox = 0; ox < g->columns.out; ++ox, out += g->out_channels) {
    t.columns = mote_axis_taps(&g->columns, ox);
    t.x = ox * g->columns.stride + g->columns.offset;
    for (int32_t i = 0; i < channels; ++i) {
      int32_t sum = depthwise_conv2d_s8_sum(p, &t, x + (c + i) / multiplier, w + i, channels, c + i);
      if (p->bias) sum = mote_add(sum, p->bias[c + i]);
      out[i] = conv2d_s8_output(p, sum, c + i, 1);
    }
  }
}

MOTE_KERNEL void depthwise_conv2d_s8_low(const conv2d_s8_low_params* p, const int8_t* x, int8_t* y,
                                         void* scratch, int32_t first, int32_t rows) {
  const mote_low_tiles* t = &p->tiles;
  const int32_t all = p->layer.window.out_channels;
  for (const int32_t end = first + rows; first < end; first += t->rows) {
    for (int32_t c = 0, number = 0; c < all; c += t->channels, ++number) {
      const int32_t channels = mote_least(t->channels, all - c);
      mote_low_tile(t, number, channels, (uint32_t*)scratch);
      for (int32_t row = first; row < mote_least(first + t->rows, end); ++row)
        depthwise_conv2d_s8_tile(&p->layer, x, (const int8_t*)scratch, y, c, channels, row);
    }
  }
}

#endif
