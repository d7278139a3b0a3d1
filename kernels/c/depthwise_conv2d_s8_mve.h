/* 8-bit depthwise convolution on Armv8.1-M with vector instructions (MVE): four input rows at a time are
 * interleaved into the scratch, with the padding as the input's zero point, for the functions of
 * depthwise_mve.S. */
#ifndef MOTE_DEPTHWISE_CONV2D_S8_MVE_H
#define MOTE_DEPTHWISE_CONV2D_S8_MVE_H

#include "gemm_mve.h"
#include "rows.h"
#include "window2d.h"

#if defined(__ARM_FEATURE_MVE)

/* Work of a function of depthwise_mve.S, which knows the places of the members. */
typedef struct {
  const int8_t* words; /* [column][channel] of four rows each */
  int8_t* y;
  const int32_t* stream;
  const int32_t* stream_end;
  int32_t units;              /* of columns */
  int32_t unit_words, unit_y; /* bytes from unit to unit */
  int32_t next_words, next_y; /* from behind the units to the next channel */
  int32_t column;             /* bytes from patch to patch */
  int32_t low, high;          /* of the result as a signed byte */
  uint32_t gather[4];         /* bytes to the columns of a patch */
  uint16_t scatter[8];        /* bytes to the outputs of a unit */
  union {                     /* of the columns behind the units, by the number of outputs */
    uint16_t eight[8];
    uint32_t four[4];
  } last_scatter;
  int32_t left;
  int32_t patches[]; /* bytes to the patches of an output */
} mote_mve_depthwise;

typedef void mote_mve_depthwise_function(mote_mve_depthwise* work);

typedef struct {
  mote_window2d window;
  int32_t x_slots, y_slots;
  int32_t x_flip, x_zero;
  mote_mve_depthwise_function* run;
  mote_mve_depthwise_function* run_single; /* of two rows: where there is only one; of one row: 0 */
  const int32_t* stream;
  int32_t stream_words; /* for each input channel's first filter, then for the second ones, ... */
  int32_t low, high;
  int32_t patch_columns;           /* patches of a filter, side by side */
  int32_t groups, group_bytes;     /* of four rows, below each other; bytes from one to the next */
  int32_t left, skip, used, right; /* bytes of a row: padding before, not copied, copied, padding behind */
  int32_t words_at, zeros_at;      /* bytes into the scratch */
} depthwise_conv2d_s8_mve_params;

/* Interleaves bytes of four rows, rounded up to 16 in the result. */
__attribute__((naked, noinline, unused)) static void mote_mve_interleave(int8_t* to __attribute__((unused)),
                                                                         const int8_t* const rows[4]
                                                                         __attribute__((unused)),
                                                                         int32_t bytes
                                                                         __attribute__((unused))) {
  __asm__(
      "push {r4, r5, r6, lr}\n"
      "mov r12, r2\n"
      "mov r6, r1\n"
      "ldm r6, {r1, r2, r3, r4}\n"
      "lsr r5, r12, #4\n"
      "wls lr, r5, 2f\n"
      "1:\n"
      "vldrb.u8 q0, [r1], #16\n"
      "vldrb.u8 q1, [r2], #16\n"
      "vldrb.u8 q2, [r3], #16\n"
      "vldrb.u8 q3, [r4], #16\n"
      "vst40.8 {q0, q1, q2, q3}, [r0]\n"
      "vst41.8 {q0, q1, q2, q3}, [r0]\n"
      "vst42.8 {q0, q1, q2, q3}, [r0]\n"
      "vst43.8 {q0, q1, q2, q3}, [r0]!\n"
      "le lr, 1b\n"
      "2:\n"
      "ands r12, r12, #15\n"
      "beq 3f\n"
      "vctp.8 r12\n"
      "vpstttt\n"
      "vldrbt.u8 q0, [r1]\n"
      "vldrbt.u8 q1, [r2]\n"
      "vldrbt.u8 q2, [r3]\n"
      "vldrbt.u8 q3, [r4]\n"
      "vst40.8 {q0, q1, q2, q3}, [r0]\n"
      "vst41.8 {q0, q1, q2, q3}, [r0]\n"
      "vst42.8 {q0, q1, q2, q3}, [r0]\n"
      "vst43.8 {q0, q1, q2, q3}, [r0]\n"
      "3:\n"
      "pop {r4, r5, r6, pc}\n");
}

/* Rows top, top + step, ... (`rows` of them) of an image whose row 0 is `row` of the tensor. */
MOTE_KERNEL void mote_mve_load_words(const depthwise_conv2d_s8_mve_params* p, const int8_t* x, int32_t row,
                                     int32_t top, int32_t rows, int8_t* words, const int8_t* zeros) {
  const mote_axis* axis = &p->window.rows;
  const int32_t row_bytes = p->window.columns.in * p->window.in_channels;
  for (int32_t group = 0; group < p->groups; ++group, words += p->group_bytes) {
    const int8_t* from[4];
    for (int32_t i = 0; i < 4; ++i, --rows, top += axis->step)
      from[i] = rows > 0 && top >= 0 && top < axis->in
                    ? x + mote_row_slot(row + top, p->x_slots) * row_bytes + p->skip
                    : zeros;
    mote_mve_interleave(words + 4 * p->left, from, p->used);
    if (p->x_flip != 0) mote_mve_flip(words + 4 * p->left, 4 * p->used);
    if (p->used % 16 != 0) mote_mve_fill(words + 4 * (p->left + p->used), p->x_zero, 4 * p->right);
  }
}

