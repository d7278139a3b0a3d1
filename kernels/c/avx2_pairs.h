/* Sums of products of 16-bit values for sixteen output channels with AVX2. Packed weights: for each sixteen
 * channels, for each pair of window elements, the pairs of the channels in turn. The 32-bit sums wrap. */
#ifndef MOTE_AVX2_PAIRS_H
#define MOTE_AVX2_PAIRS_H

#include "mote_kernel.h"

#if defined(__AVX2__)
#include <immintrin.h>

MOTE_INLINE __m256i mote_avx2_pair(const int16_t* x) {
  int32_t pair;
  memcpy(&pair, x, 4);
  return _mm256_set1_epi32(pair);
}

#define MOTE_AVX2_STEP(low, high, x)                                \
  do {                                                              \
    const __m256i pair = mote_avx2_pair(x);                         \
    low = _mm256_add_epi32(low, _mm256_madd_epi16(pair, w_low));    \
    high = _mm256_add_epi32(high, _mm256_madd_epi16(pair, w_high)); \
  } while (0)

/* Four windows, `2 * pairs` elements apart; sums of the first eight and the second eight channels of each. */
MOTE_INLINE void mote_avx2_pairs4(const int16_t* w, const int16_t* x, int32_t pairs, __m256i sums[8]) {
  __m256i a0 = _mm256_setzero_si256(), a1 = a0, a2 = a0, a3 = a0, b0 = a0, b1 = a0, b2 = a0, b3 = a0;
  const int32_t window = 2 * pairs;
  for (int32_t i = 0; i < window; i += 2, w += 32) {
    const __m256i w_low = _mm256_loadu_si256((const __m256i*)(const void*)w);
    const __m256i w_high = _mm256_loadu_si256((const __m256i*)(const void*)(w + 16));
    MOTE_AVX2_STEP(a0, b0, x + i);
    MOTE_AVX2_STEP(a1, b1, x + window + i);
    MOTE_AVX2_STEP(a2, b2, x + 2 * window + i);
    MOTE_AVX2_STEP(a3, b3, x + 3 * window + i);
  }
  sums[0] = a0, sums[1] = b0, sums[2] = a1, sums[3] = b1;
  sums[4] = a2, sums[5] = b2, sums[6] = a3, sums[7] = b3;
}

/* One window. */
MOTE_INLINE void mote_avx2_pairs1(const int16_t* w, const int16_t* x, int32_t pairs, __m256i sums[2]) {
  __m256i a0 = _mm256_setzero_si256(), b0 = a0, a1 = a0, b1 = a0;
  int32_t i = 0;
  for (; i + 1 < pairs; i += 2, w += 64, x += 4) {
    __m256i w_low = _mm256_loadu_si256((const __m256i*)(const void*)w);
    __m256i w_high = _mm256_loadu_si256((const __m256i*)(const void*)(w + 16));
    MOTE_AVX2_STEP(a0, b0, x);
    w_low = _mm256_loadu_si256((const __m256i*)(const void*)(w + 32));
    w_high = _mm256_loadu_si256((const __m256i*)(const void*)(w + 48));
    MOTE_AVX2_STEP(a1, b1, x + 2);
  }
  if (i < pairs) {
    const __m256i w_low = _mm256_loadu_si256((const __m256i*)(const void*)w);
    const __m256i w_high = _mm256_loadu_si256((const __m256i*)(const void*)(w + 16));
    MOTE_AVX2_STEP(a0, b0, x);
  }
  sums[0] = _mm256_add_epi32(a0, a1);
  sums[1] = _mm256_add_epi32(b0, b1);
}

#undef MOTE_AVX2_STEP

#endif
#endif
