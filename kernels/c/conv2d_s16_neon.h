/* Convolution and fully-connected layers of 16-bit activations with NEON: blocks of eight output channels and
 * four pixels (or one), windows read from a band (band.h). Packed weights: for each eight channels, for each
 * element of the runs of a window (neighbouring elements of the band), the channels in turn, 16 bits each;
 * each run filled up to fours with zeros. */
#ifndef MOTE_CONV2D_S16_NEON_H
#define MOTE_CONV2D_S16_NEON_H

#include "band.h"
#include "s16_neon.h"

#if defined(__aarch64__)

typedef struct {
  mote_window2d window; /* one group, plain */
  int32_t x_slots, y_slots;
  mote_band band;
  int32_t runs, run; /* of a row of a window, and the elements of each, a multiple of 4 */
  int32_t elements;  /* of all runs of a window */
  mote_s16_neon_output output;
  const int16_t* weights;
} conv2d_s16_neon_params;

MOTE_INLINE int16x4_t mote_s16_neon_load4(const char* x, int32_t at) {
  return vld1_s16((const int16_t*)(const void*)(x + at));
}

#define MOTE_S16_NEON_ADD(s, t, v, lane)                \
  do {                                                  \
    s = vmlal_lane_s16(s, vget_low_s16(taps), v, lane); \
    t = vmlal_high_lane_s16(t, taps, v, lane);          \
  } while (0)
#define MOTE_S16_NEON_STEP(lane)                      \
  do {                                                \
    const int16x8_t taps = vld1q_s16(w + 8 * (lane)); \
    MOTE_S16_NEON_ADD(a0, a1, va, lane);              \
    MOTE_S16_NEON_ADD(b0, b1, vb, lane);              \
    MOTE_S16_NEON_ADD(c0, c1, vc, lane);              \
    MOTE_S16_NEON_ADD(d0, d1, vd, lane);              \
  } while (0)

/* Eight channels from `channel` of `count` (1 to 4) pixels. */
MOTE_INLINE void mote_s16_neon_block4(const conv2d_s16_neon_params* p, const int16_t* w, int32_t channel,
                                      const mote_band_pixel* pixels, int32_t count) {
  const int32_t row = p->window.rows.step * p->band.row_bytes;
  const int32_t column = p->window.columns.step * p->band.pixel_bytes;
  const int32_t left = p->window.out_channels - channel;
  const int32x4_t zero = vdupq_n_s32(0);
  int32x4_t a0 = zero, a1 = zero, b0 = zero, b1 = zero, c0 = zero, c1 = zero, d0 = zero, d1 = zero;
  for (int32_t ky = 0; ky < p->window.rows.taps; ++ky)
    for (int32_t run = 0; run < p->runs; ++run) {
      int32_t at = ky * row + run * column;
      for (int32_t i = 0; i < p->run; i += 4, at += 8, w += 32) {
        const int16x4_t va = mote_s16_neon_load4(pixels[0].x, at), vb = mote_s16_neon_load4(pixels[1].x, at);
        const int16x4_t vc = mote_s16_neon_load4(pixels[2].x, at), vd = mote_s16_neon_load4(pixels[3].x, at);
        MOTE_S16_NEON_STEP(0);
        MOTE_S16_NEON_STEP(1);
        MOTE_S16_NEON_STEP(2);
        MOTE_S16_NEON_STEP(3);
      }
    }
  mote_s16_neon_store8(&p->output, channel, a0, a1, left, pixels[0].y);
  if (count > 1) mote_s16_neon_store8(&p->output, channel, b0, b1, left, pixels[1].y);
  if (count > 2) mote_s16_neon_store8(&p->output, channel, c0, c1, left, pixels[2].y);
  if (count > 3) mote_s16_neon_store8(&p->output, channel, d0, d1, left, pixels[3].y);
}

#undef MOTE_S16_NEON_STEP
#define MOTE_S16_NEON_STEP(s, t, lane)                \
  do {                                                \
    const int16x8_t taps = vld1q_s16(w + 8 * (lane)); \
    MOTE_S16_NEON_ADD(s, t, v, lane);                 \
  } while (0)

/* One pixel: two chains of sums hide the latency of the additions. */
MOTE_INLINE void mote_s16_neon_block1(const conv2d_s16_neon_params* p, const int16_t* w, int32_t channel,
                                      mote_band_pixel pixel) {
  const int32_t row = p->window.rows.step * p->band.row_bytes;
  const int32_t column = p->window.columns.step * p->band.pixel_bytes;
  const int32x4_t zero = vdupq_n_s32(0);
  int32x4_t a0 = zero, a1 = zero, b0 = zero, b1 = zero;
  for (int32_t ky = 0; ky < p->window.rows.taps; ++ky)
    for (int32_t run = 0; run < p->runs; ++run) {
      int32_t at = ky * row + run * column;
      for (int32_t i = 0; i < p->run; i += 4, at += 8, w += 32) {
        const int16x4_t v = mote_s16_neon_load4(pixel.x, at);
        MOTE_S16_NEON_STEP(a0, a1, 0);
        MOTE_S16_NEON_STEP(b0, b1, 1);
        MOTE_S16_NEON_STEP(a0, a1, 2);
        MOTE_S16_NEON_STEP(b0, b1, 3);
      }
    }
  mote_s16_neon_store8(&p->output, channel, vaddq_s32(a0, b0), vaddq_s32(a1, b1),
                       p->window.out_channels - channel, pixel.y);
}

#undef MOTE_S16_NEON_STEP
#undef MOTE_S16_NEON_ADD

MOTE_KERNEL void conv2d_s16_neon(const conv2d_s16_neon_params* p, const int16_t* x, int16_t* y, void* scratch,
                                 int32_t first, int32_t rows) {
  const mote_window2d* g = &p->window;
  char* band = (char*)scratch;
  mote_band_pixel* pixels = (mote_band_pixel*)(void*)(band + p->band.bytes);
  for (int32_t row = first, end = first + rows; row < end;) {
    const int32_t count = mote_band_rows(g, &p->band, row, end - row);
    mote_band_fill(g, &p->band, (const char*)x, p->x_slots, row, count, 0, sizeof(int16_t), 1, band);
    const int32_t total = mote_band_pixels(g, &p->band, band, (char*)y, p->y_slots,
                                           g->out_channels * (int32_t)sizeof(int16_t), row, count, 4, pixels);
    const int16_t* w = p->weights;
    for (int32_t c = 0; c < g->out_channels; c += 8, w += 8 * p->elements) {
      int32_t i = 0;
      for (; i + 1 < total; i += 4) mote_s16_neon_block4(p, w, c, pixels + i, total - i < 4 ? total - i : 4);
      if (i < total) mote_s16_neon_block1(p, w, c, pixels[i]);
    }
    row += count;
  }
}

#endif
#endif
