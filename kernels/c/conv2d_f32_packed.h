/* Float convolution and fully-connected layers: blocks of four output channels and four pixels (or one),
 * whose sums stay in registers. Where the pixels themselves are not the windows, the windows are gathered in
 * the scratch. Packed weights: for each four channels, for each window element, the channels in turn, zero
 * where absent. */
#ifndef MOTE_CONV2D_F32_PACKED_H
#define MOTE_CONV2D_F32_PACKED_H

#include "f32x4.h"
#include "windows.h"

typedef struct {
  mote_window2d window; /* one group, plain or transposed */
  int32_t elements;     /* of a window */
  float low, high;      /* fused activation */
  const float* bias;    /* padded to whole blocks */
  const float* weights;
} conv2d_f32_packed_params;

/* Channels from c of `count` (1 to 4) pixels; absent ones repeat the last. */
MOTE_INLINE void mote_f32_packed_block4(const conv2d_f32_packed_params* p, const float* w, const float* x,
                                        int32_t c, int32_t count, float* y) {
  const float* x1 = count > 1 ? x + p->elements : x;
  const float* x2 = count > 2 ? x1 + p->elements : x1;
  const float* x3 = count > 3 ? x2 + p->elements : x2;
  mote_f32x4 s0 = mote_f32x4_load(p->bias + c), s1 = s0, s2 = s0, s3 = s0;
  for (const float* end = x + p->elements; x < end; w += 4) {
    const mote_f32x4 taps = mote_f32x4_load(w);
    s0 = mote_f32x4_add_scaled(s0, taps, *x++);
    s1 = mote_f32x4_add_scaled(s1, taps, *x1++);
    s2 = mote_f32x4_add_scaled(s2, taps, *x2++);
    s3 = mote_f32x4_add_scaled(s3, taps, *x3++);
  }
  const int32_t row = p->window.out_channels;
  const int32_t left = row - c;
  mote_f32x4_store(s0, p->low, p->high, left, y);
  if (count > 1) mote_f32x4_store(s1, p->low, p->high, left, y + row);
  if (count > 2) mote_f32x4_store(s2, p->low, p->high, left, y + 2 * row);
  if (count > 3) mote_f32x4_store(s3, p->low, p->high, left, y + 3 * row);
}

MOTE_INLINE void mote_f32_packed_block1(const conv2d_f32_packed_params* p, const float* w, const float* x,
                                        int32_t c, float* y) {
  mote_f32x4 sum = mote_f32x4_load(p->bias + c);
  for (const float* end = x + p->elements; x < end; ++x, w += 4)
    sum = mote_f32x4_add_scaled(sum, mote_f32x4_load(w), *x);
  mote_f32x4_store(sum, p->low, p->high, p->window.out_channels - c, y);
}

/* All channels of `count` (1 to 4) pixels, their windows one after the other. */
MOTE_INLINE void mote_f32_packed_pixels(const conv2d_f32_packed_params* p, const float* windows,
                                        int32_t count, float* y) {
  const float* w = p->weights;
  for (int32_t c = 0; c < p->window.out_channels; c += 4, w += 4 * p->elements) {
    if (count > 1)
      mote_f32_packed_block4(p, w, windows, c, count, y + c);
    else
      mote_f32_packed_block1(p, w, windows, c, y + c);
  }
}

/* The pixels are the windows. */
MOTE_KERNEL void conv2d_f32_packed_direct(const conv2d_f32_packed_params* p, const float* x, float* y) {
  const mote_window2d* g = &p->window;
  const int32_t total = g->batches * g->rows.out * g->columns.out;
  for (int32_t pixel = 0; pixel < total; pixel += 4, x += 4 * p->elements, y += 4 * g->out_channels)
    mote_f32_packed_pixels(p, x, total - pixel < 4 ? total - pixel : 4, y);
}

MOTE_KERNEL void conv2d_f32_packed(const conv2d_f32_packed_params* p, const float* x, float* y,
                                   void* scratch) {
  const mote_window2d* g = &p->window;
  float* windows = (float*)scratch;
  mote_window_cursor cursor = {(const char*)x, 0, 0};
  const int32_t total = g->batches * g->rows.out * g->columns.out;
  for (int32_t pixel = 0; pixel < total; pixel += 4, y += 4 * g->out_channels) {
    const int32_t count = total - pixel < 4 ? total - pixel : 4;
    for (int32_t i = 0; i < count; ++i)
      mote_gather_window(g, &cursor, sizeof(float), windows + i * p->elements);
    mote_f32_packed_pixels(p, windows, count, y);
  }
}

#endif
