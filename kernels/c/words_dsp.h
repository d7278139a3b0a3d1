/* Output stage of 16-bit activations on Arm cores with the DSP extension. Where the law shifts by 16 to 32
 * bits, its product, half and shift are a rounded high product with the 16-bit multiplier moved up. */
#ifndef MOTE_WORDS_DSP_H
#define MOTE_WORDS_DSP_H

#include "requantize.h"

#if defined(__ARM_FEATURE_DSP)

typedef struct {
  int32_t low, high; /* bounds of y */
  int32_t quick;     /* multipliers are those of the rounded high product */
  const int32_t* bias;
  const int32_t* multipliers;
  const int8_t* shifts;
} mote_words_output;

/* The sum with its bias fits 32 bits. */
MOTE_INLINE int16_t mote_word_output(const mote_words_output* o, int32_t sum, int32_t c) {
  const int32_t x = sum + o->bias[c];
  int32_t q;
  if (o->quick)
    __asm__("smmulr %0, %1, %2" : "=r"(q) : "r"(x), "r"(o->multipliers[c]));
  else
    q = mote_requantize_64(x, o->multipliers[c], o->shifts[c]);
  return (int16_t)mote_clamp(q, o->low, o->high);
}

#endif
#endif
