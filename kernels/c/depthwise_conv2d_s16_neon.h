/* Depthwise convolution of 16-bit activations with NEON: eight channels of four pixels at once. Windows are
 * read from a band (band.h) in which every input channel stands once per output channel that reads it. Packed
 * weights: for each eight channels, for each tap, the channels in turn, 16 bits each, zero where absent. */
#ifndef MOTE_DEPTHWISE_CONV2D_S16_NEON_H
#define MOTE_DEPTHWISE_CONV2D_S16_NEON_H

#include "band.h"
#include "s16_neon.h"

#if defined(__aarch64__)

typedef struct {
  mote_window2d window;
  int32_t x_slots, y_slots;
  mote_band band;
  int32_t repeat; /* output channels per input channel */
  mote_s16_neon_output output;
  const int16_t* weights;
} depthwise_conv2d_s16_neon_params;

#define MOTE_S16_NEON_STEP(s, t, pixel)                                                 \
  do {                                                                                  \
    const int16x8_t v = vld1q_s16((const int16_t*)(const void*)(pixels[pixel].x + at)); \
    s = vmlal_s16(s, vget_low_s16(v), vget_low_s16(w8));                                \
    t = vmlal_high_s16(t, v, w8);                                                       \
  } while (0)

/* Eight channels from `channel` of `count` (1 to 4) pixels. */
MOTE_INLINE void mote_s16_neon_depthwise4(const depthwise_conv2d_s16_neon_params* p, int32_t channel,
                                          const int32_t* taps, int32_t tap_count,
                                          const mote_band_pixel* pixels, int32_t count) {
  const int32_t left = p->window.out_channels - channel;
  const int16_t* w = p->weights + channel * tap_count;
  const int32x4_t zero = vdupq_n_s32(0);
  int32x4_t a0 = zero, a1 = zero, b0 = zero, b1 = zero, c0 = zero, c1 = zero, d0 = zero, d1 = zero;
  for (int32_t i = 0; i < tap_count; ++i, w += 8) {
    const int16x8_t w8 = vld1q_s16(w);
    const int32_t at = channel * (int32_t)sizeof(int16_t) + taps[i];
    MOTE_S16_NEON_STEP(a0, a1, 0);
    MOTE_S16_NEON_STEP(b0, b1, 1);
    MOTE_S16_NEON_STEP(c0, c1, 2);
    MOTE_S16_NEON_STEP(d0, d1, 3);
  }
  mote_s16_neon_store8(&p->output, channel, a0, a1, left, pixels[0].y);
  if (count > 1) mote_s16_neon_store8(&p->output, channel, b0, b1, left, pixels[1].y);
  if (count > 2) mote_s16_neon_store8(&p->output, channel, c0, c1, left, pixels[2].y);
  if (count > 3) mote_s16_neon_store8(&p->output, channel, d0, d1, left, pixels[3].y);
}

#undef MOTE_S16_NEON_STEP

MOTE_KERNEL void depthwise_conv2d_s16_neon(const depthwise_conv2d_s16_neon_params* p, const int16_t* x,
                                           int16_t* y, void* scratch, int32_t first, int32_t rows) {
  const mote_window2d* g = &p->window;
  char* band = (char*)scratch;
  mote_band_pixel* pixels = (mote_band_pixel*)(void*)(band + p->band.bytes);
  int32_t* taps = (int32_t*)(void*)(pixels + (p->band.rows * g->columns.out + 3) / 4 * 4);
  const int32_t tap_count = mote_band_taps(g, &p->band, taps);
  for (int32_t row = first, end = first + rows; row < end;) {
    const int32_t count = mote_band_rows(g, &p->band, row, end - row);
    mote_band_fill(g, &p->band, (const char*)x, p->x_slots, row, count, 0, sizeof(int16_t), p->repeat, band);
    const int32_t total = mote_band_pixels(g, &p->band, band, (char*)y, p->y_slots,
                                           g->out_channels * (int32_t)sizeof(int16_t), row, count, 4, pixels);
    for (int32_t c = 0; c < g->out_channels; c += 8)
      for (int32_t i = 0; i < total; i += 4)
        mote_s16_neon_depthwise4(p, c, taps, tap_count, pixels + i, total - i < 4 ? total - i : 4);
    row += count;
  }
}

#endif
#endif
