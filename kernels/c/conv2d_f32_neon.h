/* Float convolution and fully-connected layers with NEON and fused multiply-add: blocks of eight output
 * channels and four pixels (or one), windows read from a band (band.h). Packed weights: for each eight
 * channels, for each window element, the channels in turn, zero where absent. */
#ifndef MOTE_CONV2D_F32_NEON_H
#define MOTE_CONV2D_F32_NEON_H

#include "band.h"
#include "f32_neon.h"

#if defined(__aarch64__)

typedef struct {
  mote_window2d window; /* one group, plain */
  int32_t x_slots, y_slots;
  mote_band band;
  int32_t runs, run; /* of a row of a window (neighbouring elements of the band), and elements of each */
  int32_t elements;  /* of a window */
  float low, high;   /* fused activation */
  const float* bias; /* padded to whole blocks */
  const float* weights;
} conv2d_f32_neon_params;

/* Adds an element of each of four pixels to the sums of eight channels. */
#define MOTE_F32_NEON_STEP(lane)                          \
  do {                                                    \
    const float32x4_t w0 = vld1q_f32(w + 8 * (lane));     \
    const float32x4_t w1 = vld1q_f32(w + 8 * (lane) + 4); \
    a0 = vfmaq_laneq_f32(a0, w0, va, lane);               \
    a1 = vfmaq_laneq_f32(a1, w1, va, lane);               \
    b0 = vfmaq_laneq_f32(b0, w0, vb, lane);               \
    b1 = vfmaq_laneq_f32(b1, w1, vb, lane);               \
    c0 = vfmaq_laneq_f32(c0, w0, vc, lane);               \
    c1 = vfmaq_laneq_f32(c1, w1, vc, lane);               \
    d0 = vfmaq_laneq_f32(d0, w0, vd, lane);               \
    d1 = vfmaq_laneq_f32(d1, w1, vd, lane);               \
  } while (0)

/* Eight channels from `channel` of `count` (1 to 4) pixels. */
MOTE_INLINE void mote_f32_neon_block4(const conv2d_f32_neon_params* p, const float* w, int32_t channel,
                                      const mote_band_pixel* pixels, int32_t count) {
  const int32_t row = p->window.rows.step * p->band.row_bytes;
  const int32_t column = p->window.columns.step * p->band.pixel_bytes;
  const int32_t left = p->window.out_channels - channel;
  float32x4_t a0 = vld1q_f32(p->bias + channel), a1 = vld1q_f32(p->bias + channel + 4);
  float32x4_t b0 = a0, b1 = a1, c0 = a0, c1 = a1, d0 = a0, d1 = a1;
  for (int32_t ky = 0; ky < p->window.rows.taps; ++ky)
    for (int32_t run = 0; run < p->runs; ++run) {
      const int32_t begin = ky * row + run * column;
      const float *xa = mote_f32_neon_at(pixels[0].x, begin), *xb = mote_f32_neon_at(pixels[1].x, begin);
      const float *xc = mote_f32_neon_at(pixels[2].x, begin), *xd = mote_f32_neon_at(pixels[3].x, begin);
      int32_t i = 0;
      for (; i + 4 <= p->run; i += 4, w += 32) {
        const float32x4_t va = vld1q_f32(xa + i), vb = vld1q_f32(xb + i);
        const float32x4_t vc = vld1q_f32(xc + i), vd = vld1q_f32(xd + i);
        MOTE_F32_NEON_STEP(0);
        MOTE_F32_NEON_STEP(1);
        MOTE_F32_NEON_STEP(2);
        MOTE_F32_NEON_STEP(3);
      }
      for (; i < p->run; ++i, w += 8) {
        const float32x4_t va = vdupq_n_f32(xa[i]), vb = vdupq_n_f32(xb[i]);
        const float32x4_t vc = vdupq_n_f32(xc[i]), vd = vdupq_n_f32(xd[i]);
        MOTE_F32_NEON_STEP(0);
      }
    }
  mote_f32_neon_store8(a0, a1, p->low, p->high, left, pixels[0].y, channel);
  if (count > 1) mote_f32_neon_store8(b0, b1, p->low, p->high, left, pixels[1].y, channel);
  if (count > 2) mote_f32_neon_store8(c0, c1, p->low, p->high, left, pixels[2].y, channel);
  if (count > 3) mote_f32_neon_store8(d0, d1, p->low, p->high, left, pixels[3].y, channel);
}

