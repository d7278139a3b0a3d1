/* Products of stacks of matrices whose leading axes broadcast. */
#ifndef MOTE_MAT_MUL_H
#define MOTE_MAT_MUL_H

#include "requantize.h"

typedef struct {
  int32_t batch[4];   /* extents of the leading axes, outermost first, padded with 1 */
  int32_t a_batch[4]; /* elements from one index of that axis to the next; 0 where the operand is broadcast */
  int32_t b_batch[4];
  int32_t m, n, k;
  int32_t a_row, a_depth;    /* elements between neighbours along m and along k */
  int32_t b_column, b_depth; /* along n and along k */
} mote_mat_mul_extents;

/* Offset of the operand's matrix for matrix `index` of the output. */
MOTE_INLINE int32_t mote_mat_mul_offset(const mote_mat_mul_extents* e, const int32_t steps[4],
                                        int32_t index) {
  int32_t offset = 0;
  for (int32_t axis = 3; axis >= 0; --axis) {
    offset += index % e->batch[axis] * steps[axis];
    index /= e->batch[axis];
  }
  return offset;
}

MOTE_INLINE int32_t mote_mat_mul_count(const mote_mat_mul_extents* e) {
  return e->batch[0] * e->batch[1] * e->batch[2] * e->batch[3];
}

typedef struct {
  mote_mat_mul_extents extents;
  float low, high; /* fused activation */
} mat_mul_f32_params;

MOTE_KERNEL void mat_mul_f32(const mat_mul_f32_params* p, const float* a, const float* b, float* y) {
  const mote_mat_mul_extents* e = &p->extents;
  for (int32_t i = 0; i < mote_mat_mul_count(e); ++i) {
    const float* left = a + mote_mat_mul_offset(e, e->a_batch, i);
    const float* right = b + mote_mat_mul_offset(e, e->b_batch, i);
    for (int32_t r = 0; r < e->m; ++r)
      for (int32_t c = 0; c < e->n; ++c) {
        float sum = 0.0F;
        for (int32_t j = 0; j < e->k; ++j)
          sum += left[r * e->a_row + j * e->a_depth] * right[c * e->b_column + j * e->b_depth];
        *y++ = sum < p->low ? p->low : (sum > p->high ? p->high : sum);
      }
  }
}

/* Up to 8 bits, a byte each; unsigned bytes are read as signed ones with the top bit flipped, zero points
 * count from there. */
typedef struct {
  mote_mat_mul_extents extents;
  int32_t a_flip, b_flip, y_flip; /* 0x80 where unsigned */
  int32_t a_zero, b_zero, y_zero;
  int32_t low, high; /* bounds of y - y_zero */
  int32_t multiplier, shift;
} mat_mul_s8_params;

MOTE_INLINE int32_t mote_mat_mul_value(int8_t byte, int32_t flip) {
  return (int8_t)((uint8_t)byte ^ (uint8_t)flip);
}

MOTE_INLINE int32_t mat_mul_s8_sum(const mat_mul_s8_params* p, const int8_t* left, const int8_t* right) {
  const mote_mat_mul_extents* e = &p->extents;
  int32_t sum = 0;
  for (int32_t j = 0; j < e->k; ++j)
    sum += (mote_mat_mul_value(left[j * e->a_depth], p->a_flip) - p->a_zero) *
           (mote_mat_mul_value(right[j * e->b_depth], p->b_flip) - p->b_zero);
  return sum;
}

MOTE_KERNEL void mat_mul_s8(const mat_mul_s8_params* p, const int8_t* a, const int8_t* b, int8_t* y) {
  const mote_mat_mul_extents* e = &p->extents;
  for (int32_t i = 0; i < mote_mat_mul_count(e); ++i) {
    const int8_t* left = a + mote_mat_mul_offset(e, e->a_batch, i);
    const int8_t* right = b + mote_mat_mul_offset(e, e->b_batch, i);
    for (int32_t r = 0; r < e->m; ++r)
      for (int32_t c = 0; c < e->n; ++c) {
        const int32_t sum = mat_mul_s8_sum(p, left + r * e->a_row, right + c * e->b_column);
        const int32_t q =
            mote_clamp(mote_requantize(sum, p->multiplier, p->shift), p->low, p->high) + p->y_zero;
        *y++ = (int8_t)mote_mat_mul_value((int8_t)q, p->y_flip);
      }
  }
}

/* The sums themselves. */
MOTE_KERNEL void mat_mul_s8_s32(const mat_mul_s8_params* p, const int8_t* a, const int8_t* b, int32_t* y) {
  const mote_mat_mul_extents* e = &p->extents;
  for (int32_t i = 0; i < mote_mat_mul_count(e); ++i) {
    const int8_t* left = a + mote_mat_mul_offset(e, e->a_batch, i);
    const int8_t* right = b + mote_mat_mul_offset(e, e->b_batch, i);
    for (int32_t r = 0; r < e->m; ++r)
      for (int32_t c = 0; c < e->n; ++c)
        *y++ = mat_mul_s8_sum(p, left + r * e->a_row, right + c * e->b_column);
  }
}

/* 16-bit operands with zero point 0, 64-bit sums. */
typedef struct {
  mote_mat_mul_extents extents;
  int32_t low, high; /* bounds of y */
  int32_t multiplier, shift;
} mat_mul_s16_params;

MOTE_KERNEL void mat_mul_s16(const mat_mul_s16_params* p, const int16_t* a, const int16_t* b, int16_t* y) {
  const mote_mat_mul_extents* e = &p->extents;
  for (int32_t i = 0; i < mote_mat_mul_count(e); ++i) {
    const int16_t* left = a + mote_mat_mul_offset(e, e->a_batch, i);
    const int16_t* right = b + mote_mat_mul_offset(e, e->b_batch, i);
    for (int32_t r = 0; r < e->m; ++r)
      for (int32_t c = 0; c < e->n; ++c) {
        int64_t sum = 0;
        for (int32_t j = 0; j < e->k; ++j)
          sum += (int32_t)left[r * e->a_row + j * e->a_depth] * right[c * e->b_column + j * e->b_depth];
        *y++ = (int16_t)mote_clamp(mote_requantize_64(sum, p->multiplier, p->shift), p->low, p->high);
      }
  }
}

/* Plain 32-bit integers, wrapping. */
MOTE_KERNEL void mat_mul_word(const mote_mat_mul_extents* e, const uint32_t* a, const uint32_t* b,
                              uint32_t* y) {
  for (int32_t i = 0; i < mote_mat_mul_count(e); ++i) {
    const uint32_t* left = a + mote_mat_mul_offset(e, e->a_batch, i);
    const uint32_t* right = b + mote_mat_mul_offset(e, e->b_batch, i);
    for (int32_t r = 0; r < e->m; ++r)
      for (int32_t c = 0; c < e->n; ++c) {
        uint32_t sum = 0;
        for (int32_t j = 0; j < e->k; ++j)
          sum += left[r * e->a_row + j * e->a_depth] * right[c * e->b_column + j * e->b_depth];
        *y++ = sum;
      }
  }
}

#endif
