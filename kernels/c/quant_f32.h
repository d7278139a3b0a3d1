/* Simulated quantization of floats (the operator Quant of QONNX), in float32 as its own execution does. The
 * two broadcast operands are scale and zero point, the output has the extents of x. */
#ifndef MOTE_QUANT_F32_H
#define MOTE_QUANT_F32_H

#include <math.h>

#include "broadcast.h"

typedef struct {
  mote_broadcast shape;
  int32_t rounding; /* 0 half to even, 1 toward zero, 2 up, 3 down, 4 away from zero, 5 half away, 6 half
                       toward zero */
  float low, high;
} quant_f32_params;

MOTE_INLINE float quant_f32_round(int32_t rounding, float v) {
  const float whole = truncf(v);
  const float rest = fabsf(v - whole);
  switch (rounding) {
    case 0: return rintf(v);
    case 1: return whole;
    case 2: return ceilf(v);
    case 3: return floorf(v);
    case 4: return rest > 0 ? whole + copysignf(1, v) : whole;
    case 5: return rest >= 0.5f ? whole + copysignf(1, v) : whole;
    default: return rest > 0.5f ? whole + copysignf(1, v) : whole;
  }
}

MOTE_INLINE float quant_f32_value(const quant_f32_params* p, float x, float scale, float zero) {
  const float level = x / scale + zero;
  const float held = level < p->low ? p->low : level > p->high ? p->high : level;
  return (quant_f32_round(p->rounding, held) - zero) * scale;
}

/* a: scale, b: zero point */
MOTE_KERNEL void quant_f32(const quant_f32_params* p, const float* x, const float* a, const float* b,
                           float* y)
    MOTE_BROADCAST_LOOP(&p->shape, float, float, float, quant_f32_value(p, *x++, x0, x1))

#endif
