/* The input of a few output rows as a band in the scratch: whole rows with their padding, so that windows
 * have no holes. A call computes output rows in groups; everything that a group reads is in its band before
 * its first output is written. */
#ifndef MOTE_BAND_H
#define MOTE_BAND_H

#include "rows.h"
#include "window2d.h"

typedef struct {
  int32_t rows;        /* output rows of a group, at most */
  int32_t pixel_bytes; /* of a pixel in the band */
  int32_t row_bytes;   /* of a row in the band */
  int32_t bytes;       /* of the band, with room behind it for reads past its end */
} mote_band;

/* Row `from` of the input, padded with bytes `fill`. Every element, of so many bytes, stands
 * `repeat` times. */
MOTE_INLINE void mote_band_row(const mote_window2d* g, const mote_band* band, const char* from, int32_t fill,
                               int32_t element_bytes, int32_t repeat, char* to) {
  const int32_t width = band->row_bytes / band->pixel_bytes;
  const int32_t start = g->columns.offset < 0 ? -g->columns.offset : 0; /* first column that is read */
  const int32_t skip = g->columns.offset > 0 ? g->columns.offset : 0;
  const int32_t left = start < width ? start : width;
  int32_t count = width - left;
  if (count > g->columns.in - skip) count = g->columns.in - skip;
  if (count < 0) count = 0;
  memset(to, fill, (size_t)(left * band->pixel_bytes));
  to += left * band->pixel_bytes;
  if (repeat == 1) {
    memcpy(to, from + skip * band->pixel_bytes, (size_t)(count * band->pixel_bytes));
  } else {
    const char* at = from + skip * g->in_channels * element_bytes;
    char* end = to + count * band->pixel_bytes;
    for (char* next = to; next < end; at += element_bytes)
      for (int32_t i = 0; i < repeat; ++i, next += element_bytes) memcpy(next, at, (size_t)element_bytes);
  }
  memset(to + count * band->pixel_bytes, fill, (size_t)((width - left - count) * band->pixel_bytes));
}

/* The input of output rows [row, row + rows) of one image. */
MOTE_INLINE void mote_band_fill(const mote_window2d* g, const mote_band* band, const char* x, int32_t x_slots,
                                int32_t row, int32_t rows, int32_t fill, int32_t element_bytes,
                                int32_t repeat, char* to) {
  const int32_t n = row / g->rows.out;
  const int32_t top = (row - n * g->rows.out) * g->rows.stride + g->rows.offset;
  const int32_t count = (rows - 1) * g->rows.stride + (g->rows.taps - 1) * g->rows.step + 1;
  const int32_t x_row = g->columns.in * (band->pixel_bytes / repeat);
  for (int32_t i = 0; i < count; ++i, to += band->row_bytes) {
    const int32_t iy = top + i;
    if (iy < 0 || iy >= g->rows.in)
      memset(to, fill, (size_t)band->row_bytes);
    else
      mote_band_row(g, band, x + mote_row_slot(n * g->rows.in + iy, x_slots) * x_row, fill, element_bytes,
                    repeat, to);
  }
}

/* Where a pixel's window begins in the band, and its output. */
typedef struct {
  const char* x;
  char* y;
} mote_band_pixel;

/* The pixels of output rows [row, row + rows), a multiple of `block`: absent ones repeat the last. Returns
 * the number of those that are there. */
MOTE_INLINE int32_t mote_band_pixels(const mote_window2d* g, const mote_band* band, const char* x, char* y,
                                     int32_t y_slots, int32_t y_pixel_bytes, int32_t row, int32_t rows,
                                     int32_t block, mote_band_pixel* pixels) {
  const int32_t x_step = g->columns.stride * band->pixel_bytes;
  const int32_t total = rows * g->columns.out;
  mote_band_pixel* next = pixels;
  for (int32_t r = 0; r < rows; ++r) {
    mote_band_pixel at = {x + r * g->rows.stride * band->row_bytes,
                          y + mote_row_slot(row + r, y_slots) * g->columns.out * y_pixel_bytes};
    for (int32_t ox = 0; ox < g->columns.out; ++ox) {
      *next++ = at;
      at.x += x_step;
      at.y += y_pixel_bytes;
    }
  }
  for (int32_t i = total; i % block != 0; ++i, ++next) *next = next[-1];
  return total;
}

/* Where the taps of a depthwise convolution stand from the beginning of a window. Returns their number. */
MOTE_INLINE int32_t mote_band_taps(const mote_window2d* g, const mote_band* band, int32_t* taps) {
  int32_t count = 0;
  for (int32_t ky = 0; ky < g->rows.taps; ++ky)
    for (int32_t kx = 0; kx < g->columns.taps; ++kx)
      taps[count++] = ky * g->rows.step * band->row_bytes + kx * g->columns.step * band->pixel_bytes;
  return count;
}

/* Rows of the next group: of those left in the call, in one image. */
MOTE_INLINE int32_t mote_band_rows(const mote_window2d* g, const mote_band* band, int32_t row, int32_t left) {
  const int32_t in_image = g->rows.out - row % g->rows.out;
  int32_t rows = band->rows < left ? band->rows : left;
  return rows < in_image ? rows : in_image;
}

#endif
