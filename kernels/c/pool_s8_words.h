/* Average pooling of signed bytes on cores that read words from any address: four channels in a word, two
 * sums in each of two words. */
#ifndef MOTE_POOL_S8_WORDS_H
#define MOTE_POOL_S8_WORDS_H

#include "pool.h"

/* channels >= 4; the last group of four may overlap the one before. At most 255 cells in a window: bytes have
 * 128 added, and their sums fit 16 bits. */
MOTE_KERNEL void average_pool_s8_words(const pool_params* p, const int8_t* in, int8_t* out, int32_t first,
                                       int32_t rows) {
  const int32_t column_step = p->dilation_w * p->channels;
  for (int32_t row = first; row < first + rows; ++row) {
    const int32_t image = row / p->out_height;
    int8_t* to = out + mote_pool_output(p, row);
    for (int32_t x = 0; x < p->out_width; ++x, to += p->channels) {
      const mote_pool_window w = mote_pool_at(p, row - image * p->out_height, x);
      const int32_t offset = 128 * w.rows * w.columns;
      for (int32_t c = 0; c < p->channels; c += 4) {
        const int32_t lane = c + 4 <= p->channels ? c : p->channels - 4;
        uint32_t even = 0, odd = 0;
        for (int32_t i = 0; i < w.rows; ++i) {
          const int8_t* at =
              in + mote_pool_input(p, image * p->in_height + w.row + i * p->dilation_h) + w.first + lane;
          for (int32_t j = w.columns; j > 0; --j, at += column_step) {
            uint32_t word;
            memcpy(&word, at, 4);
            word ^= 0x80808080;
            even += word & 0x00ff00ff;
            odd += (word >> 8) & 0x00ff00ff;
          }
        }
        to[lane] = (int8_t)mote_pool_average(p, (int32_t)(even & 0xffff) - offset, w);
        to[lane + 1] = (int8_t)mote_pool_average(p, (int32_t)(odd & 0xffff) - offset, w);
        to[lane + 2] = (int8_t)mote_pool_average(p, (int32_t)(even >> 16) - offset, w);
        to[lane + 3] = (int8_t)mote_pool_average(p, (int32_t)(odd >> 16) - offset, w);
      }
    }
  }
}

#endif
