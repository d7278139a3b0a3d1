/* 8-bit convolution and fully-connected layers on Armv8.1-M with vector instructions (MVE). Windows of one
 * element are read in place. Others are read from lines in the scratch: input rows with their padding, the
 * input's zero point; either in place, a run of neighbouring taps after the other, or, where runs are short,
 * from whole windows gathered there. */
#ifndef MOTE_CONV2D_S8_MVE_H
#define MOTE_CONV2D_S8_MVE_H

#include "gemm_mve.h"
#include "rows.h"
#include "window2d.h"

#if defined(__ARM_FEATURE_MVE)

typedef struct {
  mote_window2d window; /* one group, plain */
  int32_t x_slots, y_slots;
  int32_t segments, segment_bytes; /* that a pixel is read in */
  mote_mve_filters filters;
} conv2d_1x1_s8_mve_params;

MOTE_KERNEL void conv2d_1x1_s8_mve(const conv2d_1x1_s8_mve_params* p, const int8_t* x, int8_t* y,
                                   void* scratch, int32_t first, int32_t rows) {
  const mote_window2d* g = &p->window;
  mote_mve_pairs* pairs = (mote_mve_pairs*)scratch;
  const int32_t step = g->columns.stride * g->in_channels;
  mote_mve_begin(&p->filters, pairs);
  while (rows > 0) {
    const int32_t image = first / g->rows.out;
    const int32_t row = image * g->rows.in + (first - image * g->rows.out) * g->rows.stride;
    const int32_t x_slot = mote_row_slot(row, p->x_slots);
    const int32_t y_slot = mote_row_slot(first, p->y_slots);
    const int8_t* from = x + x_slot * g->columns.in * g->in_channels;
    /* Rows that follow each other in memory. A pair of pixels lies in one row, or in rows 2 n and 2 n + 1:
     * those are a block. */
    const int32_t apart = g->columns.out & 1;
    int32_t together = 1;
    if (g->rows.stride == 1 && g->columns.stride == 1 && (first & apart) == 0) {
      together = mote_row_run(x_slot, p->x_slots, mote_row_run(y_slot, p->y_slots, rows));
      if (together > 1 && together < rows) together &= ~apart;
    }
    mote_mve_segment* s = pairs->segments;
    for (int32_t i = 0; i < p->segments; ++i, ++s, from += p->segment_bytes) {
      s->x0 = from;
      s->x1 = from + step;
      s->step = 2 * step;
    }
    s->x0 = 0;
    mote_mve_pixels(&p->filters, pairs, together * g->columns.out,
                    y + y_slot * g->columns.out * g->out_channels);
    first += together;
    rows -= together;
  }
}

typedef struct {
  int32_t x_flip;
  int32_t in_channels;
  mote_mve_filters filters;
} fully_connected_s8_mve_params;

/* One row. */
MOTE_KERNEL void fully_connected_s8_mve(const fully_connected_s8_mve_params* p, const int8_t* x, int8_t* y,
                                        void* scratch) {
  mote_mve_pairs* pairs = (mote_mve_pairs*)scratch;
  int8_t* flipped = (int8_t*)(pairs->segments + 2);
  mote_mve_begin(&p->filters, pairs);
  if (p->x_flip != 0) {
    mote_mve_copy(flipped, x, p->in_channels);
    mote_mve_flip(flipped, p->in_channels);
    x = flipped;
  }
  pairs->segments[0].x0 = x;
  pairs->y0 = y;
  p->filters.gemm(pairs);
}

/* MOTE_WINDOWS_MVE of gemm_mve.S */
typedef void mote_mve_windows(mote_mve_segment* segments, int8_t* to, int32_t pixels);

typedef struct {
  mote_window2d window; /* one group, plain */
  int32_t x_slots, y_slots;
  int32_t x_flip, x_zero;
  int32_t reach;                           /* rows that a window spans; so many lines */
  int32_t line_bytes;                      /* from line to line */
  int32_t line_left, line_skip, line_used; /* bytes of padding before, of a row not copied, copied */
  int32_t runs;                            /* of neighbouring taps in a row of a window */
  int32_t run_bytes, run_step;             /* of a run; from run to run in a line */
  int32_t zeros_bytes;                     /* of a line that stands for rows outside the image */
  int32_t windows, window_bytes;           /* windows gathered at a time; 0: none */
  int32_t fours;                           /* the products are of four pixels at once */
  mote_mve_windows* gather;                /* 0: mote_mve_gather */
  int32_t lines_at, zeros_at, windows_at;  /* bytes into the scratch */
  mote_mve_filters filters;
} conv2d_s8_mve_params;

/* Lines of the rows [next, last) of an image whose row 0 is `row` of the tensor. */
MOTE_KERNEL void mote_mve_load_lines(const conv2d_s8_mve_params* p, const int8_t* x, int32_t row,
                                     int32_t next, int32_t last, int8_t* lines) {
  const int32_t row_bytes = p->window.columns.in * p->window.in_channels;
  for (; next < last; ++next) {
    int8_t* to = lines + next % p->reach * p->line_bytes + p->line_left;
    mote_mve_copy(to, x + mote_row_slot(row + next, p->x_slots) * row_bytes + p->line_skip, p->line_used);
    if (p->x_flip != 0) mote_mve_flip(to, p->line_used);
  }
}

/* Whole windows of consecutive pixels; the runs in `segments` move on. A run is written 16 bytes at a time,
 * and the next one over what is too much. */
