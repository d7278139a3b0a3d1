/* Data movement with strides: output element i, in C order, is input element offset + sum(index[a] *
 * strides[a]). Transposes, slices, and moves between depth and space are all this. One function per element
 * size; float stands apart from the 32-bit integers because a C compiler may assume that they do not alias.
 */
#ifndef MOTE_COPY_STRIDED_H
#define MOTE_COPY_STRIDED_H

#include "rows.h"

typedef struct {
  int32_t offset;     /* of the first element in the input */
  int32_t sizes[6];   /* of the output, outermost first, all at least 1 */
  int32_t strides[6]; /* in the input, in elements */
} copy_strided_params;

/* The same row by row: row r of the output begins row_step elements behind row r - 1 in the input, which
 * stands whole. */
typedef struct {
  copy_strided_params row;
  int32_t row_step, row_elements; /* in the input, in the output */
  int32_t x_slots, y_slots;       /* as in rows.h */
} copy_strided_rows_params;

/* to[i * step] = from[i] for bytes, where there are vectors for it: 1. */
#if defined(__ARM_FEATURE_MVE)
#include <arm_mve.h>
MOTE_INLINE int32_t mote_spread_bytes(const void* from, void* to, int32_t step, int32_t count) {
  const uint8x16_t places = vmulq_n_u8(vidupq_n_u8(0, 1), (uint8_t)step);
  const uint8_t* x = (const uint8_t*)from;
  uint8_t* y = (uint8_t*)to;
  if (step > 17) return 0; /* places have 8 bits */
  for (; count > 0; count -= 16, x += 16, y += 16 * step) {
    const mve_pred16_t there = vctp8q((uint32_t)count);
    vstrbq_scatter_offset_p_u8(y, places, vldrbq_z_u8(x, there), there);
  }
  return 1;
}
#else
MOTE_INLINE int32_t mote_spread_bytes(const void* from, void* to, int32_t step, int32_t count) {
  (void)from, (void)to, (void)step, (void)count;
  return 0;
}
#endif

/* The two innermost axes at once: the longer one is the inner loop, unless whole runs can be copied. */
#define MOTE_COPY_STRIDED(name, T)                                                                    \
  MOTE_INLINE void name##_plane(const copy_strided_params* p, const T* in, T* out) {                  \
    const int32_t runs = p->sizes[4], run = p->sizes[5];                                              \
    const int32_t run_step = p->strides[4], step = p->strides[5];                                     \
    int32_t i, j;                                                                                     \
    if (step != 1 && run < runs) {                                                                    \
      for (i = 0; i < run; ++i, in += step) {                                                         \
        const T* from = in;                                                                           \
        T* to = out + i;                                                                              \
        if (sizeof(T) == 1 && run_step == 1 && mote_spread_bytes(from, to, run, runs)) continue;      \
        for (j = runs; j > 0; --j, from += run_step, to += run) *to = *from;                          \
      }                                                                                               \
      return;                                                                                         \
    }                                                                                                 \
    for (j = 0; j < runs; ++j, in += run_step, out += run) {                                          \
      if (step == 1) {                                                                                \
        memcpy(out, in, (size_t)run * sizeof(T));                                                     \
      } else {                                                                                        \
        for (i = 0; i < run; ++i) out[i] = in[i * step];                                              \
      }                                                                                               \
    }                                                                                                 \
  }                                                                                                   \
  MOTE_KERNEL void name(const copy_strided_params* p, const T* in, T* out) {                          \
    int32_t index[4] = {0, 0, 0, 0};                                                                  \
    int32_t at = p->offset;                                                                           \
    for (;; out += p->sizes[4] * p->sizes[5]) {                                                       \
      int32_t axis = 3;                                                                               \
      name##_plane(p, in + at, out);                                                                  \
      for (; axis >= 0; --axis) {                                                                     \
        at += p->strides[axis];                                                                       \
        if (++index[axis] < p->sizes[axis]) break;                                                    \
        at -= p->sizes[axis] * p->strides[axis];                                                      \
        index[axis] = 0;                                                                              \
      }                                                                                               \
      if (axis < 0) return;                                                                           \
    }                                                                                                 \
  }                                                                                                   \
  MOTE_INLINE void name##_rows(const copy_strided_rows_params* p, const T* in, T* out, int32_t first, \
                               int32_t rows) {                                                        \
    for (int32_t r = first; r < first + rows; ++r)                                                    \
      name(&p->row, in + r * p->row_step, out + mote_row_slot(r, p->y_slots) * p->row_elements);      \
  }

MOTE_COPY_STRIDED(copy_strided_8, uint8_t)
MOTE_COPY_STRIDED(copy_strided_16, uint16_t)
MOTE_COPY_STRIDED(copy_strided_32, uint32_t)
MOTE_COPY_STRIDED(copy_strided_f32, float)

#endif
