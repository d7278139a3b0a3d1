/* The functions of binary_integer.h for bytes on Armv8.1-M with vector instructions (MVE), four at a time. */
#ifndef MOTE_BINARY_BYTES_MVE_H
#define MOTE_BINARY_BYTES_MVE_H

#include "binary_integer.h"
#include "rows.h"

#if defined(__ARM_FEATURE_MVE)

#include <arm_mve.h>

typedef struct {
  binary_integer_params law;
  int32_t row_elements;               /* this and the next of operands of one shape */
  int32_t x_slots, x2_slots, y_slots; /* as in rows.h */
} binary_bytes_mve_params;

/* x * multiplier * 2^(shift - 31) as mote_requantize has it. Halves go away from zero: negative numbers are
 * taken one off before they are rounded up. */
MOTE_INLINE int32x4_t mote_mve_requantize(int32x4_t x, int32_t multiplier, int32_t shift) {
  if (shift > 0) x = vshlq_r_s32(x, shift);
  x = vqrdmulhq_n_s32(x, multiplier);
  if (shift < 0) x = vrshlq_n_s32(vaddq_s32(x, vshrq_n_s32(x, 31)), shift);
  return x;
}

MOTE_INLINE int32x4_t mote_mve_a(const binary_integer_params* p, int32x4_t a) {
  return mote_mve_requantize(a, p->a_multiplier, p->a_shift);
}
MOTE_INLINE int32x4_t mote_mve_b(const binary_integer_params* p, int32x4_t b) {
  return mote_mve_requantize(b, p->b_multiplier, p->b_shift);
}
MOTE_INLINE int32x4_t mote_mve_y(const binary_integer_params* p, int32x4_t y) {
  return mote_mve_requantize(y, p->y_multiplier, p->y_shift);
}

/* Four operands, less their zero point; one that does not move is all four. */
MOTE_INLINE int32x4_t mote_mve_operand(const uint8_t* from, int32_t step, int32_t flip, int32_t zero,
                                       mve_pred16_t there) {
  const uint32x4_t x = step != 0 ? vldrbq_z_u32(from, there) : vdupq_n_u32(*from);
  return vsubq_n_s32(vreinterpretq_s32_u32(veorq_u32(x, vdupq_n_u32((uint32_t)flip))), zero);
}

/* NAME_bytes_mve with broadcasting, NAME_rows_mve for ranges of rows of operands of one shape. `value` sees
 * p, a and b. */
#define MOTE_BINARY_BYTES_MVE(name, value)                                                                 \
  MOTE_INLINE void name##_run_mve(const binary_integer_params* law, const uint8_t* from_a, int32_t a_step, \
                                  const uint8_t* from_b, int32_t b_step, uint8_t* y, int32_t count) {      \
    const binary_integer_params own = *law; /* y might be part of *law, for all that the compiler knows */ \
    const binary_integer_params* const p = &own;                                                           \
    for (; count > 0; count -= 4, from_a += 4 * a_step, from_b += 4 * b_step, y += 4) {                    \
      const mve_pred16_t there = vctp32q((uint32_t)count);                                                 \
      const int32x4_t a = mote_mve_operand(from_a, a_step, p->a_flip, p->a_zero, there);                   \
      const int32x4_t b = mote_mve_operand(from_b, b_step, p->b_flip, p->b_zero, there);                   \
      const int32x4_t v = vminq_s32(vmaxq_s32(value, vdupq_n_s32(p->low)), vdupq_n_s32(p->high));          \
      vstrbq_p_u32(y, vreinterpretq_u32_s32(vaddq_n_s32(v, p->y_zero)), there);                            \
    }                                                                                                      \
  }                                                                                                        \
  MOTE_KERNEL void name##_bytes_mve(const binary_bytes_mve_params* p, const uint8_t* a, const uint8_t* b,  \
                                    uint8_t* y) {                                                          \
    const mote_broadcast* g = &p->law.shape;                                                               \
    const int32_t rows = mote_broadcast_rows(g);                                                           \
    for (int32_t row = 0; row < rows; ++row, y += g->extents[5]) {                                         \
      int32_t start_a, start_b;                                                                            \
      mote_broadcast_row(g, row, &start_a, &start_b);                                                      \
      name##_run_mve(&p->law, a + start_a, g->a_steps[5], b + start_b, g->b_steps[5], y, g->extents[5]);   \
    }                                                                                                      \
  }                                                                                                        \
  MOTE_KERNEL void name##_rows_mve(const binary_bytes_mve_params* p, const uint8_t* a, const uint8_t* b,   \
                                   uint8_t* y, int32_t first, int32_t rows) {                              \
    mote_element_run run = {first, rows, 0, 0, 0, 0};                                                      \
    while (mote_next_run(&run, p->row_elements, p->x_slots, p->x2_slots, p->y_slots))                      \
      name##_run_mve(&p->law, a + run.x, 1, b + run.x2, 1, y + run.y, run.count);                          \
  }

MOTE_BINARY_BYTES_MVE(add, mote_mve_y(p, vaddq_s32(mote_mve_a(p, vshlq_r_s32(a, p->left_shift)),
                                                   mote_mve_b(p, vshlq_r_s32(b, p->left_shift)))))
MOTE_BINARY_BYTES_MVE(sub, mote_mve_y(p, vsubq_s32(mote_mve_a(p, vshlq_r_s32(a, p->left_shift)),
                                                   mote_mve_b(p, vshlq_r_s32(b, p->left_shift)))))
MOTE_BINARY_BYTES_MVE(mul, mote_mve_y(p, vmulq_s32(a, b)))
MOTE_BINARY_BYTES_MVE(minimum, vminq_s32(mote_mve_a(p, a), mote_mve_b(p, b)))
MOTE_BINARY_BYTES_MVE(maximum, vmaxq_s32(mote_mve_a(p, a), mote_mve_b(p, b)))
MOTE_BINARY_BYTES_MVE(prelu,
                      vpselq_s32(mote_mve_a(p, a), mote_mve_b(p, vmulq_s32(a, b)), vcmpgeq_n_s32(a, 0)))

#endif
#endif
