/* Strips of 16-bit elements with AVX2. */
#ifndef MOTE_STRIP_AVX2_H
#define MOTE_STRIP_AVX2_H

#include "byte_output_avx2.h"
#include "strip.h"

#if defined(__AVX2__) && defined(__FMA__)

#if defined(__GNUC__) && !defined(__clang__)
#define MOTE_KEEP_ORDER(a, b) __asm__ volatile("" : "+x"(a), "+x"(b) : : "memory")
#else
#define MOTE_KEEP_ORDER(a, b) (void)0
#endif

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
  const __m256i values = _mm256_set1_epi16((int16_t)value);
  int32_t i = 0;
  for (; i + 16 <= count; i += 16) _mm256_storeu_si256((__m256i*)(void*)(to + i), values);
  for (; i < count; ++i) to[i] = (int16_t)value;
  return to + count;
}

/* The strip of a part, and an element behind it that an odd run reads and multiplies by zero. */
MOTE_INLINE void mote_avx2_strip(const mote_strip* s, mote_strip_part part, const int8_t* x, int16_t* strip) {
  const int32_t channels = s->window.in_channels;
  const int32_t inside =
      s->columns - s->left < s->window.columns.in ? s->columns - s->left : s->window.columns.in;
  const int32_t right = s->columns - s->left - inside;
  const int32_t height = mote_strip_height(s, part);
  for (int32_t i = 0; i < height; ++i) {
    const int8_t* const source = mote_strip_source(s, part, x, i);
    if (source) {
      strip = mote_avx2_fill(strip, s->x_fill, s->left * channels);
      strip = mote_avx2_widen(strip, source, inside * channels, s->x_flip);
      strip = mote_avx2_fill(strip, s->x_fill, right * channels);
    } else {
      strip = mote_avx2_fill(strip, s->x_fill, s->columns * channels);
    }
  }
  *strip = 0;
}

#endif
#endif
