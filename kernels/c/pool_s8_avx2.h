/* Pooling of signed bytes with AVX2: sixteen channels at a time. */
#ifndef MOTE_POOL_S8_AVX2_H
#define MOTE_POOL_S8_AVX2_H

#include "pool.h"

#if defined(__AVX2__)
#include <immintrin.h>

/* channels >= 16; the last group of sixteen may overlap the one before. */
MOTE_KERNEL void max_pool_s8_avx2(const pool_params* p, const int8_t* in, int8_t* out, int32_t first,
                                  int32_t rows) {
  const int32_t column_step = p->dilation_w * p->channels;
  const __m128i low = _mm_set1_epi8((char)p->low), high = _mm_set1_epi8((char)p->high);
  int32_t row, x, c, i, j;
  for (row = first; row < first + rows; ++row) {
    const int32_t image = row / p->out_height;
    int8_t* to = out + mote_pool_output(p, row);
    for (x = 0; x < p->out_width; ++x, to += p->channels) {
      const mote_pool_window w = mote_pool_at(p, row - image * p->out_height, x);
      for (c = 0; c < p->channels; c += 16) {
        const int32_t lane = c + 16 <= p->channels ? c : p->channels - 16;
        __m128i best = low;
        for (i = 0; i < w.rows; ++i) {
          const int8_t* at =
              in + mote_pool_input(p, image * p->in_height + w.row + i * p->dilation_h) + w.first + lane;
          for (j = 0; j < w.columns; ++j) {
            best = _mm_max_epi8(best, _mm_loadu_si128((const __m128i*)(const void*)(at + j * column_step)));
          }
        }
        _mm_storeu_si128((__m128i*)(void*)(to + lane), _mm_min_epi8(best, high));
      }
    }
  }
}

/* The same; at most 255 cells in a window, so that sums fit 16 bits. */
MOTE_KERNEL void average_pool_s8_avx2(const pool_params* p, const int8_t* in, int8_t* out, int32_t first,
                                      int32_t rows) {
  const int32_t column_step = p->dilation_w * p->channels;
  int32_t row, x, c, i, j;
  for (row = first; row < first + rows; ++row) {
    const int32_t image = row / p->out_height;
    int8_t* to = out + mote_pool_output(p, row);
    for (x = 0; x < p->out_width; ++x, to += p->channels) {
      const mote_pool_window w = mote_pool_at(p, row - image * p->out_height, x);
      for (c = 0; c < p->channels; c += 16) {
        const int32_t lane = c + 16 <= p->channels ? c : p->channels - 16;
        int16_t sums[16];
        __m256i sum = _mm256_setzero_si256();
        for (i = 0; i < w.rows; ++i) {
          const int8_t* at =
              in + mote_pool_input(p, image * p->in_height + w.row + i * p->dilation_h) + w.first + lane;
          for (j = 0; j < w.columns; ++j) {
            const __m128i bytes = _mm_loadu_si128((const __m128i*)(const void*)(at + j * column_step));
            sum = _mm256_add_epi16(sum, _mm256_cvtepi8_epi16(bytes));
          }
        }
        _mm256_storeu_si256((__m256i*)(void*)sums, sum);
        for (i = 0; i < 16; ++i) to[lane + i] = (int8_t)mote_pool_average(p, sums[i], w);
      }
    }
  }
}

#endif
#endif
