// What the emitted top of a network needs: steps that stay functions of their own, aligned constants, the trace hook.
#pragma once

#include <stdint.h>

#if defined(__GNUC__)
#define MOTE_STEP static __attribute__((noinline))
#if defined(__AVX2__)
#define MOTE_CONSTANT __attribute__((aligned(64))) // vectors that no cache line splits
#else
#define MOTE_CONSTANT __attribute__((aligned(4)))
#endif
#else
#define MOTE_STEP static
#define MOTE_CONSTANT
#endif

// Compiled with MOTE_TRACE, every step hands its outputs to mote_trace, which the program provides: all at once, or row by row
// in ascending order. `offset` says where the bytes stand in the output, which has `total`.
#ifdef MOTE_TRACE
extern void mote_trace(int step, int output, const void *data, unsigned long bytes, unsigned long offset,
                       unsigned long total);
#define MOTE_TRACE_OUTPUT(step, output, data, bytes) mote_trace(step, output, data, bytes, 0, bytes)
#define MOTE_TRACE_ROWS(step, output, data, row_bytes, slots, total_rows, first, rows)                      \
  do {                                                                                                      \
    int32_t mote_row;                                                                                       \
    for (mote_row = (first); mote_row < (first) + (rows); mote_row++)                                       \
      mote_trace(step, output, (data) + mote_row % (slots) * (row_bytes), row_bytes,                        \
                 (unsigned long)mote_row * (row_bytes), (unsigned long)(total_rows) * (row_bytes));         \
  } while (0)
#else
#define MOTE_TRACE_OUTPUT(step, output, data, bytes) ((void)0)
#define MOTE_TRACE_ROWS(step, output, data, row_bytes, slots, total_rows, first, rows) ((void)0)
#endif
