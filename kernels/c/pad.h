/* Padding. pad_constant_* fill with a value; pad_mirror reflects or repeats the border and works on cells of
 * any size. */
#ifndef MOTE_PAD_H
#define MOTE_PAD_H

#include "mote_kernel.h"

typedef struct {
  int32_t sizes[6]; /* of the input, outermost first */
  int32_t before[6];
  int32_t after[6];
  int32_t value; /* for integers */
  float value_f32;
} pad_constant_params;

#define MOTE_PAD_CONSTANT(name, T, member)                                            \
  MOTE_INLINE T* name##_fill(T* out, int32_t count, T value) {                        \
    int32_t i;                                                                        \
    for (i = 0; i < count; ++i) out[i] = value;                                       \
    return out + count;                                                               \
  }                                                                                   \
  MOTE_KERNEL void name(const pad_constant_params* p, const T* in, T* out) {          \
    const T value = (T)p->member;                                                     \
    const int32_t run = p->sizes[5];                                                  \
    const int32_t row = p->before[5] + run + p->after[5];                             \
    int32_t index[5] = {0, 0, 0, 0, 0};                                               \
    int32_t axis;                                                                     \
    do {                                                                              \
      int32_t inside = 1;                                                             \
      for (axis = 0; axis < 5; ++axis) {                                              \
        const int32_t at = index[axis] - p->before[axis];                             \
        if (at < 0 || at >= p->sizes[axis]) inside = 0;                               \
      }                                                                               \
      if (inside) {                                                                   \
        out = name##_fill(out, p->before[5], value);                                  \
        memcpy(out, in, (size_t)run * sizeof(T));                                     \
        in += run;                                                                    \
        out = name##_fill(out + run, p->after[5], value);                             \
      } else {                                                                        \
        out = name##_fill(out, row, value);                                           \
      }                                                                               \
      for (axis = 4; axis >= 0; --axis) {                                             \
        if (++index[axis] < p->before[axis] + p->sizes[axis] + p->after[axis]) break; \
        index[axis] = 0;                                                              \
      }                                                                               \
    } while (axis >= 0);                                                              \
  }

MOTE_PAD_CONSTANT(pad_constant_8, uint8_t, value)
MOTE_PAD_CONSTANT(pad_constant_16, uint16_t, value)
MOTE_PAD_CONSTANT(pad_constant_32, uint32_t, value)
MOTE_PAD_CONSTANT(pad_constant_f32, float, value_f32)

typedef struct {
  int32_t sizes[6]; /* of the input in cells, outermost first */
  int32_t before[6];
  int32_t after[6];
  int32_t cell_bytes;
  int32_t reflect; /* else the border is repeated */
} pad_mirror_params;

MOTE_INLINE int32_t pad_mirror_source(int32_t at, int32_t size, int32_t reflect) {
  if (at < 0) return reflect ? -at : 0;
  if (at >= size) return reflect ? 2 * (size - 1) - at : size - 1;
  return at;
}

MOTE_KERNEL void pad_mirror(const pad_mirror_params* p, const void* in, void* out) {
  uint8_t* target = (uint8_t*)out;
  int32_t index[6] = {0, 0, 0, 0, 0, 0};
  int32_t axis;
  do {
    int32_t cell = 0;
    for (axis = 0; axis < 6; ++axis) {
      cell = cell * p->sizes[axis] +
             pad_mirror_source(index[axis] - p->before[axis], p->sizes[axis], p->reflect);
    }
    memcpy(target, (const uint8_t*)in + cell * p->cell_bytes, (size_t)p->cell_bytes);
    target += p->cell_bytes;
    for (axis = 5; axis >= 0; --axis) {
      if (++index[axis] < p->before[axis] + p->sizes[axis] + p->after[axis]) break;
      index[axis] = 0;
    }
  } while (axis >= 0);
}

#endif
