/* Float depthwise convolution, one filter per channel, with AVX-512: sixteen channels and up to eight pixels
 * at a time. Weights [rows.taps, columns.taps, out_channels], with room behind them for a whole vector. */
#ifndef MOTE_DEPTHWISE_CONV2D_F32_AVX512_H
#define MOTE_DEPTHWISE_CONV2D_F32_AVX512_H

#include "conv2d_f32_avx512.h"

#if defined(__AVX512F__)

typedef struct {
  mote_strip strip; /* its runs are the taps */
  int32_t taps;
  float low, high;   /* fused activation */
  const float* bias; /* padded to whole blocks */
  const float* weights;
} depthwise_conv2d_f32_avx512_params;

#define MOTE_F32_TAP(n, m) s0##m = _mm512_fmadd_ps(_mm512_loadu_ps(x##m + at), v, s0##m);

/* Channels from c of N pixels; strip and y of that channel. */
#define MOTE_F32_DEPTHWISE(N)                                                                             \
  MOTE_INLINE void mote_f32_depthwise##N(const depthwise_conv2d_f32_avx512_params* p, const float* strip, \
                                         const int32_t* in, const int32_t* out, int32_t c, float* y) {    \
    const int32_t left = p->strip.window.out_channels - c;                                                \
    const float* w = p->weights + c;                                                                      \
    MOTE_F32_PIXELS##N(MOTE_F32_POINT, 0)                                                                 \
        MOTE_F32_START(0, N) for (int32_t k = 0; k < p->taps; ++k, w += p->strip.window.out_channels) {   \
      const int32_t at = p->strip.offsets[k];                                                             \
      const __m512 v = _mm512_loadu_ps(w);                                                                \
      MOTE_F32_PIXELS##N(MOTE_F32_TAP, 0)                                                                 \
    }                                                                                                     \
    MOTE_F32_FINISH(0, N)                                                                                 \
  }
MOTE_F32_DEPTHWISE(1)
MOTE_F32_DEPTHWISE(4)
MOTE_F32_DEPTHWISE(8)

MOTE_KERNEL void depthwise_conv2d_f32_avx512(const depthwise_conv2d_f32_avx512_params* p, const float* x,
                                             float* y, void* scratch, int32_t first, int32_t rows) {
  const mote_strip* s = &p->strip;
  const int32_t most = s->rows * s->window.columns.out + 8;
  int32_t* const in = (int32_t*)scratch;
  int32_t* const out = in + most;
  float* const strip = (float*)(out + most);
  mote_strip_part part;
  for (int32_t r = first; r < first + rows; r += part.rows) {
    part = mote_strip_part_of(s, r, first + rows);
    mote_f32_strip(s, part, x, strip);
    mote_strip_pixels(s, part, 7, in, out);
    for (int32_t c = 0; c < s->window.out_channels; c += 16) {
      int32_t j = 0;
      for (; part.pixels - j > 4; j += 8) mote_f32_depthwise8(p, strip + c, in + j, out + j, c, y + c);
      if (part.pixels - j > 1)
        mote_f32_depthwise4(p, strip + c, in + j, out + j, c, y + c);
      else if (part.pixels - j == 1)
        mote_f32_depthwise1(p, strip + c, in + j, out + j, c, y + c);
    }
  }
}

#endif
#endif
