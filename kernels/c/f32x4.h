/* Four floats at once: a vector register where the processor has them, four scalars elsewhere. The results
 * are the same, except that MVE rounds products and sums once. */
#ifndef MOTE_F32X4_H
#define MOTE_F32X4_H

#include "mote_kernel.h"

#if defined(__GNUC__) && (defined(__SSE2__) || defined(__aarch64__))

typedef float mote_f32x4 __attribute__((vector_size(16)));

MOTE_INLINE mote_f32x4 mote_f32x4_set(float v) {
  const mote_f32x4 all = {v, v, v, v};
  return all;
}

MOTE_INLINE mote_f32x4 mote_f32x4_load(const float* from) {
  mote_f32x4 v;
  memcpy(&v, from, sizeof v);
  return v;
}

/* sum + a * b, both rounded. */
MOTE_INLINE mote_f32x4 mote_f32x4_add_product(mote_f32x4 sum, mote_f32x4 a, mote_f32x4 b) {
  return sum + a * b;
}

#elif defined(__ARM_FEATURE_MVE) && (__ARM_FEATURE_MVE & 2)

#include <arm_mve.h>

typedef float32x4_t mote_f32x4;

MOTE_INLINE mote_f32x4 mote_f32x4_set(float v) { return vdupq_n_f32(v); }
MOTE_INLINE mote_f32x4 mote_f32x4_load(const float* from) { return vld1q_f32(from); }

/* sum + a * b */
MOTE_INLINE mote_f32x4 mote_f32x4_add_product(mote_f32x4 sum, mote_f32x4 a, mote_f32x4 b) {
  return vfmaq_f32(sum, a, b);
}

#else

typedef struct {
  float v0, v1, v2, v3;
} mote_f32x4;

MOTE_INLINE mote_f32x4 mote_f32x4_set(float v) {
  const mote_f32x4 all = {v, v, v, v};
  return all;
}

MOTE_INLINE mote_f32x4 mote_f32x4_load(const float* from) {
  const mote_f32x4 v = {from[0], from[1], from[2], from[3]};
  return v;
}

/* sum + a * b, both rounded. */
MOTE_INLINE mote_f32x4 mote_f32x4_add_product(mote_f32x4 sum, mote_f32x4 a, mote_f32x4 b) {
  sum.v0 += a.v0 * b.v0;
  sum.v1 += a.v1 * b.v1;
  sum.v2 += a.v2 * b.v2;
  sum.v3 += a.v3 * b.v3;
  return sum;
}

#endif

MOTE_INLINE float mote_f32_clamp(float value, float low, float high) {
  return value < low ? low : (value > high ? high : value);
}

#if defined(__ARM_FEATURE_MVE) && (__ARM_FEATURE_MVE & 2)

/* sum + a * b */
MOTE_INLINE mote_f32x4 mote_f32x4_add_scaled(mote_f32x4 sum, mote_f32x4 a, float b) {
  return vfmaq_n_f32(sum, a, b);
}

/* Clamps and writes the first `count` of them, all four when it is larger. NaN stays NaN. */
MOTE_INLINE void mote_f32x4_store(mote_f32x4 v, float low, float high, int32_t count, float* y) {
  v = vpselq_f32(vdupq_n_f32(low), v, vcmpltq_n_f32(v, low));
  v = vpselq_f32(vdupq_n_f32(high), v, vcmpgtq_n_f32(v, high));
  vst1q_p_f32(y, v, vctp32q((uint32_t)count));
}

#else

/* sum + a * b, both rounded. */
MOTE_INLINE mote_f32x4 mote_f32x4_add_scaled(mote_f32x4 sum, mote_f32x4 a, float b) {
  return mote_f32x4_add_product(sum, mote_f32x4_set(b), a);
}

/* Clamps and writes the first `count` of them, all four when it is larger. NaN stays NaN. */
MOTE_INLINE void mote_f32x4_store(mote_f32x4 v, float low, float high, int32_t count, float* y) {
  float values[4];
  memcpy(values, &v, sizeof values);
  y[0] = mote_f32_clamp(values[0], low, high);
  if (count > 1) y[1] = mote_f32_clamp(values[1], low, high);
  if (count > 2) y[2] = mote_f32_clamp(values[2], low, high);
  if (count > 3) y[3] = mote_f32_clamp(values[3], low, high);
}

#endif
#endif
