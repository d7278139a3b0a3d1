/* The product of binary_integer.h for bytes on Armv8.1-M with vector instructions (MVE), four at a time. */
#ifndef MOTE_MUL_BYTES_MVE_H
#define MOTE_MUL_BYTES_MVE_H

#include "binary_integer.h"

#if defined(__ARM_FEATURE_MVE)

#include <arm_mve.h>

/* Four operands, less their zero point; one that does not move is all four. */
MOTE_INLINE int32x4_t mote_mul_load(const uint8_t* from, int32_t step, int32_t flip, int32_t zero,
                                    mve_pred16_t there) {
  const uint32x4_t x = step != 0 ? vldrbq_z_u32(from, there) : vdupq_n_u32(*from);
  return vsubq_n_s32(vreinterpretq_s32_u32(veorq_u32(x, vdupq_n_u32((uint32_t)flip))), zero);
}

MOTE_KERNEL void mul_bytes_mve(const binary_integer_params* p, const uint8_t* a, const uint8_t* b,
                               uint8_t* y) {
  const mote_broadcast* g = &p->shape;
  const int32_t rows = mote_broadcast_rows(g);
  const int32_t left = p->y_shift > 0 ? p->y_shift : 0, right = p->y_shift < 0 ? p->y_shift : 0;
  const int32x4_t signs = vdupq_n_s32(right); /* negative where there is a second rounding */
  const int32x4_t low = vdupq_n_s32(p->low), high = vdupq_n_s32(p->high);
  for (int32_t row = 0; row < rows; ++row, y += g->extents[5]) {
    const uint8_t *run_a, *run_b;
    int32_t start_a, start_b;
    mote_broadcast_row(g, row, &start_a, &start_b);
    run_a = a + start_a;
    run_b = b + start_b;
    for (int32_t i = 0; i < g->extents[5]; i += 4, run_a += 4 * g->a_steps[5], run_b += 4 * g->b_steps[5]) {
      const mve_pred16_t there = vctp32q((uint32_t)(g->extents[5] - i));
      int32x4_t v = vmulq_s32(mote_mul_load(run_a, g->a_steps[5], p->a_flip, p->a_zero, there),
                              mote_mul_load(run_b, g->b_steps[5], p->b_flip, p->b_zero, there));
      v = vqrdmulhq_n_s32(vshlq_r_s32(v, left), p->y_multiplier);
      /* halves away from zero: one off negative numbers before rounding up */
      v = vrshlq_n_s32(vaddq_s32(v, vshrq_n_s32(vandq_s32(v, signs), 31)), right);
      v = vaddq_n_s32(vminq_s32(vmaxq_s32(v, low), high), p->y_zero);
      vstrbq_p_u32(y + i, vreinterpretq_u32_s32(v), there);
    }
  }
}

#endif
#endif
