/* Average of a whole image that arrives row by row: sums of the columns' cells in the scratch, one for each
 * channel. */
#ifndef MOTE_POOL_ROWS_H
#define MOTE_POOL_ROWS_H

#include "pool.h"

/* Takes in input rows [first, first + rows). `scratch`: channels sums, which must stay from an image's first
 * row to its last, where its output is written. */
#define MOTE_AVERAGE_ROWS(suffix, T)                                                                        \
  MOTE_KERNEL void average_pool_rows_##suffix(const pool_params* p, const T* in, T* out, void* scratch,     \
                                              int32_t first, int32_t rows) {                                \
    int32_t* const sums = (int32_t*)scratch;                                                                \
    const mote_pool_window w = {p->in_height, p->in_width, 0, 0, p->in_height * p->in_width};               \
    int32_t row, x, c;                                                                                      \
    for (row = first; row < first + rows; ++row) {                                                          \
      const int32_t image = row / p->in_height;                                                             \
      const T* from = in + mote_pool_input(p, row);                                                         \
      if (row == image * p->in_height) memset(sums, 0, (size_t)p->channels * sizeof(int32_t));              \
      for (x = 0; x < p->in_width; ++x) {                                                                   \
        for (c = 0; c < p->channels; ++c) sums[c] += *from++;                                               \
      }                                                                                                     \
      if (row + 1 < (image + 1) * p->in_height) continue;                                                   \
      for (c = 0; c < p->channels; ++c) out[image * p->channels + c] = (T)mote_pool_average(p, sums[c], w); \
    }                                                                                                       \
  }

MOTE_AVERAGE_ROWS(s8, int8_t)
MOTE_AVERAGE_ROWS(u8, uint8_t)

#endif
