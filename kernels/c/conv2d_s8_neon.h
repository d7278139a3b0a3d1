/* 8-bit convolution and fully-connected layers with NEON: blocks of eight output channels and four pixels (or
 * one), windows read from a band (band.h). Unsigned inputs are read as signed ones. Packed weights: for each
 * eight channels, for each run of a window (neighbouring elements of the band), as in neon_dot.h, each run
 * filled up to fours with zeros. */
#ifndef MOTE_CONV2D_S8_NEON_H
#define MOTE_CONV2D_S8_NEON_H

#include "band.h"
#include "neon.h"
#include "neon_dot.h"

#if defined(__aarch64__)

typedef struct {
  mote_window2d window; /* one group, plain */
  int32_t x_slots, y_slots;
  mote_band band;
  int32_t runs, run;    /* of a row of a window, and the elements of each, a multiple of 4 */
  int32_t window_bytes; /* weights of a channel */
  int32_t careful;      /* two weights of -128 could meet in one 16-bit sum */
  int32_t x_flip, x_zero;
  mote_neon_output output;
  const int8_t* weights;
} conv2d_s8_neon_params;

MOTE_INLINE void mote_neon_weights4(const int8_t* w, int8x16_t to[4]) {
  to[0] = vld1q_s8(w);
  to[1] = vld1q_s8(w + 16);
  to[2] = vld1q_s8(w + 32);
  to[3] = vld1q_s8(w + 48);
}

MOTE_INLINE void mote_neon_weights2(const int8_t* w, int8x16_t to[2]) {
  to[0] = vld1q_s8(w);
  to[1] = vld1q_s8(w + 16);
}

/* Sums of the windows of four pixels; `at` counts bytes from where they begin. */
MOTE_INLINE void mote_neon_windows4(const conv2d_s8_neon_params* p, const int8_t* w,
                                    const mote_band_pixel* pixels, int32_t careful, mote_neon_sums sums[4]) {
  const int32_t row = p->window.rows.step * p->band.row_bytes;
  const int32_t column = p->window.columns.step * p->band.pixel_bytes;
  mote_neon_sums a = mote_neon_zero_sums(), b = a, c = a, d = a;
  for (int32_t ky = 0; ky < p->window.rows.taps; ++ky)
    for (int32_t run = 0; run < p->runs; ++run) {
      const int32_t begin = ky * row + run * column;
      const int8_t *xa = (const int8_t*)pixels[0].x + begin, *xb = (const int8_t*)pixels[1].x + begin;
      const int8_t *xc = (const int8_t*)pixels[2].x + begin, *xd = (const int8_t*)pixels[3].x + begin;
      int32_t i = 0;
      for (; i + 16 <= p->run; i += 16, w += 128) {
        const int8x16_t va = vld1q_s8(xa + i), vb = vld1q_s8(xb + i);
        const int8x16_t vc = vld1q_s8(xc + i), vd = vld1q_s8(xd + i);
        int8x16_t taps[4];
        mote_neon_weights4(w, taps);
        MOTE_NEON_DOT8(&a, taps, va, 0, careful);
        MOTE_NEON_DOT8(&b, taps, vb, 0, careful);
        MOTE_NEON_DOT8(&c, taps, vc, 0, careful);
        MOTE_NEON_DOT8(&d, taps, vd, 0, careful);
        mote_neon_weights4(w + 64, taps);
        MOTE_NEON_DOT8(&a, taps, va, 2, careful);
        MOTE_NEON_DOT8(&b, taps, vb, 2, careful);
        MOTE_NEON_DOT8(&c, taps, vc, 2, careful);
        MOTE_NEON_DOT8(&d, taps, vd, 2, careful);
      }
      for (; i < p->run; i += 4, w += 32) {
        int8x16_t taps[2];
        mote_neon_weights2(w, taps);
        mote_neon_dot4(&a, taps, mote_neon_repeat4(xa + i));
        mote_neon_dot4(&b, taps, mote_neon_repeat4(xb + i));
        mote_neon_dot4(&c, taps, mote_neon_repeat4(xc + i));
        mote_neon_dot4(&d, taps, mote_neon_repeat4(xd + i));
      }
    }
  sums[0] = a, sums[1] = b, sums[2] = c, sums[3] = d;
}

