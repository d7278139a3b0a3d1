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
  int32_t in_channels, out_channels;
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

/* Widens a row into the scratch; what the rest of the last word holds meets zero weights. */
MOTE_INLINE void mote_widen_row(const fully_connected_s8_dsp_params* p, const int8_t* from, uint32_t* row) {
  const int32_t whole = p->in_channels & ~3;
  uint32_t* end = whole > 0 ? p->widen(row, from, whole) : row;
  if (whole < p->in_channels) {
    uint32_t four = 0;
    memcpy(&four, from + whole, (size_t)(p->in_channels - whole));
    p->widen(end, (const int8_t*)&four, 4);
  }
}

MOTE_INLINE void fully_connected_s8_dsp_body(const fully_connected_s8_dsp_params* p, const int8_t* x,
                                             int8_t* y, void* scratch, int32_t first, int32_t rows,
                                             int32_t sums_only) {
  uint32_t* row = (uint32_t*)scratch;
  for (; rows > 0; --rows, ++first) {
    mote_widen_row(p, x + mote_row_slot(first, p->x_slots) * p->in_channels, row);
    mote_fully_connected_row(&p->stage, row, y + mote_row_slot(first, p->y_slots) * p->out_channels,
                             (int32_t*)(row + p->stage.window_words), sums_only);
  }
}

/* Weights of 4 bits, four channels in a lane: where the row begins stand low and low + 8 times the sum of its
 * inputs, as fully_connected_dsp.S takes them. What is behind the row is 0: its codes are not. */
typedef struct {
  fully_connected_s8_dsp_params layer;
  int32_t low; /* of weights */
} fully_connected_s4_dsp_params;

MOTE_INLINE void fully_connected_s4_dsp_body(const fully_connected_s4_dsp_params* p, const int8_t* x,
                                             int8_t* y, void* scratch, int32_t first, int32_t rows,
                                             int32_t sums_only) {
  const fully_connected_s8_dsp_params* layer = &p->layer;
  int32_t* sums = (int32_t*)scratch;
  uint32_t* row = (uint32_t*)scratch + 2;
  const int32_t words = layer->stage.window_words;
  for (; rows > 0; --rows, ++first) {
    int32_t sum = 0;
    row[words - 1] = row[words - 2] = row[words - 3] = row[words - 4] = 0; /* the last eight inputs */
    mote_widen_row(layer, x + mote_row_slot(first, layer->x_slots) * layer->in_channels, row);
    for (int32_t i = 0; i < words; ++i) sum = mote_sum_pair(row[i], sum);
    sums[0] = p->low * sum;
    sums[1] = (p->low + 8) * sum;
    mote_fully_connected_row(&layer->stage, row,
                             y + mote_row_slot(first, layer->y_slots) * layer->out_channels,
                             (int32_t*)(row + words), sums_only);
  }
}

/* Rows of eights of inputs, widened as they are read: slower, without the scratch. */
MOTE_INLINE void fully_connected_bytes_s8_dsp_body(const fully_connected_s8_dsp_params* p, const int8_t* x,
                                                   int8_t* y, void* scratch, int32_t first, int32_t rows,
                                                   int32_t sums_only) {
  for (; rows > 0; --rows, ++first)
    mote_fully_connected_row(&p->stage, x + mote_row_slot(first, p->x_slots) * p->in_channels,
                             y + mote_row_slot(first, p->y_slots) * p->out_channels, (int32_t*)scratch,
                             sums_only);
}

#define MOTE_FULLY_CONNECTED_S8_DSP(name, params)                                                         \
  MOTE_KERNEL void name(const params* p, const int8_t* x, int8_t* y, void* scratch, int32_t first,        \
                        int32_t rows) {                                                                   \
    name##_body(p, x, y, scratch, first, rows, 0);                                                        \
  }                                                                                                       \
  /* the same where the output stage is the general one */                                                \
  MOTE_KERNEL void name##_sums(const params* p, const int8_t* x, int8_t* y, void* scratch, int32_t first, \
                               int32_t rows) {                                                            \
    name##_body(p, x, y, scratch, first, rows, 1);                                                        \
  }

MOTE_FULLY_CONNECTED_S8_DSP(fully_connected_s8_dsp, fully_connected_s8_dsp_params)
MOTE_FULLY_CONNECTED_S8_DSP(fully_connected_bytes_s8_dsp, fully_connected_s8_dsp_params)
MOTE_FULLY_CONNECTED_S8_DSP(fully_connected_s4_dsp, fully_connected_s4_dsp_params)

MOTE_GEMM_LOW(fully_connected_s8_dsp)

#endif
#endif
