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
  int32_t quick;       /* no shift is to the left, and nothing below the zero point is left after clamping */
  const int32_t* bias; /* the input's zero point is folded in */
  const int32_t* multipliers;
  const int32_t* left_shifts;  /* 0 where there is none */
  const int32_t* right_shifts; /* negative, or 0 */
} mote_neon_output;

/* The output stage of eight channels, in registers. */
typedef struct {
  int32x4_t bias[2], multiplier[2], left[2], right[2];
  int16x8_t zero;
  int8x8_t low, high, flip;
  int32_t quick;
  int32_t channel, count; /* the first channel, and how many from there there are */
} mote_neon_stage;

MOTE_INLINE mote_neon_stage mote_neon_stage_of(const mote_neon_output* o, int32_t c, int32_t channels) {
  const mote_neon_stage stage = {{vld1q_s32(o->bias + c), vld1q_s32(o->bias + c + 4)},
                                 {vld1q_s32(o->multipliers + c), vld1q_s32(o->multipliers + c + 4)},
                                 {vld1q_s32(o->left_shifts + c), vld1q_s32(o->left_shifts + c + 4)},
                                 {vld1q_s32(o->right_shifts + c), vld1q_s32(o->right_shifts + c + 4)},
                                 vdupq_n_s16((int16_t)o->y_zero),
                                 vdup_n_s8((int8_t)o->low),
                                 vdup_n_s8((int8_t)o->high),
                                 vdup_n_s8((int8_t)o->y_flip),
                                 o->quick,
                                 c,
                                 channels - c};
  return stage;
}

/* The second rounding takes one off negative numbers before it rounds halves up: halves away from zero. A
 * shift of 0 must not, which the sign of the shift tells. Quick stages need neither: the two roundings differ
 * in negative numbers only. */
MOTE_INLINE int16x4_t mote_neon_requantize(int32x4_t sum, const mote_neon_stage* s, int32_t half) {
  const int32x4_t right = s->right[half];
  int32x4_t v = vaddq_s32(sum, s->bias[half]);
  if (s->quick) return vqmovn_s32(vrshlq_s32(vqrdmulhq_s32(v, s->multiplier[half]), right));
  v = vqrdmulhq_s32(vshlq_s32(v, s->left[half]), s->multiplier[half]);
  return vqmovn_s32(vrshlq_s32(vsraq_n_s32(v, vandq_s32(v, right), 31), right));
}

/* Writes the channels of a pixel. */
MOTE_INLINE void mote_neon_store8(const mote_neon_stage* s, int32x4_t sums_low, int32x4_t sums_high,
                                  char* y) {
  const int16x8_t v =
      vcombine_s16(mote_neon_requantize(sums_low, s, 0), mote_neon_requantize(sums_high, s, 1));
  int8x8_t bytes = vqmovn_s16(vqaddq_s16(v, s->zero));
  bytes = veor_s8(vmin_s8(vmax_s8(bytes, s->low), s->high), s->flip);
  if (s->count >= 8) {
    vst1_s8((int8_t*)y + s->channel, bytes);
  } else {
    int8_t all[8];
    vst1_s8(all, bytes);
    memcpy(y + s->channel, all, (size_t)s->count);
  }
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
