/* 8-bit convolution and fully-connected layers with AVX-512 VNNI: one instruction multiplies four unsigned
 * bytes of the strip by four signed weights in each of sixteen channels. The strip holds x + 128, which the
 * bias takes back. Packed weights: for each two blocks of sixteen channels (the last may be alone), for each
 * run of a window, for each four of its elements, the fours of the channels in turn, zero where absent. */
#ifndef MOTE_CONV2D_S8_VNNI_H
#define MOTE_CONV2D_S8_VNNI_H

#include "strip_vnni.h"

#if defined(__AVX512VNNI__) && defined(__AVX512BW__) && defined(__AVX512VL__)

typedef struct {
  mote_strip strip;
  mote_byte_output output;
  const int8_t* weights;
} conv2d_s8_vnni_params;

MOTE_INLINE __m512i mote_vnni_four(const uint8_t* from) {
  int32_t four;
  memcpy(&four, from, 4);
  return _mm512_set1_epi32(four);
}

#define MOTE_VNNI_PIXELS2(X) X(0) X(1)
#define MOTE_VNNI_PIXELS4(X) X(0) X(1) X(2) X(3)
#define MOTE_VNNI_PIXELS8(X) X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7)
#define MOTE_VNNI_START(m)                    \
  const uint8_t* const x##m = strip + in[m];  \
  __m512i a##m = mote_vnni_load(o->bias + c); \
  __m512i b##m = blocks > 1 ? mote_vnni_load(o->bias + c + 16) : a##m;
