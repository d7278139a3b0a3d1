/* Add, Sub, Mul, Div, Minimum, Maximum and PRelu of quantized numbers with broadcasting: docs/numerics.md,
 * equations 17 to 22. Bytes of up to 8 bits, signed or not, and 16-bit integers. */
#ifndef MOTE_BINARY_INTEGER_H
#define MOTE_BINARY_INTEGER_H

#include "broadcast.h"
#include "requantize.h"

typedef struct {
  mote_broadcast shape;
  int32_t a_flip, b_flip;         /* bytes: 0x80 where signed, to count from the least one */
  int32_t a_zero, b_zero, y_zero; /* those of a and b after the flip */
  int32_t left_shift;             /* Add, Sub */
  int32_t a_multiplier, a_shift, b_multiplier, b_shift, y_multiplier, y_shift;
  int32_t low, high; /* bounds of y - y_zero */
} binary_integer_params;

MOTE_INLINE int32_t binary_integer_held(const binary_integer_params* p, int32_t value) {
  return mote_clamp(value, p->low, p->high) + p->y_zero;
}

MOTE_INLINE int32_t binary_integer_a(const binary_integer_params* p, int32_t a) {
  return mote_requantize(a, p->a_multiplier, p->a_shift);
}

MOTE_INLINE int32_t binary_integer_b(const binary_integer_params* p, int32_t b) {
  return mote_requantize(b, p->b_multiplier, p->b_shift);
}

MOTE_INLINE int32_t binary_integer_y(const binary_integer_params* p, int32_t y) {
  return mote_requantize(y, p->y_multiplier, p->y_shift);
}

MOTE_INLINE int32_t binary_integer_add(const binary_integer_params* p, int32_t a, int32_t b) {
  return binary_integer_y(p, binary_integer_a(p, mote_shift_left(a, p->left_shift)) +
                                 binary_integer_b(p, mote_shift_left(b, p->left_shift)));
}

MOTE_INLINE int32_t binary_integer_sub(const binary_integer_params* p, int32_t a, int32_t b) {
  return binary_integer_y(p, binary_integer_a(p, mote_shift_left(a, p->left_shift)) -
                                 binary_integer_b(p, mote_shift_left(b, p->left_shift)));
}

MOTE_INLINE int32_t binary_integer_mul(const binary_integer_params* p, int32_t a, int32_t b) {
  return binary_integer_y(p, a * b);
}

/* round(a * multiplier / b), exact; beyond 2^18, and for b = 0, it saturates. */
MOTE_INLINE int32_t binary_integer_div(const binary_integer_params* p, int32_t a, int32_t b) {
  const int32_t limit = 1 << 18;
  int64_t magnitude = limit;
  if (a == 0 || p->y_multiplier == 0) return 0;
  if (b == 0) return a < 0 ? -limit : limit;
  {
    const int64_t divisor = b < 0 ? -(int64_t)b : b;
    const int64_t twice = ((a < 0 ? -(int64_t)a : a) * p->y_multiplier) >> (30 - p->y_shift);
    const int64_t quotient = (twice + divisor) / (2 * divisor);
    if (quotient < limit) magnitude = quotient;
  }
  return (int32_t)((a < 0) != (b < 0) ? -magnitude : magnitude);
}

MOTE_INLINE int32_t binary_integer_minimum(const binary_integer_params* p, int32_t a, int32_t b) {
  const int32_t x = binary_integer_a(p, a), y = binary_integer_b(p, b);
  return x < y ? x : y;
}

MOTE_INLINE int32_t binary_integer_maximum(const binary_integer_params* p, int32_t a, int32_t b) {
  const int32_t x = binary_integer_a(p, a), y = binary_integer_b(p, b);
  return x > y ? x : y;
}

MOTE_INLINE int32_t binary_integer_prelu(const binary_integer_params* p, int32_t a, int32_t b) {
  return a >= 0 ? binary_integer_a(p, a) : binary_integer_b(p, a * b);
}

#define MOTE_BINARY_BYTES(op)                                                                         \
  MOTE_KERNEL void op##_bytes(const binary_integer_params* p, const uint8_t* a, const uint8_t* b,     \
                              uint8_t* y)                                                             \
      MOTE_BROADCAST_LOOP(&p->shape, uint8_t, uint8_t, uint8_t,                                       \
                          binary_integer_held(p, binary_integer_##op(p, (x0 ^ p->a_flip) - p->a_zero, \
                                                                     (x1 ^ p->b_flip) - p->b_zero)))

#define MOTE_BINARY_S16(op)                                                                                 \
  MOTE_KERNEL void op##_s16(const binary_integer_params* p, const int16_t* a, const int16_t* b, int16_t* y) \
      MOTE_BROADCAST_LOOP(&p->shape, int16_t, int16_t, int16_t,                                             \
                          binary_integer_held(p, binary_integer_##op(p, x0, x1)))

#define MOTE_BINARY_INTEGER(op) \
  MOTE_BINARY_BYTES(op)         \
  MOTE_BINARY_S16(op)

MOTE_BINARY_INTEGER(add)
MOTE_BINARY_INTEGER(sub)
MOTE_BINARY_INTEGER(mul)
MOTE_BINARY_INTEGER(div)
MOTE_BINARY_INTEGER(minimum)
MOTE_BINARY_INTEGER(maximum)
MOTE_BINARY_INTEGER(prelu)

#endif
