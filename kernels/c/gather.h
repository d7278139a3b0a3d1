/* Rows chosen by indices. A negative index counts from the end; one outside the data is clamped. */
#ifndef MOTE_GATHER_H
#define MOTE_GATHER_H

#include "mote_kernel.h"

typedef struct {
  int32_t outer;     /* repetitions, the product of the extents before the axis */
  int32_t extent;    /* of the axis */
  int32_t indices;   /* how many */
  int32_t row_bytes; /* everything after the axis */
} gather_params;

#define MOTE_GATHER(name, I)                                                                     \
  MOTE_KERNEL void name(const gather_params* p, const void* data, const I* indices, void* out) { \
    const uint8_t* block = (const uint8_t*)data;                                                 \
    uint8_t* target = (uint8_t*)out;                                                             \
    int32_t o;                                                                                   \
    for (o = 0; o < p->outer; ++o) {                                                             \
      int32_t i;                                                                                 \
      for (i = 0; i < p->indices; ++i) {                                                         \
        int64_t at = (int64_t)indices[i];                                                        \
        if (at < 0) at += p->extent;                                                             \
        if (at < 0) at = 0;                                                                      \
        if (at >= p->extent) at = p->extent - 1;                                                 \
        memcpy(target, block + (int32_t)at * p->row_bytes, (size_t)p->row_bytes);                \
        target += p->row_bytes;                                                                  \
      }                                                                                          \
      block += p->extent * p->row_bytes;                                                         \
    }                                                                                            \
  }

MOTE_GATHER(gather_s8, int8_t)
MOTE_GATHER(gather_u8, uint8_t)
MOTE_GATHER(gather_s16, int16_t)
MOTE_GATHER(gather_u16, uint16_t)
MOTE_GATHER(gather_s32, int32_t)
MOTE_GATHER(gather_u32, uint32_t)

#endif
