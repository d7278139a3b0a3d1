/* Which inputs and weights an output position of a depthwise convolution meets. */
#ifndef MOTE_DEPTHWISE_TAPS_H
#define MOTE_DEPTHWISE_TAPS_H

#include "window2d.h"

/* The taps of one output position that read inside: first input and weight, and the way to the next ones. */
typedef struct {
  int32_t rows, columns;
  int32_t x_first, x_row, x_column;
  int32_t w_first, w_row;
} mote_depthwise_taps;

MOTE_INLINE mote_depthwise_taps mote_depthwise_taps_of(const mote_window2d* g, int32_t oy, int32_t ox) {
  const mote_taps rows = mote_axis_taps(&g->rows, oy);
  const mote_taps columns = mote_axis_taps(&g->columns, ox);
  const int32_t iy = oy * g->rows.stride + g->rows.offset + rows.first * g->rows.step;
  const int32_t ix = ox * g->columns.stride + g->columns.offset + columns.first * g->columns.step;
  mote_depthwise_taps t;
  t.rows = rows.last - rows.first;
  t.columns = columns.last - columns.first;
  t.x_first = t.rows > 0 && t.columns > 0 ? (iy * g->columns.in + ix) * g->in_channels : 0;
  t.x_column = g->columns.step * g->in_channels;
  t.x_row = g->rows.step * g->columns.in * g->in_channels - t.columns * t.x_column;
  t.w_first = (rows.first * g->columns.taps + columns.first) * g->out_channels;
  t.w_row = (g->columns.taps - t.columns) * g->out_channels;
  return t;
}

#endif
