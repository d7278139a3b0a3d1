/* Windows of a float convolution side by side in the scratch, so that its inner loop has no holes. */
#ifndef MOTE_WINDOWS_F32_H
#define MOTE_WINDOWS_F32_H

#include "window2d.h"

/* Output position whose window is gathered next, and the image that it lies in. */
typedef struct {
  const float* image;
  int32_t oy, ox;
} mote_window_cursor;

/* Copies the window of the position (0 where it reads nothing), steps to the next one. One group. */
MOTE_INLINE void mote_gather_f32(const mote_window2d* g, mote_window_cursor* at, float* to) {
  const mote_axis* columns = &g->columns;
  const int32_t depth = g->in_channels;
  const int32_t row = columns->taps * depth;
  const int32_t first = at->ox * columns->stride + columns->offset;
  const int32_t whole =
      columns->step == 1 && columns->divisor == 1 && first >= 0 && first + columns->taps <= columns->in;
  for (int32_t ky = 0; ky < g->rows.taps; ++ky, to += row) {
    const int32_t iy = mote_axis_source(&g->rows, at->oy, ky);
    if (iy >= 0 && whole) {
      memcpy(to, at->image + (iy * columns->in + first) * depth, (size_t)row * sizeof(float));
      continue;
    }
    for (int32_t kx = 0; kx < columns->taps; ++kx) {
      const int32_t ix = iy < 0 ? -1 : mote_axis_source(columns, at->ox, kx);
      const float* from = at->image + (ix < 0 ? 0 : (iy * columns->in + ix) * depth);
      for (int32_t i = 0; i < depth; ++i) to[kx * depth + i] = ix < 0 ? 0.0F : from[i];
    }
  }
  if (++at->ox < columns->out) return;
  at->ox = 0;
  if (++at->oy < g->rows.out) return;
  at->oy = 0;
  at->image += g->rows.in * columns->in * depth;
}

#endif
