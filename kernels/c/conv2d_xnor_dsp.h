/* Layers of -1 and +1 on Arm cores with the DSP extension: the windows of conv2d_xnor.h, counted in assembly
 * (xnor_dsp.S). */
#ifndef MOTE_CONV2D_XNOR_DSP_H
#define MOTE_CONV2D_XNOR_DSP_H

#include "conv2d_xnor.h"

#if defined(__ARM_FEATURE_DSP)

MOTE_INLINE void mote_xnor_dsp_pixels(const conv2d_xnor_params* p, const uint32_t* columns,
                                      const mote_xnor_pixel* pixels, int32_t n) {
  for (int32_t i = 0; i < n; ++i, columns += p->column_words) {
    const int32_t channels = p->window.out_channels;
    if (p->y_form == MOTE_XNOR_BITS) {
      p->line(columns, p->weights, pixels[i].limits, pixels[i].y, channels / 8);
      continue;
    }
    for (int32_t o = 0; o < channels; o += 8) {
      const int32_t count = channels - o < 8 ? channels - o : 8;
      int16_t differences[8];
      p->line(columns, p->weights + o * p->words, 0, differences, count);
      for (int32_t j = 0; j < count; ++j)
        pixels[i].y[o + j] =
            mote_xnor_output(p, o + j, (pixels[i].limits ? pixels[i].limits[o + j] : 0) - differences[j]);
    }
  }
}

MOTE_XNOR_CONV2D(conv2d_xnor_dsp, mote_xnor_column, mote_xnor_dsp_pixels)

#endif
#endif
