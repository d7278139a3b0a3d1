/* The linear form of add_s8.h with NEON, sixteen values at a time. */
#ifndef MOTE_ADD_S8_NEON_H
#define MOTE_ADD_S8_NEON_H

#include "add_s8.h"

#if defined(__aarch64__)
#include <arm_neon.h>

/* (a * ma + b * mb + offset) >> 22 of eight values, saturated to 8 bits: the shift in two steps, as no
 * narrowing one is that long. */
MOTE_INLINE int8x8_t mote_add_s8_neon(int16x8_t a, int16x8_t b, int32x4_t ma, int32x4_t mb,
                                      int32x4_t offset) {
  int32x4_t low = vmlaq_s32(offset, vmovl_s16(vget_low_s16(a)), ma);
  int32x4_t high = vmlaq_s32(offset, vmovl_high_s16(a), ma);
  low = vmlaq_s32(low, vmovl_s16(vget_low_s16(b)), mb);
  high = vmlaq_s32(high, vmovl_high_s16(b), mb);
  return vqshrn_n_s16(vshrn_high_n_s32(vshrn_n_s32(low, 16), high, 16), 6);
}

MOTE_KERNEL void add_s8_neon(const add_s8_params* p, const int8_t* a0, const int8_t* b0, int8_t* y0,
                             int32_t first, int32_t rows) {
  const int32x4_t ma = vdupq_n_s32(p->a_multiplier), mb = vdupq_n_s32(p->b_multiplier);
  const int32x4_t offset = vdupq_n_s32(p->offset);
  const int8x16_t least = vdupq_n_s8((int8_t)p->low), largest = vdupq_n_s8((int8_t)p->high);
  mote_element_run run = {first, rows, 0, 0, 0, 0};
  while (mote_next_run(&run, p->row_elements, p->x_slots, p->x2_slots, p->y_slots)) {
    const int8_t *a = a0 + run.x, *b = b0 + run.x2;
    int8_t* y = y0 + run.y;
    int32_t i = 0;
    for (; i + 16 <= run.count; i += 16) {
      const int8x16_t va = vld1q_s8(a + i), vb = vld1q_s8(b + i);
      const int8x8_t low =
          mote_add_s8_neon(vmovl_s8(vget_low_s8(va)), vmovl_s8(vget_low_s8(vb)), ma, mb, offset);
      const int8x8_t high = mote_add_s8_neon(vmovl_high_s8(va), vmovl_high_s8(vb), ma, mb, offset);
      vst1q_s8(y + i, vminq_s8(vmaxq_s8(vcombine_s8(low, high), least), largest));
    }
    for (; i < run.count; ++i)
      y[i] = (int8_t)mote_clamp((a[i] * p->a_multiplier + p->offset + b[i] * p->b_multiplier) >> 22, p->low,
                                p->high);
  }
}

#endif
#endif
