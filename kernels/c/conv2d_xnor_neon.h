/* Layers of -1 and +1 with NEON: sixteen channels in the lanes of four vectors; CNT counts the bits of bytes,
 * so words are met as they are (xnor.h, no triples). */
#ifndef MOTE_CONV2D_XNOR_NEON_H
#define MOTE_CONV2D_XNOR_NEON_H

#include "xnor.h"

#if defined(__ARM_NEON) && defined(__aarch64__)
#include <arm_neon.h>

/* Words whose counts of up to 8 fit a byte. */
#define MOTE_XNOR_NEON_WORDS 31

typedef struct {
  uint32x4_t lanes[4];
} mote_xnor_neon_sums;

MOTE_INLINE uint8x16_t mote_xnor_neon_count(uint8x16_t counts, uint32x4_t x, const uint32_t* w) {
  return vaddq_u8(counts, vcntq_u8(vreinterpretq_u8_u32(veorq_u32(x, vld1q_u32(w)))));
}

MOTE_INLINE mote_xnor_neon_sums mote_xnor_neon_differences(const uint32_t* x, const uint32_t* w,
                                                           int32_t words) {
  const uint32x4_t zero = vdupq_n_u32(0);
  mote_xnor_neon_sums sums = {{zero, zero, zero, zero}};
  while (words > 0) {
    const int32_t run = words < MOTE_XNOR_NEON_WORDS ? words : MOTE_XNOR_NEON_WORDS;
    uint8x16_t c0 = vdupq_n_u8(0), c1 = c0, c2 = c0, c3 = c0;
    for (int32_t k = 0; k < run; ++k, ++x, w += 16) {
      const uint32x4_t word = vdupq_n_u32(*x);
      c0 = mote_xnor_neon_count(c0, word, w);
      c1 = mote_xnor_neon_count(c1, word, w + 4);
      c2 = mote_xnor_neon_count(c2, word, w + 8);
      c3 = mote_xnor_neon_count(c3, word, w + 12);
    }
    sums.lanes[0] = vpadalq_u16(sums.lanes[0], vpaddlq_u8(c0));
    sums.lanes[1] = vpadalq_u16(sums.lanes[1], vpaddlq_u8(c1));
    sums.lanes[2] = vpadalq_u16(sums.lanes[2], vpaddlq_u8(c2));
    sums.lanes[3] = vpadalq_u16(sums.lanes[3], vpaddlq_u8(c3));
    words -= run;
  }
  return sums;
}

MOTE_INLINE void mote_xnor_neon_column(const conv2d_xnor_params* p, const uint32_t* window, uint32_t* to) {
  memcpy(to, window, (size_t)p->words * 4);
}

/* Limits less differences, which fit 16 bits, of the channels from o. */
MOTE_INLINE int16x8x2_t mote_xnor_neon_rest(const mote_xnor_pixel* pixel, int32_t o,
                                            const mote_xnor_neon_sums* sums) {
  int16x8x2_t rest;
  for (int32_t i = 0; i < 2; ++i) {
    const uint16x8_t differences =
        vcombine_u16(vmovn_u32(sums->lanes[2 * i]), vmovn_u32(sums->lanes[2 * i + 1]));
    const int16x8_t limits = pixel->limits ? vld1q_s16(pixel->limits + o + 8 * i) : vdupq_n_s16(0);
    rest.val[i] = vsubq_s16(limits, vreinterpretq_s16_u16(differences));
  }
  return rest;
}

MOTE_INLINE void mote_xnor_neon_store(const conv2d_xnor_params* p, int32_t o, const mote_xnor_pixel* pixel,
                                      const mote_xnor_neon_sums* sums) {
  static const uint8_t places[8] = {1, 2, 4, 8, 16, 32, 64, 128};
  const int32_t count = p->window.out_channels - o < 16 ? p->window.out_channels - o : 16;
  const int16x8x2_t rest = mote_xnor_neon_rest(pixel, o, sums);
  int16_t values[16];
  if (p->y_form == MOTE_XNOR_BITS) {
    for (int32_t i = 0; 8 * i < count; ++i) {
      const uint8x8_t set = vmovn_u16(vcgtzq_s16(rest.val[i]));
      pixel->y[o / 8 + i] = (int8_t)vaddv_u8(vand_u8(set, vld1_u8(places)));
    }
    return;
  }
  vst1q_s16(values, rest.val[0]);
  vst1q_s16(values + 8, rest.val[1]);
  for (int32_t i = 0; i < count; ++i) pixel->y[o + i] = mote_xnor_output(p, o + i, values[i]);
}

MOTE_INLINE void mote_xnor_neon_pixels(const conv2d_xnor_params* p, const uint32_t* columns,
                                       const mote_xnor_pixel* pixels, int32_t n) {
  for (int32_t o = 0; o < p->window.out_channels; o += 16)
    for (int32_t i = 0; i < n; ++i) {
      const mote_xnor_neon_sums sums =
          mote_xnor_neon_differences(columns + i * p->column_words, p->weights + o * p->words, p->words);
      mote_xnor_neon_store(p, o, pixels + i, &sums);
    }
}

MOTE_XNOR_CONV2D(conv2d_xnor_neon, mote_xnor_neon_column, mote_xnor_neon_pixels)

#undef MOTE_XNOR_NEON_WORDS

#endif
#endif
