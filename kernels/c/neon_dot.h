/* Sums of products of signed bytes for eight output channels, with the dot-product instructions where the
 * compiler may use them. Packed weights: for each four elements of the input, eight channels in turn with
 * four weights each. */
#ifndef MOTE_NEON_DOT_H
#define MOTE_NEON_DOT_H

#include "mote_kernel.h"

#if defined(__aarch64__)
#include <arm_neon.h>

/* Keeps a value in its register there: without such marks gcc mixes the work of all pixels and spills. */
#if defined(__GNUC__)
#define MOTE_NEON_KEEP(v) __asm__ volatile("" : "+w"(v))
#else
#define MOTE_NEON_KEEP(v) ((void)0)
#endif

#if defined(__ARM_FEATURE_DOTPROD)

/* Sums of channels 0 to 3 and 4 to 7. */
typedef struct {
  int32x4_t s0, s1;
} mote_neon_sums;

MOTE_INLINE mote_neon_sums mote_neon_zero_sums(void) {
  const mote_neon_sums zero = {vdupq_n_s32(0), vdupq_n_s32(0)};
  return zero;
}
MOTE_INLINE mote_neon_sums mote_neon_add_sums(mote_neon_sums a, mote_neon_sums b) {
  const mote_neon_sums sum = {vaddq_s32(a.s0, b.s0), vaddq_s32(a.s1, b.s1)};
  return sum;
}
MOTE_INLINE int32x4_t mote_neon_low_sums(mote_neon_sums s) { return s.s0; }
MOTE_INLINE int32x4_t mote_neon_high_sums(mote_neon_sums s) { return s.s1; }

/* Elements 4 * lane to 4 * lane + 3 of x. */
#define MOTE_NEON_DOT4(s, w, x, lane)                    \
  do {                                                   \
    (s)->s0 = vdotq_laneq_s32((s)->s0, (w)[0], x, lane); \
    (s)->s1 = vdotq_laneq_s32((s)->s1, (w)[1], x, lane); \
  } while (0)

/* And the next four. */
#define MOTE_NEON_DOT8(s, w, x, lane, careful) \
  do {                                         \
    MOTE_NEON_DOT4(s, w, x, lane);             \
    MOTE_NEON_DOT4(s, (w) + 2, x, (lane) + 1); \
    (void)(careful);                           \
  } while (0)

#else

/* Of each two channels the sums of elements 0, 1 and 2, 3 of the fours. */
typedef struct {
  int32x4_t s0, s1, s2, s3;
} mote_neon_sums;

MOTE_INLINE mote_neon_sums mote_neon_zero_sums(void) {
  const mote_neon_sums zero = {vdupq_n_s32(0), vdupq_n_s32(0), vdupq_n_s32(0), vdupq_n_s32(0)};
  return zero;
}
MOTE_INLINE mote_neon_sums mote_neon_add_sums(mote_neon_sums a, mote_neon_sums b) {
  const mote_neon_sums sum = {vaddq_s32(a.s0, b.s0), vaddq_s32(a.s1, b.s1), vaddq_s32(a.s2, b.s2),
                              vaddq_s32(a.s3, b.s3)};
  return sum;
}
MOTE_INLINE int32x4_t mote_neon_low_sums(mote_neon_sums s) { return vpaddq_s32(s.s0, s.s1); }
MOTE_INLINE int32x4_t mote_neon_high_sums(mote_neon_sums s) { return vpaddq_s32(s.s2, s.s3); }

/* Four elements of the input, repeated in x. */
MOTE_INLINE void mote_neon_dot4(mote_neon_sums* s, const int8x16_t w[2], int8x16_t x) {
  s->s0 = vpadalq_s16(s->s0, vmull_s8(vget_low_s8(w[0]), vget_low_s8(x)));
  s->s1 = vpadalq_s16(s->s1, vmull_high_s8(w[0], x));
  s->s2 = vpadalq_s16(s->s2, vmull_s8(vget_low_s8(w[1]), vget_low_s8(x)));
  s->s3 = vpadalq_s16(s->s3, vmull_high_s8(w[1], x));
}

/* Eight elements: two products of bytes fit 16 bits unless all four factors are -128. */
MOTE_INLINE void mote_neon_dot8(mote_neon_sums* s, const int8x16_t w[4], int8x16_t x, int8x16_t u) {
  s->s0 = vpadalq_s16(
      s->s0, vmlal_s8(vmull_s8(vget_low_s8(w[0]), vget_low_s8(x)), vget_low_s8(w[2]), vget_low_s8(u)));
  s->s1 = vpadalq_s16(s->s1, vmlal_high_s8(vmull_high_s8(w[0], x), w[2], u));
  s->s2 = vpadalq_s16(
      s->s2, vmlal_s8(vmull_s8(vget_low_s8(w[1]), vget_low_s8(x)), vget_low_s8(w[3]), vget_low_s8(u)));
  s->s3 = vpadalq_s16(s->s3, vmlal_high_s8(vmull_high_s8(w[1], x), w[3], u));
  MOTE_NEON_KEEP(s->s0);
  MOTE_NEON_KEEP(s->s1);
  MOTE_NEON_KEEP(s->s2);
  MOTE_NEON_KEEP(s->s3);
}

#define MOTE_NEON_FOUR(x, lane) vreinterpretq_s8_s32(vdupq_laneq_s32(vreinterpretq_s32_s8(x), lane))

/* Elements 4 * lane to 4 * lane + 3 of x. */
#define MOTE_NEON_DOT4(s, w, x, lane) mote_neon_dot4(s, w, MOTE_NEON_FOUR(x, lane))

/* And the next four. `careful`: the weights may all be -128. */
#define MOTE_NEON_DOT8(s, w, x, lane, careful)                                      \
  do {                                                                              \
    if (careful) {                                                                  \
      MOTE_NEON_DOT4(s, w, x, lane);                                                \
      MOTE_NEON_DOT4(s, (w) + 2, x, (lane) + 1);                                    \
    } else {                                                                        \
      mote_neon_dot8(s, w, MOTE_NEON_FOUR(x, lane), MOTE_NEON_FOUR(x, (lane) + 1)); \
    }                                                                               \
  } while (0)

#endif

#endif
#endif
