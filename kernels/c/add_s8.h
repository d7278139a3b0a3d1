/* Add of two s8 tensors of one shape, the first with the larger scale: its multiplier is exactly one half, so
 * only the second and the sum are scaled. Equal to add_bytes: the operands are shifted by one bit more, which
 * makes the rounded high half of the product what equation 6 asks for. */
#ifndef MOTE_ADD_S8_H
#define MOTE_ADD_S8_H

#include "mote_kernel.h"

typedef struct {
  int32_t count;
  int32_t a_offset;               /* -a_zero * 2^20 */
  int32_t b_shift_left, b_offset; /* -b_zero * 2^b_shift_left */
  int32_t b_multiplier, b_rounding, b_shift_right;
  int32_t y_multiplier, y_rounding, y_shift_right; /* the rounding includes the zero point of y */
  int32_t low, high;
} add_s8_params;

MOTE_INLINE int32_t add_s8_high_half(int32_t x, int32_t multiplier) {
  return (int32_t)(((int64_t)x * multiplier + INT64_C(0x80000000)) >> 32);
}

MOTE_INLINE int8_t add_s8_one(const add_s8_params* p, int32_t a, int32_t b) {
  int32_t v = add_s8_high_half((int32_t)((uint32_t)b << p->b_shift_left) + p->b_offset, p->b_multiplier);
  v = (v + (v >> 31) + p->b_rounding) >> p->b_shift_right;
  v = (int32_t)((uint32_t)v << 1) + (int32_t)((uint32_t)a << 20) + p->a_offset;
  v = add_s8_high_half(v, p->y_multiplier);
  v = (v + (v >> 31) + p->y_rounding) >> p->y_shift_right;
  v = v < p->low ? p->low : v;
  return (int8_t)(v > p->high ? p->high : v);
}

MOTE_KERNEL void add_s8(const add_s8_params* params, const int8_t* a, const int8_t* b, int8_t* y) {
  const add_s8_params copy = *params; /* so that the stores to y cannot change it */
  const add_s8_params* p = &copy;
  const int8_t* const end = a + p->count;
  while (end - a >= 2) {
    const int32_t a0 = a[0], b0 = b[0], a1 = a[1], b1 = b[1];
    y[0] = add_s8_one(p, a0, b0);
    y[1] = add_s8_one(p, a1, b1);
    a += 2;
    b += 2;
    y += 2;
  }
  if (a < end) *y = add_s8_one(p, *a, *b);
}

#endif
