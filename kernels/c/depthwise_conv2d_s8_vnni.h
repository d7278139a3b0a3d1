/* 8-bit depthwise convolution, one filter per channel, with AVX-512 VNNI: 64 bytes of an output row at a
 * time, pixel after pixel, whatever the number of channels. Four taps of a filter row are loaded at their
 * offsets and interleaved, so that a lane holds the four inputs of one output.
 *
 * The strip holds its columns in as many groups as the stride: columns 0, stride, 2 * stride, ... first, so
 * that a tap reads at one offset for all outputs of a row. Channels repeat every `phases` chunks of 64 bytes.
 * Interleaving leaves output 16 * l + 4 * k + i of a chunk in vector k, lane 4 * l + i; weights and output
 * constants stand in that order. Packed weights: for each phase, filter row and four taps, the four vectors.
 */
#ifndef MOTE_DEPTHWISE_CONV2D_S8_VNNI_H
#define MOTE_DEPTHWISE_CONV2D_S8_VNNI_H

#include "strip_vnni.h"

#if defined(MOTE_VNNI)

typedef struct {
  mote_strip strip;
  int32_t row_bytes;   /* of the strip */
  int32_t group_bytes; /* of a group of its columns */
  int32_t fours;       /* of taps of a filter row */
  int32_t phases;
  const int32_t* taps; /* offsets */
  mote_byte_output output;
  const int8_t* weights;
} depthwise_conv2d_s8_vnni_params;

/* One row of the strip in groups of columns. */
MOTE_INLINE void mote_vnni_groups(const depthwise_conv2d_s8_vnni_params* p, const int8_t* source,
                                  uint8_t* to) {
  const mote_strip* s = &p->strip;
  const int32_t channels = s->window.in_channels, stride = s->window.columns.stride;
  int32_t group = 0;
  uint8_t* at = to;
  for (int32_t column = 0; column < s->columns; ++column) {
    const int32_t ix = column - s->left;
    if (ix < 0 || ix >= s->window.columns.in)
      memset(at, s->x_fill, (size_t)channels);
    else
      mote_vnni_copy(at, source + ix * channels, channels, s->x_flip ^ 0x80);
    if (++group < stride) {
      at += p->group_bytes;
    } else {
      group = 0;
      at += channels - (stride - 1) * p->group_bytes;
    }
  }
}

MOTE_INLINE void mote_vnni_depthwise_strip(const depthwise_conv2d_s8_vnni_params* p, mote_strip_part part,
                                           const int8_t* x, uint8_t* strip) {
  const mote_strip* s = &p->strip;
  if (s->window.columns.stride == 1) {
    mote_vnni_strip(s, part, x, strip);
    return;
  }
  const int32_t height = mote_strip_height(s, part);
  for (int32_t i = 0; i < height; ++i, strip += p->row_bytes) {
    const int8_t* const source = mote_strip_source(s, part, x, i);
    if (source)
      mote_vnni_groups(p, source, strip);
    else
      memset(strip, s->x_fill, (size_t)p->row_bytes);
  }
}

/* Four products of each output of a chunk. */
MOTE_INLINE void mote_vnni_taps(const uint8_t* x, const int32_t* taps, const int8_t* w, __m512i sums[4]) {
  const __m512i a = mote_vnni_load(x + taps[0]), b = mote_vnni_load(x + taps[1]);
  const __m512i c = mote_vnni_load(x + taps[2]), d = mote_vnni_load(x + taps[3]);
  const __m512i ab = _mm512_unpacklo_epi8(a, b), cd = _mm512_unpacklo_epi8(c, d);
  const __m512i ab_high = _mm512_unpackhi_epi8(a, b), cd_high = _mm512_unpackhi_epi8(c, d);
  sums[0] = _mm512_dpbusd_epi32(sums[0], _mm512_unpacklo_epi16(ab, cd), mote_vnni_load(w));
  sums[1] = _mm512_dpbusd_epi32(sums[1], _mm512_unpackhi_epi16(ab, cd), mote_vnni_load(w + 64));
  sums[2] = _mm512_dpbusd_epi32(sums[2], _mm512_unpacklo_epi16(ab_high, cd_high), mote_vnni_load(w + 128));
  sums[3] = _mm512_dpbusd_epi32(sums[3], _mm512_unpackhi_epi16(ab_high, cd_high), mote_vnni_load(w + 192));
}

