/* Functions of one float tensor that need no mathematical library. */
#ifndef MOTE_UNARY_F32_H
#define MOTE_UNARY_F32_H

#include "mote_kernel.h"

typedef struct {
  int32_t count;
  float alpha, beta; /* attributes of the function */
} unary_f32_params;

#define MOTE_UNARY_F32(name, expression)                                                \
  MOTE_KERNEL void name##_f32(const unary_f32_params* p, const float* in, float* out) { \
    const float alpha = p->alpha, beta = p->beta;                                       \
    int32_t i;                                                                          \
    (void)alpha;                                                                        \
    (void)beta;                                                                         \
    for (i = 0; i < p->count; ++i) {                                                    \
      const float x = in[i];                                                            \
      out[i] = (expression);                                                            \
    }                                                                                   \
  }

MOTE_INLINE float mote_clip_f32(float x, float low, float high) {
  return x < low ? low : x > high ? high : x;
}

MOTE_UNARY_F32(relu, x > 0 ? x : 0)
MOTE_UNARY_F32(relu6, x > 6 ? 6 : x > 0 ? x : 0)
MOTE_UNARY_F32(clip, mote_clip_f32(x, alpha, beta))
MOTE_UNARY_F32(leaky_relu, x < 0 ? alpha * x : x)
MOTE_UNARY_F32(hard_sigmoid, mote_clip_f32(alpha* x + beta, 0, 1))
MOTE_UNARY_F32(hard_swish, x* mote_clip_f32(x*(1.0f / 6.0f) + 0.5f, 0, 1))
MOTE_UNARY_F32(abs, x < 0 ? -x : x)
MOTE_UNARY_F32(neg, -x)
MOTE_UNARY_F32(sign, x > 0 ? 1.0f : x < 0 ? -1.0f : x)
MOTE_UNARY_F32(softsign, x / (1 + (x < 0 ? -x : x)))
MOTE_UNARY_F32(square, x* x)
MOTE_UNARY_F32(reciprocal, 1 / x)

#endif
