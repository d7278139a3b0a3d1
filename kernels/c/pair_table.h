/* Functions of two tensors of bytes by a table of all pairs: for hosts, where 64 KB are nothing and the two
 * scalings and roundings of each operand much. */
#ifndef MOTE_PAIR_TABLE_H
#define MOTE_PAIR_TABLE_H

#include "rows.h"

typedef struct {
  int32_t row_elements;
  int32_t x_slots, x2_slots, y_slots; /* of a, b and y, as in rows.h */
  const uint8_t* table;               /* at 256 * a + b, unsigned bytes */
} pair_table_params;

MOTE_KERNEL void pair_table(const pair_table_params* p, const uint8_t* a0, const uint8_t* b0, uint8_t* y0,
                            int32_t first, int32_t rows) {
  const uint8_t* const table = p->table;
  mote_element_run run = {first, rows, 0, 0, 0, 0};
  while (mote_next_run(&run, p->row_elements, p->x_slots, p->x2_slots, p->y_slots)) {
    const uint8_t *a = a0 + run.x, *b = b0 + run.x2;
    uint8_t* y = y0 + run.y;
    int32_t i = 0;
    for (; i + 4 <= run.count; i += 4) {
      const uint32_t at0 = (uint32_t)a[i] << 8 | b[i], at1 = (uint32_t)a[i + 1] << 8 | b[i + 1];
      const uint32_t at2 = (uint32_t)a[i + 2] << 8 | b[i + 2], at3 = (uint32_t)a[i + 3] << 8 | b[i + 3];
      y[i] = table[at0];
      y[i + 1] = table[at1];
      y[i + 2] = table[at2];
      y[i + 3] = table[at3];
    }
    for (; i < run.count; ++i) y[i] = table[(uint32_t)a[i] << 8 | b[i]];
  }
}

#endif
