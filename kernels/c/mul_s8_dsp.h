/* Product of s8 tensors on Arm cores with the DSP extension, four elements at a time. The second operand may
 * stand still or repeat along outer axes (broadcast.h); the first and the output are whole. */
#ifndef MOTE_MUL_S8_DSP_H
#define MOTE_MUL_S8_DSP_H

#include "broadcast.h"
#include "dsp.h"

#if defined(__ARM_FEATURE_DSP)

typedef struct {
  mote_broadcast shape;
  int32_t a_zero, b_zero;    /* minus the zero points, in both halves of a word */
  int32_t multiplier, shift; /* to the right, 1 to 22 */
  int32_t round;             /* half, and the zero point of y, both shifted */
  int32_t low, high;
} mul_s8_dsp_params;

MOTE_INLINE uint32_t mote_twice_16(uint32_t x) {
  uint32_t r;
  __asm__("uadd16 %0, %1, %1" : "=r"(r) : "r"(x) : "cc");
  return r;
}
MOTE_INLINE int32_t mote_smulbb(uint32_t a, uint32_t b) {
  int32_t r;
  __asm__("smulbb %0, %1, %2" : "=r"(r) : "r"(a), "r"(b));
  return r;
}
MOTE_INLINE int32_t mote_smultt(uint32_t a, uint32_t b) {
  int32_t r;
  __asm__("smultt %0, %1, %2" : "=r"(r) : "r"(a), "r"(b));
  return r;
}

/* From twice the product: both roundings in one multiply-add (dsp.h). */
MOTE_INLINE int8_t mote_mul_output(const mul_s8_dsp_params* p, int32_t twice, int32_t clamped) {
  const int32_t q = mote_smmlar(twice, p->multiplier, p->round + (twice >> 31)) >> p->shift;
  return (int8_t)(clamped ? mote_clamp(q, p->low, p->high) : mote_ssat8(q));
}

MOTE_INLINE void mote_mul_four(const mul_s8_dsp_params* p, uint32_t a, uint32_t b, int8_t* y,
                               int32_t clamped) {
  const uint32_t a02 = mote_sxtab16((uint32_t)p->a_zero, a), a13 = mote_sxtab16_ror8((uint32_t)p->a_zero, a);
  const uint32_t b02 = mote_twice_16(mote_sxtab16((uint32_t)p->b_zero, b));
  const uint32_t b13 = mote_twice_16(mote_sxtab16_ror8((uint32_t)p->b_zero, b));
  y[0] = mote_mul_output(p, mote_smulbb(a02, b02), clamped);
  y[1] = mote_mul_output(p, mote_smulbb(a13, b13), clamped);
  y[2] = mote_mul_output(p, mote_smultt(a02, b02), clamped);
  y[3] = mote_mul_output(p, mote_smultt(a13, b13), clamped);
}

MOTE_INLINE void mote_mul_rows(const mul_s8_dsp_params* params, const int8_t* a, const int8_t* b, int8_t* y,
                               int32_t clamped) {
  const mul_s8_dsp_params local = *params, *p = &local;
  const int32_t rows = mote_broadcast_rows(&p->shape);
  const int32_t n = p->shape.extents[5], still = p->shape.b_steps[5] == 0;
  for (int32_t row = 0; row < rows; ++row, y += n) {
    int32_t start_a, start_b;
    mote_broadcast_row(&p->shape, row, &start_a, &start_b);
    const int8_t* run_a = a + start_a;
    const int8_t* run_b = b + start_b;
    const uint32_t same = (uint32_t)(uint8_t)*run_b * 0x01010101U;
    int32_t i = 0;
    for (; i + 4 <= n; i += 4)
      mote_mul_four(p, mote_load4(run_a + i), still ? same : mote_load4(run_b + i), y + i, clamped);
    for (; i < n; ++i) {
      const int32_t x = run_a[i] + (int16_t)p->a_zero;
      y[i] = mote_mul_output(p, 2 * x * (run_b[still ? 0 : i] + (int16_t)p->b_zero), clamped);
    }
  }
}

MOTE_KERNEL void mul_s8_dsp(const mul_s8_dsp_params* p, const int8_t* a, const int8_t* b, int8_t* y) {
  mote_mul_rows(p, a, b, y, 0);
}
MOTE_KERNEL void mul_clamped_s8_dsp(const mul_s8_dsp_params* p, const int8_t* a, const int8_t* b, int8_t* y) {
  mote_mul_rows(p, a, b, y, 1);
}

#endif
#endif
