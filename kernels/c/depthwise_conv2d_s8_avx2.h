/* 8-bit depthwise convolution, one filter per channel, with AVX2: pairs of taps, sixteen channels and up to
 * four pixels at a time. Packed weights: for each sixteen channels, for each pair of taps, the pairs of the
 * channels in turn, 16 bits each; an odd tap is paired with a zero. */
#ifndef MOTE_DEPTHWISE_CONV2D_S8_AVX2_H
#define MOTE_DEPTHWISE_CONV2D_S8_AVX2_H

#include "strip_avx2.h"

#if defined(__AVX2__) && defined(__FMA__)

typedef struct {
  mote_strip strip; /* its runs are the taps, an even number of offsets */
  mote_byte_output output;
  const int16_t* weights;
} depthwise_conv2d_s8_avx2_params;

#define MOTE_DEPTHWISE_PIXELS1(X) X(0)
#define MOTE_DEPTHWISE_PIXELS4(X) X(0) X(1) X(2) X(3)
#define MOTE_DEPTHWISE_START(m)               \
  const int16_t* const x##m = strip + in[m];  \
  __m256i a##m = mote_avx2_load(o->bias + c); \
  __m256i b##m = mote_avx2_load(o->bias + c + 8);
#define MOTE_DEPTHWISE_PAIR(m)                                                             \
  {                                                                                        \
    const __m256i t = mote_avx2_load(x##m + first), u = mote_avx2_load(x##m + second);     \
    a##m = _mm256_add_epi32(a##m, _mm256_madd_epi16(_mm256_unpacklo_epi16(t, u), w_low));  \
    b##m = _mm256_add_epi32(b##m, _mm256_madd_epi16(_mm256_unpackhi_epi16(t, u), w_high)); \
    MOTE_KEEP_ORDER(a##m, b##m);                                                           \
  }
#define MOTE_DEPTHWISE_FINISH(m) mote_avx2_store_bytes(mote_avx2_bytes(o, c, a##m, b##m), left, y + out[m]);

/* Channels from c of N pixels; strip and y of that channel. */
#define MOTE_DEPTHWISE_TILE(N)                                                                            \
  MOTE_INLINE void mote_avx2_depthwise##N(const depthwise_conv2d_s8_avx2_params* p, const int16_t* strip, \
                                          const int32_t* in, const int32_t* out, const int16_t* w,        \
                                          int32_t c, int8_t* y) {                                         \
    const mote_byte_output* o = &p->output;                                                               \
    const int32_t left = p->strip.window.out_channels - c;                                                \
    MOTE_DEPTHWISE_PIXELS##N(MOTE_DEPTHWISE_START) for (int32_t s = 0; s < p->strip.segments;             \
                                                        s += 2, w += 32) {                                \
      const int32_t first = p->strip.offsets[s], second = p->strip.offsets[s + 1];                        \
      const __m256i w_low = mote_avx2_load(w), w_high = mote_avx2_load(w + 16);                           \
      MOTE_DEPTHWISE_PIXELS##N(MOTE_DEPTHWISE_PAIR)                                                       \
    }                                                                                                     \
    MOTE_DEPTHWISE_PIXELS##N(MOTE_DEPTHWISE_FINISH)                                                       \
  }
MOTE_DEPTHWISE_TILE(1)
MOTE_DEPTHWISE_TILE(4)

MOTE_KERNEL void depthwise_conv2d_s8_avx2(const depthwise_conv2d_s8_avx2_params* p, const int8_t* x,
                                          int8_t* y, void* scratch, int32_t first, int32_t rows) {
  const mote_strip* s = &p->strip;
  const int32_t most = s->rows * s->window.columns.out + 4;
  int32_t* const in = (int32_t*)scratch;
  int32_t* const out = in + most;
  int16_t* const strip = (int16_t*)(out + most);
  mote_strip_part part;
  for (int32_t r = first; r < first + rows; r += part.rows) {
    part = mote_strip_part_of(s, r, first + rows);
    mote_avx2_strip(s, part, x, strip);
    mote_strip_pixels(s, part, 3, in, out);
    const int16_t* w = p->weights;
    for (int32_t c = 0; c < s->window.out_channels; c += 16, w += (s->segments + 1) / 2 * 32) {
      int32_t j = 0;
      for (; part.pixels - j > 1; j += 4) mote_avx2_depthwise4(p, strip + c, in + j, out + j, w, c, y + c);
      if (j < part.pixels) mote_avx2_depthwise1(p, strip + c, in + j, out + j, w, c, y + c);
    }
  }
}

#undef MOTE_DEPTHWISE_PIXELS1
#undef MOTE_DEPTHWISE_PIXELS4
#undef MOTE_DEPTHWISE_START
#undef MOTE_DEPTHWISE_PAIR
#undef MOTE_DEPTHWISE_FINISH
#undef MOTE_DEPTHWISE_TILE

#endif
#endif
