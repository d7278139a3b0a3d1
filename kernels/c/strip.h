/* Strips: the rows of an image that some output rows read, copied into the scratch in the form in which the
 * kernel multiplies, with the padding around them. Windows are then read in place, without any test. */
#ifndef MOTE_STRIP_H
#define MOTE_STRIP_H

#include "window2d.h"

typedef struct {
  mote_window2d window;     /* one group, plain */
  int32_t x_slots, y_slots; /* row r of a tensor stands at r % slots */
  int32_t rows;             /* output rows that a strip serves */
  int32_t left, columns;    /* padding before an input row; columns of a strip's row with all padding */
  int32_t pick, pitch;      /* input rows from one strip row to the next; strip rows between output rows */
  int32_t x_flip, x_fill;   /* of signed bytes; what padding holds in the strip */
  int32_t segments, run;    /* a window is so many runs of elements of the strip */
  const int32_t* offsets;   /* of the runs */
} mote_strip;

/* The output rows [first, first + rows) of one image, as far as one strip serves them. */
typedef struct {
  int32_t first, rows, pixels;
} mote_strip_part;

MOTE_INLINE mote_strip_part mote_strip_part_of(const mote_strip* s, int32_t first, int32_t end) {
  const int32_t left_in_image = s->window.rows.out - first % s->window.rows.out;
  mote_strip_part part = {first, end - first, 0};
  if (part.rows > left_in_image) part.rows = left_in_image;
  if (part.rows > s->rows) part.rows = s->rows;
  part.pixels = part.rows * s->window.columns.out;
  return part;
}

/* Strip rows that the part needs. */
MOTE_INLINE int32_t mote_strip_height(const mote_strip* s, mote_strip_part part) {
  const mote_axis* rows = &s->window.rows;
  return rows->taps == 1 ? part.rows : (part.rows - 1) * rows->stride + (rows->taps - 1) * rows->step + 1;
}

/* The element of the input where the row stands that strip row i copies; -1 in the padding. */
MOTE_INLINE int32_t mote_strip_element(const mote_strip* s, mote_strip_part part, int32_t i) {
  const mote_axis* rows = &s->window.rows;
  const int32_t image = part.first / rows->out;
  const int32_t iy = part.first % rows->out * rows->stride + rows->offset + i * s->pick;
  if (iy < 0 || iy >= rows->in) return -1;
  return (image * rows->in + iy) % s->x_slots * s->window.columns.in * s->window.in_channels;
}

/* The same row of bytes; null in the padding. */
MOTE_INLINE const int8_t* mote_strip_source(const mote_strip* s, mote_strip_part part, const int8_t* x,
                                            int32_t i) {
  const int32_t at = mote_strip_element(s, part, i);
  return at < 0 ? 0 : x + at;
}

/* Where the pixels of the part stand, in elements of the strip and of the output; behind the last one it is
 * repeated `extra` times. */
MOTE_INLINE void mote_strip_pixels(const mote_strip* s, mote_strip_part part, int32_t extra, int32_t* in,
                                   int32_t* out) {
  const mote_window2d* g = &s->window;
  int32_t j = 0;
  for (int32_t i = 0; i < part.rows; ++i) {
    int32_t from = i * s->pitch * s->columns * g->in_channels;
    int32_t to = (part.first + i) % s->y_slots * g->columns.out * g->out_channels;
    for (int32_t ox = 0; ox < g->columns.out; ++ox, ++j) {
      in[j] = from;
      out[j] = to;
      from += g->columns.stride * g->in_channels;
      to += g->out_channels;
    }
  }
  for (int32_t i = 0; i < extra; ++i, ++j) {
    in[j] = in[j - 1];
    out[j] = out[j - 1];
  }
}

#endif