/* What the work has in common for all rows. A unit has `columns` columns; `pairs`: of two rows. */
MOTE_INLINE void mote_mve_depthwise_begin(const depthwise_conv2d_s8_mve_params* p, mote_mve_depthwise* work,
                                          int8_t* words, int32_t pairs) {
  const mote_axis* columns = &p->window.columns;
  const int32_t pixel = 4 * p->window.in_channels;
  const int32_t unit = pairs ? 4 : 8;
  work->units = columns->out / unit;
  work->column = (pairs ? 2 : columns->stride) * pixel;
  work->unit_words = unit * columns->stride * pixel;
  work->unit_y = unit * p->window.out_channels;
  work->next_words = 4 - work->units * work->unit_words;
  work->next_y = p->window.out_channels / p->window.in_channels - work->units * work->unit_y;
  work->low = p->low;
  work->high = p->high;
  for (int32_t i = 0; i < 4; ++i) work->gather[i] = (uint32_t)(i * columns->step * pixel);
  for (int32_t g = 0; g < p->groups; ++g, words += p->group_bytes) {
    mote_mve_fill(words, p->x_zero, 4 * p->left);
    mote_mve_fill(words + 4 * (p->left + p->used), p->x_zero, 4 * p->right);
    for (int32_t i = 0; i < p->patch_columns; ++i)
      work->patches[g * p->patch_columns + i] = g * p->group_bytes + 4 * i * columns->step * pixel;
  }
}

/* Runs the filters of every channel on the rows in `words`. */
MOTE_INLINE void mote_mve_depthwise_channels(const depthwise_conv2d_s8_mve_params* p,
                                             mote_mve_depthwise* work, mote_mve_depthwise_function* run,
                                             const int8_t* words, int8_t* y) {
  const int32_t filters = p->window.out_channels / p->window.in_channels;
  work->stream_end = p->stream;
  work->words = words;
  for (int32_t i = 0; i < filters; ++i) {
    work->y = y + i;
    work->stream = work->stream_end;
    work->stream_end += p->stream_words;
    run(work);
  }
}

/* Filters of up to 3x3 in steps of one. */
MOTE_KERNEL void depthwise_conv2d_3x3_s8_mve(const depthwise_conv2d_s8_mve_params* p, const int8_t* x,
                                             int8_t* y, void* scratch, int32_t first, int32_t rows) {
  const mote_window2d* g = &p->window;
  mote_mve_depthwise* work = (mote_mve_depthwise*)scratch;
  int8_t* words = (int8_t*)scratch + p->words_at;
  int8_t* zeros = (int8_t*)scratch + p->zeros_at;
  const int32_t channels = g->out_channels;
  const int32_t y_bytes = g->columns.out * channels;
  const int32_t last = g->columns.out % 4;
  mote_mve_depthwise_begin(p, work, words, 1);
  mote_mve_fill(zeros, p->x_zero ^ p->x_flip, p->used);
  while (rows > 0) {
    const int32_t image = first / g->rows.out;
    const int32_t oy = first - image * g->rows.out;
    int8_t* to = y + mote_row_slot(first, p->y_slots) * y_bytes;
    int8_t* below = y + mote_row_slot(first + 1, p->y_slots) * y_bytes;
    const int32_t count = rows > 1 && oy + 1 < g->rows.out ? 2 : 1;
    if (count == 1) below = to;
    int8_t* base = to < below ? to : below;
    const int32_t offset[2] = {(int32_t)(to - base), (int32_t)(below - base)};
    for (int32_t i = 0; i < 4; ++i)
      for (int32_t row = 0; row < 2; ++row) {
        work->scatter[2 * i + row] = (uint16_t)(offset[row] + i * channels);
        if (last == 3)
          work->last_scatter.eight[2 * i + row] = (uint16_t)(offset[row] + (i < 3 ? i : 2) * channels);
      }
    if (last < 3)
      for (int32_t i = 0; i < 4; ++i)
        work->last_scatter.four[i] = (uint32_t)(offset[i / 2] + (i % 2 < last ? i % 2 : 0) * channels);
    mote_mve_load_words(p, x, image * g->rows.in, oy + g->rows.offset, g->rows.taps + count - 1, words,
                        zeros);
    mote_mve_depthwise_channels(p, work, count == 1 ? p->run_single : p->run, words, base);
    first += count;
    rows -= count;
  }
}

MOTE_KERNEL void depthwise_conv2d_s8_mve(const depthwise_conv2d_s8_mve_params* p, const int8_t* x, int8_t* y,
                                         void* scratch, int32_t first, int32_t rows) {
  const mote_window2d* g = &p->window;
  mote_mve_depthwise* work = (mote_mve_depthwise*)scratch;
  int8_t* words = (int8_t*)scratch + p->words_at;
  int8_t* zeros = (int8_t*)scratch + p->zeros_at;
  const int32_t channels = g->out_channels;
  const int32_t last = g->columns.out % 8;
  mote_mve_depthwise_begin(p, work, words, 0);
  mote_mve_fill(zeros, p->x_zero ^ p->x_flip, p->used);
  for (int32_t i = 0; i < 8; ++i) {
    const int32_t column = i / 2 + i % 2 * 4;
    work->scatter[i] = (uint16_t)(column * channels);
    if (last > 4) work->last_scatter.eight[i] = (uint16_t)((column < last ? column : last - 1) * channels);
    if (last <= 4 && i < 4) work->last_scatter.four[i] = (uint32_t)((i < last ? i : last - 1) * channels);
  }
  for (const int32_t end = first + rows; first < end; ++first) {
    const int32_t image = first / g->rows.out;
    const int32_t oy = first - image * g->rows.out;
    mote_mve_load_words(p, x, image * g->rows.in, oy * g->rows.stride + g->rows.offset, g->rows.taps, words,
                        zeros);
    mote_mve_depthwise_channels(p, work, p->run, words,
                                y + mote_row_slot(first, p->y_slots) * g->columns.out * channels);
  }
}

#endif
#endif
