/* From sums to bytes, for kernels with vectors: in float arithmetic where the planner has proved it equal to
 * the law for every sum that can occur, else in the two roundings of requantize.h. */
#ifndef MOTE_BYTE_OUTPUT_H
#define MOTE_BYTE_OUTPUT_H

#include "requantize.h"

/* Arrays are padded to whole blocks of sixteen channels, in the kernel's order within a block. */
typedef struct {
  int32_t y_flip, y_zero;
  int32_t low, high;   /* bounds of the signed byte */
  const int32_t* bias; /* where the sums start */
  const int8_t*
      real; /* by block: round(sum * scale + (sum < 0 ? below : above)) is the byte; 2: below is above */
  const float* scale;
  const float* above;
  const float* below;
  const int32_t* multipliers;
  const int32_t* left_shifts; /* one of the two is 0 */
  const int32_t* right_shifts;
} mote_byte_output;

#endif
