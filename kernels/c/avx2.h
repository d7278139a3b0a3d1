/* What the AVX2 kernels share: the output stage on eight channels at once, bit for bit as in requantize.h. */
#ifndef MOTE_AVX2_H
#define MOTE_AVX2_H

#include "requantize.h"

#if defined(__AVX2__)
#include <immintrin.h>

/* Arrays are padded to whole blocks of channels. */
typedef struct {
  int32_t y_flip, y_zero;
  int32_t low, high;   /* bounds of y - y_zero */
  const int32_t* bias; /* the input's zero point is folded in */
  const int32_t* multipliers;
  const int32_t* left_shifts; /* one of the two is 0 */
  const int32_t* right_shifts;
} mote_avx2_output;

MOTE_INLINE __m256i mote_avx2_load(const int32_t* from) {
  return _mm256_loadu_si256((const __m256i*)(const void*)from);
}

/* round(a * b / 2^31): the low words of the even and of the odd 64-bit products, shifted, side by side. */
MOTE_INLINE __m256i mote_avx2_high_mul(__m256i a, __m256i b) {
  const __m256i nudge = _mm256_set1_epi64x(0x40000000);
  const __m256i even = _mm256_add_epi64(_mm256_mul_epi32(a, b), nudge);
  const __m256i odd =
      _mm256_add_epi64(_mm256_mul_epi32(_mm256_srli_epi64(a, 32), _mm256_srli_epi64(b, 32)), nudge);
  return _mm256_blend_epi32(_mm256_srli_epi64(even, 31), _mm256_slli_epi64(odd, 1), 0xaa);
}

MOTE_INLINE __m256i mote_avx2_rounding_shift(__m256i x, __m256i exponent) {
  const __m256i mask =
      _mm256_sub_epi32(_mm256_sllv_epi32(_mm256_set1_epi32(1), exponent), _mm256_set1_epi32(1));
  const __m256i threshold = _mm256_add_epi32(_mm256_srli_epi32(mask, 1), _mm256_srli_epi32(x, 31));
  const __m256i up = _mm256_cmpgt_epi32(_mm256_and_si256(x, mask), threshold);
  return _mm256_sub_epi32(_mm256_srav_epi32(x, exponent), up);
}

/* Writes the first `count` (1 to 8) of the eight channels from c. */
MOTE_INLINE void mote_avx2_store(const mote_avx2_output* o, int32_t c, __m256i sums, int32_t count,
                                 int8_t* y) {
  __m256i v = _mm256_add_epi32(sums, mote_avx2_load(o->bias + c));
  v = _mm256_sllv_epi32(v, mote_avx2_load(o->left_shifts + c));
  v = mote_avx2_high_mul(v, mote_avx2_load(o->multipliers + c));
  v = mote_avx2_rounding_shift(v, mote_avx2_load(o->right_shifts + c));
  v = _mm256_min_epi32(_mm256_max_epi32(v, _mm256_set1_epi32(o->low)), _mm256_set1_epi32(o->high));
  v = _mm256_add_epi32(v, _mm256_set1_epi32(o->y_zero));
  const __m128i halves = _mm_packs_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
  const __m128i bytes = _mm_xor_si128(_mm_packs_epi16(halves, halves), _mm_set1_epi8((char)o->y_flip));
  if (count >= 8) {
    _mm_storel_epi64((__m128i*)(void*)y, bytes);
  } else {
    int8_t all[16];
    _mm_storeu_si128((__m128i*)(void*)all, bytes);
    memcpy(y, all, (size_t)count);
  }
}

/* Widens bytes to 16 bits. */
MOTE_INLINE int16_t* mote_avx2_widen(int16_t* to, const int8_t* from, int32_t count, int32_t flip) {
  const __m128i flips = _mm_set1_epi8((char)flip);
  int32_t i = 0;
  for (; i + 16 <= count; i += 16) {
    const __m128i bytes = _mm_xor_si128(_mm_loadu_si128((const __m128i*)(const void*)(from + i)), flips);
    _mm256_storeu_si256((__m256i*)(void*)(to + i), _mm256_cvtepi8_epi16(bytes));
  }
  for (; i < count; ++i) to[i] = (int8_t)((uint8_t)from[i] ^ (uint8_t)flip);
  return to + count;
}

MOTE_INLINE int16_t* mote_avx2_fill(int16_t* to, int32_t value, int32_t count) {
  for (int32_t i = 0; i < count; ++i) to[i] = (int16_t)value;
  return to + count;
}

#endif
#endif
