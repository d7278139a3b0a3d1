/* 8-bit convolution and fully-connected layers with AVX2: blocks of sixteen output channels and four pixels
 * (or one). The windows are widened to 16 bits into the scratch; padding is the input's zero point there.
 * Packed weights: for each sixteen channels, for each pair of window elements, the pairs of the channels in
 * turn, 16 bits each, zero where absent. */
#ifndef MOTE_CONV2D_S8_AVX2_H
#define MOTE_CONV2D_S8_AVX2_H

#include "avx2.h"
#include "avx2_pairs.h"
#include "window2d.h"

#if defined(__AVX2__)

typedef struct {
  mote_window2d window; /* one group, plain */
  int32_t pairs;        /* of window elements */
  int32_t x_flip, x_zero;
  mote_avx2_output output;
  const int16_t* weights;
} conv2d_s8_avx2_params;

/* Sixteen channels of `count` pixels, whose windows stand `2 * pairs` elements apart; y of the first pixel
 * and channel. */
MOTE_INLINE void mote_avx2_block4(const conv2d_s8_avx2_params* p, const int16_t* w, const int16_t* x,
                                  int32_t c, int32_t count, int8_t* y) {
  __m256i sums[8];
  mote_avx2_pairs4(w, x, p->pairs, sums);
  const int32_t left = p->window.out_channels - c;
  for (int32_t i = 0; i < count; ++i, y += p->window.out_channels) {
    mote_avx2_store(&p->output, c, sums[2 * i], left, y);
    if (left > 8) mote_avx2_store(&p->output, c + 8, sums[2 * i + 1], left - 8, y + 8);
  }
}

MOTE_INLINE void mote_avx2_block1(const conv2d_s8_avx2_params* p, const int16_t* w, const int16_t* x,
                                  int32_t c, int8_t* y) {
  __m256i sums[2];
  mote_avx2_pairs1(w, x, p->pairs, sums);
  const int32_t left = p->window.out_channels - c;
  mote_avx2_store(&p->output, c, sums[0], left, y);
  if (left > 8) mote_avx2_store(&p->output, c + 8, sums[1], left - 8, y + 8);
}

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
