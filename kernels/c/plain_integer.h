/* Arithmetic on plain integers, which wraps at their width. */
#ifndef MOTE_PLAIN_INTEGER_H
#define MOTE_PLAIN_INTEGER_H

#include "broadcast.h"

/* The low bits of v, without sign; `unused` is 64 less the width of the integer. */
MOTE_INLINE int64_t mote_wrap_unsigned(uint64_t v, int32_t unused) {
  return (int64_t)((v << unused) >> unused);
}
MOTE_INLINE int64_t mote_wrap_signed(uint64_t v, int32_t unused) { return (int64_t)(v << unused) >> unused; }

typedef struct {
  mote_broadcast shape;
  int32_t function; /* 0 Add, 1 Sub, 2 Mul, 3 Div, 4 Minimum, 5 Maximum, 6 Pow */
  int32_t unused;
} binary_plain_params;

MOTE_INLINE uint64_t mote_integer_power(int64_t a, int64_t b) {
  uint64_t result = 1, base = (uint64_t)a;
  if (b < 0) return a == 1 ? 1 : a == -1 ? (b % 2 != 0 ? (uint64_t)-1 : 1) : 0;
  for (; b > 0; b >>= 1) {
    if (b & 1) result *= base;
    base *= base;
  }
  return result;
}

MOTE_INLINE uint64_t binary_plain_value(int32_t function, int64_t a, int64_t b) {
  switch (function) {
    case 0: return (uint64_t)a + (uint64_t)b;
    case 1: return (uint64_t)a - (uint64_t)b;
    case 2: return (uint64_t)a * (uint64_t)b;
    case 3: return b == 0 ? 0 : (uint64_t)(a / b);
    case 4: return (uint64_t)(a < b ? a : b);
    case 5: return (uint64_t)(a > b ? a : b);
    default: return mote_integer_power(a, b);
  }
}

#define MOTE_BINARY_PLAIN(suffix, T, wrap)                                                           \
  MOTE_KERNEL void binary_plain_##suffix(const binary_plain_params* p, const T* a, const T* b, T* y) \
      MOTE_BROADCAST_LOOP(&p->shape, T, T, T, wrap(binary_plain_value(p->function, x0, x1), p->unused))

typedef struct {
  int32_t count;
  int32_t function; /* 0 Clip, 1 Abs, 2 Neg, 3 Sign, 4 Square */
  int32_t unused;
  int64_t low, high; /* Clip */
} unary_plain_params;

MOTE_INLINE int64_t unary_plain_value(const unary_plain_params* p, int64_t x) {
  switch (p->function) {
    case 0: return x < p->low ? p->low : x > p->high ? p->high : x;
    case 1: return x < 0 ? -x : x;
    case 2: return -x;
    case 3: return x > 0 ? 1 : x < 0 ? -1 : 0;
    default: return (int64_t)((uint64_t)x * (uint64_t)x);
  }
}

#define MOTE_UNARY_PLAIN(suffix, T, wrap)                                                           \
  MOTE_KERNEL void unary_plain_##suffix(const unary_plain_params* p, const T* x, T* y) {            \
    int32_t i;                                                                                      \
    for (i = 0; i < p->count; ++i) y[i] = (T)wrap((uint64_t)unary_plain_value(p, x[i]), p->unused); \
  }

#define MOTE_PLAIN(suffix, T, wrap)  \
  MOTE_BINARY_PLAIN(suffix, T, wrap) \
  MOTE_UNARY_PLAIN(suffix, T, wrap)

MOTE_PLAIN(s8, int8_t, mote_wrap_signed)
MOTE_PLAIN(u8, uint8_t, mote_wrap_unsigned)
MOTE_PLAIN(s16, int16_t, mote_wrap_signed)
MOTE_PLAIN(u16, uint16_t, mote_wrap_unsigned)
MOTE_PLAIN(s32, int32_t, mote_wrap_signed)
MOTE_PLAIN(u32, uint32_t, mote_wrap_unsigned)

#endif
