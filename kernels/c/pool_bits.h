/* Maximum over windows of images of -1 and +1 that stand packed, eight channels in a byte: a bit is set where
 * one of the window is. A call computes output rows [first, first + rows). */
#ifndef MOTE_POOL_BITS_H
#define MOTE_POOL_BITS_H

#include "pool.h"

/* `channels` of the parameters are bytes of a pixel. */
MOTE_INLINE void mote_pool_set_bits(const pool_params* p, mote_pool_window w, int32_t image, const uint8_t* x,
                                    uint8_t* y) {
  const int32_t step = p->dilation_w * p->channels;
  memset(y, 0, (size_t)p->channels);
  for (int32_t i = 0; i < w.rows; ++i) {
    const uint8_t* at = x + mote_pool_input(p, image * p->in_height + w.row + i * p->dilation_h) + w.first;
    for (int32_t j = 0; j < w.columns; ++j, at += step) {
      int32_t c = 0;
      for (; c + 4 <= p->channels; c += 4) {
        uint32_t bits, more;
        memcpy(&bits, y + c, 4);
        memcpy(&more, at + c, 4);
        bits |= more;
        memcpy(y + c, &bits, 4);
      }
      for (; c < p->channels; ++c) y[c] = (uint8_t)(y[c] | at[c]);
    }
  }
}

MOTE_KERNEL void max_pool_bits(const pool_params* p, const uint8_t* x, uint8_t* y, int32_t first,
                               int32_t rows) {
  for (int32_t row = first; row < first + rows; ++row) {
    const int32_t image = row / p->out_height, oy = row % p->out_height;
    uint8_t* to = y + mote_pool_output(p, row);
    for (int32_t ox = 0; ox < p->out_width; ++ox, to += p->channels)
      mote_pool_set_bits(p, mote_pool_at(p, oy, ox), image, x, to);
  }
}

#endif
