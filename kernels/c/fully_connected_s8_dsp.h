/* 8-bit fully-connected layer on Arm cores with the DSP extension: each row of inputs is widened to 16 bits
 * in the scratch and multiplied with all filters (fully_connected_dsp.S). A call computes output rows [first,
 * first + rows). */
#ifndef MOTE_FULLY_CONNECTED_S8_DSP_H
#define MOTE_FULLY_CONNECTED_S8_DSP_H

#include "gemm_dsp.h"
#include "rows.h"

#if defined(__ARM_FEATURE_DSP)

/* MOTE_WIDEN of fully_connected_dsp.S */
typedef uint32_t* mote_widen(uint32_t* to, const int8_t* from, int32_t bytes);

typedef struct {
  int32_t x_slots, y_slots; /* as in rows.h */
  int32_t in_channels;
  mote_widen* widen;
  mote_gemm_stage stage;
} fully_connected_s8_dsp_params;

/* One row of inputs as the assembly wants them; the scratch `aside` holds the outputs where they cannot be
 * written in place: sums, or channels not in fours. */
MOTE_INLINE void mote_fully_connected_row(const mote_gemm_stage* s, const void* row, int8_t* to,
                                          int32_t* aside, int32_t sums_only) {
  if (sums_only) {
    s->gemm(&s->layer, row, (int8_t*)aside);
    for (int32_t c = 0; c < s->channels; ++c) to[c] = mote_gemm_output(s->general, c, aside[c]);
  } else if (s->channels == s->layer.channels) {
    s->gemm(&s->layer, row, to);
  } else {
    s->gemm(&s->layer, row, (int8_t*)aside);
    memcpy(to, aside, (size_t)s->channels);
  }
}

/* Each row is widened into the scratch. */
MOTE_INLINE void fully_connected_s8_dsp_body(const fully_connected_s8_dsp_params* p, const int8_t* x,
                                             int8_t* y, void* scratch, int32_t first, int32_t rows,
                                             int32_t sums_only) {
  uint32_t* row = (uint32_t*)scratch;
  const int32_t whole = p->in_channels & ~3;
  for (; rows > 0; --rows, ++first) {
    const int8_t* from = x + mote_row_slot(first, p->x_slots) * p->in_channels;
    uint32_t* end = whole > 0 ? p->widen(row, from, whole) : row;
    if (whole < p->in_channels) { /* what the rest of the word holds meets zero weights */
      uint32_t four = 0;
      memcpy(&four, from + whole, (size_t)(p->in_channels - whole));
      p->widen(end, (const int8_t*)&four, 4);
    }
    mote_fully_connected_row(&p->stage, row, y + mote_row_slot(first, p->y_slots) * p->stage.channels,
                             (int32_t*)(row + p->stage.window_words), sums_only);
  }
}

/* Rows of eights of inputs, widened as they are read: slower, without the scratch. */
MOTE_INLINE void fully_connected_bytes_s8_dsp_body(const fully_connected_s8_dsp_params* p, const int8_t* x,
                                                   int8_t* y, void* scratch, int32_t first, int32_t rows,
                                                   int32_t sums_only) {
  for (; rows > 0; --rows, ++first)
    mote_fully_connected_row(&p->stage, x + mote_row_slot(first, p->x_slots) * p->in_channels,
                             y + mote_row_slot(first, p->y_slots) * p->stage.channels, (int32_t*)scratch,
                             sums_only);
}

#define MOTE_FULLY_CONNECTED_S8_DSP(name)                                                                  \
  MOTE_KERNEL void name(const fully_connected_s8_dsp_params* p, const int8_t* x, int8_t* y, void* scratch, \
                        int32_t first, int32_t rows) {                                                     \
    name##_body(p, x, y, scratch, first, rows, 0);                                                         \
  }                                                                                                        \
  /* the same where the output stage is the general one */                                                 \
  MOTE_KERNEL void name##_sums(const fully_connected_s8_dsp_params* p, const int8_t* x, int8_t* y,         \
                               void* scratch, int32_t first, int32_t rows) {                               \
    name##_body(p, x, y, scratch, first, rows, 1);                                                         \
  }

MOTE_FULLY_CONNECTED_S8_DSP(fully_connected_s8_dsp)
MOTE_FULLY_CONNECTED_S8_DSP(fully_connected_bytes_s8_dsp)

#endif
#endif
