/* Pooling of floats with AVX2: eight channels at a time. */
#ifndef MOTE_POOL_F32_AVX2_H
#define MOTE_POOL_F32_AVX2_H

#include "pool.h"

#if defined(__AVX2__)
#include <immintrin.h>

/* channels >= 8; the last group of eight may overlap the one before. `fold` sees a and v; `finish` sees a and
 * the window w. */
#define MOTE_POOL_F32_AVX2(name, start, fold, finish)                                                       \
  MOTE_KERNEL void name(const pool_params* p, const float* in, float* out, int32_t first, int32_t rows) {   \
    const int32_t column_step = p->dilation_w * p->channels;                                                \
    const __m256 low = _mm256_set1_ps(p->low_f32), high = _mm256_set1_ps(p->high_f32);                      \
    for (int32_t row = first; row < first + rows; ++row) {                                                  \
      const int32_t image = row / p->out_height;                                                            \
      float* to = out + mote_pool_output(p, row);                                                           \
      for (int32_t x = 0; x < p->out_width; ++x, to += p->channels) {                                       \
        const mote_pool_window w = mote_pool_at(p, row - image * p->out_height, x);                         \
        for (int32_t c = 0; c < p->channels; c += 8) {                                                      \
          const int32_t lane = c + 8 <= p->channels ? c : p->channels - 8;                                  \
          __m256 a = start;                                                                                 \
          for (int32_t i = 0; i < w.rows; ++i) {                                                            \
            const float* at =                                                                               \
                in + mote_pool_input(p, image * p->in_height + w.row + i * p->dilation_h) + w.first + lane; \
            for (int32_t j = 0; j < w.columns; ++j) {                                                       \
              const __m256 v = _mm256_loadu_ps(at + j * column_step);                                       \
              a = fold;                                                                                     \
            }                                                                                               \
          }                                                                                                 \
          a = finish;                                                                                       \
          _mm256_storeu_ps(to + lane, _mm256_min_ps(high, _mm256_max_ps(low, a)));                          \
        }                                                                                                   \
      }                                                                                                     \
    }                                                                                                       \
  }

MOTE_INLINE __m256 mote_pool_f32_mean(__m256 sum, int32_t divisor) {
  return divisor == 0 ? _mm256_setzero_ps() : _mm256_div_ps(sum, _mm256_set1_ps((float)divisor));
}

MOTE_POOL_F32_AVX2(max_pool_f32_avx2, _mm256_set1_ps(-3.402823466e38F), _mm256_max_ps(v, a), a)
MOTE_POOL_F32_AVX2(average_pool_f32_avx2, _mm256_setzero_ps(), _mm256_add_ps(a, v),
                   mote_pool_f32_mean(a, w.divisor))

#undef MOTE_POOL_F32_AVX2

#endif
#endif
