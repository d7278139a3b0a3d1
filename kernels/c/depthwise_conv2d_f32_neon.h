/* Float depthwise convolution with NEON and fused multiply-add: eight channels of four pixels at once.
 * Windows are read from a band (band.h) in which every input channel stands once per output channel that
 * reads it. Packed weights: for each eight channels, for each tap, the channels in turn, zero where absent.
 */
#ifndef MOTE_DEPTHWISE_CONV2D_F32_NEON_H
#define MOTE_DEPTHWISE_CONV2D_F32_NEON_H

#include "band.h"
#include "f32_neon.h"

#if defined(__aarch64__)

typedef struct {
  mote_window2d window;
  int32_t x_slots, y_slots;
  mote_band band;
  int32_t repeat;    /* output channels per input channel */
  float low, high;   /* fused activation */
  const float* bias; /* padded to whole blocks */
  const float* weights;
} depthwise_conv2d_f32_neon_params;

#define MOTE_F32_NEON_STEP(s, t, x)           \
  do {                                        \
    s = vfmaq_f32(s, vld1q_f32(x), w0);       \
    t = vfmaq_f32(t, vld1q_f32((x) + 4), w1); \
  } while (0)

/* Eight channels from `channel` of `count` (1 to 4) pixels. */
MOTE_INLINE void mote_f32_neon_depthwise4(const depthwise_conv2d_f32_neon_params* p, int32_t channel,
                                          const int32_t* taps, int32_t tap_count,
                                          const mote_band_pixel* pixels, int32_t count) {
  const int32_t left = p->window.out_channels - channel;
  const float* w = p->weights + channel * tap_count;
  const int32_t begin = channel * (int32_t)sizeof(float);
  float32x4_t a0 = vld1q_f32(p->bias + channel), a1 = vld1q_f32(p->bias + channel + 4);
  float32x4_t b0 = a0, b1 = a1, c0 = a0, c1 = a1, d0 = a0, d1 = a1;
  for (int32_t i = 0; i < tap_count; ++i, w += 8) {
    const float32x4_t w0 = vld1q_f32(w), w1 = vld1q_f32(w + 4);
    const int32_t at = begin + taps[i];
    MOTE_F32_NEON_STEP(a0, a1, mote_f32_neon_at(pixels[0].x, at));
    MOTE_F32_NEON_STEP(b0, b1, mote_f32_neon_at(pixels[1].x, at));
    MOTE_F32_NEON_STEP(c0, c1, mote_f32_neon_at(pixels[2].x, at));
    MOTE_F32_NEON_STEP(d0, d1, mote_f32_neon_at(pixels[3].x, at));
  }
  mote_f32_neon_store8(a0, a1, p->low, p->high, left, pixels[0].y, channel);
  if (count > 1) mote_f32_neon_store8(b0, b1, p->low, p->high, left, pixels[1].y, channel);
  if (count > 2) mote_f32_neon_store8(c0, c1, p->low, p->high, left, pixels[2].y, channel);
  if (count > 3) mote_f32_neon_store8(d0, d1, p->low, p->high, left, pixels[3].y, channel);
}

#undef MOTE_F32_NEON_STEP

MOTE_KERNEL void depthwise_conv2d_f32_neon(const depthwise_conv2d_f32_neon_params* p, const float* x,
                                           float* y, void* scratch, int32_t first, int32_t rows) {
  const mote_window2d* g = &p->window;
  char* band = (char*)scratch;
  mote_band_pixel* pixels = (mote_band_pixel*)(void*)(band + p->band.bytes);
  int32_t* taps = (int32_t*)(void*)(pixels + (p->band.rows * g->columns.out + 3) / 4 * 4);
  const int32_t tap_count = mote_band_taps(g, &p->band, taps);
  for (int32_t row = first, end = first + rows; row < end;) {
    const int32_t count = mote_band_rows(g, &p->band, row, end - row);
    mote_band_fill(g, &p->band, (const char*)x, p->x_slots, row, count, 0, sizeof(float), p->repeat, band);
    const int32_t total = mote_band_pixels(g, &p->band, band, (char*)y, p->y_slots,
                                           g->out_channels * (int32_t)sizeof(float), row, count, 4, pixels);
    for (int32_t c = 0; c < g->out_channels; c += 8)
      for (int32_t i = 0; i < total; i += 4)
        mote_f32_neon_depthwise4(p, c, taps, tap_count, pixels + i, total - i < 4 ? total - i : 4);
    row += count;
  }
}

#endif
#endif
