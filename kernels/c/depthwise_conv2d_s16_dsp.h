/* Depthwise convolution of 16-bit activations (one filter per channel) on Arm cores with the DSP extension,
 * four channels at a time, for layers whose sums fit 32 bits. Padding is 0 and never read. Packed weights:
 * for each tap the channels, rounded up to four; of each four in the order 0, 2, 1, 3. */
#ifndef MOTE_DEPTHWISE_CONV2D_S16_DSP_H
#define MOTE_DEPTHWISE_CONV2D_S16_DSP_H

#include "depthwise_taps.h"
#include "dsp.h"
#include "words_dsp.h"

#if defined(__ARM_FEATURE_DSP)

typedef struct {
  mote_window2d window;
  int32_t channels; /* rounded up to four */
  mote_words_output output;
  const int8_t* weights;
} depthwise_conv2d_s16_dsp_params;

/* Adds one tap to the sums of four channels: x has their 16-bit inputs in two words. */
MOTE_INLINE void mote_words_tap(const int16_t* x, const int8_t* w, int32_t sums[4]) {
  const uint32_t x01 = mote_load4((const int8_t*)x), x23 = mote_load4((const int8_t*)(x + 2));
  const uint32_t bytes = mote_load4(w);
  uint32_t w01, w23;
  __asm__("sxtb16 %0, %1" : "=r"(w01) : "r"(bytes));
  __asm__("sxtb16 %0, %1, ror #8" : "=r"(w23) : "r"(bytes));
  __asm__("smlabb %0, %1, %2, %0" : "+r"(sums[0]) : "r"(x01), "r"(w01));
  __asm__("smlatt %0, %1, %2, %0" : "+r"(sums[1]) : "r"(x01), "r"(w01));
  __asm__("smlabb %0, %1, %2, %0" : "+r"(sums[2]) : "r"(x23), "r"(w23));
  __asm__("smlatt %0, %1, %2, %0" : "+r"(sums[3]) : "r"(x23), "r"(w23));
}

/* The same for `left` channels (1 to 3). */
MOTE_INLINE void mote_words_last_tap(const int16_t* x, const int8_t* w, int32_t left, int32_t sums[4]) {
  sums[0] += x[0] * w[0];
  if (left > 1) sums[1] += x[1] * w[2];
  if (left > 2) sums[2] += x[2] * w[1];
}

MOTE_KERNEL void depthwise_conv2d_s16_dsp(const depthwise_conv2d_s16_dsp_params* p, const int16_t* x,
                                          int16_t* y) {
  const mote_window2d* g = &p->window;
  const int32_t channels = g->in_channels;
  for (int32_t n = 0; n < g->batches; ++n, x += g->rows.in * g->columns.in * channels)
    for (int32_t oy = 0; oy < g->rows.out; ++oy)
      for (int32_t ox = 0; ox < g->columns.out; ++ox, y += channels) {
        const mote_depthwise_taps t = mote_depthwise_taps_of(g, oy, ox);
        const int8_t* weights = p->weights + t.w_first / channels * p->channels;
        const int32_t w_row = t.w_row / channels * p->channels;
        for (int32_t c = 0; c < channels; c += 4) {
          const int32_t left = channels - c;
          const int16_t* at = x + t.x_first + c;
          const int8_t* w = weights + c;
          int32_t sums[4] = {0, 0, 0, 0};
          for (int32_t ky = 0; ky < t.rows; ++ky, at += t.x_row, w += w_row)
            for (int32_t kx = t.columns; kx > 0; --kx, at += t.x_column, w += p->channels) {
              if (left >= 4)
                mote_words_tap(at, w, sums);
              else
                mote_words_last_tap(at, w, left, sums);
            }
          for (int32_t i = 0; i < (left < 4 ? left : 4); ++i)
            y[c + i] = mote_word_output(&p->output, sums[i], c + i);
        }
      }
}

#endif
#endif
