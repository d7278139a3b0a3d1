/* What the float AVX2 kernels share: the output stage on eight channels at once. */
#ifndef MOTE_F32_AVX2_H
#define MOTE_F32_AVX2_H

#include "mote_kernel.h"

#if defined(__AVX2__) && defined(__FMA__)
#include <immintrin.h>

/* Lanes [0, count). */
MOTE_INLINE __m256i mote_f32_avx2_lanes(int32_t count) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(count), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

/* Clamps and writes the first `count` channels, all eight when it is larger. NaN stays NaN. */
MOTE_INLINE void mote_f32_avx2_store(__m256 v, float low, float high, int32_t count, float* y) {
  v = _mm256_min_ps(_mm256_set1_ps(high), _mm256_max_ps(_mm256_set1_ps(low), v));
  if (count >= 8)
    _mm256_storeu_ps(y, v);
  else
    _mm256_maskstore_ps(y, mote_f32_avx2_lanes(count), v);
}

#endif
#endif
