/* Layers of -1 and +1 with AVX2: eight channels in the lanes of a vector, each word of the window met by all
 * (xnor.h); what the adders leave is counted by table lookups that carry the weights 1, 2, 4, 8. */
#ifndef MOTE_CONV2D_XNOR_AVX2_H
#define MOTE_CONV2D_XNOR_AVX2_H

#include "xnor.h"

#if defined(__AVX2__)
#include <immintrin.h>

MOTE_INLINE __m256i mote_xnor_avx2_word(const uint32_t* x, const uint32_t* w) {
  return _mm256_xor_si256(_mm256_set1_epi32((int32_t)*x), _mm256_loadu_si256((const __m256i*)(const void*)w));
}

/* Sum s and carry c of three words; a, b and d are read before s and c are written. */
#define MOTE_XNOR_ADD(s, c, a, b, d)                                        \
  do {                                                                      \
    const __m256i u_ = _mm256_xor_si256(a, b), v_ = _mm256_xor_si256(a, d); \
    s = _mm256_xor_si256(u_, d);                                            \
    c = _mm256_xor_si256(s, _mm256_or_si256(u_, v_));                       \
  } while (0)

/* The same of triple i. */
#define MOTE_XNOR_TRIPLE(s, c, i)                                          \
  do {                                                                     \
    const __m256i u_ = mote_xnor_avx2_word(x + (i), w + 24 * (i));         \
    const __m256i v_ = mote_xnor_avx2_word(x + t + (i), w + 24 * (i) + 8); \
    s = mote_xnor_avx2_word(x + 2 * t + (i), w + 24 * (i) + 16);           \
    c = _mm256_xor_si256(s, _mm256_or_si256(u_, v_));                      \
  } while (0)

/* Set bits of the bytes of v, each worth `worth`. */
MOTE_INLINE __m256i mote_xnor_avx2_bits(__m256i v, int32_t worth) {
  const __m128i one = _mm_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4);
  const __m256i table = _mm256_broadcastsi128_si256(_mm_slli_epi16(one, worth));
  const __m256i low = _mm256_set1_epi8(15);
  return _mm256_add_epi8(_mm256_shuffle_epi8(table, _mm256_and_si256(v, low)),
                         _mm256_shuffle_epi8(table, _mm256_and_si256(_mm256_srli_epi32(v, 4), low)));
}

/* Differences of triples 0 to 5, two 16-bit counts in a lane. */
MOTE_INLINE __m256i mote_xnor_avx2_6(const uint32_t* x, int32_t t, const uint32_t* w) {
  __m256i one, two, four, eight, more, carry, sums, s0, s1, s2, c0, c1, c2;
  MOTE_XNOR_TRIPLE(s0, c0, 0);
  MOTE_XNOR_TRIPLE(s1, c1, 1);
  MOTE_XNOR_TRIPLE(s2, c2, 2);
  MOTE_XNOR_ADD(one, carry, s0, s1, s2);
  MOTE_XNOR_ADD(two, four, c0, c1, c2);
  MOTE_XNOR_TRIPLE(s0, c0, 3);
  MOTE_XNOR_ADD(two, more, carry, two, c0);
  MOTE_XNOR_TRIPLE(s1, c1, 4);
  MOTE_XNOR_ADD(one, carry, one, s0, s1);
  MOTE_XNOR_ADD(two, c0, two, c1, carry);
  MOTE_XNOR_ADD(four, eight, four, more, c0);
  MOTE_XNOR_TRIPLE(s2, c2, 5);
  carry = _mm256_and_si256(one, s2);
  one = _mm256_xor_si256(one, s2);
  MOTE_XNOR_ADD(two, c0, two, c2, carry);
  more = _mm256_and_si256(four, c0); /* a second word of eights */
  four = _mm256_xor_si256(four, c0);
  sums = _mm256_add_epi8(mote_xnor_avx2_bits(one, 0), mote_xnor_avx2_bits(two, 1));
  sums = _mm256_add_epi8(sums, mote_xnor_avx2_bits(four, 2));
  sums = _mm256_add_epi8(sums, _mm256_add_epi8(mote_xnor_avx2_bits(eight, 3), mote_xnor_avx2_bits(more, 3)));
  return _mm256_maddubs_epi16(sums, _mm256_set1_epi8(1));
}

MOTE_INLINE __m256i mote_xnor_avx2_3(const uint32_t* x, int32_t t, const uint32_t* w) {
  __m256i one, two, four, more, sums, s0, s1, s2, c0, c1, c2;
  MOTE_XNOR_TRIPLE(s0, c0, 0);
  MOTE_XNOR_TRIPLE(s1, c1, 1);
  MOTE_XNOR_TRIPLE(s2, c2, 2);
  MOTE_XNOR_ADD(one, more, s0, s1, s2); /* `more` are twos */
  MOTE_XNOR_ADD(two, four, c0, c1, c2);
  sums = _mm256_add_epi8(mote_xnor_avx2_bits(one, 0), mote_xnor_avx2_bits(two, 1));
  sums = _mm256_add_epi8(sums, _mm256_add_epi8(mote_xnor_avx2_bits(more, 1), mote_xnor_avx2_bits(four, 2)));
  return _mm256_maddubs_epi16(sums, _mm256_set1_epi8(1));
}

