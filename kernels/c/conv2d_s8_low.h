/* The layers of conv2d_s8.h with weights of few bits (low_bits.h): a tile of filters is expanded into the
 * scratch and serves some output rows. */
#ifndef MOTE_CONV2D_S8_LOW_H
#define MOTE_CONV2D_S8_LOW_H

#include "conv2d_s8.h"
#include "low_bits.h"

typedef struct {
  conv2d_s8_params layer;
  mote_low_tiles tiles;
} conv2d_s8_low_params;

/* Channels [c, c + channels) of output rows [first, end), from their filters at w, to y or (sums) to sums_y.
 */
MOTE_KERNEL void conv2d_s8_tile(const conv2d_s8_params* p, const int8_t* x, const int8_t* w, int8_t* y,
                                int32_t* sums_y, int32_t c, int32_t channels, int32_t first, int32_t end) {
  const mote_window2d* g = &p->window;
  const int32_t filter = g->rows.taps * g->columns.taps * (g->in_channels / g->groups);
  for (int32_t row = first; row < end; ++row) {
    conv2d_s8_place at = conv2d_s8_row(g, row);
    int32_t to = mote_row_slot(row, p->y_slots) * g->columns.out * g->out_channels + c;
    for (; at.ox < g->columns.out; ++at.ox, to += g->out_channels) {
      for (int32_t i = 0; i < channels;) {
        const int32_t block = conv2d_s8_block(g, c + i);
        const int32_t count = block < channels - i ? block : channels - i;
        int32_t sums[4];
        conv2d_s8_sums(p, x, w + i * filter, at, c + i, count, 1, sums);
        for (int32_t k = 0; k < count; ++k, ++i) {
          const int32_t sum = p->bias ? mote_add(sums[k], p->bias[c + i]) : sums[k];
          if (sums_y)
            sums_y[to + i] = sum;
          else
            y[to + i] = conv2d_s8_output(p, sum, c + i, 1);
        }
      }
    }
  }
}

MOTE_INLINE void conv2d_s8_low_body(const conv2d_s8_low_params* p, const int8_t* x, int8_t* y, int32_t* sums,
                                    uint32_t* tile, int32_t first, int32_t rows) {
  const mote_low_tiles* t = &p->tiles;
  const int32_t all = p->layer.window.out_channels;
  for (const int32_t end = first + rows; first < end; first += t->rows) {
    for (int32_t c = 0, number = 0; c < all; c += t->channels, ++number) {
      const int32_t channels = mote_least(t->channels, all - c);
      mote_low_tile(t, number, channels, tile);
      conv2d_s8_tile(&p->layer, x, (const int8_t*)tile, y, sums, c, channels, first,
                     mote_least(first + t->rows, end));
    }
  }
}

MOTE_KERNEL void conv2d_s8_low(const conv2d_s8_low_params* p, const int8_t* x, int8_t* y, void* scratch,
                               int32_t first, int32_t rows) {
  conv2d_s8_low_body(p, x, y, 0, (uint32_t*)scratch, first, rows);
}
/* The sums themselves. */
MOTE_KERNEL void conv2d_s8_low_s32(const conv2d_s8_low_params* p, const int8_t* x, int32_t* y, void* scratch,
                                   int32_t first, int32_t rows) {
  conv2d_s8_low_body(p, x, 0, y, (uint32_t*)scratch, first, rows);
}

#endif
