/* 8-bit depthwise convolution with NEON: eight channels of four pixels (or one) at once, two taps in a 16-bit
 * sum. Windows are read from a band (band.h) in which every input channel stands once per output channel that
 * reads it. Packed weights: for each eight channels, for each two taps, the weights of the first and those of
 * the second; an odd tap meets weights of zero. */
#ifndef MOTE_DEPTHWISE_CONV2D_S8_NEON_H
#define MOTE_DEPTHWISE_CONV2D_S8_NEON_H

#include "band.h"
#include "neon.h"

#if defined(__aarch64__)

typedef struct {
  mote_window2d window;
  int32_t x_slots, y_slots;
  mote_band band;
  int32_t repeat;  /* output channels per input channel */
  int32_t pairs;   /* of taps */
  int32_t careful; /* two weights of -128 could meet in one 16-bit sum */
  int32_t x_flip, x_zero;
  mote_neon_output output;
  const int8_t* weights;
} depthwise_conv2d_s8_neon_params;

typedef struct {
  int32x4_t low, high;
} mote_neon_pair_sums;

MOTE_INLINE void mote_neon_add_taps(mote_neon_pair_sums* s, const int8_t* x, int32_t first, int32_t second,
                                    int8x8_t w0, int8x8_t w1, int32_t careful) {
  int16x8_t products = vmull_s8(vld1_s8(x + first), w0);
  if (careful) {
    s->low = vaddw_s16(s->low, vget_low_s16(products));
    s->high = vaddw_high_s16(s->high, products);
    products = vmull_s8(vld1_s8(x + second), w1);
  } else {
    products = vmlal_s8(products, vld1_s8(x + second), w1);
  }
  s->low = vaddw_s16(s->low, vget_low_s16(products));
  s->high = vaddw_high_s16(s->high, products);
}

/* Eight channels of all pixels. */
MOTE_INLINE void mote_neon_depthwise8(const int8_t* weights, const int32_t* taps, int32_t pairs,
                                      mote_neon_stage stage, const mote_band_pixel* pixels, int32_t total,
                                      int32_t careful) {
  const mote_neon_pair_sums zero = {vdupq_n_s32(0), vdupq_n_s32(0)};
  for (; total > 0; total -= 4, pixels += 4) {
    const int8_t *xa = (const int8_t*)pixels[0].x + stage.channel,
                 *xb = (const int8_t*)pixels[1].x + stage.channel;
    const int8_t *xc = (const int8_t*)pixels[2].x + stage.channel,
                 *xd = (const int8_t*)pixels[3].x + stage.channel;
    const int8_t* w = weights;
    mote_neon_pair_sums a = zero, b = zero, c = zero, d = zero;
    for (int32_t i = 0; i < pairs; ++i, w += 16) {
      const int8x8_t w0 = vld1_s8(w), w1 = vld1_s8(w + 8);
      const int32_t first = taps[2 * i], second = taps[2 * i + 1];
      mote_neon_add_taps(&a, xa, first, second, w0, w1, careful);
      mote_neon_add_taps(&b, xb, first, second, w0, w1, careful);
      mote_neon_add_taps(&c, xc, first, second, w0, w1, careful);
      mote_neon_add_taps(&d, xd, first, second, w0, w1, careful);
    }
    mote_neon_store8(&stage, a.low, a.high, pixels[0].y);
    if (total > 1) mote_neon_store8(&stage, b.low, b.high, pixels[1].y);
    if (total > 2) mote_neon_store8(&stage, c.low, c.high, pixels[2].y);
    if (total > 3) mote_neon_store8(&stage, d.low, d.high, pixels[3].y);
  }
}

MOTE_KERNEL void depthwise_conv2d_s8_neon(const depthwise_conv2d_s8_neon_params* p, const int8_t* x,
                                          int8_t* y, void* scratch, int32_t first, int32_t rows) {
  const mote_window2d* g = &p->window;
  char* band = (char*)scratch;
  mote_band_pixel* pixels = (mote_band_pixel*)(void*)(band + p->band.bytes);
  int32_t* taps = (int32_t*)(void*)(pixels + (p->band.rows * g->columns.out + 3) / 4 * 4);
  taps[2 * p->pairs - 1] = 0; /* an odd tap is followed by any */
  mote_band_taps(g, &p->band, taps);
  for (int32_t row = first, end = first + rows; row < end;) {
    const int32_t count = mote_band_rows(g, &p->band, row, end - row);
    mote_band_fill(g, &p->band, (const char*)x, p->x_slots, row, count, p->x_zero ^ p->x_flip, 1, p->repeat,
                   band);
    mote_neon_flip((int8_t*)band, p->band.bytes, p->x_flip);
    const int32_t total =
        mote_band_pixels(g, &p->band, band, (char*)y, p->y_slots, g->out_channels, row, count, 4, pixels);
    for (int32_t c = 0; c < g->out_channels; c += 8) {
      const mote_neon_stage stage = mote_neon_stage_of(&p->output, c, g->out_channels);
      const int8_t* w = p->weights + 2 * c * p->pairs;
      if (p->careful)
        mote_neon_depthwise8(w, taps, p->pairs, stage, pixels, total, 1);
      else
        mote_neon_depthwise8(w, taps, p->pairs, stage, pixels, total, 0);
    }
    row += count;
  }
}

#endif
#endif
