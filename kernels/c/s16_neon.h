/* What the NEON kernels of 16-bit activations share: the output stage on eight channels at once, for layers
 * whose sums with the bias fit 32 bits, bit for bit as in requantize.h. */
#ifndef MOTE_S16_NEON_H
#define MOTE_S16_NEON_H

#include "mote_kernel.h"

#if defined(__aarch64__)
#include <arm_neon.h>

/* Arrays are padded to whole blocks of eight channels. */
typedef struct {
  int32_t low, high; /* bounds of y */
  const int32_t* bias;
  const int32_t* multipliers;  /* of 16 bits */
  const int32_t* right_shifts; /* negative: -62 to -8 */
} mote_s16_neon_output;

MOTE_INLINE int16x4_t mote_s16_neon_scale(const mote_s16_neon_output* o, int32_t c, int32x4_t sums) {
  const int32x4_t x = vaddq_s32(sums, vld1q_s32(o->bias + c));
  const int32x4_t m = vld1q_s32(o->multipliers + c), shift = vld1q_s32(o->right_shifts + c);
  const int64x2_t low =
      vrshlq_s64(vmull_s32(vget_low_s32(x), vget_low_s32(m)), vmovl_s32(vget_low_s32(shift)));
  const int64x2_t high = vrshlq_s64(vmull_high_s32(x, m), vmovl_high_s32(shift));
  int32x4_t v = vcombine_s32(vmovn_s64(low), vmovn_s64(high));
  v = vminq_s32(vmaxq_s32(v, vdupq_n_s32(o->low)), vdupq_n_s32(o->high));
  return vmovn_s32(v);
}

/* Writes the first `count` of eight channels from c, all when it is larger. */
MOTE_INLINE void mote_s16_neon_store8(const mote_s16_neon_output* o, int32_t c, int32x4_t sums_low,
                                      int32x4_t sums_high, int32_t count, char* y) {
  const int16x8_t v =
      vcombine_s16(mote_s16_neon_scale(o, c, sums_low), mote_s16_neon_scale(o, c + 4, sums_high));
  int16_t* to = (int16_t*)(void*)y + c;
  if (count >= 8) {
    vst1q_s16(to, v);
  } else {
    int16_t all[8];
    vst1q_s16(all, v);
    memcpy(to, all, (size_t)count * sizeof(int16_t));
  }
}

#endif
#endif
