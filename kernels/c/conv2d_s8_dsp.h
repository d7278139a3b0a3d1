/* 8-bit convolution on Arm cores with the DSP extension: the windows of four pixels are widened to 16 bits
 * into the scratch, interleaved by pixel, and multiplied with all filters (gemm_dsp.h); padding is the
 * input's zero point there. The depth is a multiple of four; the weights stand in the order of the window's
 * bytes. A call computes output rows [first, first + rows). */
#ifndef MOTE_CONV2D_S8_DSP_H
#define MOTE_CONV2D_S8_DSP_H

#include "gemm_dsp.h"
#include "rows.h"
#include "window2d.h"

#if defined(__ARM_FEATURE_DSP)

typedef struct {
  mote_window2d window;     /* one group, plain */
  int32_t x_slots, y_slots; /* as in rows.h */
  int32_t x_zero;           /* of padding */
  mote_widen4* widen;
  mote_gemm_stage stage;
} conv2d_s8_dsp_params;

/* Of windows of one element. */
typedef struct {
  int32_t x_slots, y_slots; /* as in rows.h */
  int32_t width, in_channels, out_channels;
  mote_widen4* widen;
  mote_gemm_stage stage;
} conv2d_s8_1x1_dsp_params;

/* Where the window of an output position begins: its first row in the image whose rows begin with `image`
 * among those of x, its first column. */
typedef struct {
  int32_t image, top, left;
} mote_window_place;

/* Widens the windows at four places. */
MOTE_INLINE void mote_dsp_windows(const conv2d_s8_dsp_params* p, const int8_t* x,
                                  const mote_window_place at[4], const int8_t* zeros, uint32_t* to) {
  const mote_axis* columns = &p->window.columns;
  const int32_t depth = p->window.in_channels;
  int32_t whole = columns->step == 1;
  for (int32_t i = 0; i < 4; ++i) whole &= at[i].left >= 0 && at[i].left + columns->taps <= columns->in;
  for (int32_t ky = 0; ky < p->window.rows.taps; ++ky) {
    const int8_t* line[4];
    int32_t inside = 1;
    for (int32_t i = 0; i < 4; ++i) {
      const int32_t iy = at[i].top + ky * p->window.rows.step;
      line[i] = 0;
      if (iy >= 0 && iy < p->window.rows.in)
        line[i] = x + (mote_row_slot(at[i].image + iy, p->x_slots) * columns->in + at[i].left) * depth;
      else
        inside = 0;
    }
    if (whole && inside) {
      to = p->widen(to, line[0], line[1], line[2], line[3], columns->taps * depth);
      continue;
    }
    for (int32_t kx = 0; kx < columns->taps; ++kx) {
      const int32_t step = kx * columns->step;
      const int8_t* tap[4];
      for (int32_t i = 0; i < 4; ++i) {
        const int32_t ix = at[i].left + step;
        tap[i] = line[i] && ix >= 0 && ix < columns->in ? line[i] + step * depth : zeros;
      }
      to = p->widen(to, tap[0], tap[1], tap[2], tap[3], depth);
    }
  }
}

