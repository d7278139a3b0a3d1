/* Mean of each channel over whole images [images, pixels, channels] of signed bytes, on Arm cores with the
 * DSP extension: four channels (at least) at a time, two to a word while their sums fit 16 bits. */
#ifndef MOTE_IMAGE_MEAN_S8_DSP_H
#define MOTE_IMAGE_MEAN_S8_DSP_H

#include "dsp.h"

#if defined(__ARM_FEATURE_DSP)

typedef struct {
  int32_t images, pixels, channels;
  int32_t low, high;
  /* of a scaled sum: clamp(zero_out + (sum + start) * multiplier * 2^(shift - 31)) */
  int32_t start, multiplier, shift, zero_out;
} image_mean_s8_dsp_params;

typedef struct {
  uint32_t even, odd;
} mote_channel_sums;

MOTE_INLINE void mote_add_pixel(mote_channel_sums* sums, const int8_t* pixel) {
  const uint32_t four = mote_load4(pixel);
  sums->even = mote_sxtab16(sums->even, four);
  sums->odd = mote_sxtab16_ror8(sums->odd, four);
}

MOTE_KERNEL void mote_image_sums(const int8_t* x, int32_t step, int32_t pixels, int32_t sums[4]) {
  sums[0] = sums[1] = sums[2] = sums[3] = 0;
  while (pixels > 0) {
    int32_t run = pixels < 255 ? pixels : 255;
    mote_channel_sums s = {0, 0};
    pixels -= run;
    for (; run >= 4; run -= 4, x += 4 * step) {
      mote_add_pixel(&s, x);
      mote_add_pixel(&s, x + step);
      mote_add_pixel(&s, x + 2 * step);
      mote_add_pixel(&s, x + 3 * step);
    }
    for (; run > 0; --run, x += step) mote_add_pixel(&s, x);
    sums[0] += (int16_t)s.even;
    sums[1] += (int16_t)s.odd;
    sums[2] += (int32_t)s.even >> 16;
    sums[3] += (int32_t)s.odd >> 16;
  }
}

/* The last four channels may overlap the ones before. */
MOTE_INLINE void mote_image_mean(const image_mean_s8_dsp_params* p, const int8_t* x, int8_t* y,
                                 int32_t is_scaled) {
  for (int32_t n = 0; n < p->images; ++n, x += p->pixels * p->channels, y += p->channels)
    for (int32_t group = 0; group < p->channels; group += 4) {
      const int32_t c = group + 4 <= p->channels ? group : p->channels - 4;
      int32_t sums[4];
      mote_image_sums(x + c, p->channels, p->pixels, sums);
      for (int32_t i = 0; i < 4; ++i) {
        const int32_t half = p->pixels / 2;
        const int32_t q = is_scaled
                              ? mote_requantize(sums[i] + p->start, p->multiplier, p->shift) + p->zero_out
                              : (sums[i] > 0 ? sums[i] + half : sums[i] - half) / p->pixels;
        y[c + i] = (int8_t)mote_clamp(q, p->low, p->high);
      }
    }
}

MOTE_KERNEL void image_average_s8_dsp(const image_mean_s8_dsp_params* p, const int8_t* x, int8_t* y) {
  mote_image_mean(p, x, y, 0);
}
MOTE_KERNEL void image_mean_s8_dsp(const image_mean_s8_dsp_params* p, const int8_t* x, int8_t* y) {
  mote_image_mean(p, x, y, 1);
}

#endif
#endif
