/* 8-bit depthwise convolution (one filter per channel, channels in fours) on Arm cores with the DSP
 * extension: pairs of taps for four channels at once. Where a tap falls into the padding it reads a row of
 * the input's zero point, made in the scratch. Packed weights: for each four channels, for each pair of taps
 * (t, u), the bytes t0 t1 u0 u1 and t2 t3 u2 u3. */
#ifndef MOTE_DEPTHWISE_CONV2D_S8_DSP_H
#define MOTE_DEPTHWISE_CONV2D_S8_DSP_H

#include "dsp.h"
#include "window2d.h"

#if defined(__ARM_FEATURE_DSP)

typedef struct {
  mote_window2d window;
  int32_t pairs; /* of taps; an odd one is paired with a zero weight */
  int32_t x_flip, x_zero;
  mote_dsp_output output;
  const int32_t* weights;
} depthwise_conv2d_s8_dsp_params;

MOTE_INLINE int32_t mote_smlad(uint32_t a, uint32_t b, int32_t c) {
  int32_t r;
  __asm__("smlad %0, %1, %2, %3" : "=r"(r) : "r"(a), "r"(b), "r"(c));
  return r;
}
/* Bottom halves of a and b; top halves of a and b. */
MOTE_INLINE uint32_t mote_bottoms(uint32_t a, uint32_t b) {
  uint32_t r;
  __asm__("pkhbt %0, %1, %2, lsl #16" : "=r"(r) : "r"(a), "r"(b));
  return r;
}
MOTE_INLINE uint32_t mote_tops(uint32_t a, uint32_t b) {
  uint32_t r;
  __asm__("pkhtb %0, %2, %1, asr #16" : "=r"(r) : "r"(a), "r"(b));
  return r;
}

/* Four sums from the addresses base + offsets[...]; gives the weights behind the used ones. */
MOTE_INLINE const int32_t* mote_dsp_depthwise4(const uint32_t* offsets, int32_t pairs, uintptr_t base,
                                               uint32_t flips, const int32_t* w, int32_t sums[4]) {
  int32_t s0 = 0, s1 = 0, s2 = 0, s3 = 0;
  for (; pairs > 0; --pairs, offsets += 2, w += 2) {
    const uint32_t t = mote_load4((const int8_t*)(base + offsets[0])) ^ flips;
    const uint32_t u = mote_load4((const int8_t*)(base + offsets[1])) ^ flips;
    const uint32_t t02 = mote_sxtb16(t), u02 = mote_sxtb16(u);
    const uint32_t t13 = mote_sxtb16_ror8(t), u13 = mote_sxtb16_ror8(u);
    const uint32_t w01 = (uint32_t)w[0], w23 = (uint32_t)w[1];
    s0 = mote_smlad(mote_bottoms(t02, u02), mote_sxtb16(w01), s0);
    s1 = mote_smlad(mote_bottoms(t13, u13), mote_sxtb16_ror8(w01), s1);
    s2 = mote_smlad(mote_tops(t02, u02), mote_sxtb16(w23), s2);
    s3 = mote_smlad(mote_tops(t13, u13), mote_sxtb16_ror8(w23), s3);
  }
  sums[0] = s0;
  sums[1] = s1;
  sums[2] = s2;
  sums[3] = s3;
  return w;
}

/* All channels of one output position. */
MOTE_KERNEL void mote_dsp_depthwise_pixel(const depthwise_conv2d_s8_dsp_params* p, const uint32_t* offsets,
                                          uintptr_t base, int8_t* y) {
  const uint32_t flips = (uint32_t)p->x_flip * 0x01010101U;
  const int32_t* w = p->weights;
  for (int32_t c = 0; c < p->window.out_channels; c += 4, base += 4) {
    int32_t sums[4];
    if (flips == 0)
      w = mote_dsp_depthwise4(offsets, p->pairs, base, 0, w, sums);
    else
      w = mote_dsp_depthwise4(offsets, p->pairs, base, flips, w, sums);
    for (int32_t i = 0; i < 4; ++i) mote_dsp_store(&p->output, c + i, sums + i, 1, y + c + i, 1);
  }
}

/* Addresses of the taps of an output position, less `base`; outside the image, and for the partner of an odd
 * tap, `zeros`. */
MOTE_INLINE void mote_dsp_depthwise_offsets(const mote_window2d* g, const int8_t* x, int32_t oy, int32_t ox,
                                            const int8_t* zeros, uintptr_t base, int32_t pairs,
                                            uint32_t* offsets) {
  const uint32_t* end = offsets + 2 * pairs;
  for (int32_t ky = 0; ky < g->rows.taps; ++ky) {
    const int32_t iy = mote_axis_source(&g->rows, oy, ky);
    for (int32_t kx = 0; kx < g->columns.taps; ++kx) {
      const int32_t ix = mote_axis_source(&g->columns, ox, kx);
      const int8_t* from = iy < 0 || ix < 0 ? zeros : x + (iy * g->columns.in + ix) * g->in_channels;
      *offsets++ = (uint32_t)((uintptr_t)from - base);
    }
  }
  if (offsets < end) *offsets = (uint32_t)((uintptr_t)zeros - base);
}

/* The scratch holds two offset tables (inside the image, at its border), then the row of zero points. */
MOTE_KERNEL void depthwise_conv2d_s8_dsp(const depthwise_conv2d_s8_dsp_params* p, const int8_t* x, int8_t* y,
                                         void* scratch) {
  const mote_window2d* g = &p->window;
  const mote_axis* rows = &g->rows;
  const mote_axis* columns = &g->columns;
  uint32_t* inside = (uint32_t*)scratch;
  uint32_t* border = inside + 2 * p->pairs;
  int8_t* zeros = (int8_t*)(border + 2 * p->pairs);
  for (int32_t c = 0; c < g->in_channels; ++c) zeros[c] = (int8_t)(p->x_zero ^ p->x_flip);
  for (int32_t i = 0; i < rows->taps * columns->taps; ++i)
    inside[i] =
        (uint32_t)((i / columns->taps * rows->step * columns->in + i % columns->taps * columns->step) *
                   g->in_channels);
  if (rows->taps * columns->taps % 2 != 0) inside[2 * p->pairs - 1] = 0; /* meets a zero weight */
  const int32_t reach_y = (rows->taps - 1) * rows->step;
  const int32_t reach_x = (columns->taps - 1) * columns->step;
  for (int32_t n = 0; n < g->batches; ++n, x += rows->in * columns->in * g->in_channels)
    for (int32_t oy = 0; oy < rows->out; ++oy) {
      const int32_t iy = oy * rows->stride + rows->offset;
      for (int32_t ox = 0; ox < columns->out; ++ox, y += g->out_channels) {
        const int32_t ix = ox * columns->stride + columns->offset;
        if (iy >= 0 && ix >= 0 && iy + reach_y < rows->in && ix + reach_x < columns->in) {
          mote_dsp_depthwise_pixel(p, inside, (uintptr_t)(x + (iy * columns->in + ix) * g->in_channels), y);
        } else {
          mote_dsp_depthwise_offsets(g, x, oy, ox, zeros, (uintptr_t)x, p->pairs, border);
          mote_dsp_depthwise_pixel(p, border, (uintptr_t)x, y);
        }
      }
    }
}

#endif
#endif
