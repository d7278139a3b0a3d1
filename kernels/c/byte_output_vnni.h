/* The output stage on sixteen channels in their natural order with AVX-512. */
#ifndef MOTE_BYTE_OUTPUT_VNNI_H
#define MOTE_BYTE_OUTPUT_VNNI_H

#include "byte_output.h"

#if defined(__AVX512VNNI__) && defined(__AVX512BW__) && defined(__AVX512VL__)
#include <immintrin.h>

MOTE_INLINE __m512i mote_vnni_load(const void* from) { return _mm512_loadu_si512(from); }

MOTE_INLINE __m512i mote_vnni_real(const mote_byte_output* o, int32_t at, __m512i sums) {
  const __m512 offset = _mm512_mask_blend_ps(_mm512_movepi32_mask(sums), _mm512_loadu_ps(o->above + at),
                                             _mm512_loadu_ps(o->below + at));
  return _mm512_cvtps_epi32(
      _mm512_fmadd_ps(_mm512_cvtepi32_ps(sums), _mm512_loadu_ps(o->scale + at), offset));
}

/* The first rounding is that of the doubled high word; the second adds half and takes one off negative
 * values, which rounds halves away from zero. */
MOTE_INLINE __m512i mote_vnni_fixed(const mote_byte_output* o, int32_t at, __m512i sums) {
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

/* Bytes of the sixteen channels from c. */
MOTE_INLINE __m128i mote_vnni_bytes(const mote_byte_output* o, int32_t c, __m512i sums) {
  const __m512i v = o->real[c >> 4] ? mote_vnni_real(o, c, sums) : mote_vnni_fixed(o, c, sums);
  __m128i bytes = _mm512_cvtsepi32_epi8(v);
  bytes = _mm_min_epi8(_mm_max_epi8(bytes, _mm_set1_epi8((char)o->low)), _mm_set1_epi8((char)o->high));
  return _mm_xor_si128(bytes, _mm_set1_epi8((char)o->y_flip));
}

/* The first `count` bytes. */
MOTE_INLINE void mote_vnni_store_bytes(__m128i bytes, int32_t count, int8_t* y) {
  if (count >= 16)
    _mm_storeu_si128((__m128i*)(void*)y, bytes);
  else
    _mm_mask_storeu_epi8(y, (__mmask16)((1U << count) - 1U), bytes);
}

#endif
#endif
