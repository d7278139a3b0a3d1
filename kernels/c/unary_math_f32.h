/* Functions of one float tensor that need the mathematical library. */
#ifndef MOTE_UNARY_MATH_F32_H
#define MOTE_UNARY_MATH_F32_H

#include <math.h>

#include "unary_f32.h"

MOTE_INLINE float mote_gelu_f32(float x, float tanh_form) {
  if (tanh_form > 0) return x / (1 + expf(-1.5957691216f * (x + 0.044715f * x * x * x)));
  return 0.5f * x * erfcf(-0.70710678f * x);
}

MOTE_UNARY_F32(sigmoid, 1 / (1 + expf(-x)))
MOTE_UNARY_F32(tanh, tanhf(x))
MOTE_UNARY_F32(gelu, mote_gelu_f32(x, beta))
MOTE_UNARY_F32(erf, erff(x))
MOTE_UNARY_F32(exp, expf(x))
MOTE_UNARY_F32(log, logf(x))
MOTE_UNARY_F32(sqrt, sqrtf(x))
MOTE_UNARY_F32(rsqrt, 1 / sqrtf(x))
MOTE_UNARY_F32(floor, floorf(x))
MOTE_UNARY_F32(ceil, ceilf(x))
MOTE_UNARY_F32(round, rintf(x))
MOTE_UNARY_F32(elu, x < 0 ? alpha * expm1f(x) : x)
MOTE_UNARY_F32(selu, beta*(x < 0 ? alpha * expm1f(x) : x))
MOTE_UNARY_F32(softplus, (x > 0 ? x : 0) + log1pf(expf(x > 0 ? -x : x)))
MOTE_UNARY_F32(sin, sinf(x))
MOTE_UNARY_F32(cos, cosf(x))

#endif
