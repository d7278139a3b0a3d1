/* Sum of two s8 tensors of one shape in a single linear form, y = saturate((a * a_multiplier + b *
 * b_multiplier + offset) >> 22). The planner chooses the constants only where this equals the published
 * arithmetic for every pair of inputs, which it tries one by one. A difference has a negative multiplier. */
#ifndef MOTE_ADD_S8_H
#define MOTE_ADD_S8_H

#include "requantize.h"
#include "rows.h"

typedef struct {
  int32_t row_elements;
  int32_t x_slots, x2_slots, y_slots; /* of a, b and y, as in rows.h */
  int32_t a_multiplier, b_multiplier, offset;
  int32_t low, high;
} add_s8_params;

/* x >> 22, saturated to 8 bits */
MOTE_INLINE int8_t add_s8_saturated(int32_t x) {
#if defined(__ARM_FEATURE_DSP) && defined(__GNUC__)
  int32_t y;
  __asm__("ssat %0, #8, %1, asr #22" : "=r"(y) : "r"(x));
  return (int8_t)y;
#else
  return (int8_t)mote_clamp(x >> 22, -128, 127);
#endif
}

#define MOTE_ADD_S8(name, saturated)                                                            \
  MOTE_KERNEL void name(const add_s8_params* p, const int8_t* a0, const int8_t* b0, int8_t* y0, \
                        int32_t first, int32_t rows) {                                          \
    const int32_t ma = p->a_multiplier, mb = p->b_multiplier, offset = p->offset;               \
    const int32_t low = p->low, high = p->high;                                                 \
    mote_element_run run = {first, rows, 0, 0, 0, 0};                                           \
    (void)low;                                                                                  \
    (void)high;                                                                                 \
    while (mote_next_run(&run, p->row_elements, p->x_slots, p->x2_slots, p->y_slots)) {         \
      const int8_t *a = a0 + run.x, *b = b0 + run.x2;                                           \
      int8_t* y = y0 + run.y;                                                                   \
      const int8_t* const end = a + run.count;                                                  \
      while (end - a >= 4) {                                                                    \
        const int32_t x0 = a[0] * ma + offset + b[0] * mb, x1 = a[1] * ma + offset + b[1] * mb; \
        const int32_t x2 = a[2] * ma + offset + b[2] * mb, x3 = a[3] * ma + offset + b[3] * mb; \
        y[0] = saturated(x0);                                                                   \
        y[1] = saturated(x1);                                                                   \
        y[2] = saturated(x2);                                                                   \
        y[3] = saturated(x3);                                                                   \
        a += 4;                                                                                 \
        b += 4;                                                                                 \
        y += 4;                                                                                 \
      }                                                                                         \
      for (; a < end; ++a, ++b, ++y) {                                                          \
        const int32_t x = *a * ma + offset + *b * mb;                                           \
        *y = saturated(x);                                                                      \
      }                                                                                         \
    }                                                                                           \
  }

#define MOTE_ADD_S8_CLAMPED(x) (int8_t) mote_clamp((x) >> 22, low, high)

MOTE_ADD_S8(add_s8, add_s8_saturated)
MOTE_ADD_S8(add_clamped_s8, MOTE_ADD_S8_CLAMPED)

#endif
