/* Data movement with strides: output element i, in C order, is input element offset + sum(index[a] *
 * strides[a]). Transposes, slices, and moves between depth and space are all this. One function per element
 * size; float stands apart from the 32-bit integers because a C compiler may assume that they do not alias.
 */
#ifndef MOTE_COPY_STRIDED_H
#define MOTE_COPY_STRIDED_H

#include "mote_kernel.h"

typedef struct {
  int32_t offset;     /* of the first element in the input */
  int32_t sizes[6];   /* of the output, outermost first, all at least 1 */
  int32_t strides[6]; /* in the input, in elements */
} copy_strided_params;

#define MOTE_COPY_STRIDED(name, T)                                           \
  MOTE_KERNEL void name(const copy_strided_params* p, const T* in, T* out) { \
    const int32_t run = p->sizes[5];                                         \
    const int32_t step = p->strides[5];                                      \
    int32_t index[5] = {0, 0, 0, 0, 0};                                      \
    int32_t at = p->offset;                                                  \
    for (;;) {                                                               \
      if (step == 1) {                                                       \
        memcpy(out, in + at, (size_t)run * sizeof(T));                       \
      } else {                                                               \
        int32_t i;                                                           \
        for (i = 0; i < run; ++i) out[i] = in[at + i * step];                \
      }                                                                      \
      out += run;                                                            \
      {                                                                      \
        int32_t axis = 4;                                                    \
        for (; axis >= 0; --axis) {                                          \
          at += p->strides[axis];                                            \
          if (++index[axis] < p->sizes[axis]) break;                         \
          at -= p->sizes[axis] * p->strides[axis];                           \
          index[axis] = 0;                                                   \
        }                                                                    \
        if (axis < 0) return;                                                \
      }                                                                      \
    }                                                                        \
  }

MOTE_COPY_STRIDED(copy_strided_8, uint8_t)
MOTE_COPY_STRIDED(copy_strided_16, uint16_t)
MOTE_COPY_STRIDED(copy_strided_32, uint32_t)
MOTE_COPY_STRIDED(copy_strided_f32, float)

#endif
