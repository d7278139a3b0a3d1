/* Float depthwise convolution, one filter per channel, with AVX2 and fused multiply-add: blocks of eight
 * channels and of four pixels of a row whose windows lie inside, or one. Weights [rows.taps, columns.taps,
 * out_channels]. */
#ifndef MOTE_DEPTHWISE_CONV2D_F32_AVX2_H
#define MOTE_DEPTHWISE_CONV2D_F32_AVX2_H

#include "depthwise_taps.h"
#include "f32_avx2.h"

#if defined(__AVX2__) && defined(__FMA__)

typedef struct {
  mote_window2d window;
  float low, high;   /* fused activation */
  const float* bias; /* or null */
  const float* weights;
} depthwise_conv2d_f32_avx2_params;

/* Eight channels, or the first ones. */
MOTE_INLINE __m256 mote_f32_avx2_load(const float* from, int32_t count) {
  return count >= 8 ? _mm256_loadu_ps(from) : _mm256_maskload_ps(from, mote_f32_avx2_lanes(count));
}

MOTE_INLINE __m256 mote_f32_avx2_bias(const depthwise_conv2d_f32_avx2_params* p, int32_t c, int32_t count) {
  return p->bias ? mote_f32_avx2_load(p->bias + c, count) : _mm256_setzero_ps();
}

/* `count` channels from c of one pixel; x of the image. */
MOTE_INLINE void mote_depthwise_f32_avx2_1(const depthwise_conv2d_f32_avx2_params* p,
                                           const mote_depthwise_taps* t, const float* x, int32_t c,
                                           int32_t count, float* y) {
  const float* in = x + t->x_first + c;
  const float* w = p->weights + t->w_first + c;
  __m256 sum = mote_f32_avx2_bias(p, c, count);
  for (int32_t ky = 0; ky < t->rows; ++ky, in += t->x_row, w += t->w_row)
    for (int32_t kx = 0; kx < t->columns; ++kx, in += t->x_column, w += p->window.out_channels)
      sum = _mm256_fmadd_ps(mote_f32_avx2_load(in, count), mote_f32_avx2_load(w, count), sum);
  mote_f32_avx2_store(sum, p->low, p->high, count, y + c);
}

/* Four pixels with the same taps, their windows `next` elements apart. */
MOTE_INLINE void mote_depthwise_f32_avx2_4(const depthwise_conv2d_f32_avx2_params* p,
                                           const mote_depthwise_taps* t, const float* x, int32_t next,
                                           int32_t c, int32_t count, float* y) {
  const int32_t channels = p->window.out_channels;
  const float* in = x + t->x_first + c;
  const float* w = p->weights + t->w_first + c;
  __m256 s0 = mote_f32_avx2_bias(p, c, count), s1 = s0, s2 = s0, s3 = s0;
  for (int32_t ky = 0; ky < t->rows; ++ky, in += t->x_row, w += t->w_row)
    for (int32_t kx = 0; kx < t->columns; ++kx, in += t->x_column, w += channels) {
      const __m256 tap = mote_f32_avx2_load(w, count);
      s0 = _mm256_fmadd_ps(mote_f32_avx2_load(in, count), tap, s0);
      s1 = _mm256_fmadd_ps(mote_f32_avx2_load(in + next, count), tap, s1);
      s2 = _mm256_fmadd_ps(mote_f32_avx2_load(in + 2 * next, count), tap, s2);
      s3 = _mm256_fmadd_ps(mote_f32_avx2_load(in + 3 * next, count), tap, s3);
    }
  mote_f32_avx2_store(s0, p->low, p->high, count, y + c);
  mote_f32_avx2_store(s1, p->low, p->high, count, y + channels + c);
  mote_f32_avx2_store(s2, p->low, p->high, count, y + 2 * channels + c);
  mote_f32_avx2_store(s3, p->low, p->high, count, y + 3 * channels + c);
}

MOTE_KERNEL void depthwise_conv2d_f32_avx2(const depthwise_conv2d_f32_avx2_params* p, const float* x,
                                           float* y) {
  const mote_window2d* g = &p->window;
  const mote_axis* columns = &g->columns;
  const int32_t channels = g->out_channels;
  const int32_t next = columns->stride * channels;
  for (int32_t n = 0; n < g->batches; ++n, x += g->rows.in * columns->in * channels)
    for (int32_t oy = 0; oy < g->rows.out; ++oy)
      for (int32_t ox = 0; ox < columns->out;) {
        const mote_depthwise_taps t = mote_depthwise_taps_of(g, oy, ox);
        const int32_t last =
            (ox + 3) * columns->stride + columns->offset + (columns->taps - 1) * columns->step;
        const int32_t four = ox + 3 < columns->out && t.columns == columns->taps && last < columns->in;
        int32_t c = 0;
        if (four) {
          for (; c + 8 <= channels; c += 8) mote_depthwise_f32_avx2_4(p, &t, x, next, c, 8, y);
          if (c < channels) mote_depthwise_f32_avx2_4(p, &t, x, next, c, channels - c, y);
        } else {
          for (; c + 8 <= channels; c += 8) mote_depthwise_f32_avx2_1(p, &t, x, c, 8, y);
          if (c < channels) mote_depthwise_f32_avx2_1(p, &t, x, c, channels - c, y);
        }
        ox += four ? 4 : 1;
        y += four ? 4 * channels : channels;
      }
}

#endif
#endif
