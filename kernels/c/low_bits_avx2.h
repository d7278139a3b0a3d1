/* Weights of 1 to 7 bits (low_bits.h) expanded with AVX2. */
#ifndef MOTE_LOW_BITS_AVX2_H
#define MOTE_LOW_BITS_AVX2_H

#include "low_bits.h"

#if defined(__AVX2__)
#include <immintrin.h>

/* What the expansion needs of the weights, in registers. */
typedef struct {
  __m256i table, plus, flip;
  __m128i step;
  int32_t bits, has_table;
} mote_low_avx2;

MOTE_INLINE mote_low_avx2 mote_low_avx2_of(const mote_low_bits* w) {
  mote_low_avx2 l;
  uint8_t table[16] = {0};
  if (w->table) memcpy(table, w->table, (size_t)1 << w->bits);
  l.table = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i*)(const void*)table));
  l.plus = _mm256_set1_epi32((int32_t)w->plus);
  l.flip = _mm256_set1_epi32((int32_t)w->flip);
  l.step = _mm_cvtsi32_si128(w->step);
  l.bits = w->bits;
  l.has_table = w->table != 0;
  return l;
}

/* Codes of a plane: words `places` of it, shifted. */
MOTE_INLINE __m256i mote_low_avx2_plane(__m256i words, __m256i places, __m256i shifts, int32_t mask) {
  return _mm256_and_si256(_mm256_srlv_epi32(_mm256_permutevar8x32_epi32(words, places), shifts),
                          _mm256_set1_epi8((char)mask));
}

MOTE_INLINE __m256i mote_low_avx2_plane4(const uint32_t* from) {
  return mote_low_avx2_plane(_mm256_castsi128_si256(_mm_loadu_si128((const __m128i*)(const void*)from)),
                             _mm256_setr_epi32(0, 0, 1, 1, 2, 2, 3, 3),
                             _mm256_setr_epi32(0, 4, 0, 4, 0, 4, 0, 4), 15);
}

/* A block of 32 codes. */
MOTE_INLINE __m256i mote_low_avx2_codes(const uint32_t* from, int32_t bits) {
  __m256i codes = _mm256_setzero_si256();
  int32_t shift = 0;
  if (bits & 4) {
    codes = mote_low_avx2_plane4(from);
    from += 4;
    shift = 4;
  }
  if (bits & 2) {
    const __m256i plane = mote_low_avx2_plane(
        _mm256_castsi128_si256(_mm_loadl_epi64((const __m128i*)(const void*)from)),
        _mm256_setr_epi32(0, 0, 0, 0, 1, 1, 1, 1), _mm256_setr_epi32(0, 2, 4, 6, 0, 2, 4, 6), 3);
    codes = _mm256_or_si256(codes, _mm256_sll_epi32(plane, _mm_cvtsi32_si128(shift)));
    from += 2;
    shift += 2;
  }
  if (bits & 1) {
    const __m256i plane = _mm256_and_si256(
        _mm256_srlv_epi32(_mm256_set1_epi32((int32_t)*from), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7)),
        _mm256_set1_epi8(1));
    codes = _mm256_or_si256(codes, _mm256_sll_epi32(plane, _mm_cvtsi32_si128(shift)));
  }
  return codes;
}

MOTE_INLINE __m256i mote_low_avx2_values(const mote_low_avx2* l, __m256i codes) {
  if (l->has_table) codes = _mm256_shuffle_epi8(l->table, codes);
  codes = _mm256_sll_epi32(codes, l->step);
  return _mm256_xor_si256(_mm256_add_epi32(codes, l->plus), l->flip);
}

MOTE_INLINE void mote_low_avx2_widen(__m256i bytes, int16_t* to) {
  _mm256_storeu_si256((__m256i*)(void*)to, _mm256_cvtepi8_epi16(_mm256_castsi256_si128(bytes)));
  _mm256_storeu_si256((__m256i*)(void*)(to + 16), _mm256_cvtepi8_epi16(_mm256_extracti128_si256(bytes, 1)));
}

/* Blocks of 32 weights from block `first` to `to`, as bytes. */
MOTE_KERNEL void mote_low_expand_avx2(const mote_low_bits* w, int32_t first, int32_t blocks, int8_t* to) {
  const mote_low_avx2 l = mote_low_avx2_of(w);
  const uint32_t* from = w->words + first * w->bits;
  int8_t* const end = to + 32 * blocks;
  if (l.bits == 4)
    for (; to < end; to += 32, from += 4)
      _mm256_storeu_si256((__m256i*)(void*)to, mote_low_avx2_values(&l, mote_low_avx2_plane4(from)));
  for (; to < end; to += 32, from += l.bits)
    _mm256_storeu_si256((__m256i*)(void*)to, mote_low_avx2_values(&l, mote_low_avx2_codes(from, l.bits)));
}

/* The same as 16-bit numbers. */
MOTE_KERNEL void mote_low_widen_avx2(const mote_low_bits* w, int32_t first, int32_t blocks, int16_t* to) {
  const mote_low_avx2 l = mote_low_avx2_of(w);
  const uint32_t* from = w->words + first * w->bits;
  int16_t* const end = to + 32 * blocks;
  if (l.bits == 4)
    for (; to < end; to += 32, from += 4)
      mote_low_avx2_widen(mote_low_avx2_values(&l, mote_low_avx2_plane4(from)), to);
  for (; to < end; to += 32, from += l.bits)
    mote_low_avx2_widen(mote_low_avx2_values(&l, mote_low_avx2_codes(from, l.bits)), to);
}

#endif
#endif
