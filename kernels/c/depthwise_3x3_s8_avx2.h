/* 8-bit 3x3 depthwise convolution of stride 1 with AVX2: sixteen channels and two output rows at a time,
 * column after column. The four rows of a column form two interleaved pairs, which serve the three filter
 * columns and both output rows: 12 products of pairs for 18 taps. Packed weights: for each sixteen channels,
 * for each filter column, for each half of the channels, for each pair of rows, for each output row, the
 * pairs of the channels, 16 bits each. */
#ifndef MOTE_DEPTHWISE_3X3_S8_AVX2_H
#define MOTE_DEPTHWISE_3X3_S8_AVX2_H

#include "strip_avx2.h"

#if defined(__AVX2__) && defined(__FMA__)

typedef struct {
  mote_strip strip; /* with room for an even number of rows */
  mote_byte_output output;
  const int16_t* weights;
} depthwise_3x3_s8_avx2_params;

/* Both halves of the channels in both rows. */
typedef struct {
  __m256i a0, b0, a1, b1;
} mote_depthwise_sums;

/* A column under one filter column. */
MOTE_INLINE void mote_depthwise_column(mote_depthwise_sums* s, const int16_t* w, __m256i low01,
                                       __m256i high01, __m256i low23, __m256i high23) {
  s->a0 = _mm256_add_epi32(s->a0, _mm256_madd_epi16(low01, mote_avx2_load(w)));
  s->a1 = _mm256_add_epi32(s->a1, _mm256_madd_epi16(low01, mote_avx2_load(w + 16)));
  s->a0 = _mm256_add_epi32(s->a0, _mm256_madd_epi16(low23, mote_avx2_load(w + 32)));
  s->a1 = _mm256_add_epi32(s->a1, _mm256_madd_epi16(low23, mote_avx2_load(w + 48)));
  s->b0 = _mm256_add_epi32(s->b0, _mm256_madd_epi16(high01, mote_avx2_load(w + 64)));
  s->b1 = _mm256_add_epi32(s->b1, _mm256_madd_epi16(high01, mote_avx2_load(w + 80)));
  s->b0 = _mm256_add_epi32(s->b0, _mm256_madd_epi16(high23, mote_avx2_load(w + 96)));
  s->b1 = _mm256_add_epi32(s->b1, _mm256_madd_epi16(high23, mote_avx2_load(w + 112)));
}

/* The last, the second and the first column of three outputs. */
MOTE_INLINE void mote_depthwise_step(const int16_t* in, int32_t row, const int16_t* w,
                                     mote_depthwise_sums* ends, mote_depthwise_sums* goes_on,
                                     mote_depthwise_sums* starts) {
  const __m256i r0 = mote_avx2_load(in), r1 = mote_avx2_load(in + row);
  const __m256i r2 = mote_avx2_load(in + 2 * row), r3 = mote_avx2_load(in + 3 * row);
  const __m256i low01 = _mm256_unpacklo_epi16(r0, r1), high01 = _mm256_unpackhi_epi16(r0, r1);
  const __m256i low23 = _mm256_unpacklo_epi16(r2, r3), high23 = _mm256_unpackhi_epi16(r2, r3);
  if (starts) mote_depthwise_column(starts, w, low01, high01, low23, high23);
  if (goes_on) mote_depthwise_column(goes_on, w + 128, low01, high01, low23, high23);
  if (ends) mote_depthwise_column(ends, w + 256, low01, high01, low23, high23);
}

MOTE_INLINE void mote_depthwise_write(const depthwise_3x3_s8_avx2_params* p, int32_t c,
                                      const mote_depthwise_sums* s, int8_t* y0, int8_t* y1) {
  const int32_t left = p->strip.window.out_channels - c;
  mote_avx2_store_bytes(mote_avx2_bytes(&p->output, c, s->a0, s->b0), left, y0);
  if (y1) mote_avx2_store_bytes(mote_avx2_bytes(&p->output, c, s->a1, s->b1), left, y1);
}

/* Channels from c of two output rows, or one where y1 is null; strip and y of that channel. */
MOTE_INLINE void mote_depthwise_rows(const depthwise_3x3_s8_avx2_params* p, const int16_t* in,
                                     const int16_t* w, int32_t c, int8_t* y0, int8_t* y1) {
  const mote_strip* s = &p->strip;
  const int32_t channels = s->window.out_channels, row = s->columns * channels;
  const int32_t width = s->window.columns.out;
  const __m256i a = mote_avx2_load(p->output.bias + c), b = mote_avx2_load(p->output.bias + c + 8);
  const mote_depthwise_sums start = {a, b, a, b};
  mote_depthwise_sums first = start, second = start, third;
  mote_depthwise_step(in, row, w, 0, 0, &first);
  mote_depthwise_step(in + channels, row, w, 0, &first, &second);
  in += 2 * channels;
  for (int32_t x = 0; x < width; ++x, in += channels, y0 += channels) {
    third = start;
    if (x + 2 < width)
      mote_depthwise_step(in, row, w, &first, &second, &third);
    else
      mote_depthwise_step(in, row, w, &first, &second, 0);
    mote_depthwise_write(p, c, &first, y0, y1);
    if (y1) y1 += channels;
    first = second;
    second = third;
  }
}

MOTE_KERNEL void depthwise_3x3_s8_avx2(const depthwise_3x3_s8_avx2_params* p, const int8_t* x, int8_t* y,
                                       void* scratch, int32_t first, int32_t rows) {
  const mote_strip* s = &p->strip;
  const int32_t channels = s->window.out_channels, y_row = s->window.columns.out * channels;
  int16_t* const strip = (int16_t*)scratch;
  mote_strip_part part;
  for (int32_t r = first; r < first + rows; r += part.rows) {
    part = mote_strip_part_of(s, r, first + rows);
    mote_strip_part even = part;
    even.rows = (part.rows + 1) / 2 * 2;
    mote_avx2_strip(s, even, x, strip);
    for (int32_t i = 0; i < part.rows; i += 2) {
      const int16_t* in = strip + i * s->columns * channels;
      int8_t* const y0 = y + (r + i) % s->y_slots * y_row;
      int8_t* const y1 = i + 1 < part.rows ? y + (r + i + 1) % s->y_slots * y_row : 0;
      const int16_t* w = p->weights;
      for (int32_t c = 0; c < channels; c += 16, w += 384)
        mote_depthwise_rows(p, in + c, w, c, y0 + c, y1 ? y1 + c : 0);
    }
  }
}

#endif
#endif
