/* Layers of -1 and +1 on Arm cores with the DSP extension: the windows of conv2d_xnor.h, counted in assembly
 * (xnor_dsp.S). */
#ifndef MOTE_CONV2D_XNOR_DSP_H
#define MOTE_CONV2D_XNOR_DSP_H

#include "conv2d_xnor.h"

#if defined(__ARM_FEATURE_DSP)

/* Four signs: a bit moves to the bottom of each byte, 1 stays and 0 becomes -1. */
MOTE_INLINE void mote_xnor_dsp_four(uint32_t bits, int8_t* y) {
  const uint32_t signs = (((bits * 0x00204081U & 0x01010101U) ^ 0x01010101U) * 0xfeU) | 0x01010101U;
  memcpy(y, &signs, 4);
}

/* Signs of 8 * count channels, which the line gives as bits. */
MOTE_INLINE void mote_xnor_dsp_signs(const uint8_t* bits, int32_t count, int8_t* y) {
  for (int32_t i = 0; i < count; ++i, y += 8) {
    mote_xnor_dsp_four(bits[i] & 15U, y);
    mote_xnor_dsp_four(bits[i] >> 4U, y + 4);
  }
}

MOTE_INLINE void mote_xnor_dsp_pixels(const conv2d_xnor_params* p, const uint32_t* columns,
                                      const mote_xnor_pixel* pixels, int32_t n) {
  const int32_t channels = p->window.out_channels;
  const int32_t whole = channels % 8 == 0;
  for (int32_t i = 0; i < n; ++i, columns += p->column_words) {
    if (p->y_form == MOTE_XNOR_BITS) {
      p->line(columns, p->weights, pixels[i].limits, pixels[i].y, channels / 8);
      continue;
    }
    for (int32_t o = 0; o < channels; o += 64) {
      const int32_t count = mote_least(channels - o, 64);
      const uint32_t* w = p->weights + o * p->words;
      const int16_t* limits = pixels[i].limits;
      int16_t differences[64];
      if (whole && p->y_form == MOTE_XNOR_SIGNS) {
        uint8_t bits[8];
        p->line(columns, w, limits + o, bits, count / 8);
        mote_xnor_dsp_signs(bits, count / 8, pixels[i].y + o);
        continue;
      }
      p->line(columns, w, 0, differences, count);
      for (int32_t j = 0; j < count; ++j)
        pixels[i].y[o + j] = mote_xnor_output(p, o + j, (limits ? limits[o + j] : 0) - differences[j]);
    }
  }
}

MOTE_XNOR_CONV2D(conv2d_xnor_dsp, mote_xnor_column, mote_xnor_dsp_pixels)

#endif
#endif
