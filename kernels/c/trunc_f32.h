/* Fewer bits for quantized floats (the operator Trunc of QONNX), in float32. The two broadcast operands are
 * scale and zero point, the output has the extents of x. */
#ifndef MOTE_TRUNC_F32_H
#define MOTE_TRUNC_F32_H

#include "quant_f32.h"

typedef struct {
  mote_broadcast shape;
  int32_t rounding; /* as quant_f32_params */
  float step;       /* input steps per output step */
  float gain;       /* output scale over input scale */
  float zero_step;  /* what a zero point of 1 becomes */
  float low, high;  /* of the levels; infinite: no bound */
} trunc_f32_params;

MOTE_INLINE float trunc_f32_value(const trunc_f32_params* p, float x, float scale, float zero) {
  const float level = rintf(x / scale + zero) / p->step;
  const float held = level < p->low ? p->low : level > p->high ? p->high : level;
  return (quant_f32_round(p->rounding, held) - zero * p->zero_step) * (scale * p->gain);
}

/* a: scale, b: zero point */
MOTE_KERNEL void trunc_f32(const trunc_f32_params* p, const float* x, const float* a, const float* b,
                           float* y)
    MOTE_BROADCAST_LOOP(&p->shape, float, float, float, trunc_f32_value(p, *x++, x0, x1))

#endif
