/* 8-bit convolution of any depth on Arm cores with the DSP extension, made for first layers with one to three
 * channels. A band of the image is copied with its padding into the scratch; the windows of four pixels are
 * then read from there with loads of four bytes at any address and widened (gemm_dsp.S). A call computes
 * output rows [first, first + rows). */
#ifndef MOTE_CONV2D_S8_SHALLOW_DSP_H
#define MOTE_CONV2D_S8_SHALLOW_DSP_H

#include "gemm_dsp.h"
#include "rows.h"
#include "window2d.h"

#if defined(__ARM_FEATURE_DSP)

/* MOTE_GATHER4 and MOTE_GATHER4_LIST of gemm_dsp.S */
typedef void mote_gather4(uint32_t* to, const int8_t* p0, const int8_t* p1, const int8_t* p2,
                          const int8_t* p3, const int32_t* offsets, int32_t words);

typedef struct {
  mote_window2d window;     /* one group, plain */
  int32_t x_slots, y_slots; /* as in rows.h */
  int32_t x_zero;           /* of padding */
  int32_t pitch;            /* bytes of a padded row */
  int32_t band;             /* output rows whose windows stand in the scratch at a time */
  int32_t words;            /* of `offsets`, for functions that need them */
  const int32_t* offsets;
  mote_gather4* gather;
  mote_gemm_stage stage;
} conv2d_s8_shallow_dsp_params;

MOTE_INLINE int8_t* mote_copy_bytes(int8_t* to, const int8_t* from, int32_t bytes) {
  for (; bytes >= 4; bytes -= 4, to += 4, from += 4) {
    const uint32_t four = mote_load4(from);
    memcpy(to, &four, 4);
  }
  for (; bytes > 0; --bytes) *to++ = *from++;
  return to;
}
MOTE_INLINE int8_t* mote_fill_bytes(int8_t* to, int32_t value, int32_t bytes) {
  for (; bytes > 0; --bytes) *to++ = (int8_t)value;
  return to;
}

/* Rows [top, top + lines) of the image whose rows begin with `image`, with padding on all sides. */
MOTE_KERNEL void mote_copy_band(const conv2d_s8_shallow_dsp_params* p, const int8_t* x, int32_t image,
                                int32_t top, int32_t lines, int8_t* to) {
  const mote_axis* columns = &p->window.columns;
  const int32_t depth = p->window.in_channels;
  const int32_t row = columns->in * depth;
  const int32_t before = -columns->offset * depth;
  const int32_t width = p->pitch - before < row ? p->pitch - before : row;
  for (int32_t iy = top; iy < top + lines; ++iy) {
    if (iy < 0 || iy >= p->window.rows.in) {
      to = mote_fill_bytes(to, p->x_zero, p->pitch);
      continue;
    }
    to = mote_fill_bytes(to, p->x_zero, before);
    to = mote_copy_bytes(to, x + mote_row_slot(image + iy, p->x_slots) * row, width);
    to = mote_fill_bytes(to, p->x_zero, p->pitch - before - width);
  }
}

/* The scratch holds four windows, what the output stage needs, the band, and three bytes that may be read. */
MOTE_INLINE void conv2d_s8_shallow_dsp_body(const conv2d_s8_shallow_dsp_params* p, const int8_t* x, int8_t* y,
                                            void* scratch, int32_t first, int32_t rows, int32_t sums_only) {
  const mote_window2d* g = &p->window;
  uint32_t* windows = (uint32_t*)scratch;
  int8_t* aside = (int8_t*)(windows + p->stage.window_words);
  int8_t* band = aside + (sums_only ? 16 * p->stage.layer.channels : 4 * p->stage.layer.stride);
  const int32_t pixel_step = g->columns.stride * g->in_channels;
  const int32_t row_step = g->rows.stride * p->pitch;
  while (rows > 0) {
    const int32_t n = first / g->rows.out;
    const int32_t oy = first - n * g->rows.out;
    int32_t count = rows < p->band ? rows : p->band;
    if (count > g->rows.out - oy) count = g->rows.out - oy;
    mote_copy_band(p, x, n * g->rows.in, oy * g->rows.stride + g->rows.offset,
                   (count - 1) * g->rows.stride + (g->rows.taps - 1) * g->rows.step + 1, band);
    const int8_t* line = band;
    int32_t ox = 0;
    rows -= count;
    for (int32_t left = count * g->columns.out; left > 0; left -= 4) {
      const int32_t pixels = left < 4 ? left : 4;
      const int8_t* at[4];
      int8_t* out[4];
      for (int32_t i = 0; i < 4; ++i) {
        if (i >= pixels) { /* computed, but not stored */
          at[i] = at[0];
          out[i] = out[0];
          continue;
        }
        at[i] = line + ox * pixel_step;
        out[i] = y + (mote_row_slot(first, p->y_slots) * g->columns.out + ox) * g->out_channels;
        if (++ox < g->columns.out) continue;
        ox = 0;
        ++first;
        line += row_step;
      }
      p->gather(windows, at[0], at[1], at[2], at[3], p->offsets, p->words);
      mote_gemm_pixels(&p->stage, windows, out, pixels, pixels == 4 && out[3] - out[0] == 3 * g->out_channels,
                       aside, sums_only);
    }
  }
}

MOTE_KERNEL void conv2d_s8_shallow_dsp(const conv2d_s8_shallow_dsp_params* p, const int8_t* x, int8_t* y,
                                       void* scratch, int32_t first, int32_t rows) {
  conv2d_s8_shallow_dsp_body(p, x, y, scratch, first, rows, 0);
}
/* The same where the output stage is the general one. */
MOTE_KERNEL void conv2d_s8_shallow_dsp_sums(const conv2d_s8_shallow_dsp_params* p, const int8_t* x, int8_t* y,
                                            void* scratch, int32_t first, int32_t rows) {
  conv2d_s8_shallow_dsp_body(p, x, y, scratch, first, rows, 1);
}

MOTE_GEMM_LOW(conv2d_s8_shallow_dsp)

#endif
#endif
