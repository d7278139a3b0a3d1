/* The linear form of add_s8.h with AVX2: pairs of a and b times the upper 16 bits of the multipliers and
 * times their lower bytes, sixteen values at a time. The multipliers have fewer than 24 bits. */
#ifndef MOTE_ADD_S8_AVX2_H
#define MOTE_ADD_S8_AVX2_H

#include "requantize.h"
#include "rows.h"

#if defined(__AVX2__)
#include <immintrin.h>

typedef struct {
  int32_t row_elements;
  int32_t x_slots, x2_slots, y_slots; /* of a, b and y, as in rows.h */
  int32_t a_multiplier, b_multiplier, offset;
  int32_t low, high;
  int32_t a_flip, b_flip, y_flip; /* 0x80 where bytes are unsigned */
} add_s8_avx2_params;

/* m = 1024 * high + low, both of 16 bits */
MOTE_INLINE int32_t mote_add_low(int32_t m) { return ((m + 512) & 1023) - 512; }
MOTE_INLINE int32_t mote_add_high(int32_t m) { return (m - mote_add_low(m)) / 1024; }
MOTE_INLINE __m256i mote_add_pair(int32_t a, int32_t b) {
  return _mm256_set1_epi32((int32_t)(((uint32_t)a & 0xffffU) | ((uint32_t)b << 16)));
}

MOTE_KERNEL void add_s8_avx2(const add_s8_avx2_params* p, const int8_t* a0, const int8_t* b0, int8_t* y0,
                             int32_t first, int32_t rows) {
  const int32_t ma = p->a_multiplier, mb = p->b_multiplier;
  const __m256i low = mote_add_pair(mote_add_low(ma), mote_add_low(mb));
  const __m256i high = mote_add_pair(mote_add_high(ma), mote_add_high(mb));
  const __m256i offset = _mm256_set1_epi32(p->offset);
  const __m128i a_flip = _mm_set1_epi8((char)p->a_flip), b_flip = _mm_set1_epi8((char)p->b_flip);
  const __m128i y_flip = _mm_set1_epi8((char)p->y_flip);
  const __m128i least = _mm_set1_epi8((char)p->low), largest = _mm_set1_epi8((char)p->high);
  mote_element_run run = {first, rows, 0, 0, 0, 0};
  while (mote_next_run(&run, p->row_elements, p->x_slots, p->x2_slots, p->y_slots)) {
    const int8_t *a = a0 + run.x, *b = b0 + run.x2;
    int8_t* y = y0 + run.y;
    int32_t i = 0;
    for (; i + 16 <= run.count; i += 16) {
      const __m256i va =
          _mm256_cvtepi8_epi16(_mm_xor_si128(_mm_loadu_si128((const __m128i*)(const void*)(a + i)), a_flip));
      const __m256i vb =
          _mm256_cvtepi8_epi16(_mm_xor_si128(_mm_loadu_si128((const __m128i*)(const void*)(b + i)), b_flip));
      const __m256i t = _mm256_unpacklo_epi16(va, vb), u = _mm256_unpackhi_epi16(va, vb);
      __m256i s = _mm256_add_epi32(_mm256_slli_epi32(_mm256_madd_epi16(t, high), 10), offset);
      __m256i r = _mm256_add_epi32(_mm256_slli_epi32(_mm256_madd_epi16(u, high), 10), offset);
      s = _mm256_srai_epi32(_mm256_add_epi32(s, _mm256_madd_epi16(t, low)), 22);
      r = _mm256_srai_epi32(_mm256_add_epi32(r, _mm256_madd_epi16(u, low)), 22);
      const __m256i words = _mm256_packs_epi32(s, r);
      __m128i bytes = _mm_packs_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
      bytes = _mm_min_epi8(_mm_max_epi8(bytes, least), largest);
      _mm_storeu_si128((__m128i*)(void*)(y + i), _mm_xor_si128(bytes, y_flip));
    }
    for (; i < run.count; ++i) {
      const int32_t av = (int8_t)(a[i] ^ p->a_flip), bv = (int8_t)(b[i] ^ p->b_flip);
      const int32_t sum = (av * ma + p->offset + bv * mb) >> 22;
      y[i] = (int8_t)(mote_clamp(sum, p->low, p->high) ^ p->y_flip);
    }
  }
}

#endif
#endif
