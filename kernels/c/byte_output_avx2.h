/* The output stage on sixteen channels with AVX2. Within a block the channels stand as packing two vectors of
 * eight puts them right: 0 to 3, 8 to 11, 4 to 7, 12 to 15. */
#ifndef MOTE_BYTE_OUTPUT_AVX2_H
#define MOTE_BYTE_OUTPUT_AVX2_H

#include "byte_output.h"

#if defined(__AVX2__) && defined(__FMA__)
#include <immintrin.h>

MOTE_INLINE __m256i mote_avx2_load(const void* from) { return _mm256_loadu_si256((const __m256i*)from); }

/* scale is of the eight places from `at`. */
MOTE_INLINE __m256i mote_avx2_real(const mote_byte_output* o, int32_t form, int32_t at, __m256 scale,
                                   __m256i sums) {
  __m256 offset = _mm256_loadu_ps(o->above + at);
  if (form == 1) offset = _mm256_blendv_ps(offset, _mm256_loadu_ps(o->below + at), _mm256_castsi256_ps(sums));
  return _mm256_cvtps_epi32(_mm256_fmadd_ps(_mm256_cvtepi32_ps(sums), scale, offset));
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

MOTE_INLINE __m256i mote_avx2_fixed(const mote_byte_output* o, int32_t at, __m256i sums) {
  __m256i v = _mm256_sllv_epi32(sums, mote_avx2_load(o->left_shifts + at));
  v = mote_avx2_high_mul(v, mote_avx2_load(o->multipliers + at));
  v = mote_avx2_rounding_shift(v, mote_avx2_load(o->right_shifts + at));
  const __m256i zero = _mm256_set1_epi32(o->y_zero);
  v = _mm256_max_epi32(v, _mm256_sub_epi32(_mm256_set1_epi32(o->low), zero));
  return _mm256_add_epi32(_mm256_min_epi32(v, _mm256_sub_epi32(_mm256_set1_epi32(o->high), zero)), zero);
}

/* Bytes of two vectors of values, clamped. */
MOTE_INLINE __m128i mote_avx2_pack(const mote_byte_output* o, __m256i a, __m256i b) {
  const __m256i words = _mm256_packs_epi32(a, b);
  __m128i bytes = _mm_packs_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
  bytes = _mm_min_epi8(_mm_max_epi8(bytes, _mm_set1_epi8((char)o->low)), _mm_set1_epi8((char)o->high));
  return _mm_xor_si128(bytes, _mm_set1_epi8((char)o->y_flip));
}

/* Bytes of the sixteen channels of the block that starts at channel c. */
MOTE_INLINE __m128i mote_avx2_bytes(const mote_byte_output* o, int32_t c, __m256i a, __m256i b) {
  const int32_t form = o->real[c >> 4];
  if (form == 0) return mote_avx2_pack(o, mote_avx2_fixed(o, c, a), mote_avx2_fixed(o, c + 8, b));
  return mote_avx2_pack(o, mote_avx2_real(o, form, c, _mm256_loadu_ps(o->scale + c), a),
                        mote_avx2_real(o, form, c + 8, _mm256_loadu_ps(o->scale + c + 8), b));
}

/* The first `count` bytes. */
MOTE_INLINE void mote_avx2_store_bytes(__m128i bytes, int32_t count, int8_t* y) {
  if (count >= 16) {
    _mm_storeu_si128((__m128i*)(void*)y, bytes);
    return;
  }
  if (count & 8) {
    _mm_storel_epi64((__m128i*)(void*)y, bytes);
    bytes = _mm_unpackhi_epi64(bytes, bytes);
    y += 8;
  }
  if (count & 4) {
    const int32_t four = _mm_cvtsi128_si32(bytes);
    memcpy(y, &four, 4);
    bytes = _mm_srli_si128(bytes, 4);
    y += 4;
  }
  if (count & 2) {
    const int16_t two = (int16_t)_mm_extract_epi16(bytes, 0);
    memcpy(y, &two, 2);
    bytes = _mm_srli_si128(bytes, 2);
    y += 2;
  }
  if (count & 1) *y = (int8_t)_mm_extract_epi8(bytes, 0);
}

#endif
#endif
