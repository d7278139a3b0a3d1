/* Layers of -1 and +1 with AVX-512: sixteen channels in the lanes of a vector; the processor counts the bits
 * of 32-bit lanes, so words are met as they are (xnor.h, no triples). */
#ifndef MOTE_CONV2D_XNOR_AVX512_H
#define MOTE_CONV2D_XNOR_AVX512_H

#include "xnor.h"

#if defined(__AVX512F__) && defined(__AVX512VPOPCNTDQ__)
#include <immintrin.h>

MOTE_INLINE __m512i mote_xnor_avx512_add(__m512i sums, __m512i w, uint32_t x) {
  return _mm512_add_epi32(sums, _mm512_popcnt_epi32(_mm512_xor_si512(w, _mm512_set1_epi32((int32_t)x))));
}

MOTE_INLINE void mote_xnor_avx512_column(const conv2d_xnor_params* p, const uint32_t* window, uint32_t* to) {
  memcpy(to, window, (size_t)p->words * 4);
}

MOTE_INLINE void mote_xnor_avx512_store(const conv2d_xnor_params* p, int32_t o, const mote_xnor_pixel* pixel,
                                        __m512i differences) {
  const int32_t count = p->window.out_channels - o < 16 ? p->window.out_channels - o : 16;
  __m512i limits = _mm512_setzero_si512();
  __mmask16 set;
  if (pixel->limits)
    limits = _mm512_cvtepi16_epi32(_mm256_loadu_si256((const __m256i*)(const void*)(pixel->limits + o)));
  set = _mm512_cmpgt_epi32_mask(limits, differences);
  if (p->y_form == MOTE_XNOR_BITS) {
    pixel->y[o / 8] = (int8_t)set;
    if (count > 8) pixel->y[o / 8 + 1] = (int8_t)(set >> 8);
  } else {
    int32_t rest[16];
    _mm512_storeu_si512(rest, _mm512_sub_epi32(limits, differences));
    for (int32_t i = 0; i < count; ++i) pixel->y[o + i] = mote_xnor_output(p, o + i, rest[i]);
  }
}

/* Four pixels at a time meet each vector of weights; absent ones repeat the last. */
MOTE_INLINE void mote_xnor_avx512_pixels(const conv2d_xnor_params* p, const uint32_t* columns,
                                         const mote_xnor_pixel* pixels, int32_t n) {
  const int32_t words = p->words;
  for (int32_t o = 0; o < p->window.out_channels; o += 16) {
    const uint32_t* const weights = p->weights + o * words;
    for (int32_t i = 0; i < n; i += 4) {
      const int32_t count = n - i < 4 ? n - i : 4;
      const uint32_t* x0 = columns + i * words;
      const uint32_t* x1 = count > 1 ? x0 + words : x0;
      const uint32_t* x2 = count > 2 ? x1 + words : x1;
      const uint32_t* x3 = count > 3 ? x2 + words : x2;
      __m512i s0 = _mm512_setzero_si512(), s1 = s0, s2 = s0, s3 = s0;
      for (int32_t k = 0; k < words; ++k) {
        const __m512i w = _mm512_loadu_si512(weights + 16 * k);
        s0 = mote_xnor_avx512_add(s0, w, x0[k]);
        s1 = mote_xnor_avx512_add(s1, w, x1[k]);
        s2 = mote_xnor_avx512_add(s2, w, x2[k]);
        s3 = mote_xnor_avx512_add(s3, w, x3[k]);
      }
      mote_xnor_avx512_store(p, o, pixels + i, s0);
      if (count > 1) mote_xnor_avx512_store(p, o, pixels + i + 1, s1);
      if (count > 2) mote_xnor_avx512_store(p, o, pixels + i + 2, s2);
      if (count > 3) mote_xnor_avx512_store(p, o, pixels + i + 3, s3);
    }
  }
}

MOTE_XNOR_CONV2D(conv2d_xnor_avx512, mote_xnor_avx512_column, mote_xnor_avx512_pixels)

#endif
#endif
