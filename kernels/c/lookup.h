/* Functions of one quantized tensor: tables for bytes, piecewise linear ones between any widths, samples with
 * interpolation for 16 bits. docs/numerics.md, equations 24 to 33. */
#ifndef MOTE_LOOKUP_H
#define MOTE_LOOKUP_H

#include "requantize.h"
#include "rows.h"

typedef struct {
  int32_t row_elements;
  int32_t x_slots, y_slots; /* as in rows.h */
  uint32_t mask;            /* 2^bits - 1 of the input */
  const uint8_t* table;
} lookup_bytes_params;

#if defined(__ARM_FEATURE_MVE)

#include <arm_mve.h>

/* y[0..count) = table[x & mask] */
MOTE_INLINE void mote_lookup(const uint8_t* table, uint32_t mask, const uint8_t* x, uint8_t* y,
                             int32_t count) {
  const uint8x16_t masks = vdupq_n_u8((uint8_t)mask);
  for (; count > 0; count -= 16, x += 16, y += 16) {
    const mve_pred16_t there = vctp8q((uint32_t)count);
    const uint8x16_t at = vandq_u8(vldrbq_z_u8(x, there), masks);
    vstrbq_p_u8(y, vldrbq_gather_offset_u8(table, at), there);
  }
}

#else

MOTE_INLINE void mote_lookup(const uint8_t* table, uint32_t mask, const uint8_t* x, uint8_t* y,
                             int32_t count) {
  const uint8_t* const end = x + count;
  while (end - x >= 4) {
    const uint32_t x0 = x[0], x1 = x[1], x2 = x[2], x3 = x[3];
    y[0] = table[x0 & mask];
    y[1] = table[x1 & mask];
    y[2] = table[x2 & mask];
    y[3] = table[x3 & mask];
    x += 4;
    y += 4;
  }
  while (x < end) *y++ = table[*x++ & mask];
}

#endif

MOTE_KERNEL void lookup_bytes(const lookup_bytes_params* p, const uint8_t* in, uint8_t* out, int32_t first,
                              int32_t rows) {
  mote_element_run run = {first, rows, 0, 0, 0, 0};
  while (mote_next_run(&run, p->row_elements, p->x_slots, p->x_slots, p->y_slots))
    mote_lookup(p->table, p->mask, in + run.x, out + run.y, run.count);
}

typedef struct {
  int32_t count;
  const int16_t* table; /* 513 */
} interpolate_s16_params;

MOTE_INLINE int32_t mote_look_up_16(const int16_t* table, int32_t q) {
  const int16_t* at = table + 256 + (q >> 7);
  return at[0] + (((at[1] - at[0]) * (q & 0x7f) + 64) >> 7);
}

MOTE_KERNEL void interpolate_s16(const interpolate_s16_params* p, const int16_t* x, int16_t* y) {
  int32_t i;
  for (i = 0; i < p->count; ++i) y[i] = (int16_t)mote_look_up_16(p->table, x[i]);
}

typedef struct {
  int32_t count;
  int32_t x_zero, y_zero;
  int32_t negative_multiplier, negative_shift, positive_multiplier, positive_shift;
  int32_t low, high; /* bounds of y - y_zero */
} piecewise_params;

#define MOTE_PIECEWISE(from, TX, to, TY)                                                        \
  MOTE_KERNEL void piecewise_##from##_##to(const piecewise_params* p, const TX* x, TY* y) {     \
    int32_t i;                                                                                  \
    for (i = 0; i < p->count; ++i) {                                                            \
      const int32_t d = (int32_t)x[i] - p->x_zero;                                              \
      const int32_t v = d >= 0 ? mote_requantize(d, p->positive_multiplier, p->positive_shift)  \
                               : mote_requantize(d, p->negative_multiplier, p->negative_shift); \
      y[i] = (TY)(mote_clamp(v, p->low, p->high) + p->y_zero);                                  \
    }                                                                                           \
  }

#define MOTE_PIECEWISE_FROM(from, TX)    \
  MOTE_PIECEWISE(from, TX, s8, int8_t)   \
  MOTE_PIECEWISE(from, TX, u8, uint8_t)  \
  MOTE_PIECEWISE(from, TX, s16, int16_t) \
  MOTE_PIECEWISE(from, TX, u16, uint16_t)

MOTE_PIECEWISE_FROM(s8, int8_t)
MOTE_PIECEWISE_FROM(u8, uint8_t)
MOTE_PIECEWISE_FROM(s16, int16_t)
MOTE_PIECEWISE_FROM(u16, uint16_t)
MOTE_PIECEWISE_FROM(s32, int32_t)

#endif
