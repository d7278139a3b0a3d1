/* The output stage on sixteen channels in their natural order with AVX-512. */
#ifndef MOTE_BYTE_OUTPUT_VNNI_H
#define MOTE_BYTE_OUTPUT_VNNI_H

#include "byte_output.h"

#if defined(__AVX512VNNI__) && defined(__AVX512BW__) && defined(__AVX512VL__)
#include <immintrin.h>
#define MOTE_VNNI

MOTE_INLINE __m512i mote_vnni_load(const void* from) { return _mm512_loadu_si512(from); }

MOTE_INLINE __m512i mote_vnni_one_offset(__m512i sums, __m512 scale, __m512 offset) {
  return _mm512_cvtps_epi32(_mm512_fmadd_ps(_mm512_cvtepi32_ps(sums), scale, offset));
}

MOTE_INLINE __m512i mote_vnni_two_offsets(__m512i sums, __m512 scale, __m512 above, __m512 below) {
  const __mmask16 negative = _mm512_cmplt_epi32_mask(sums, _mm512_setzero_si512());
  return mote_vnni_one_offset(sums, scale, _mm512_mask_blend_ps(negative, above, below));
}

/* The first rounding is that of the doubled high word; the second adds half and takes one off negative
 * values, which rounds halves away from zero. */
MOTE_KERNEL __m512i mote_vnni_fixed(const mote_byte_output* o, int32_t at, __m512i sums) {
  const __m512i nudge = _mm512_set1_epi64(0x40000000), one = _mm512_set1_epi32(1);
  const __m512i multipliers = mote_vnni_load(o->multipliers + at);
  const __m512i right = mote_vnni_load(o->right_shifts + at);
  const __m512i v = _mm512_sllv_epi32(sums, mote_vnni_load(o->left_shifts + at));
  const __m512i even = _mm512_add_epi64(_mm512_mul_epi32(v, multipliers), nudge);
  const __m512i odd =
      _mm512_add_epi64(_mm512_mul_epi32(_mm512_srli_epi64(v, 32), _mm512_srli_epi64(multipliers, 32)), nudge);
  const __m512i high =
      _mm512_mask_blend_epi32(0xaaaa, _mm512_srli_epi64(even, 31), _mm512_slli_epi64(odd, 1));
  const __m512i mask = _mm512_sub_epi32(_mm512_sllv_epi32(one, right), one);
  const __m512i threshold = _mm512_add_epi32(_mm512_srli_epi32(mask, 1), _mm512_srli_epi32(high, 31));
  const __mmask16 up = _mm512_cmpgt_epi32_mask(_mm512_and_si512(high, mask), threshold);
  const __m512i scaled = _mm512_srav_epi32(high, right);
  const __m512i zero = _mm512_set1_epi32(o->y_zero);
  const __m512i low = _mm512_sub_epi32(_mm512_set1_epi32(o->low), zero);
  const __m512i most = _mm512_sub_epi32(_mm512_set1_epi32(o->high), zero);
  const __m512i rounded = _mm512_mask_add_epi32(scaled, up, scaled, one);
  return _mm512_add_epi32(_mm512_min_epi32(_mm512_max_epi32(rounded, low), most), zero);
}

/* The least of the forms of some blocks. */
MOTE_INLINE int32_t mote_vnni_form(const int8_t* real, int32_t blocks) {
  int32_t form = real[0];
  for (int32_t i = 1; i < blocks; ++i)
    if (real[i] < form) form = real[i];
  return form;
}

/* Bytes of four vectors of values, four from each in turn; clamped. */
MOTE_INLINE __m512i mote_vnni_interleaved(const mote_byte_output* o, __m512i a, __m512i b, __m512i c,
                                          __m512i d) {
  __m512i bytes = _mm512_packs_epi16(_mm512_packs_epi32(a, b), _mm512_packs_epi32(c, d));
  bytes = _mm512_max_epi8(bytes, _mm512_set1_epi8((char)o->low));
  bytes = _mm512_min_epi8(bytes, _mm512_set1_epi8((char)o->high));
  return _mm512_xor_si512(bytes, _mm512_set1_epi8((char)o->y_flip));
}

/* The same, one vector after the other. */
MOTE_INLINE __m512i mote_vnni_pack(const mote_byte_output* o, __m512i a, __m512i b, __m512i c, __m512i d) {
  const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  return _mm512_permutexvar_epi32(order, mote_vnni_interleaved(o, a, b, c, d));
}

/* The first `count` bytes, to one place, two or four. */
MOTE_INLINE __mmask16 mote_vnni_lanes(int32_t count) {
  return (__mmask16)(count >= 16 ? 0xffffU : (1U << count) - 1U);
}
MOTE_INLINE void mote_vnni_store4(__m512i bytes, int32_t count, int8_t* y) {
  _mm512_mask_storeu_epi8(y, count >= 64 ? ~(__mmask64)0 : ((__mmask64)1 << count) - 1, bytes);
}
MOTE_INLINE void mote_vnni_store2(__m512i bytes, int32_t count, int8_t* y0, int8_t* y1) {
  const __mmask32 lanes = count >= 32 ? ~(__mmask32)0 : ((__mmask32)1 << count) - 1;
  _mm256_mask_storeu_epi8(y0, lanes, _mm512_castsi512_si256(bytes));
  _mm256_mask_storeu_epi8(y1, lanes, _mm512_extracti64x4_epi64(bytes, 1));
}
MOTE_INLINE void mote_vnni_store1(__m512i bytes, int32_t count, int8_t* y0, int8_t* y1, int8_t* y2,
                                  int8_t* y3) {
  const __mmask16 lanes = mote_vnni_lanes(count);
  _mm_mask_storeu_epi8(y0, lanes, _mm512_castsi512_si128(bytes));
  _mm_mask_storeu_epi8(y1, lanes, _mm512_extracti32x4_epi32(bytes, 1));
  _mm_mask_storeu_epi8(y2, lanes, _mm512_extracti32x4_epi32(bytes, 2));
  _mm_mask_storeu_epi8(y3, lanes, _mm512_extracti32x4_epi32(bytes, 3));
}

#endif
#endif
