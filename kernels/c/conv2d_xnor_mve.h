/* Layers of -1 and +1 with Helium: four channels in the lanes of a vector, each word of the window, four
 * times side by side, met by all (xnor.h). Full adders bring the words down to a few, whose bits are counted
 * in nibbles and bytes. */
#ifndef MOTE_CONV2D_XNOR_MVE_H
#define MOTE_CONV2D_XNOR_MVE_H

#include "conv2d_xnor.h"

#if defined(__ARM_FEATURE_MVE)
#include <arm_mve.h>

/* Sum s and carry c of three words; c may be one of a and d. */
#define MOTE_XNOR_ADD(s, c, a, b, d)                             \
  do {                                                           \
    const uint32x4_t u_ = veorq_u32(a, b), v_ = veorq_u32(a, d); \
    s = veorq_u32(u_, d);                                        \
    c = veorq_u32(s, vorrq_u32(u_, v_));                         \
  } while (0)

/* The same of triple i. */
#define MOTE_XNOR_TRIPLE(s, c, i)                                                              \
  do {                                                                                         \
    const uint32x4_t u_ = veorq_u32(vld1q_u32(x + 12 * (i)), vld1q_u32(w + 12 * (i)));         \
    const uint32x4_t v_ = veorq_u32(vld1q_u32(x + 12 * (i) + 4), vld1q_u32(w + 12 * (i) + 4)); \
    s = veorq_u32(vld1q_u32(x + 12 * (i) + 8), vld1q_u32(w + 12 * (i) + 8));                   \
    c = veorq_u32(s, vorrq_u32(u_, v_));                                                       \
  } while (0)

MOTE_INLINE uint32x4_t mote_xnor_mve_nibbles(uint32x4_t v) {
  v = vsubq_u32(v, vandq_u32(vshrq_n_u32(v, 1), vdupq_n_u32(0x55555555U)));
  return vaddq_u32(vandq_u32(v, vdupq_n_u32(0x33333333U)),
                   vandq_u32(vshrq_n_u32(v, 2), vdupq_n_u32(0x33333333U)));
}

MOTE_INLINE uint32x4_t mote_xnor_mve_bytes(uint32x4_t v) {
  const uint8x16_t bytes = vreinterpretq_u8_u32(v), low = vdupq_n_u8(15);
  return vreinterpretq_u32_u8(vaddq_u8(vandq_u8(bytes, low), vshrq_n_u8(bytes, 4)));
}

/* Adds the bytes of each lane. */
MOTE_INLINE uint32x4_t mote_xnor_mve_sum(uint32x4_t sums, uint32x4_t bytes) {
  const uint16x8_t halves =
      vaddq_u16(vmovlbq_u8(vreinterpretq_u8_u32(bytes)), vmovltq_u8(vreinterpretq_u8_u32(bytes)));
  return vaddq_u32(sums, vaddq_u32(vmovlbq_u16(halves), vmovltq_u16(halves)));
}

/* Differences of triples 0 to 5. */
MOTE_INLINE uint32x4_t mote_xnor_mve_6(const uint32_t* x, const uint32_t* w, uint32x4_t sums) {
  uint32x4_t one, two, four, eight, more, carry, bytes, s0, s1, s2, c0, c1, c2;
  MOTE_XNOR_TRIPLE(s0, c0, 0);
  MOTE_XNOR_TRIPLE(s1, c1, 1);
  MOTE_XNOR_TRIPLE(s2, c2, 2);
  MOTE_XNOR_ADD(one, carry, s0, s1, s2);
  MOTE_XNOR_ADD(two, four, c0, c1, c2);
  MOTE_XNOR_TRIPLE(s0, c0, 3);
  MOTE_XNOR_ADD(two, more, carry, two, c0);
  MOTE_XNOR_TRIPLE(s1, c1, 4);
  MOTE_XNOR_ADD(one, carry, one, s0, s1);
  MOTE_XNOR_ADD(two, c0, two, c1, carry);
  MOTE_XNOR_ADD(four, eight, four, more, c0);
  MOTE_XNOR_TRIPLE(s2, c2, 5);
  carry = vandq_u32(one, s2);
  one = veorq_u32(one, s2);
  MOTE_XNOR_ADD(two, c0, two, c2, carry);
  more = vandq_u32(four, c0); /* a second word of eights */
  four = veorq_u32(four, c0);
  bytes =
      mote_xnor_mve_bytes(vaddq_u32(mote_xnor_mve_nibbles(one), vshlq_n_u32(mote_xnor_mve_nibbles(two), 1)));
  bytes = vaddq_u32(bytes,
                    vshlq_n_u32(mote_xnor_mve_bytes(vaddq_u32(mote_xnor_mve_nibbles(four),
                                                              vshlq_n_u32(mote_xnor_mve_nibbles(eight), 1))),
                                2));
  bytes = vaddq_u32(bytes, vshlq_n_u32(mote_xnor_mve_bytes(mote_xnor_mve_nibbles(more)), 3));
  return mote_xnor_mve_sum(sums, bytes);
}