#undef MOTE_F32_NEON_STEP

#define MOTE_F32_NEON_STEP(lane)                                                \
  do {                                                                          \
    s##lane = vfmaq_laneq_f32(s##lane, vld1q_f32(w + 8 * (lane)), v, lane);     \
    t##lane = vfmaq_laneq_f32(t##lane, vld1q_f32(w + 8 * (lane) + 4), v, lane); \
  } while (0)

/* One pixel: four chains of sums hide the latency of the additions. */
MOTE_INLINE void mote_f32_neon_block1(const conv2d_f32_neon_params* p, const float* w, int32_t channel,
                                      mote_band_pixel pixel) {
  const int32_t row = p->window.rows.step * p->band.row_bytes;
  const int32_t column = p->window.columns.step * p->band.pixel_bytes;
  float32x4_t s0 = vld1q_f32(p->bias + channel), t0 = vld1q_f32(p->bias + channel + 4);
  float32x4_t s1 = vdupq_n_f32(0), t1 = s1, s2 = s1, t2 = s1, s3 = s1, t3 = s1;
  for (int32_t ky = 0; ky < p->window.rows.taps; ++ky)
    for (int32_t run = 0; run < p->runs; ++run) {
      const float* x = mote_f32_neon_at(pixel.x, ky * row + run * column);
      int32_t i = 0;
      for (; i + 4 <= p->run; i += 4, w += 32) {
        const float32x4_t v = vld1q_f32(x + i);
        MOTE_F32_NEON_STEP(0);
        MOTE_F32_NEON_STEP(1);
        MOTE_F32_NEON_STEP(2);
        MOTE_F32_NEON_STEP(3);
      }
      for (; i < p->run; ++i, w += 8) {
        const float32x4_t v = vdupq_n_f32(x[i]);
        MOTE_F32_NEON_STEP(0);
      }
    }
  s0 = vaddq_f32(vaddq_f32(s0, s1), vaddq_f32(s2, s3));
  t0 = vaddq_f32(vaddq_f32(t0, t1), vaddq_f32(t2, t3));
  mote_f32_neon_store8(s0, t0, p->low, p->high, p->window.out_channels - channel, pixel.y, channel);
}

#undef MOTE_F32_NEON_STEP

MOTE_KERNEL void conv2d_f32_neon(const conv2d_f32_neon_params* p, const float* x, float* y, void* scratch,
                                 int32_t first, int32_t rows) {
  const mote_window2d* g = &p->window;
  char* band = (char*)scratch;
  mote_band_pixel* pixels = (mote_band_pixel*)(void*)(band + p->band.bytes);
  for (int32_t row = first, end = first + rows; row < end;) {
    const int32_t count = mote_band_rows(g, &p->band, row, end - row);
    mote_band_fill(g, &p->band, (const char*)x, p->x_slots, row, count, 0, sizeof(float), 1, band);
    const int32_t total = mote_band_pixels(g, &p->band, band, (char*)y, p->y_slots,
                                           g->out_channels * (int32_t)sizeof(float), row, count, 4, pixels);
    const float* w = p->weights;
    for (int32_t c = 0; c < g->out_channels; c += 8, w += 8 * p->elements) {
      int32_t i = 0;
      for (; i + 1 < total; i += 4) mote_f32_neon_block4(p, w, c, pixels + i, total - i < 4 ? total - i : 4);
      if (i < total) mote_f32_neon_block1(p, w, c, pixels[i]);
    }
    row += count;
  }
}

#endif
#endif
