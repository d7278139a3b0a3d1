/* Arithmetic on two float tensors with broadcasting. */
#ifndef MOTE_BINARY_F32_H
#define MOTE_BINARY_F32_H

#include "broadcast.h"

typedef struct {
  mote_broadcast shape;
  int32_t bounds;  /* 0: none, 1: low, 2: low and high */
  float low, high; /* fused activation */
} binary_f32_params;

MOTE_INLINE float binary_f32_held(const binary_f32_params* p, float v) {
  if (p->bounds > 0 && v < p->low) return p->low;
  return p->bounds > 1 && v > p->high ? p->high : v;
}

#define MOTE_BINARY_F32(name, expression)                                                     \
  MOTE_KERNEL void name(const binary_f32_params* p, const float* a, const float* b, float* y) \
      MOTE_BROADCAST_LOOP(&p->shape, float, float, float, binary_f32_held(p, expression))

MOTE_BINARY_F32(add_f32, x0 + x1)
MOTE_BINARY_F32(sub_f32, x0 - x1)
MOTE_BINARY_F32(mul_f32, x0* x1)
MOTE_BINARY_F32(div_f32, x0 / x1)
MOTE_BINARY_F32(minimum_f32, x0 < x1 ? x0 : x1)
MOTE_BINARY_F32(maximum_f32, x0 > x1 ? x0 : x1)
MOTE_BINARY_F32(prelu_f32, x0 < 0 ? x0 * x1 : x0)

#endif
