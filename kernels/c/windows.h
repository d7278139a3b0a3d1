/* Windows of a convolution side by side in the scratch, so that its inner loop has no holes. */
#ifndef MOTE_WINDOWS_H
#define MOTE_WINDOWS_H

#include "window2d.h"

/* Output position whose window is gathered next, and the image that it lies in. */
typedef struct {
  const char* image;
  int32_t oy, ox;
} mote_window_cursor;

/* Copies the window of the position, bytes of 0 where it reads nothing, and steps to the next one. One group.
 */
MOTE_INLINE void mote_gather_window(const mote_window2d* g, mote_window_cursor* at, int32_t element_bytes,
                                    void* to) {
  const mote_axis* columns = &g->columns;
  const int32_t pixel = g->in_channels * element_bytes;
  const int32_t row = columns->taps * pixel;
  const int32_t first = at->ox * columns->stride + columns->offset;
  const int32_t whole =
      columns->step == 1 && columns->divisor == 1 && first >= 0 && first + columns->taps <= columns->in;
  char* next = (char*)to;
  for (int32_t ky = 0; ky < g->rows.taps; ++ky) {
    const int32_t iy = mote_axis_source(&g->rows, at->oy, ky);
    if (iy >= 0 && whole) {
      memcpy(next, at->image + (iy * columns->in + first) * pixel, (size_t)row);
      next += row;
      continue;
    }
    for (int32_t kx = 0; kx < columns->taps; ++kx, next += pixel) {
      const int32_t ix = iy < 0 ? -1 : mote_axis_source(columns, at->ox, kx);
      if (ix < 0)
        memset(next, 0, (size_t)pixel);
      else
        memcpy(next, at->image + (iy * columns->in + ix) * pixel, (size_t)pixel);
    }
  }
  if (++at->ox < columns->out) return;
  at->ox = 0;
  if (++at->oy < g->rows.out) return;
  at->oy = 0;
  at->image += g->rows.in * columns->in * pixel;
}

#endif