MOTE_KERNEL void mote_mve_gather(const conv2d_s8_mve_params* p, mote_mve_segment* segments, int8_t* to,
                                 int32_t pixels) {
  for (; pixels > 0; --pixels, to += p->window_bytes) {
    int8_t* at = to;
    for (mote_mve_segment* s = segments; s->x0; ++s, at += p->run_bytes) {
      const int8_t* from = s->x0;
      int8_t* run = at;
      s->x0 = from + s->step;
      for (int32_t i = p->run_bytes; i > 0; i -= 16, from += 16, run += 16)
        __asm__ volatile(
            "vldrb.u8 q0, [%0]\n\t"
            "vstrb.8 q0, [%1]"
            :
            : "r"(from), "r"(run)
            : "q0", "memory");
    }
  }
}

/* A row of at least four pixels, four at a time; the last four may overlap the ones before. */
MOTE_INLINE void mote_mve_row_of_fours(const conv2d_s8_mve_params* p, mote_mve_pairs* pairs, int8_t* y) {
  const mote_window2d* g = &p->window;
  const int32_t channels = g->out_channels;
  const int32_t more = g->columns.out % 4;
  uint16_t* outputs = (uint16_t*)(void*)(pairs->segments + g->rows.taps);
  for (int32_t i = 0; i < 8; ++i) outputs[i] = (uint16_t)(i / 2 * channels + i % 2);
  pairs->y_step = 3 * channels;
  pairs->pairs = g->columns.out / 4;
  pairs->y0 = y;
  p->filters.gemm(pairs);
  if (more == 0) return;
  for (int32_t i = 0; i < g->rows.taps; ++i)
    if (pairs->segments[i].step != 0) pairs->segments[i].x0 -= (4 - more) * g->in_channels;
  pairs->pairs = 1;
  pairs->y0 = y + (g->columns.out - 4) * channels;
  p->filters.gemm(pairs);
}

/* Results of `count` gathered windows; none is left. */
MOTE_INLINE int32_t mote_mve_run_windows(const conv2d_s8_mve_params* p, mote_mve_pairs* pairs,
                                         const int8_t* windows, int32_t count, int8_t* y) {
  pairs->segments[0].x0 = windows;
  pairs->segments[0].x1 = windows + p->window_bytes;
  pairs->segments[0].step = 2 * p->window_bytes;
  pairs->segments[1].x0 = 0;
  mote_mve_pixels(&p->filters, pairs, count, y);
  return 0;
}

MOTE_KERNEL void conv2d_s8_mve(const conv2d_s8_mve_params* p, const int8_t* x, int8_t* y, void* scratch,
                               int32_t first, int32_t rows) {
  const mote_window2d* g = &p->window;
  mote_mve_pairs* pairs = (mote_mve_pairs*)scratch;
  int8_t* lines = (int8_t*)scratch + p->lines_at;
  int8_t* zeros = (int8_t*)scratch + p->zeros_at;
  int8_t* windows = (int8_t*)scratch + p->windows_at;
  const int32_t pixel = g->columns.stride * g->in_channels;
  const int32_t whole = p->windows > 0;
  /* the runs of the windows that are gathered stand behind the one segment that they become */
  mote_mve_segment* runs = pairs->segments + (whole ? 2 : 0);
  int32_t next = 0;
  int32_t held = 0; /* windows gathered, of pixels from held_y on */
  int8_t* held_y = y;
  mote_mve_begin(&p->filters, pairs);
  mote_mve_fill(lines, p->x_zero, p->reach * p->line_bytes + p->zeros_bytes);
  for (const int32_t last = first + rows; first < last; ++first) {
    const int32_t image = first / g->rows.out;
    const int32_t oy = first - image * g->rows.out;
    const int32_t top = oy * g->rows.stride + g->rows.offset;
    const int32_t bottom = top + p->reach < g->rows.in ? top + p->reach : g->rows.in;
    if (oy == 0) next = 0;
    if (next < top) next = top;
    mote_mve_load_lines(p, x, image * g->rows.in, next, bottom, lines);
    if (next < bottom) next = bottom;
    mote_mve_segment* s = runs;
    for (int32_t ky = 0, iy = top; ky < g->rows.taps; ++ky, iy += g->rows.step) {
      const int32_t inside = iy >= 0 && iy < g->rows.in;
      const int8_t* line = inside ? lines + iy % p->reach * p->line_bytes : zeros;
      const int32_t step = inside || whole ? pixel : 0;
      for (int32_t i = 0; i < p->runs; ++i, ++s) {
        s->x0 = line + (step != 0 ? i * p->run_step : 0);
        s->x1 = s->x0 + step;
        s->step = whole ? step : (p->fours ? 4 : 2) * step;
      }
    }
    s->x0 = 0;
    int8_t* to = y + mote_row_slot(first, p->y_slots) * g->columns.out * g->out_channels;
    if (p->fours) {
      mote_mve_row_of_fours(p, pairs, to);
      continue;
    }
    if (!whole) {
      mote_mve_pixels(&p->filters, pairs, g->columns.out, to);
      continue;
    }
    if (held > 0 && held_y + held * g->out_channels != to)
      held = mote_mve_run_windows(p, pairs, windows, held, held_y);
    for (int32_t left = g->columns.out; left > 0;) {
      const int32_t count = left < p->windows - held ? left : p->windows - held;
      if (held == 0) held_y = to;
      if (p->gather)
        p->gather(runs, windows + held * p->window_bytes, count);
      else
        mote_mve_gather(p, runs, windows + held * p->window_bytes, count);
      left -= count;
      held += count;
      to += count * g->out_channels;
      if (held == p->windows) held = mote_mve_run_windows(p, pairs, windows, held, held_y);
    }
  }
  if (held > 0) mote_mve_run_windows(p, pairs, windows, held, held_y);
}

#endif
#endif
