/* Softmax and LogSoftmax of floats along one axis; in place is allowed. */
#ifndef MOTE_SOFTMAX_F32_H
#define MOTE_SOFTMAX_F32_H

#include <math.h>

#include "mote_kernel.h"

typedef struct {
  int32_t outer, count, inner; /* over `count` elements, `inner` apart */
  float beta;
} softmax_f32_params;

MOTE_INLINE float softmax_f32_top(const softmax_f32_params* p, const float* x) {
  float top = x[0];
  int32_t i;
  for (i = 1; i < p->count; ++i) {
    if (x[i * p->inner] > top) top = x[i * p->inner];
  }
  return top;
}

MOTE_INLINE void softmax_f32_row(const softmax_f32_params* p, const float* x, float* y) {
  const float top = softmax_f32_top(p, x);
  float sum = 0;
  int32_t i;
  for (i = 0; i < p->count; ++i) {
    const float e = expf(p->beta * (x[i * p->inner] - top));
    y[i * p->inner] = e;
    sum += e;
  }
  for (i = 0; i < p->count; ++i) y[i * p->inner] /= sum;
}

MOTE_INLINE void log_softmax_f32_row(const softmax_f32_params* p, const float* x, float* y) {
  const float top = softmax_f32_top(p, x);
  float sum = 0;
  int32_t i;
  for (i = 0; i < p->count; ++i) sum += expf(p->beta * (x[i * p->inner] - top));
  sum = logf(sum);
  for (i = 0; i < p->count; ++i) y[i * p->inner] = p->beta * (x[i * p->inner] - top) - sum;
}

#define MOTE_SOFTMAX_F32(name)                                                   \
  MOTE_KERNEL void name(const softmax_f32_params* p, const float* x, float* y) { \
    const int32_t block = p->count * p->inner;                                   \
    int32_t outer, inner;                                                        \
    for (outer = 0; outer < p->outer; ++outer) {                                 \
      for (inner = 0; inner < p->inner; ++inner) {                               \
        name##_row(p, x + outer * block + inner, y + outer * block + inner);     \
      }                                                                          \
    }                                                                            \
  }

MOTE_SOFTMAX_F32(softmax_f32)
MOTE_SOFTMAX_F32(log_softmax_f32)

#endif
