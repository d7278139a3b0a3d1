/* Floats to integers and back, per tensor or per channel: docs/numerics.md, equations 1 and 2. Elements are
 * outer x channels x inner. */
#ifndef MOTE_QUANTIZE_H
#define MOTE_QUANTIZE_H

#include "mote_kernel.h"

typedef struct {
  int32_t outer, channels, inner;
  const float* scales;        /* one per channel */
  const int32_t* zero_points; /* one per channel */
  int32_t low, high;          /* of the integers */
} quantize_params;

/* round(x / scale), halves away from zero; not a number gives 0. Limited to +-2^20: the zero points of 16
 * bits and less cannot bring more back into the range. */
MOTE_INLINE int32_t mote_steps(float x, float scale) {
  const float steps = x / scale;
  const float held = steps < -1048576.0f ? -1048576.0f : steps > 1048576.0f ? 1048576.0f : steps;
  if (!(steps <= 0 || steps > 0)) return 0;
  {
    const int32_t whole = (int32_t)held;
    const float rest = held - (float)whole;
    return whole + (rest >= 0.5f ? 1 : rest <= -0.5f ? -1 : 0);
  }
}

/* The same limited to +-2^33, for integers of 32 bits. */
MOTE_INLINE int64_t mote_wide_steps(float x, float scale) {
  const float steps = x / scale;
  const float held = steps < -8589934592.0f ? -8589934592.0f : steps > 8589934592.0f ? 8589934592.0f : steps;
  if (!(steps <= 0 || steps > 0)) return 0;
  {
    const int64_t whole = (int64_t)held;
    const float rest = held - (float)whole;
    return whole + (rest >= 0.5f ? 1 : rest <= -0.5f ? -1 : 0);
  }
}

#define MOTE_CHANNEL_LOOP(TX, TY, value)         \
  {                                              \
    int32_t outer, c, i;                         \
    for (outer = 0; outer < p->outer; ++outer) { \
      for (c = 0; c < p->channels; ++c) {        \
        const float scale = p->scales[c];        \
        const int32_t zero = p->zero_points[c];  \
        for (i = 0; i < p->inner; ++i) {         \
          const TX v = *x++;                     \
          *y++ = (TY)(value);                    \
        }                                        \
      }                                          \
    }                                            \
  }

MOTE_INLINE int32_t mote_quantized(float v, float scale, int32_t zero, int32_t low, int32_t high) {
  const int32_t q = mote_steps(v, scale) + zero;
  return q < low ? low : q > high ? high : q;
}

MOTE_INLINE int64_t mote_wide_quantized(float v, float scale, int64_t zero, int64_t low, int64_t high) {
  const int64_t q = mote_wide_steps(v, scale) + zero;
  return q < low ? low : q > high ? high : q;
}

#define MOTE_QUANTIZE(suffix, T, to)                                                 \
  MOTE_KERNEL void quantize_##suffix(const quantize_params* p, const float* x, T* y) \
      MOTE_CHANNEL_LOOP(float, T, to)

#define MOTE_DEQUANTIZE(suffix, T, difference)                                         \
  MOTE_KERNEL void dequantize_##suffix(const quantize_params* p, const T* x, float* y) \
      MOTE_CHANNEL_LOOP(T, float, scale*(float)(difference))

MOTE_QUANTIZE(s8, int8_t, mote_quantized(v, scale, zero, p->low, p->high))
MOTE_QUANTIZE(u8, uint8_t, mote_quantized(v, scale, zero, p->low, p->high))
MOTE_QUANTIZE(s16, int16_t, mote_quantized(v, scale, zero, p->low, p->high))
MOTE_QUANTIZE(u16, uint16_t, mote_quantized(v, scale, zero, p->low, p->high))
MOTE_QUANTIZE(s32, int32_t, mote_wide_quantized(v, scale, zero, INT32_MIN, INT32_MAX))
MOTE_QUANTIZE(u32, uint32_t, mote_wide_quantized(v, scale, zero, 0, UINT32_MAX))

/* Bipolar integers: the signs, +1 for 0. */
MOTE_KERNEL void quantize_sign(const quantize_params* p, const float* x, int8_t* y) {
  const int32_t count = p->outer * p->channels * p->inner;
  for (int32_t i = 0; i < count; ++i) y[i] = x[i] >= 0 ? 1 : -1;
}

MOTE_DEQUANTIZE(s8, int8_t, (int32_t)v - zero)
MOTE_DEQUANTIZE(u8, uint8_t, (int32_t)v - zero)
MOTE_DEQUANTIZE(s16, int16_t, (int32_t)v - zero)
MOTE_DEQUANTIZE(u16, uint16_t, (int32_t)v - zero)
MOTE_DEQUANTIZE(s32, int32_t, (int64_t)v - zero)
MOTE_DEQUANTIZE(u32, uint32_t, (int64_t)v - zero)

#endif
