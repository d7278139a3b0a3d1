/* 8-bit convolution and fully-connected layers with NEON: blocks of eight output channels and four pixels (or
 * one), windows read from a band (band.h). Unsigned inputs are read as signed ones. Packed weights: for each
 * eight channels, for each run of a window (neighbouring elements of the band), as in neon_dot.h, each run
 * filled up to fours with zeros. */
#ifndef MOTE_CONV2D_S8_NEON_H
#define MOTE_CONV2D_S8_NEON_H

#include "band.h"
#include "low_bits_neon.h"
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
  const int8_t* weights; /* null: `low` holds them, for the scratch */
  mote_low_bits low;
} conv2d_s8_neon_params;

/* How windows lie in the band, in registers. */
typedef struct {
  int32_t rows, runs, run;
  int32_t row, column; /* bytes from one row of a window, and one run, to the next */
} mote_neon_shape;

MOTE_INLINE void mote_neon_load2(const int8_t* w, int8x16_t to[2]) {
  to[0] = vld1q_s8(w);
  to[1] = vld1q_s8(w + 16);
}
MOTE_INLINE void mote_neon_load4(const int8_t* w, int8x16_t to[4]) {
  mote_neon_load2(w, to);
  mote_neon_load2(w + 32, to + 2);
}

/* Sums of the windows of four pixels. Behind the last run the band has room for a read of sixteen bytes. */
MOTE_INLINE void mote_neon_windows4(mote_neon_shape shape, const int8_t* w, const mote_band_pixel* pixels,
                                    int32_t careful, mote_neon_sums sums[4]) {
  mote_neon_sums a = mote_neon_zero_sums(), b = a, c = a, d = a;
  for (int32_t ky = 0; ky < shape.rows; ++ky)
    for (int32_t run = 0; run < shape.runs; ++run) {
      const int32_t begin = ky * shape.row + run * shape.column;
      const int8_t *xa = (const int8_t*)pixels[0].x + begin, *xb = (const int8_t*)pixels[1].x + begin;
      const int8_t *xc = (const int8_t*)pixels[2].x + begin, *xd = (const int8_t*)pixels[3].x + begin;
      int8x16_t taps[4];
      int32_t i = 0;
      for (; i + 16 <= shape.run; i += 16, w += 128) {
        int8x16_t va = vld1q_s8(xa + i), vb = vld1q_s8(xb + i);
        int8x16_t vc = vld1q_s8(xc + i), vd = vld1q_s8(xd + i);
        MOTE_NEON_KEEP(va);
        MOTE_NEON_KEEP(vb);
        MOTE_NEON_KEEP(vc);
        MOTE_NEON_KEEP(vd);
        mote_neon_load4(w, taps);
        MOTE_NEON_DOT8(&a, taps, va, 0, careful);
        MOTE_NEON_DOT8(&b, taps, vb, 0, careful);
        MOTE_NEON_DOT8(&c, taps, vc, 0, careful);
        MOTE_NEON_DOT8(&d, taps, vd, 0, careful);
        mote_neon_load4(w + 64, taps);
        MOTE_NEON_DOT8(&a, taps, va, 2, careful);
        MOTE_NEON_DOT8(&b, taps, vb, 2, careful);
        MOTE_NEON_DOT8(&c, taps, vc, 2, careful);
        MOTE_NEON_DOT8(&d, taps, vd, 2, careful);
      }
      if (i < shape.run) {
        int8x16_t va = vld1q_s8(xa + i), vb = vld1q_s8(xb + i), vc = vld1q_s8(xc + i), vd = vld1q_s8(xd + i);
        if ((shape.run & 8) != 0) {
          mote_neon_load4(w, taps);
          MOTE_NEON_DOT8(&a, taps, va, 0, careful);
          MOTE_NEON_DOT8(&b, taps, vb, 0, careful);
          MOTE_NEON_DOT8(&c, taps, vc, 0, careful);
          MOTE_NEON_DOT8(&d, taps, vd, 0, careful);
          va = vextq_s8(va, va, 8), vb = vextq_s8(vb, vb, 8);
          vc = vextq_s8(vc, vc, 8), vd = vextq_s8(vd, vd, 8);
          w += 64;
        }
        if ((shape.run & 4) != 0) {
          mote_neon_load2(w, taps);
          MOTE_NEON_DOT4(&a, taps, va, 0);
          MOTE_NEON_DOT4(&b, taps, vb, 0);
          MOTE_NEON_DOT4(&c, taps, vc, 0);
          MOTE_NEON_DOT4(&d, taps, vd, 0);
          w += 32;
        }
      }
    }
  sums[0] = a, sums[1] = b, sums[2] = c, sums[3] = d;
}