MOTE_INLINE uint32x4_t mote_xnor_mve_3(const uint32_t* x, const uint32_t* w, uint32x4_t sums) {
  uint32x4_t one, two, four, more, low, high, s0, s1, s2, c0, c1, c2;
  MOTE_XNOR_TRIPLE(s0, c0, 0);
  MOTE_XNOR_TRIPLE(s1, c1, 1);
  MOTE_XNOR_TRIPLE(s2, c2, 2);
  MOTE_XNOR_ADD(one, more, s0, s1, s2); /* `more` are twos */
  MOTE_XNOR_ADD(two, four, c0, c1, c2);
  low = vaddq_u32(mote_xnor_mve_nibbles(one), vshlq_n_u32(mote_xnor_mve_nibbles(two), 1));
  high = vaddq_u32(mote_xnor_mve_nibbles(more), vshlq_n_u32(mote_xnor_mve_nibbles(four), 1));
  return mote_xnor_mve_sum(sums,
                           vaddq_u32(mote_xnor_mve_bytes(low), vshlq_n_u32(mote_xnor_mve_bytes(high), 1)));
}

/* Differences of four channels. */
MOTE_INLINE uint32x4_t mote_xnor_mve_differences(const conv2d_xnor_params* p, const uint32_t* x,
                                                 const uint32_t* w) {
  uint32x4_t sums = vdupq_n_u32(0);
  int32_t triples = p->triples;
  for (; triples >= 6; triples -= 6, x += 72, w += 72) sums = mote_xnor_mve_6(x, w, sums);
  for (; triples >= 3; triples -= 3, x += 36, w += 36) sums = mote_xnor_mve_3(x, w, sums);
  for (; triples > 0; --triples, x += 12, w += 12) {
    uint32x4_t s, c;
    MOTE_XNOR_TRIPLE(s, c, 0);
    sums = mote_xnor_mve_sum(sums, mote_xnor_mve_bytes(vaddq_u32(mote_xnor_mve_nibbles(s),
                                                                 vshlq_n_u32(mote_xnor_mve_nibbles(c), 1))));
  }
  for (int32_t i = p->words - 3 * p->triples; i > 0; --i, x += 4, w += 4)
    sums = mote_xnor_mve_sum(
        sums, mote_xnor_mve_bytes(mote_xnor_mve_nibbles(veorq_u32(vld1q_u32(x), vld1q_u32(w)))));
  return sums;
}

/* Words as the portable kernel has them, each four times. */
MOTE_INLINE void mote_xnor_mve_column(const conv2d_xnor_params* p, const uint32_t* window, uint32_t* to) {
  uint32_t* const words = to + 3 * p->words; /* ends where the column ends: read before it is overwritten */
  mote_xnor_column(p, window, words);
  for (int32_t i = 0; i < p->words; ++i, to += 4) vst1q_u32(to, vdupq_n_u32(words[i]));
}

/* Limits less differences of the four channels from o. */
MOTE_INLINE int32x4_t mote_xnor_mve_rest(const conv2d_xnor_params* p, const uint32_t* column,
                                         const int16_t* limits, int32_t o) {
  const uint32x4_t differences = mote_xnor_mve_differences(p, column, p->weights + o * p->words);
  return vsubq_s32(limits ? vldrhq_s32(limits + o) : vdupq_n_s32(0), vreinterpretq_s32_u32(differences));
}

/* A bit of each lane above 0. */
MOTE_INLINE uint32_t mote_xnor_mve_bits(int32x4_t rest) {
  const uint32_t lanes = vcmpgtq_n_s32(rest, 0);
  return (lanes & 1U) | (lanes >> 3 & 2U) | (lanes >> 6 & 4U) | (lanes >> 9 & 8U);
}

MOTE_INLINE void mote_xnor_mve_pixels(const conv2d_xnor_params* p, const uint32_t* columns,
                                      const mote_xnor_pixel* pixels, int32_t n) {
  const int32_t channels = p->window.out_channels;
  for (int32_t i = 0; i < n; ++i, columns += p->column_words)
    for (int32_t o = 0; o < channels; o += 4) {
      const int32x4_t rest = mote_xnor_mve_rest(p, columns, pixels[i].limits, o);
      if (p->y_form == MOTE_XNOR_BITS) {
        const uint32_t bits = mote_xnor_mve_bits(rest);
        int8_t* to = pixels[i].y + o / 8;
        *to = (int8_t)(o % 8 ? (uint32_t)(uint8_t)*to | bits << 4 : bits);
      } else if (p->y_form == MOTE_XNOR_SIGNS && channels - o >= 4) {
        vstrbq_s32(pixels[i].y + o, vpselq_s32(vdupq_n_s32(1), vdupq_n_s32(-1), vcmpgtq_n_s32(rest, 0)));
      } else {
        int32_t values[4];
        vst1q_s32(values, rest);
        for (int32_t j = 0; j < 4 && o + j < channels; ++j)
          pixels[i].y[o + j] = mote_xnor_output(p, o + j, values[j]);
      }
    }
}

MOTE_XNOR_CONV2D(conv2d_xnor_mve, mote_xnor_mve_column, mote_xnor_mve_pixels)

#undef MOTE_XNOR_ADD
#undef MOTE_XNOR_TRIPLE

#endif
#endif
