/* Index of the largest (or smallest) element along one axis. */
#ifndef MOTE_ARG_MAX_H
#define MOTE_ARG_MAX_H

#include "mote_kernel.h"

typedef struct {
  int32_t outer, extent, inner; /* the input is [outer, extent, inner] */
  int32_t smallest;             /* the smallest instead of the largest */
  int32_t last;                 /* among equals the last instead of the first */
} arg_max_params;

#define MOTE_ARG_MAX(name, T)                                                 \
  MOTE_KERNEL void name(const arg_max_params* p, const T* in, int32_t* out) { \
    int32_t o, i, k;                                                          \
    for (o = 0; o < p->outer; ++o) {                                          \
      for (i = 0; i < p->inner; ++i) {                                        \
        const T* x = in + o * p->extent * p->inner + i;                       \
        T best = x[0];                                                        \
        int32_t at = 0;                                                       \
        for (k = 1; k < p->extent; ++k) {                                     \
          const T value = x[k * p->inner];                                    \
          const int32_t better = p->smallest ? value < best : value > best;   \
          if (better || (p->last && !(value < best) && !(value > best))) {    \
            best = value;                                                     \
            at = k;                                                           \
          }                                                                   \
        }                                                                     \
        *out++ = at;                                                          \
      }                                                                       \
    }                                                                         \
  }

MOTE_ARG_MAX(arg_max_f32, float)
MOTE_ARG_MAX(arg_max_s8, int8_t)
MOTE_ARG_MAX(arg_max_u8, uint8_t)
MOTE_ARG_MAX(arg_max_s16, int16_t)
MOTE_ARG_MAX(arg_max_u16, uint16_t)
MOTE_ARG_MAX(arg_max_s32, int32_t)
MOTE_ARG_MAX(arg_max_u32, uint32_t)

#endif
