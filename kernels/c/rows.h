/* Where the rows of a tensor stand: row r in slot r % slots. A tensor that stands whole has a slot for each
 * of its rows; a ring has fewer. A row is row y of image n at r = n * height + y. */
#ifndef MOTE_ROWS_H
#define MOTE_ROWS_H

#include "mote_kernel.h"

MOTE_INLINE int32_t mote_least(int32_t a, int32_t b) { return a < b ? a : b; }

MOTE_INLINE int32_t mote_row_slot(int32_t row, int32_t slots) { return row < slots ? row : row % slots; }

/* How many of `rows` rows, of which the first stands in `slot`, follow each other in memory. */
MOTE_INLINE int32_t mote_row_run(int32_t slot, int32_t slots, int32_t rows) {
  return rows < slots - slot ? rows : slots - slot;
}

/* A call's rows of an elementwise kernel in runs of elements: where the next run stands in the operands and
 * in the output. */
typedef struct {
  int32_t row, rows; /* still to do */
  int32_t x, x2, y;  /* first elements of the run */
  int32_t count;     /* elements of the run */
} mote_element_run;

/* 0 when nothing is left. Unary kernels give x_slots for x2_slots too. */
MOTE_INLINE int32_t mote_next_run(mote_element_run* run, int32_t row_elements, int32_t x_slots,
                                  int32_t x2_slots, int32_t y_slots) {
  const int32_t x = mote_row_slot(run->row, x_slots), x2 = mote_row_slot(run->row, x2_slots),
                y = mote_row_slot(run->row, y_slots);
  int32_t rows = run->rows;
  if (rows <= 0) return 0;
  rows = mote_row_run(x, x_slots, rows);
  rows = mote_row_run(x2, x2_slots, rows);
  rows = mote_row_run(y, y_slots, rows);
  run->x = x * row_elements;
  run->x2 = x2 * row_elements;
  run->y = y * row_elements;
  run->count = rows * row_elements;
  run->row += rows;
  run->rows -= rows;
  return 1;
}

#endif