/* The scratch holds four windows, a pixel of zero points, and what the output stage needs. */
MOTE_INLINE void conv2d_s8_dsp_body(const conv2d_s8_dsp_params* p, const int8_t* x, int8_t* y, void* scratch,
                                    int32_t first, int32_t rows, int32_t sums_only) {
  const mote_window2d* g = &p->window;
  uint32_t* windows = (uint32_t*)scratch;
  int8_t* aside = (int8_t*)(windows + p->stage.window_words);
  int8_t* zeros = aside;
  int32_t n = first / g->rows.out;
  int32_t oy = first - n * g->rows.out;
  int32_t ox = 0;
  aside += g->in_channels;
  memset(zeros, p->x_zero, (size_t)g->in_channels);
  for (int32_t left = rows * g->columns.out; left > 0; left -= 4) {
    mote_window_place at[4];
    int8_t* out[4];
    const int32_t count = left < 4 ? left : 4;
    for (int32_t i = 0; i < 4; ++i) {
      if (i >= count) { /* computed, but not stored */
        at[i] = at[0];
        continue;
      }
      at[i].image = n * g->rows.in;
      at[i].top = oy * g->rows.stride + g->rows.offset;
      at[i].left = ox * g->columns.stride + g->columns.offset;
      out[i] = y + (mote_row_slot(n * g->rows.out + oy, p->y_slots) * g->columns.out + ox) * g->out_channels;
      if (++ox < g->columns.out) continue;
      ox = 0;
      if (++oy < g->rows.out) continue;
      oy = 0;
      ++n;
    }
    mote_dsp_windows(p, x, at, zeros, windows);
    mote_gemm_pixels(&p->stage, windows, out, count, count == 4 && out[3] - out[0] == 3 * g->out_channels,
                     aside, sums_only);
  }
}

/* Windows of one element: pixels are read where they stand, with any depth. In place where there are not more
 * output than input channels. The scratch holds four windows, a pixel, and what the output stage needs. */
MOTE_INLINE void conv2d_s8_1x1_dsp_body(const conv2d_s8_1x1_dsp_params* p, const int8_t* x, int8_t* y,
                                        void* scratch, int32_t first, int32_t rows, int32_t sums_only) {
  const int32_t depth = p->in_channels;
  const int32_t channels = p->out_channels; /* of which the stage may compute some */
  const int32_t bytes = (depth + 3) & ~3;   /* what is read beside a pixel meets zero weights */
  uint32_t* windows = (uint32_t*)scratch;
  int8_t* copy = (int8_t*)(windows + p->stage.window_words);
  while (rows > 0) {
    const int32_t x_slot = mote_row_slot(first, p->x_slots), y_slot = mote_row_slot(first, p->y_slots);
    const int32_t run = mote_row_run(y_slot, p->y_slots, mote_row_run(x_slot, p->x_slots, rows));
    const int8_t* from = x + x_slot * p->width * depth;
    int8_t* to = y + y_slot * p->width * channels;
    first += run;
    rows -= run;
    for (int32_t left = run * p->width; left > 0; left -= 4) {
      const int32_t count = left < 4 ? left : 4;
      const int8_t* last = from + (count - 1) * depth;
      int8_t* out[4];
      for (int32_t i = 0; i < 4; ++i) out[i] = to + i * channels;
      if (left <= 4 && bytes != depth) { /* nothing is read behind the tensor */
        memcpy(copy, last, (size_t)depth);
        last = copy;
      }
      p->widen(windows, count > 1 ? from : last, count > 2 ? from + depth : last,
               count > 3 ? from + 2 * depth : last, last, bytes);
      mote_gemm_pixels(&p->stage, windows, out, count, count == 4, copy + bytes, sums_only);
      from += 4 * depth;
      to += 4 * channels;
    }
  }
}

#define MOTE_CONV2D_S8_DSP(name)                                                                          \
  MOTE_KERNEL void name(const name##_params* p, const int8_t* x, int8_t* y, void* scratch, int32_t first, \
                        int32_t rows) {                                                                   \
    name##_body(p, x, y, scratch, first, rows, 0);                                                        \
  }                                                                                                       \
  /* the same where the output stage is the general one */                                                \
  MOTE_KERNEL void name##_sums(const name##_params* p, const int8_t* x, int8_t* y, void* scratch,         \
                               int32_t first, int32_t rows) {                                             \
    name##_body(p, x, y, scratch, first, rows, 1);                                                        \
  }

MOTE_CONV2D_S8_DSP(conv2d_s8_dsp)
MOTE_CONV2D_S8_DSP(conv2d_s8_1x1_dsp)

MOTE_GEMM_LOW(conv2d_s8_dsp)
MOTE_GEMM_LOW(conv2d_s8_1x1_dsp)

#endif
#endif