/* The same of one pixel. */
MOTE_INLINE mote_neon_sums mote_neon_windows1(const conv2d_s8_neon_params* p, const int8_t* w, const char* x,
                                              int32_t careful) {
  const int32_t row = p->window.rows.step * p->band.row_bytes;
  const int32_t column = p->window.columns.step * p->band.pixel_bytes;
  mote_neon_sums a = mote_neon_zero_sums();
  for (int32_t ky = 0; ky < p->window.rows.taps; ++ky)
    for (int32_t run = 0; run < p->runs; ++run) {
      const int8_t* xa = (const int8_t*)x + ky * row + run * column;
      int32_t i = 0;
      for (; i + 16 <= p->run; i += 16, w += 128) {
        const int8x16_t va = vld1q_s8(xa + i);
        int8x16_t taps[4];
        mote_neon_weights4(w, taps);
        MOTE_NEON_DOT8(&a, taps, va, 0, careful);
        mote_neon_weights4(w + 64, taps);
        MOTE_NEON_DOT8(&a, taps, va, 2, careful);
      }
      for (; i < p->run; i += 4, w += 32) {
        int8x16_t taps[2];
        mote_neon_weights2(w, taps);
        mote_neon_dot4(&a, taps, mote_neon_repeat4(xa + i));
      }
    }
  return a;
}

/* Eight channels from c of all pixels. */
MOTE_INLINE void mote_neon_channels8(const conv2d_s8_neon_params* p, const int8_t* w, int32_t c,
                                     const mote_band_pixel* pixels, int32_t total, int32_t careful) {
  const int32_t left = p->window.out_channels - c;
  const mote_neon_scale low = mote_neon_scale_of(&p->output, c), high = mote_neon_scale_of(&p->output, c + 4);
  for (int32_t pixel = 0; pixel < total; pixel += 4, pixels += 4) {
    const int32_t count = total - pixel < 4 ? total - pixel : 4;
    mote_neon_sums sums[4];
    if (count > 1)
      mote_neon_windows4(p, w, pixels, careful, sums);
    else
      sums[0] = mote_neon_windows1(p, w, pixels[0].x, careful);
    for (int32_t i = 0; i < count; ++i)
      mote_neon_store8(
          mote_neon_output8(&p->output, low, high, mote_neon_low_sums(sums[i]), mote_neon_high_sums(sums[i])),
          left, (int8_t*)pixels[i].y + c);
  }
}

MOTE_KERNEL void conv2d_s8_neon(const conv2d_s8_neon_params* p, const int8_t* x, int8_t* y, void* scratch,
                                int32_t first, int32_t rows) {
  const mote_window2d* g = &p->window;
  char* band = (char*)scratch;
  mote_band_pixel* pixels = (mote_band_pixel*)(void*)(band + p->band.bytes);
  for (int32_t row = first, end = first + rows; row < end;) {
    const int32_t count = mote_band_rows(g, &p->band, row, end - row);
    mote_band_fill(g, &p->band, (const char*)x, p->x_slots, row, count, p->x_zero ^ p->x_flip, 1, 1, band);
    mote_neon_flip((int8_t*)band, p->band.bytes, p->x_flip);
    const int32_t total =
        mote_band_pixels(g, &p->band, band, (char*)y, p->y_slots, g->out_channels, row, count, 4, pixels);
    const int8_t* w = p->weights;
    for (int32_t c = 0; c < g->out_channels; c += 8, w += 8 * p->window_bytes) {
      if (p->careful)
        mote_neon_channels8(p, w, c, pixels, total, 1);
      else
        mote_neon_channels8(p, w, c, pixels, total, 0);
    }
    row += count;
  }
}

#endif
#endif
