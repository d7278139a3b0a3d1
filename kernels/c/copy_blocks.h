/* Runs of bytes from one regular place to another: Concat has one call per input, Split one per output. */
#ifndef MOTE_COPY_BLOCKS_H
#define MOTE_COPY_BLOCKS_H

#include "mote_kernel.h"

typedef struct {
  int32_t count;         /* runs */
  int32_t bytes;         /* of a run */
  int32_t source_offset; /* bytes to the first run in the input */
  int32_t source_step;   /* bytes from run to run */
  int32_t target_offset;
  int32_t target_step;
} copy_blocks_params;

MOTE_KERNEL void copy_blocks(const copy_blocks_params* p, const void* in, void* out) {
  const uint8_t* source = (const uint8_t*)in + p->source_offset;
  uint8_t* target = (uint8_t*)out + p->target_offset;
  int32_t i;
  for (i = 0; i < p->count; ++i) {
    memcpy(target + i * p->target_step, source + i * p->source_step, (size_t)p->bytes);
  }
}

#endif
