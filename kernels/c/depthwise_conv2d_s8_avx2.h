/* 8-bit depthwise convolution (one filter per channel, channels in eights) with AVX2: pairs of taps for eight
 * channels at once. Where a tap falls into the padding it reads a row of the input's zero point, made in the
 * scratch. Packed weights: for each eight channels, for each pair of taps, the pairs of the channels in turn,
 * 16 bits each. */
#ifndef MOTE_DEPTHWISE_CONV2D_S8_AVX2_H
#define MOTE_DEPTHWISE_CONV2D_S8_AVX2_H

#include "avx2.h"
#include "window2d.h"

#if defined(__AVX2__)

typedef struct {
  mote_window2d window;
  int32_t pairs; /* of taps; an odd one is paired with a zero weight */
  int32_t x_flip, x_zero;
  mote_avx2_output output;
  const int16_t* weights;
} depthwise_conv2d_s8_avx2_params;

MOTE_INLINE __m128i mote_avx2_tap(const int8_t* from, __m128i flips) {
  return _mm_cvtepi8_epi16(_mm_xor_si128(_mm_loadl_epi64((const __m128i*)(const void*)from), flips));
}

/* Where the taps of an output position read, in channel 0. */
MOTE_INLINE void mote_avx2_taps(const mote_window2d* g, const int8_t* x, int32_t oy, int32_t ox,
                                const int8_t* zeros, const int8_t** taps) {
  for (int32_t ky = 0; ky < g->rows.taps; ++ky) {
    const int32_t iy = mote_axis_source(&g->rows, oy, ky);
    for (int32_t kx = 0; kx < g->columns.taps; ++kx) {
      const int32_t ix = mote_axis_source(&g->columns, ox, kx);
      *taps++ = iy < 0 || ix < 0 ? zeros : x + (iy * g->columns.in + ix) * g->in_channels;
    }
  }
}

/* The scratch holds the row of zero points after the addresses of the taps. */
MOTE_KERNEL void depthwise_conv2d_s8_avx2(const depthwise_conv2d_s8_avx2_params* p, const int8_t* x,
                                          int8_t* y, void* scratch) {
  const mote_window2d* g = &p->window;
  const __m128i flips = _mm_set1_epi8((char)p->x_flip);
  const int8_t** taps = (const int8_t**)scratch;
  int8_t* zeros = (int8_t*)(taps + 2 * p->pairs);
  memset(zeros, p->x_zero ^ p->x_flip, (size_t)g->in_channels);
  taps[2 * p->pairs - 1] = zeros;
  for (int32_t n = 0; n < g->batches; ++n, x += g->rows.in * g->columns.in * g->in_channels)
    for (int32_t oy = 0; oy < g->rows.out; ++oy)
      for (int32_t ox = 0; ox < g->columns.out; ++ox) {
        mote_avx2_taps(g, x, oy, ox, zeros, taps);
        const int16_t* w = p->weights;
        for (int32_t c = 0; c < g->out_channels; c += 8, y += 8) {
          __m256i sums = _mm256_setzero_si256();
          for (int32_t i = 0; i < p->pairs; ++i, w += 16) {
            const __m128i t = mote_avx2_tap(taps[2 * i] + c, flips);
            const __m128i u = mote_avx2_tap(taps[2 * i + 1] + c, flips);
            const __m256i both = _mm256_inserti128_si256(_mm256_castsi128_si256(_mm_unpacklo_epi16(t, u)),
                                                         _mm_unpackhi_epi16(t, u), 1);
            sums = _mm256_add_epi32(
                sums, _mm256_madd_epi16(both, _mm256_loadu_si256((const __m256i*)(const void*)w)));
          }
          mote_avx2_store(&p->output, c, sums, 8, y);
        }
      }
}

#endif
#endif