#define MOTE_VNNI_FOUR(m)                                    \
  {                                                          \
    const __m512i x = mote_vnni_four(x##m + at + i);         \
    a##m = _mm512_dpbusd_epi32(a##m, x, w0);                 \
    if (blocks > 1) b##m = _mm512_dpbusd_epi32(b##m, x, w1); \
  }
#define MOTE_VNNI_FINISH(m)                                             \
  mote_vnni_store_bytes(mote_vnni_bytes(o, c, a##m), left, y + out[m]); \
  if (blocks > 1) mote_vnni_store_bytes(mote_vnni_bytes(o, c + 16, b##m), left - 16, y + 16 + out[m]);

/* One or two blocks of channels from c of N pixels; y of that channel. */
#define MOTE_VNNI_TILE(N)                                                                               \
  MOTE_INLINE void mote_vnni_tile##N(const conv2d_s8_vnni_params* p, const uint8_t* strip,              \
                                     const int32_t* in, const int32_t* out, const int8_t* w, int32_t c, \
                                     int32_t blocks, int8_t* y) {                                       \
    const mote_byte_output* o = &p->output;                                                             \
    const int32_t left = p->strip.window.out_channels - c;                                              \
    const int32_t run = p->strip.run;                                                                   \
    MOTE_VNNI_PIXELS##N(MOTE_VNNI_START) for (int32_t s = 0; s < p->strip.segments; ++s) {              \
      const int32_t at = p->strip.offsets[s];                                                           \
      for (int32_t i = 0; i < run; i += 4, w += 64 * blocks) {                                          \
        const __m512i w0 = mote_vnni_load(w), w1 = blocks > 1 ? mote_vnni_load(w + 64) : w0;            \
        MOTE_VNNI_PIXELS##N(MOTE_VNNI_FOUR)                                                             \
      }                                                                                                 \
    }                                                                                                   \
    MOTE_VNNI_PIXELS##N(MOTE_VNNI_FINISH)                                                               \
  }
MOTE_VNNI_TILE(2)
MOTE_VNNI_TILE(4)
MOTE_VNNI_TILE(8)

/* One pixel: four sums of each block, for a single one would wait for itself. */
#define MOTE_VNNI_SUMS(k)                                                                          \
  {                                                                                                \
    const __m512i x = mote_vnni_four(x0 + at + i + 4 * k);                                         \
    a##k = _mm512_dpbusd_epi32(a##k, x, mote_vnni_load(w + 64 * blocks * k));                      \
    if (blocks > 1) b##k = _mm512_dpbusd_epi32(b##k, x, mote_vnni_load(w + 64 * blocks * k + 64)); \
  }
MOTE_INLINE void mote_vnni_tile1(const conv2d_s8_vnni_params* p, const uint8_t* strip, const int32_t* in,
                                 const int32_t* out, const int8_t* w, int32_t c, int32_t blocks, int8_t* y) {
  const mote_byte_output* o = &p->output;
  const int32_t left = p->strip.window.out_channels - c;
  const uint8_t* const x0 = strip + in[0];
  const __m512i zero = _mm512_setzero_si512();
  __m512i a0 = mote_vnni_load(o->bias + c), a1 = zero, a2 = zero, a3 = zero;
  __m512i b0 = blocks > 1 ? mote_vnni_load(o->bias + c + 16) : zero, b1 = zero, b2 = zero, b3 = zero;
  for (int32_t s = 0; s < p->strip.segments; ++s) {
    const int32_t at = p->strip.offsets[s];
    int32_t i = 0;
    for (; i + 16 <= p->strip.run; i += 16, w += 256 * blocks) {
      MOTE_VNNI_SUMS(0)
      MOTE_VNNI_SUMS(1)
      MOTE_VNNI_SUMS(2)
      MOTE_VNNI_SUMS(3)
    }
    for (; i < p->strip.run; i += 4, w += 64 * blocks) MOTE_VNNI_SUMS(0)
  }
  a0 = _mm512_add_epi32(_mm512_add_epi32(a0, a1), _mm512_add_epi32(a2, a3));
  mote_vnni_store_bytes(mote_vnni_bytes(o, c, a0), left, y + out[0]);
  if (blocks == 1) return;
  b0 = _mm512_add_epi32(_mm512_add_epi32(b0, b1), _mm512_add_epi32(b2, b3));
  mote_vnni_store_bytes(mote_vnni_bytes(o, c + 16, b0), left - 16, y + 16 + out[0]);
}

MOTE_INLINE void mote_vnni_channels(const conv2d_s8_vnni_params* p, const uint8_t* strip, const int32_t* in,
                                    const int32_t* out, int32_t pixels, const int8_t* w, int32_t c,
                                    int32_t blocks, int8_t* y) {
  int32_t j = 0;
  for (; pixels - j > 4; j += 8) mote_vnni_tile8(p, strip, in + j, out + j, w, c, blocks, y + c);
  if (pixels - j > 2)
    mote_vnni_tile4(p, strip, in + j, out + j, w, c, blocks, y + c);
  else if (pixels - j == 2)
    mote_vnni_tile2(p, strip, in + j, out + j, w, c, blocks, y + c);
  else if (pixels - j == 1)
    mote_vnni_tile1(p, strip, in + j, out + j, w, c, blocks, y + c);
}

MOTE_KERNEL void conv2d_s8_vnni(const conv2d_s8_vnni_params* p, const int8_t* x, int8_t* y, void* scratch,
                                int32_t first, int32_t rows) {
  const mote_strip* s = &p->strip;
  const int32_t most = s->rows * s->window.columns.out + 8;
  int32_t* const in = (int32_t*)scratch;
  int32_t* const out = in + most;
  uint8_t* const strip = (uint8_t*)(out + most);
  const int32_t block = (s->run + 3) / 4 * 64 * s->segments;
  mote_strip_part part;
  for (int32_t r = first; r < first + rows; r += part.rows) {
    part = mote_strip_part_of(s, r, first + rows);
    mote_vnni_strip(s, part, x, strip);
    mote_strip_pixels(s, part, 7, in, out);
    const int8_t* w = p->weights;
    int32_t c = 0;
    for (; c + 16 < s->window.out_channels; c += 32, w += 2 * block)
      mote_vnni_channels(p, strip, in, out, part.pixels, w, c, 2, y);
    if (c < s->window.out_channels) mote_vnni_channels(p, strip, in, out, part.pixels, w, c, 1, y);
  }
}

#undef MOTE_VNNI_PIXELS2
#undef MOTE_VNNI_PIXELS4
#undef MOTE_VNNI_PIXELS8
#undef MOTE_VNNI_START
#undef MOTE_VNNI_FOUR
#undef MOTE_VNNI_FINISH
#undef MOTE_VNNI_TILE
#undef MOTE_VNNI_SUMS

#endif
#endif
