/* 8-bit convolution and fully-connected layers with AVX2: blocks of sixteen output channels and four pixels
 * (or one). The windows are widened to 16 bits into the scratch; padding is the input's zero point there.
 * Packed weights: for each sixteen channels, for each pair of window elements, the pairs of the channels in
 * turn, 16 bits each, zero where absent. */
#ifndef MOTE_CONV2D_S8_AVX2_H
#define MOTE_CONV2D_S8_AVX2_H

#include "avx2.h"
#include "window2d.h"

#if defined(__AVX2__)

typedef struct {
  mote_window2d window; /* one group, plain */
  int32_t pairs;        /* of window elements */
  int32_t x_flip, x_zero;
  mote_avx2_output output;
  const int16_t* weights;
} conv2d_s8_avx2_params;

MOTE_INLINE __m256i mote_avx2_pair(const int16_t* x) {
  int32_t pair;
  memcpy(&pair, x, 4);
  return _mm256_set1_epi32(pair);
}

#define MOTE_AVX2_STEP(low, high, x)                                \
  do {                                                              \
    const __m256i pair = mote_avx2_pair(x);                         \
    low = _mm256_add_epi32(low, _mm256_madd_epi16(pair, w_low));    \
    high = _mm256_add_epi32(high, _mm256_madd_epi16(pair, w_high)); \
  } while (0)

/* Sixteen channels of `count` pixels, whose windows stand `2 * pairs` elements apart; y of the first pixel
 * and channel. */
MOTE_INLINE void mote_avx2_block4(const conv2d_s8_avx2_params* p, const int16_t* w, const int16_t* x,
                                  int32_t c, int32_t count, int8_t* y) {
  __m256i a0 = _mm256_setzero_si256(), a1 = a0, a2 = a0, a3 = a0, b0 = a0, b1 = a0, b2 = a0, b3 = a0;
  const int32_t window = 2 * p->pairs;
  for (int32_t i = 0; i < window; i += 2, w += 32) {
    const __m256i w_low = _mm256_loadu_si256((const __m256i*)(const void*)w);
    const __m256i w_high = _mm256_loadu_si256((const __m256i*)(const void*)(w + 16));
    MOTE_AVX2_STEP(a0, b0, x + i);
    MOTE_AVX2_STEP(a1, b1, x + window + i);
    MOTE_AVX2_STEP(a2, b2, x + 2 * window + i);
    MOTE_AVX2_STEP(a3, b3, x + 3 * window + i);
  }
  const __m256i sums[8] = {a0, b0, a1, b1, a2, b2, a3, b3};
  const int32_t left = p->window.out_channels - c;
  for (int32_t i = 0; i < count; ++i, y += p->window.out_channels) {
    mote_avx2_store(&p->output, c, sums[2 * i], left, y);
    if (left > 8) mote_avx2_store(&p->output, c + 8, sums[2 * i + 1], left - 8, y + 8);
  }
}

MOTE_INLINE void mote_avx2_block1(const conv2d_s8_avx2_params* p, const int16_t* w, const int16_t* x,
                                  int32_t c, int8_t* y) {
  __m256i a0 = _mm256_setzero_si256(), b0 = a0, a1 = a0, b1 = a0;
  int32_t i = 0;
  for (; i + 1 < p->pairs; i += 2, w += 64, x += 4) {
    __m256i w_low = _mm256_loadu_si256((const __m256i*)(const void*)w);
    __m256i w_high = _mm256_loadu_si256((const __m256i*)(const void*)(w + 16));
    MOTE_AVX2_STEP(a0, b0, x);
    w_low = _mm256_loadu_si256((const __m256i*)(const void*)(w + 32));
    w_high = _mm256_loadu_si256((const __m256i*)(const void*)(w + 48));
    MOTE_AVX2_STEP(a1, b1, x + 2);
  }
  if (i < p->pairs) {
    const __m256i w_low = _mm256_loadu_si256((const __m256i*)(const void*)w);
    const __m256i w_high = _mm256_loadu_si256((const __m256i*)(const void*)(w + 16));
    MOTE_AVX2_STEP(a0, b0, x);
  }
  const int32_t left = p->window.out_channels - c;
  mote_avx2_store(&p->output, c, _mm256_add_epi32(a0, a1), left, y);
  if (left > 8) mote_avx2_store(&p->output, c + 8, _mm256_add_epi32(b0, b1), left - 8, y + 8);
}

#undef MOTE_AVX2_STEP

/* Window of one output position; an odd element at the end meets a zero weight. */
MOTE_INLINE void mote_avx2_gather(const conv2d_s8_avx2_params* p, const int8_t* image, int32_t oy, int32_t ox,
                                  int16_t* to) {
  const mote_axis* columns = &p->window.columns;
  const int32_t depth = p->window.in_channels;
  const int32_t first = ox * columns->stride + columns->offset;
  const int32_t whole = columns->step == 1 && first >= 0 && first + columns->taps <= columns->in;
  int16_t* end = to + 2 * p->pairs;
  for (int32_t ky = 0; ky < p->window.rows.taps; ++ky) {
    const int32_t iy = mote_axis_source(&p->window.rows, oy, ky);
    if (iy < 0) {
      to = mote_avx2_fill(to, p->x_zero, columns->taps * depth);
    } else if (whole) {
      to = mote_avx2_widen(to, image + (iy * columns->in + first) * depth, columns->taps * depth, p->x_flip);
    } else {
      for (int32_t kx = 0; kx < columns->taps; ++kx) {
        const int32_t ix = mote_axis_source(columns, ox, kx);
        to = ix < 0 ? mote_avx2_fill(to, p->x_zero, depth)
                    : mote_avx2_widen(to, image + (iy * columns->in + ix) * depth, depth, p->x_flip);
      }
    }
  }
  if (to < end) *to = 0;
}

MOTE_KERNEL void conv2d_s8_avx2(const conv2d_s8_avx2_params* p, const int8_t* x, int8_t* y, void* scratch) {
  const mote_window2d* g = &p->window;
  int16_t* windows = (int16_t*)scratch;
  const int32_t total = g->batches * g->rows.out * g->columns.out;
  int32_t oy = 0;
  int32_t ox = 0;
  for (int32_t pixel = 0; pixel < total; pixel += 4, y += 4 * g->out_channels) {
    const int32_t count = total - pixel < 4 ? total - pixel : 4;
    for (int32_t i = 0; i < count; ++i) {
      mote_avx2_gather(p, x, oy, ox, windows + 2 * p->pairs * i);
      if (++ox < g->columns.out) continue;
      ox = 0;
      if (++oy < g->rows.out) continue;
      oy = 0;
      x += g->rows.in * g->columns.in * g->in_channels;
    }
    const int16_t* w = p->weights;
    for (int32_t c = 0; c < g->out_channels; c += 16, w += 32 * p->pairs) {
      if (count > 1)
        mote_avx2_block4(p, w, windows, c, count, y + c);
      else
        mote_avx2_block1(p, w, windows, c, y + c);
    }
  }
}

#endif
#endif