/* The same of one pixel. */
MOTE_INLINE mote_neon_sums mote_neon_windows1(mote_neon_shape shape, const int8_t* w, const char* x,
                                              int32_t careful) {
  mote_neon_sums a = mote_neon_zero_sums(), b = a;
  for (int32_t ky = 0; ky < shape.rows; ++ky)
    for (int32_t run = 0; run < shape.runs; ++run) {
      const int8_t* xa = (const int8_t*)x + ky * shape.row + run * shape.column;
      int32_t left = shape.run;
      int8x16_t taps[4];
      for (; left >= 16; left -= 16, xa += 16, w += 128) {
        const int8x16_t v = vld1q_s8(xa);
        mote_neon_load4(w, taps);
        MOTE_NEON_DOT8(&a, taps, v, 0, careful);
        mote_neon_load4(w + 64, taps);
        MOTE_NEON_DOT8(&b, taps, v, 2, careful);
      }
      for (; left > 0; left -= 4, xa += 4, w += 32) {
        const int8x16_t v = vld1q_s8(xa);
        mote_neon_load2(w, taps);
        MOTE_NEON_DOT4(&a, taps, v, 0);
      }
    }
  return mote_neon_add_sums(a, b);
}

/* Eight channels of all pixels. */
MOTE_INLINE void mote_neon_channels8(mote_neon_shape shape, const int8_t* w, mote_neon_stage stage,
                                     const mote_band_pixel* pixels, int32_t total, int32_t careful) {
  for (; total > 1; total -= 4, pixels += 4) {
    mote_neon_sums s[4];
    mote_neon_windows4(shape, w, pixels, careful, s);
    mote_neon_store8(&stage, mote_neon_low_sums(s[0]), mote_neon_high_sums(s[0]), pixels[0].y);
    mote_neon_store8(&stage, mote_neon_low_sums(s[1]), mote_neon_high_sums(s[1]), pixels[1].y);
    if (total > 2) mote_neon_store8(&stage, mote_neon_low_sums(s[2]), mote_neon_high_sums(s[2]), pixels[2].y);
    if (total > 3) mote_neon_store8(&stage, mote_neon_low_sums(s[3]), mote_neon_high_sums(s[3]), pixels[3].y);
  }
  if (total == 1) {
    const mote_neon_sums s = mote_neon_windows1(shape, w, pixels[0].x, careful);
    mote_neon_store8(&stage, mote_neon_low_sums(s), mote_neon_high_sums(s), pixels[0].y);
  }
}

MOTE_KERNEL void conv2d_s8_neon(const conv2d_s8_neon_params* p, const int8_t* x, int8_t* y, void* scratch,
                                int32_t first, int32_t rows) {
  const mote_window2d* g = &p->window;
  int8_t* const tile = (int8_t*)scratch; /* eight channels */
  char* band = (char*)scratch + (p->weights ? 0 : 8 * p->window_bytes);
  mote_band_pixel* pixels = (mote_band_pixel*)(void*)(band + p->band.bytes);
  const mote_neon_shape shape = {g->rows.taps, p->runs, p->run, g->rows.step * p->band.row_bytes,
                                 g->columns.step * p->band.pixel_bytes};
  for (int32_t row = first, end = first + rows; row < end;) {
    const int32_t count = mote_band_rows(g, &p->band, row, end - row);
    mote_band_fill(g, &p->band, (const char*)x, p->x_slots, row, count, p->x_zero ^ p->x_flip, 1, 1, band);
    mote_neon_flip((int8_t*)band, p->band.bytes, p->x_flip);
    const int32_t total =
        mote_band_pixels(g, &p->band, band, (char*)y, p->y_slots, g->out_channels, row, count, 4, pixels);
    for (int32_t c = 0; c < g->out_channels; c += 8) {
      const int8_t* w = p->weights ? p->weights + c * p->window_bytes : tile;
      const mote_neon_stage stage = mote_neon_stage_of(&p->output, c, g->out_channels);
      if (!p->weights) mote_low_expand_neon(&p->low, c / 8 * p->window_bytes / 4, p->window_bytes / 4, tile);
      if (p->careful)
        mote_neon_channels8(shape, w, stage, pixels, total, 1);
      else
        mote_neon_channels8(shape, w, stage, pixels, total, 0);
    }
    row += count;
  }
}

#endif
#endif
