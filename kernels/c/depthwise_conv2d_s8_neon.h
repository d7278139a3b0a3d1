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

/* Eight channels from c of `count` (1 to 4) pixels. */
MOTE_INLINE void mote_neon_depthwise4(const depthwise_conv2d_s8_neon_params* p, const int8_t* w, int32_t c,
                                      const int32_t* taps, const mote_band_pixel* pixels, int32_t careful,
                                      mote_neon_pair_sums sums[4]) {
  const int8_t *xa = (const int8_t*)pixels[0].x + c, *xb = (const int8_t*)pixels[1].x + c;
  const int8_t *xc = (const int8_t*)pixels[2].x + c, *xd = (const int8_t*)pixels[3].x + c;
  const mote_neon_pair_sums zero = {vdupq_n_s32(0), vdupq_n_s32(0)};
  mote_neon_pair_sums a = zero, b = zero, d = zero, e = zero;
  for (int32_t i = 0; i < p->pairs; ++i, w += 16) {
    const int8x8_t w0 = vld1_s8(w), w1 = vld1_s8(w + 8);
    const int32_t first = taps[2 * i], second = taps[2 * i + 1];
    mote_neon_add_taps(&a, xa, first, second, w0, w1, careful);
    mote_neon_add_taps(&b, xb, first, second, w0, w1, careful);
    mote_neon_add_taps(&d, xc, first, second, w0, w1, careful);
    mote_neon_add_taps(&e, xd, first, second, w0, w1, careful);
  }
  sums[0] = a, sums[1] = b, sums[2] = d, sums[3] = e;
}

MOTE_INLINE void mote_neon_depthwise_channels8(const depthwise_conv2d_s8_neon_params* p, int32_t c,
                                               const int32_t* taps, const mote_band_pixel* pixels,
                                               int32_t total, int32_t careful) {
  const int32_t left = p->window.out_channels - c;
  const mote_neon_scale low = mote_neon_scale_of(&p->output, c), high = mote_neon_scale_of(&p->output, c + 4);
  for (int32_t pixel = 0; pixel < total; pixel += 4, pixels += 4) {
    const int32_t count = total - pixel < 4 ? total - pixel : 4;
    mote_neon_pair_sums sums[4];
    mote_neon_depthwise4(p, p->weights + 2 * c * p->pairs, c, taps, pixels, careful, sums);
    for (int32_t i = 0; i < count; ++i)
      mote_neon_store8(mote_neon_output8(&p->output, low, high, sums[i].low, sums[i].high), left,
                       (int8_t*)pixels[i].y + c);
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
      if (p->careful)
        mote_neon_depthwise_channels8(p, c, taps, pixels, total, 1);
      else
        mote_neon_depthwise_channels8(p, c, taps, pixels, total, 0);
    }
    row += count;
  }
}

#endif
#endif
