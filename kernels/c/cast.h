/* Cast between floats, plain integers and the values of small floating-point formats carried as floats. */
#ifndef MOTE_CAST_H
#define MOTE_CAST_H

#include "mote_kernel.h"

typedef struct {
  int32_t count;
  int32_t from, to; /* 0 float, 1 int8, 2 uint8, 3 int16, 4 uint16, 5 int32, 6 uint32 */
  int32_t truth;    /* 1: not zero -> 1 */
  int32_t unused;   /* 64 less the width of an integer output */
  float low, high;  /* of an integer output, from floats: toward zero, saturated */
  /* rounding to a floating-point format; mantissa_bits < 0: none */
  int32_t mantissa_bits, min_exponent;
  float largest;
  int32_t overflow; /* beyond `largest`: 0 stays there, 1 infinity, 2 not a number */
  int32_t negative_zero;
} cast_params;

MOTE_INLINE uint32_t mote_bits_of(float x) {
  uint32_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}

MOTE_INLINE float mote_float_of(uint32_t bits) {
  float x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

/* 2^exponent, -149 <= exponent <= 127 */
MOTE_INLINE float mote_power_of_two(int32_t exponent) {
  return mote_float_of(exponent < -126 ? UINT32_C(1) << (exponent + 149) : (uint32_t)(exponent + 127) << 23);
}

/* x rounded to the format, halves to even. */
MOTE_KERNEL float mote_round_to_format(const cast_params* p, float x) {
  const uint32_t bits = mote_bits_of(x);
  const uint32_t sign = bits & 0x80000000u;
  const uint32_t magnitude = bits & 0x7fffffffu;
  const int32_t field = (int32_t)(magnitude >> 23);
  float rounded;
  if (magnitude > 0x7f800000u) return p->mantissa_bits == 1 ? 0 : x; /* not a number, which f4e2m1 lacks */
  if (field == 255) {
    rounded = mote_float_of(0x7f800000u);
  } else {
    const uint32_t mantissa = (magnitude & 0x7fffffu) | (field > 0 ? 0x800000u : 0);
    const int32_t unit = (field > 0 ? field : 1) - 150; /* |x| = mantissa * 2^unit */
    const int32_t exponent = field > 0 && field - 127 > p->min_exponent ? field - 127 : p->min_exponent;
    const int32_t step = exponent - p->mantissa_bits;
    const int32_t shift = step - unit;
    uint32_t kept = 0;
    if (shift <= 0) return x;
    if (shift < 26) {
      const uint32_t half = UINT32_C(1) << (shift - 1);
      kept = (mantissa + half - 1 + ((mantissa >> shift) & 1)) >> shift;
    }
    rounded = (float)kept * mote_power_of_two(step);
    if (kept == 0 && !p->negative_zero) return 0;
  }
  if (rounded > p->largest) {
    rounded = p->overflow == 0 ? p->largest : mote_float_of(p->overflow == 1 ? 0x7f800000u : 0x7fc00000u);
  }
  return mote_float_of(mote_bits_of(rounded) | sign);
}

MOTE_INLINE int64_t mote_load_integer(const void* x, int32_t kind, int32_t i) {
  switch (kind) {
    case 1: return ((const int8_t*)x)[i];
    case 2: return ((const uint8_t*)x)[i];
    case 3: return ((const int16_t*)x)[i];
    case 4: return ((const uint16_t*)x)[i];
    case 5: return ((const int32_t*)x)[i];
    default: return ((const uint32_t*)x)[i];
  }
}

/* Bytes of a signed and an unsigned integer of one width are the same. */
MOTE_INLINE void mote_store_integer(void* y, int32_t kind, int32_t i, int64_t v) {
  switch (kind) {
    case 1:
    case 2: ((uint8_t*)y)[i] = (uint8_t)v; break;
    case 3:
    case 4: ((uint16_t*)y)[i] = (uint16_t)v; break;
    default: ((uint32_t*)y)[i] = (uint32_t)v; break;
  }
}

MOTE_INLINE int64_t mote_wrapped(int64_t v, int32_t unused, int32_t is_signed) {
  const uint64_t shifted = (uint64_t)v << unused;
  return is_signed ? (int64_t)shifted >> unused : (int64_t)(shifted >> unused);
}

MOTE_INLINE int64_t mote_truncated(const cast_params* p, float v) {
  if (!(v <= 0 || v > 0)) return 0;
  if (v <= p->low) return (int64_t)p->low;
  if (v >= p->high) return mote_wrapped(-1, p->unused + (p->to & 1), 0);
  return (int64_t)v;
}

MOTE_KERNEL void cast_any(const cast_params* p, const void* x, void* y) {
  int32_t i;
  for (i = 0; i < p->count; ++i) {
    if (p->from == 0) {
      const float v = ((const float*)x)[i];
      if (p->to == 0) {
        ((float*)y)[i] = p->mantissa_bits < 0 ? v : mote_round_to_format(p, v);
      } else {
        mote_store_integer(y, p->to, i, p->truth ? v < 0 || v > 0 || v != v : mote_truncated(p, v));
      }
    } else {
      const int64_t v = mote_load_integer(x, p->from, i);
      if (p->to == 0) {
        ((float*)y)[i] = p->mantissa_bits < 0 ? (float)v : mote_round_to_format(p, (float)v);
      } else {
        mote_store_integer(y, p->to, i, p->truth ? v != 0 : mote_wrapped(v, p->unused, p->to & 1));
      }
    }
  }
}

#endif
