/* Strips of unsigned bytes with AVX-512. */
#ifndef MOTE_STRIP_VNNI_H
#define MOTE_STRIP_VNNI_H

#include "byte_output_vnni.h"
#include "strip.h"

#if defined(MOTE_VNNI)

/* Bytes with the flip. */
MOTE_INLINE uint8_t* mote_vnni_copy(uint8_t* to, const int8_t* from, int32_t count, int32_t flip) {
  const __m512i flips = _mm512_set1_epi8((char)flip);
  int32_t i = 0;
  for (; i + 64 <= count; i += 64)
    _mm512_storeu_si512(to + i, _mm512_xor_si512(_mm512_loadu_si512(from + i), flips));
  if (i < count) {
    const __mmask64 some = (__mmask64)-1 >> (64 - (count - i));
    _mm512_mask_storeu_epi8(to + i, some, _mm512_xor_si512(_mm512_maskz_loadu_epi8(some, from + i), flips));
  }
  return to + count;
}

/* The strip of a part, unsigned; behind it stand three bytes that a last run may read and multiplies by zero.
 */
MOTE_INLINE void mote_vnni_strip(const mote_strip* s, mote_strip_part part, const int8_t* x, uint8_t* strip) {
  const int32_t channels = s->window.in_channels;
  const int32_t inside =
      s->columns - s->left < s->window.columns.in ? s->columns - s->left : s->window.columns.in;
  const int32_t right = (s->columns - s->left - inside) * channels, left = s->left * channels;
  const int32_t height = mote_strip_height(s, part);
  for (int32_t i = 0; i < height; ++i) {
    const int8_t* const source = mote_strip_source(s, part, x, i);
    if (source) {
      memset(strip, s->x_fill, (size_t)left);
      strip = mote_vnni_copy(strip + left, source, inside * channels, s->x_flip ^ 0x80);
      memset(strip, s->x_fill, (size_t)right);
      strip += right;
    } else {
      memset(strip, s->x_fill, (size_t)(s->columns * channels));
      strip += s->columns * channels;
    }
  }
  memset(strip, 0, 3);
}

#endif
#endif