/* Values of vector k of a chunk whose constants start at `place`. */
MOTE_INLINE __m512i mote_vnni_values(const mote_byte_output* o, int32_t form, int32_t place, __m512i sums) {
  const __m512 scale = _mm512_loadu_ps(o->scale + place), above = _mm512_loadu_ps(o->above + place);
  if (form == 2) return mote_vnni_one_offset(sums, scale, above);
  if (form == 1) return mote_vnni_two_offsets(sums, scale, above, _mm512_loadu_ps(o->below + place));
  return mote_vnni_fixed(o, place, sums);
}

/* One output row from the strip's row of its first tap. */
MOTE_INLINE void mote_vnni_depthwise_row(const depthwise_conv2d_s8_vnni_params* p, const uint8_t* x,
                                         int8_t* y) {
  const mote_window2d* g = &p->strip.window;
  const mote_byte_output* o = &p->output;
  const int32_t bytes = g->columns.out * g->out_channels, row_step = g->rows.step * p->row_bytes;
  const int32_t phase_weights = g->rows.taps * p->fours * 256;
  int32_t phase = 0;
  for (int32_t at = 0; at < bytes; at += 64) {
    const int8_t* w = p->weights + phase * phase_weights;
    __m512i sums[4];
    sums[0] = mote_vnni_load(o->bias + 64 * phase);
    sums[1] = mote_vnni_load(o->bias + 64 * phase + 16);
    sums[2] = mote_vnni_load(o->bias + 64 * phase + 32);
    sums[3] = mote_vnni_load(o->bias + 64 * phase + 48);
    for (int32_t ky = 0; ky < g->rows.taps; ++ky)
      for (int32_t i = 0; i < p->fours; ++i, w += 256)
        mote_vnni_taps(x + at + ky * row_step, p->taps + 4 * i, w, sums);
    const int32_t form = mote_vnni_form(o->real + 4 * phase, 4);
    const __m512i result = mote_vnni_interleaved(o, mote_vnni_values(o, form, 64 * phase, sums[0]),
                                                 mote_vnni_values(o, form, 64 * phase + 16, sums[1]),
                                                 mote_vnni_values(o, form, 64 * phase + 32, sums[2]),
                                                 mote_vnni_values(o, form, 64 * phase + 48, sums[3]));
    if (bytes - at >= 64)
      _mm512_storeu_si512(y + at, result);
    else
      _mm512_mask_storeu_epi8(y + at, ((__mmask64)1 << (bytes - at)) - 1, result);
    if (++phase == p->phases) phase = 0;
  }
}

MOTE_KERNEL void depthwise_conv2d_s8_vnni(const depthwise_conv2d_s8_vnni_params* p, const int8_t* x,
                                          int8_t* y, void* scratch, int32_t first, int32_t rows) {
  const mote_strip* s = &p->strip;
  uint8_t* const strip = (uint8_t*)scratch;
  const int32_t row_bytes = s->window.columns.out * s->window.out_channels;
  mote_strip_part part;
  for (int32_t r = first; r < first + rows; r += part.rows) {
    part = mote_strip_part_of(s, r, first + rows);
    mote_vnni_depthwise_strip(p, part, x, strip);
    for (int32_t i = 0; i < part.rows; ++i)
      mote_vnni_depthwise_row(p, strip + i * s->pitch * p->row_bytes, y + (r + i) % s->y_slots * row_bytes);
  }
}

#endif
#endif
