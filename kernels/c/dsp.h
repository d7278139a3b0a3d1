/* Instructions of Arm cores with the DSP extension. */
#ifndef MOTE_DSP_H
#define MOTE_DSP_H

#include "requantize.h"

#if defined(__ARM_FEATURE_DSP)

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

/* sum + bytes 0 and 2, or 1 and 3, in each half. */
MOTE_INLINE uint32_t mote_sxtab16(uint32_t sum, uint32_t x) {
  uint32_t r;
  __asm__("sxtab16 %0, %1, %2" : "=r"(r) : "r"(sum), "r"(x));
  return r;
}
MOTE_INLINE uint32_t mote_sxtab16_ror8(uint32_t sum, uint32_t x) {
  uint32_t r;
  __asm__("sxtab16 %0, %1, %2, ror #8" : "=r"(r) : "r"(sum), "r"(x));
  return r;
}

/* sum + both halves of x */
MOTE_INLINE int32_t mote_sum_pair(uint32_t x, int32_t sum) {
  int32_t r;
  __asm__("smlad %0, %1, %2, %3" : "=r"(r) : "r"(x), "r"(0x00010001), "r"(sum));
  return r;
}

MOTE_INLINE uint32_t mote_load4(const int8_t* from) {
  uint32_t word;
  memcpy(&word, from, 4);
  return word;
}

#endif
#endif
