/* What the kernels for Arm cores with the DSP extension share: instructions, and the output stage.
 *
 * Two output channels A and B share each 16-bit lane of the packed weights: lane = 256 * b + a. A dual
 * multiply-accumulate of the raw lanes gives M = 256 * sum(b x) + sum(a x), one of the sign-extended low
 * bytes gives sum(a x); so sum(b x) is (M - sum(a x)) / 256, exact while it fits 24 bits, which is proved
 * when the weights are packed. */
#ifndef MOTE_DSP_H
#define MOTE_DSP_H

#include "requantize.h"

#if defined(__ARM_FEATURE_DSP)

/* Bytes 0 and 2, or 1 and 3, sign-extended into the two halves. */
MOTE_INLINE uint32_t mote_sxtb16(uint32_t x) {
  uint32_t r;
  __asm__("sxtb16 %0, %1" : "=r"(r) : "r"(x));
  return r;
}
MOTE_INLINE uint32_t mote_sxtb16_ror8(uint32_t x) {
  uint32_t r;
  __asm__("sxtb16 %0, %1, ror #8" : "=r"(r) : "r"(x));
  return r;
}

/* c + round(a * b / 2^32) */
MOTE_INLINE int32_t mote_smmlar(int32_t a, int32_t b, int32_t c) {
  int32_t r;
  __asm__("smmlar %0, %1, %2, %3" : "=r"(r) : "r"(a), "r"(b), "r"(c));
  return r;
}

MOTE_INLINE int32_t mote_ssat8(int32_t x) {
  int32_t r;
  __asm__("ssat %0, #8, %1" : "=r"(r) : "r"(x));
  return r;
}

MOTE_INLINE uint32_t mote_load4(const int8_t* from) {
  uint32_t word;
  memcpy(&word, from, 4);
  return word;
}

typedef struct {
  int32_t y_flip, y_zero;
  int32_t low, high;   /* bounds of y - y_zero */
  int32_t quick;       /* every shift is 1 to 22 to the right and |sum + bias| < 2^30: the roundings in one
                          multiply-add */
  int32_t full;        /* the bounds are those of a signed byte */
  const int32_t* bias; /* the input's zero point is folded in */
  const int32_t* multipliers;
  const int8_t* shifts;
} mote_dsp_output;

/* Writes y[i * step] for `count` sums of one channel.
 * round(2 s m / 2^32) is the first rounding; the second, halves away from zero, is a shift after adding half
 * and, for negative numbers, taking one off. The zero point rides along, shifted. */
MOTE_INLINE void mote_dsp_store(const mote_dsp_output* o, int32_t c, const int32_t* sums, int32_t count,
                                int8_t* y, int32_t step) {
  const int32_t bias = o->bias[c];
  const int32_t multiplier = o->multipliers[c];
  const int32_t shift = o->shifts[c];
  if (o->quick) {
    const int32_t right = -shift;
    const int32_t round = (int32_t)((UINT32_C(1) << (right - 1)) + ((uint32_t)o->y_zero << right));
    for (int32_t i = 0; i < count; ++i, y += step) {
      const int32_t twice = (int32_t)((uint32_t)mote_add(sums[i], bias) << 1);
      const int32_t q = mote_smmlar(twice, multiplier, round + (twice >> 31)) >> right;
      *y = (int8_t)((o->full ? mote_ssat8(q) : mote_clamp(q, o->low + o->y_zero, o->high + o->y_zero)) ^
                    o->y_flip);
    }
  } else {
    for (int32_t i = 0; i < count; ++i, y += step) {
      const int32_t q = mote_requantize(mote_add(sums[i], bias), multiplier, shift);
      *y = (int8_t)((mote_clamp(q, o->low, o->high) + o->y_zero) ^ o->y_flip);
    }
  }
}

/* sum(b x) from M and sum(a x), in place of M. */
MOTE_INLINE void mote_dsp_split(int32_t* m, const int32_t* a, int32_t count) {
  for (int32_t i = 0; i < count; ++i) m[i] = (int32_t)((uint32_t)m[i] - (uint32_t)a[i]) >> 8;
}

#endif
#endif
