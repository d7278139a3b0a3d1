/* What the float NEON kernels share: the output stage on eight channels at once. */
#ifndef MOTE_F32_NEON_H
#define MOTE_F32_NEON_H

#include "mote_kernel.h"

#if defined(__aarch64__)
#include <arm_neon.h>

/* A float of a band, `bytes` from x. */
MOTE_INLINE const float* mote_f32_neon_at(const char* x, int32_t bytes) {
  return (const float*)(const void*)(x + bytes);
}

/* Clamps; NaN stays NaN. */
MOTE_INLINE float32x4_t mote_f32_neon_clamp(float32x4_t v, float low, float high) {
  return vminq_f32(vmaxq_f32(v, vdupq_n_f32(low)), vdupq_n_f32(high));
}

/* Clamps and writes the first `count` of eight channels, all when it is larger, as floats from `channel` of
 * y.
 */
MOTE_INLINE void mote_f32_neon_store8(float32x4_t v0, float32x4_t v1, float low, float high, int32_t count,
                                      char* y, int32_t channel) {
  float* to = (float*)(void*)y + channel;
  v0 = mote_f32_neon_clamp(v0, low, high);
  v1 = mote_f32_neon_clamp(v1, low, high);
  if (count >= 8) {
    vst1q_f32(to, v0);
    vst1q_f32(to + 4, v1);
  } else {
    float all[8];
    vst1q_f32(all, v0);
    vst1q_f32(all + 4, v1);
    memcpy(to, all, (size_t)count * sizeof(float));
  }
}

#endif
#endif
