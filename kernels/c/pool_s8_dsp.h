/* Pooling of signed bytes on Arm cores with the DSP extension: four channels in a word. */
#ifndef MOTE_POOL_S8_DSP_H
#define MOTE_POOL_S8_DSP_H

#include "dsp.h"
#include "pool.h"

#if defined(__ARM_FEATURE_DSP)

/* The larger (smaller) of each pair of signed bytes: the subtraction sets the flags that select reads. */
MOTE_INLINE uint32_t mote_max_s8x4(uint32_t a, uint32_t b) {
  uint32_t r;
  __asm__("ssub8 %0, %1, %2\n\tsel %0, %1, %2" : "=&r"(r) : "r"(a), "r"(b) : "cc");
  return r;
}
MOTE_INLINE uint32_t mote_min_s8x4(uint32_t a, uint32_t b) {
  uint32_t r;
  __asm__("ssub8 %0, %1, %2\n\tsel %0, %2, %1" : "=&r"(r) : "r"(a), "r"(b) : "cc");
  return r;
}

MOTE_INLINE uint32_t mote_pool_repeat(int32_t value) {
  return (uint32_t)(value & 255) * UINT32_C(0x01010101);
}

/* The first cell of the i-th row of a window. */
MOTE_INLINE const int8_t* mote_pool_cells_at(const pool_params* p, const int8_t* in, int32_t image,
                                             const mote_pool_window* w, int32_t i) {
  return in + mote_pool_input(p, image * p->in_height + w->row + i * p->dilation_h) + w->first;
}

/* The maxima of 4 * words channels from `lane`. */
MOTE_INLINE void mote_max_block(const pool_params* p, const int8_t* in, int32_t image,
                                const mote_pool_window* w, int32_t lane, int32_t words, int8_t* to) {
  const int32_t column_step = p->dilation_w * p->channels;
  const uint32_t low = mote_pool_repeat(p->low), high = mote_pool_repeat(p->high);
  uint32_t best[4] = {low, low, low, low};
  for (int32_t i = 0; i < w->rows; ++i) {
    const int8_t* at = mote_pool_cells_at(p, in, image, w, i) + lane;
    for (int32_t j = w->columns; j > 0; --j, at += column_step) {
      best[0] = mote_max_s8x4(best[0], mote_load4(at));
      if (words == 1) continue;
      best[1] = mote_max_s8x4(best[1], mote_load4(at + 4));
      best[2] = mote_max_s8x4(best[2], mote_load4(at + 8));
      best[3] = mote_max_s8x4(best[3], mote_load4(at + 12));
    }
  }
  for (int32_t i = 0; i < words; ++i) {
    best[i] = mote_min_s8x4(best[i], high);
    memcpy(to + lane + 4 * i, &best[i], 4);
  }
}

/* channels >= 4; the last group of four may overlap the one before. */
MOTE_KERNEL void max_pool_s8_dsp(const pool_params* p, const int8_t* in, int8_t* out, int32_t first,
                                 int32_t rows) {
  for (int32_t row = first; row < first + rows; ++row) {
    const int32_t image = row / p->out_height;
    int8_t* to = out + mote_pool_output(p, row);
    for (int32_t x = 0; x < p->out_width; ++x, to += p->channels) {
      const mote_pool_window w = mote_pool_at(p, row - image * p->out_height, x);
      int32_t c = 0;
      for (; c + 16 <= p->channels; c += 16) mote_max_block(p, in, image, &w, c, 4, to);
      for (; c < p->channels; c += 4)
        mote_max_block(p, in, image, &w, c + 4 <= p->channels ? c : p->channels - 4, 1, to);
    }
  }
}

/* The averages of four channels from `lane`; at most 255 cells in a window, so that sums fit 16 bits. */
MOTE_INLINE void mote_average_block(const pool_params* p, const int8_t* in, int32_t image,
                                    const mote_pool_window* w, int32_t lane, int8_t* to) {
  const int32_t column_step = p->dilation_w * p->channels;
  uint32_t even = 0, odd = 0;
  for (int32_t i = 0; i < w->rows; ++i) {
    const int8_t* at = mote_pool_cells_at(p, in, image, w, i) + lane;
    for (int32_t j = w->columns; j > 0; --j, at += column_step) {
      const uint32_t word = mote_load4(at);
      even = mote_sxtab16(even, word);
      odd = mote_sxtab16_ror8(odd, word);
    }
  }
  to[lane] = (int8_t)mote_pool_average(p, (int16_t)even, *w);
  to[lane + 1] = (int8_t)mote_pool_average(p, (int16_t)odd, *w);
  to[lane + 2] = (int8_t)mote_pool_average(p, (int32_t)even >> 16, *w);
  to[lane + 3] = (int8_t)mote_pool_average(p, (int32_t)odd >> 16, *w);
}

/* Channels as in max_pool_s8_dsp. */
MOTE_KERNEL void average_pool_s8_dsp(const pool_params* p, const int8_t* in, int8_t* out, int32_t first,
                                     int32_t rows) {
  for (int32_t row = first; row < first + rows; ++row) {
    const int32_t image = row / p->out_height;
    int8_t* to = out + mote_pool_output(p, row);
    for (int32_t x = 0; x < p->out_width; ++x, to += p->channels) {
      const mote_pool_window w = mote_pool_at(p, row - image * p->out_height, x);
      for (int32_t c = 0; c < p->channels; c += 4)
        mote_average_block(p, in, image, &w, c + 4 <= p->channels ? c : p->channels - 4, to);
    }
  }
}

#endif
#endif
