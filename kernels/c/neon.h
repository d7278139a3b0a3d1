/* What the 8-bit NEON kernels share: the output stage on eight channels at once, bit for bit as in
 * requantize.h. */
#ifndef MOTE_NEON_H
#define MOTE_NEON_H

#include "requantize.h"

#if defined(__aarch64__)
#include <arm_neon.h>

/* Arrays are padded to whole blocks of eight channels. */
typedef struct {
  int32_t y_flip, y_zero;
  int32_t low, high;   /* bounds of y as a signed byte */
  const int32_t* bias; /* the input's zero point is folded in */
  const int32_t* multipliers;
  const int32_t* left_shifts;  /* 0 where there is none */
  const int32_t* right_shifts; /* negative, or 0 */
} mote_neon_output;

/* The constants of four channels. */
typedef struct {
  int32x4_t bias, multiplier, left, right;
} mote_neon_scale;

MOTE_INLINE mote_neon_scale mote_neon_scale_of(const mote_neon_output* o, int32_t c) {
  const mote_neon_scale scale = {vld1q_s32(o->bias + c), vld1q_s32(o->multipliers + c),
                                 vld1q_s32(o->left_shifts + c), vld1q_s32(o->right_shifts + c)};
  return scale;
}

/* The second rounding takes one off negative numbers before it rounds halves up: halves away from zero. A
 * shift of 0 must not, which the sign of the shift tells. */
MOTE_INLINE int16x4_t mote_neon_requantize(int32x4_t sum, mote_neon_scale scale) {
  int32x4_t v = vshlq_s32(vaddq_s32(sum, scale.bias), scale.left);
  v = vqrdmulhq_s32(v, scale.multiplier);
  v = vrshlq_s32(vsraq_n_s32(v, vandq_s32(v, scale.right), 31), scale.right);
  return vqmovn_s32(v);
}

/* Writes the first `count` of eight channels, all when it is larger. */
MOTE_INLINE void mote_neon_store8(int8x8_t bytes, int32_t count, int8_t* y) {
  if (count >= 8) {
    vst1_s8(y, bytes);
  } else {
    int8_t all[8];
    vst1_s8(all, bytes);
    memcpy(y, all, (size_t)count);
  }
}

/* Output of eight channels from their sums. */
MOTE_INLINE int8x8_t mote_neon_output8(const mote_neon_output* o, mote_neon_scale low, mote_neon_scale high,
                                       int32x4_t sums_low, int32x4_t sums_high) {
  const int16x8_t v =
      vcombine_s16(mote_neon_requantize(sums_low, low), mote_neon_requantize(sums_high, high));
  int8x8_t bytes = vqmovn_s16(vqaddq_s16(v, vdupq_n_s16((int16_t)o->y_zero)));
  bytes = vmin_s8(vmax_s8(bytes, vdup_n_s8((int8_t)o->low)), vdup_n_s8((int8_t)o->high));
  return veor_s8(bytes, vdup_n_s8((int8_t)o->y_flip));
}

/* Turns unsigned bytes into signed ones. */
MOTE_INLINE void mote_neon_flip(int8_t* bytes, int32_t count, int32_t flip) {
  const int8x16_t flips = vdupq_n_s8((int8_t)flip);
  int32_t i = 0;
  if (flip == 0) return;
  for (; i + 16 <= count; i += 16) vst1q_s8(bytes + i, veorq_s8(vld1q_s8(bytes + i), flips));
  for (; i < count; ++i) bytes[i] = (int8_t)(bytes[i] ^ flip);
}

#endif
#endif