MOTE_INLINE __m256i mote_xnor_avx2_1(const uint32_t* x, int32_t t, const uint32_t* w) {
  __m256i s, c;
  MOTE_XNOR_TRIPLE(s, c, 0);
  return _mm256_maddubs_epi16(_mm256_add_epi8(mote_xnor_avx2_bits(s, 0), mote_xnor_avx2_bits(c, 1)),
                              _mm256_set1_epi8(1));
}

/* Differences of eight channels. */
MOTE_INLINE __m256i mote_xnor_avx2_differences(const conv2d_xnor_params* p, const uint32_t* x,
                                               const uint32_t* w) {
  const int32_t t = p->triples;
  __m256i sums = _mm256_setzero_si256();
  int32_t i = 0;
  for (; i + 6 <= t; i += 6) sums = _mm256_add_epi16(sums, mote_xnor_avx2_6(x + i, t, w + 24 * i));
  for (; i + 3 <= t; i += 3) sums = _mm256_add_epi16(sums, mote_xnor_avx2_3(x + i, t, w + 24 * i));
  for (; i < t; ++i) sums = _mm256_add_epi16(sums, mote_xnor_avx2_1(x + i, t, w + 24 * i));
  for (i = 3 * t; i < p->words; ++i) {
    const __m256i bits = mote_xnor_avx2_bits(mote_xnor_avx2_word(x + i, w + 8 * i), 0);
    sums = _mm256_add_epi16(sums, _mm256_maddubs_epi16(bits, _mm256_set1_epi8(1)));
  }
  return _mm256_madd_epi16(sums, _mm256_set1_epi16(1));
}

/* a ^ b for `count` words; up to seven more are written. */
MOTE_INLINE void mote_xnor_avx2_xor(const uint32_t* a, const uint32_t* b, int32_t count, uint32_t* to) {
  for (int32_t i = 0; i < count; i += 8) {
    const __m256i words = _mm256_loadu_si256((const __m256i*)(const void*)(a + i));
    const __m256i other = _mm256_loadu_si256((const __m256i*)(const void*)(b + i));
    _mm256_storeu_si256((__m256i*)(void*)(to + i), _mm256_xor_si256(words, other));
  }
}

/* The words u of all triples, then v, then s, then the rest: what is written too far is written again. */
MOTE_INLINE void mote_xnor_avx2_column(const conv2d_xnor_params* p, const uint32_t* window, uint32_t* to) {
  const int32_t t = p->triples;
  mote_xnor_avx2_xor(window, window + t, t, to);
  mote_xnor_avx2_xor(window, window + 2 * t, t, to + t);
  mote_xnor_avx2_xor(to, window + 2 * t, t, to + 2 * t);
  for (int32_t i = 3 * t; i < p->words; ++i) to[i] = window[i];
}

MOTE_INLINE void mote_xnor_avx2_store(const conv2d_xnor_params* p, int32_t o, __m256i limits,
                                      __m256i differences, int8_t* y) {
  const int32_t count = p->window.out_channels - o < 8 ? p->window.out_channels - o : 8;
  const __m256i set = _mm256_cmpgt_epi32(limits, differences);
  if (p->y_form == MOTE_XNOR_BITS) {
    y[o / 8] = (int8_t)_mm256_movemask_ps(_mm256_castsi256_ps(set));
  } else if (p->y_form == MOTE_XNOR_SIGNS) {
    const __m128i words = _mm_packs_epi32(_mm256_castsi256_si128(set), _mm256_extracti128_si256(set, 1));
    const __m128i bytes = _mm_packs_epi16(words, words);
    int8_t signs[16];
    _mm_storeu_si128((__m128i*)(void*)signs,
                     _mm_or_si128(_mm_andnot_si128(bytes, _mm_set1_epi8(-1)), _mm_set1_epi8(1)));
    memcpy(y + o, signs, (size_t)count);
  } else {
    int32_t rest[8];
    _mm256_storeu_si256((__m256i*)(void*)rest, _mm256_sub_epi32(limits, differences));
    for (int32_t i = 0; i < count; ++i) y[o + i] = mote_xnor_output(p, o + i, rest[i]);
  }
}

MOTE_INLINE void mote_xnor_avx2_pixels(const conv2d_xnor_params* params, const uint32_t* columns,
                                       const mote_xnor_pixel* pixels, int32_t n) {
  const conv2d_xnor_params local = *params; /* which no store to y can change */
  const conv2d_xnor_params* const p = &local;
  for (int32_t o = 0; o < p->window.out_channels; o += 8) {
    const uint32_t* w = p->weights + o * p->words;
    const uint32_t* x = columns;
    for (int32_t i = 0; i < n; ++i, x += p->column_words) {
      __m256i limits = _mm256_setzero_si256();
      if (pixels[i].limits)
        limits = _mm256_cvtepi16_epi32(_mm_loadu_si128((const __m128i*)(const void*)(pixels[i].limits + o)));
      mote_xnor_avx2_store(p, o, limits, mote_xnor_avx2_differences(p, x, w), pixels[i].y);
    }
  }
}

MOTE_XNOR_CONV2D(conv2d_xnor_avx2, mote_xnor_avx2_column, mote_xnor_avx2_pixels)

#undef MOTE_XNOR_ADD
#undef MOTE_XNOR_TRIPLE

#endif
#endif
