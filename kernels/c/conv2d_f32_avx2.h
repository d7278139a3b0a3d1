/* Float convolution and fully-connected layers with AVX2 and fused multiply-add: blocks of sixteen output
 * channels and six pixels (or one). Where the pixels themselves are not the windows, the windows are gathered
 * in the scratch. Packed weights: for each sixteen channels, for each window element, the channels in turn,
 * zero where absent. */
#ifndef MOTE_CONV2D_F32_AVX2_H
#define MOTE_CONV2D_F32_AVX2_H

#include "f32_avx2.h"
#include "windows.h"

#if defined(__AVX2__) && defined(__FMA__)

typedef struct {
  mote_window2d window; /* one group, plain or transposed */
  int32_t elements;     /* of a window */
  float low, high;      /* fused activation */
  const float* bias;    /* padded to whole blocks */
  const float* weights;
} conv2d_f32_avx2_params;

/* Adds one window element of the pixel `x` to its sixteen sums. */
#define MOTE_F32_STEP(a, b, x)               \
  do {                                       \
    const __m256 v = _mm256_broadcast_ss(x); \
    a = _mm256_fmadd_ps(v, w_low, a);        \
    b = _mm256_fmadd_ps(v, w_high, b);       \
  } while (0)

MOTE_INLINE void mote_f32_avx2_store2(const conv2d_f32_avx2_params* p, int32_t c, __m256 a, __m256 b,
                                      float* y) {
  const int32_t left = p->window.out_channels - c;
  mote_f32_avx2_store(a, p->low, p->high, left, y);
  if (left > 8) mote_f32_avx2_store(b, p->low, p->high, left - 8, y + 8);
}

/* Channels from c of `count` (1 to 6) pixels, whose windows stand `step` apart; y of the first one. Absent
 * pixels repeat the last one. */
MOTE_INLINE void mote_f32_avx2_block6(const conv2d_f32_avx2_params* p, const float* w, const float* x,
                                      int32_t step, int32_t c, int32_t count, float* y) {
  const float* x1 = count > 1 ? x + step : x;
  const float* x2 = count > 2 ? x1 + step : x1;
  const float* x3 = count > 3 ? x2 + step : x2;
  const float* x4 = count > 4 ? x3 + step : x3;
  const float* x5 = count > 5 ? x4 + step : x4;
  __m256 a0 = _mm256_loadu_ps(p->bias + c), b0 = _mm256_loadu_ps(p->bias + c + 8);
  __m256 a1 = a0, b1 = b0, a2 = a0, b2 = b0, a3 = a0, b3 = b0, a4 = a0, b4 = b0, a5 = a0, b5 = b0;
  const int32_t elements = p->elements;
  for (int32_t i = 0; i < elements; ++i, w += 16) {
    const __m256 w_low = _mm256_loadu_ps(w);
    const __m256 w_high = _mm256_loadu_ps(w + 8);
    MOTE_F32_STEP(a0, b0, x + i);
    MOTE_F32_STEP(a1, b1, x1 + i);
    MOTE_F32_STEP(a2, b2, x2 + i);
    MOTE_F32_STEP(a3, b3, x3 + i);
    MOTE_F32_STEP(a4, b4, x4 + i);
    MOTE_F32_STEP(a5, b5, x5 + i);
  }
  const int32_t row = p->window.out_channels;
  mote_f32_avx2_store2(p, c, a0, b0, y);
  if (count > 1) mote_f32_avx2_store2(p, c, a1, b1, y + row);
  if (count > 2) mote_f32_avx2_store2(p, c, a2, b2, y + 2 * row);
  if (count > 3) mote_f32_avx2_store2(p, c, a3, b3, y + 3 * row);
  if (count > 4) mote_f32_avx2_store2(p, c, a4, b4, y + 4 * row);
  if (count > 5) mote_f32_avx2_store2(p, c, a5, b5, y + 5 * row);
}

/* One pixel: four chains of sums hide the latency of the additions. */
MOTE_INLINE void mote_f32_avx2_block1(const conv2d_f32_avx2_params* p, const float* w, const float* x,
                                      int32_t c, float* y) {
  __m256 a0 = _mm256_loadu_ps(p->bias + c), b0 = _mm256_loadu_ps(p->bias + c + 8);
  __m256 a1 = _mm256_setzero_ps(), b1 = a1, a2 = a1, b2 = a1, a3 = a1, b3 = a1;
  const int32_t elements = p->elements;
  int32_t i = 0;
  for (; i + 3 < elements; i += 4, w += 64) {
    __m256 w_low = _mm256_loadu_ps(w), w_high = _mm256_loadu_ps(w + 8);
    MOTE_F32_STEP(a0, b0, x + i);
    w_low = _mm256_loadu_ps(w + 16), w_high = _mm256_loadu_ps(w + 24);
    MOTE_F32_STEP(a1, b1, x + i + 1);
    w_low = _mm256_loadu_ps(w + 32), w_high = _mm256_loadu_ps(w + 40);
    MOTE_F32_STEP(a2, b2, x + i + 2);
    w_low = _mm256_loadu_ps(w + 48), w_high = _mm256_loadu_ps(w + 56);
    MOTE_F32_STEP(a3, b3, x + i + 3);
  }
  for (; i < elements; ++i, w += 16) {
    const __m256 w_low = _mm256_loadu_ps(w), w_high = _mm256_loadu_ps(w + 8);
    MOTE_F32_STEP(a0, b0, x + i);
  }
  a0 = _mm256_add_ps(_mm256_add_ps(a0, a1), _mm256_add_ps(a2, a3));
  b0 = _mm256_add_ps(_mm256_add_ps(b0, b1), _mm256_add_ps(b2, b3));
  mote_f32_avx2_store2(p, c, a0, b0, y);
}

#undef MOTE_F32_STEP

/* All channels of `count` (1 to 6) pixels. */
MOTE_INLINE void mote_f32_avx2_pixels(const conv2d_f32_avx2_params* p, const float* windows, int32_t step,
                                      int32_t count, float* y) {
  const float* w = p->weights;
  for (int32_t c = 0; c < p->window.out_channels; c += 16, w += 16 * p->elements) {
    if (count > 1)
      mote_f32_avx2_block6(p, w, windows, step, c, count, y + c);
    else
      mote_f32_avx2_block1(p, w, windows, c, y + c);
  }
}

/* The pixels are the windows. */
MOTE_KERNEL void conv2d_f32_avx2_direct(const conv2d_f32_avx2_params* p, const float* x, float* y) {
  const mote_window2d* g = &p->window;
  const int32_t total = g->batches * g->rows.out * g->columns.out;
  for (int32_t pixel = 0; pixel < total; pixel += 6, x += 6 * p->elements, y += 6 * g->out_channels)
    mote_f32_avx2_pixels(p, x, p->elements, total - pixel < 6 ? total - pixel : 6, y);
}

MOTE_KERNEL void conv2d_f32_avx2(const conv2d_f32_avx2_params* p, const float* x, float* y, void* scratch) {
  const mote_window2d* g = &p->window;
  float* windows = (float*)scratch;
  mote_window_cursor cursor = {(const char*)x, 0, 0};
  const int32_t total = g->batches * g->rows.out * g->columns.out;
  for (int32_t pixel = 0; pixel < total; pixel += 6, y += 6 * g->out_channels) {
    const int32_t count = total - pixel < 6 ? total - pixel : 6;
    for (int32_t i = 0; i < count; ++i)
      mote_gather_window(g, &cursor, sizeof(float), windows + i * p->elements);
    mote_f32_avx2_pixels(p, windows, p->elements, count, y);
  }
}

#endif
#endif
