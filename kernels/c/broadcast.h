/* Two operands over one output: extents of the output, outermost first and 1 where unused, and the steps of
 * each operand in elements; 0 along an axis that the operand does not have. The last axis is the inner run.
 */
#ifndef MOTE_BROADCAST_H
#define MOTE_BROADCAST_H

#include "mote_kernel.h"

typedef struct {
  int32_t extents[6], a_steps[6], b_steps[6];
} mote_broadcast;

MOTE_INLINE int32_t mote_broadcast_rows(const mote_broadcast* g) {
  return g->extents[0] * g->extents[1] * g->extents[2] * g->extents[3] * g->extents[4];
}

/* Where the operands of row `row` start. */
MOTE_INLINE void mote_broadcast_row(const mote_broadcast* g, int32_t row, int32_t* a, int32_t* b) {
  int32_t axis;
  *a = 0;
  *b = 0;
  for (axis = 4; axis >= 0 && row > 0; --axis) {
    const int32_t extent = g->extents[axis];
    const int32_t index = row % extent;
    row /= extent;
    *a += index * g->a_steps[axis];
    *b += index * g->b_steps[axis];
  }
}

/* The body of a kernel NAME(p, a, b, y): `store` is a statement that computes y[i] from x0 = a[..] and x1 =
 * b[..]. */
#define MOTE_BROADCAST_LOOP(g, TA, TB, TY, store)                     \
  {                                                                   \
    const int32_t rows = mote_broadcast_rows(g);                      \
    const int32_t n = (g)->extents[5];                                \
    const int32_t a_step = (g)->a_steps[5], b_step = (g)->b_steps[5]; \
    int32_t row, i;                                                   \
    for (row = 0; row < rows; ++row, y += n) {                        \
      const TA* run_a;                                                \
      const TB* run_b;                                                \
      int32_t start_a, start_b;                                       \
      mote_broadcast_row(g, row, &start_a, &start_b);                 \
      run_a = a + start_a;                                            \
      run_b = b + start_b;                                            \
      for (i = 0; i < n; ++i, run_a += a_step, run_b += b_step) {     \
        const TA x0 = *run_a;                                         \
        const TB x1 = *run_b;                                         \
        y[i] = (TY)(store);                                           \
      }                                                               \
    }                                                                 \
  }

#endif
