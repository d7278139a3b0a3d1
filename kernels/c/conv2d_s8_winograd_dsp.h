/* 8-bit 3x3 convolution with stride 1 on Arm cores with the DSP extension by Winograd's F(2x2, 3x3) in
 * integers (winograd_dsp.S), equal to the convolution bit for bit. Some rows of tiles at a time: their padded
 * image rows and transformed inputs stand in the scratch; the weights stay bytes in the flash and are
 * transformed two channels at a time. A call computes output rows [first, first + rows). */
#ifndef MOTE_CONV2D_S8_WINOGRAD_DSP_H
#define MOTE_CONV2D_S8_WINOGRAD_DSP_H

#include "gemm_dsp.h"
#include "rows.h"
#include "window2d.h"

#if defined(__ARM_FEATURE_DSP)

/* Macros of winograd_dsp.S */
typedef void mote_winograd_input(const int8_t* a, const int8_t* b, uint32_t* to, int32_t groups);
typedef void mote_winograd_weights(const int32_t* weights, uint32_t* to);
typedef void mote_winograd_gemm(const uint32_t* weights, const uint32_t* inputs, int32_t* sums);
typedef void mote_winograd_output(const int32_t* sums, const int32_t* constants, int8_t* y, int32_t row);

typedef struct {
  mote_window2d window;     /* one group, plain; channels in fours, output channels in twos */
  int32_t x_slots, y_slots; /* as in rows.h */
  int32_t x_zero;           /* of padding */
  int32_t groups;           /* of four tiles in a row */
  int32_t tile_rows;        /* at a time */
  int32_t constant_words;   /* of two channels */
  const int32_t* weights;   /* bytes [out_channels][channels / 4][9][4] */
  const int32_t* outputs;   /* of each two channels the second first */
  mote_winograd_input *subtract, *add;
  mote_winograd_weights* expand;
  mote_winograd_gemm* gemm;
  mote_winograd_output* output;
} conv2d_s8_winograd_dsp_params;

/* Row iy of an image with the padding left and right; zero points outside the image. */
MOTE_KERNEL void mote_winograd_line(const conv2d_s8_winograd_dsp_params* p, const int8_t* x, int32_t image,
                                    int32_t iy, int8_t* to) {
  const mote_axis* columns = &p->window.columns;
  const int32_t depth = p->window.in_channels;
  const int32_t pitch = (8 * p->groups + 2) * depth;
  const int32_t before = -columns->offset * depth;
  const int32_t row = columns->in * depth;
  const int32_t used = row < pitch - before ? row : pitch - before;
  if (iy < 0 || iy >= p->window.rows.in) {
    memset(to, p->x_zero, (size_t)pitch);
    return;
  }
  memset(to, p->x_zero, (size_t)before);
  memcpy(to + before, x + mote_row_slot(image + iy, p->x_slots) * row, (size_t)used);
  memset(to + before + used, p->x_zero, (size_t)(pitch - before - used));
}

/* Transformed inputs of one row of tiles from its four lines. */
MOTE_INLINE void mote_winograd_inputs(const conv2d_s8_winograd_dsp_params* p, int8_t* const lines[4],
                                      uint32_t* to) {
  const int32_t depth = p->window.in_channels;
  for (int32_t c = 0; c < depth; c += 4, to += 8) {
    p->subtract(lines[0] + c, lines[2] + c, to, p->groups);
    p->add(lines[1] + c, lines[2] + c, to + 8 * depth, p->groups);
    p->subtract(lines[2] + c, lines[1] + c, to + 16 * depth, p->groups);
    p->subtract(lines[1] + c, lines[3] + c, to + 24 * depth, p->groups);
  }
}

/* Outputs of two channels and one group that begins at row oy, column ox: whole, or by way of `aside`. */
MOTE_INLINE void mote_winograd_outputs(const conv2d_s8_winograd_dsp_params* p, const int32_t* sums,
                                       const int32_t* constants, int8_t* y, int32_t row, int32_t oy,
                                       int32_t rows, int32_t ox, int8_t* aside) {
  const int32_t channels = p->window.out_channels;
  const int32_t columns = p->window.columns.out - ox < 8 ? p->window.columns.out - ox : 8;
  int8_t* to[2];
  for (int32_t i = 0; i < 2; ++i)
    to[i] = y + (mote_row_slot(row + oy + i, p->y_slots) * p->window.columns.out + ox) * channels;
  if (rows >= 2 && columns == 8) {
    p->output(sums, constants, to[0] + 1, (int32_t)(to[1] - to[0]));
    return;
  }
  p->output(sums, constants, aside + 1, 8 * channels);
  for (int32_t i = 0; i < 2 && i < rows; ++i)
    for (int32_t column = 0; column < columns; ++column)
      memcpy(to[i] + column * channels, aside + (8 * i + column) * channels, 2);
}

/* Computes `rows` rows of an image, not more than 2 tile_rows, from row oy on; the image's rows begin with
 * `image` among those of x, with `row` among those of y. */
MOTE_KERNEL void mote_winograd_stripe(const conv2d_s8_winograd_dsp_params* p, const int8_t* x, int8_t* y,
                                      int32_t image, int32_t row, int32_t oy, int32_t rows, void* scratch) {
  const int32_t depth = p->window.in_channels;
  const int32_t pitch = (8 * p->groups + 2) * depth;
  const int32_t group_words = 32 * depth;
  const int32_t tile_rows = (rows + 1) / 2;
  uint32_t* inputs = (uint32_t*)scratch;
  uint32_t* expanded = inputs + p->tile_rows * p->groups * group_words;
  int32_t* sums = (int32_t*)(expanded + 16 * depth);
  int8_t* aside = (int8_t*)(sums + 128); /* outputs; lines, before there are any */
  int8_t* lines[4];
  for (int32_t i = 0; i < 4; ++i) lines[i] = aside + i * pitch;
  for (int32_t r = 0; r < tile_rows; ++r) {
    for (int32_t i = 0; i < 2; ++i) { /* the last two lines of the row above are the first two */
      int8_t* line = lines[i];
      lines[i] = lines[i + 2];
      lines[i + 2] = line;
    }
    for (int32_t i = r == 0 ? 0 : 2; i < 4; ++i)
      mote_winograd_line(p, x, image, oy + 2 * r + i + p->window.rows.offset, lines[i]);
    mote_winograd_inputs(p, lines, inputs + r * p->groups * group_words);
  }
  const int32_t* weights = p->weights;
  const int32_t* constants = p->outputs;
  for (int32_t c = 0; c < p->window.out_channels; c += 2) {
    p->expand(weights, expanded + 1); /* the second channel comes first in the outputs */
    weights += 9 * depth / 4;
    p->expand(weights, expanded);
    weights += 9 * depth / 4;
    for (int32_t r = 0; r < tile_rows; ++r)
      for (int32_t g = 0; g < p->groups; ++g) {
        p->gemm(expanded, inputs + (r * p->groups + g) * group_words, sums);
        mote_winograd_outputs(p, sums, constants, y + c, row, oy + 2 * r, rows - 2 * r, 8 * g, aside);
      }
    constants += p->constant_words;
  }
}

MOTE_KERNEL void conv2d_s8_winograd_dsp(const conv2d_s8_winograd_dsp_params* p, const int8_t* x, int8_t* y,
                                        void* scratch, int32_t first, int32_t rows) {
  const mote_axis* axis = &p->window.rows;
  while (rows > 0) {
    const int32_t n = first / axis->out;
    const int32_t oy = first - n * axis->out;
    int32_t count = rows < 2 * p->tile_rows ? rows : 2 * p->tile_rows;
    if (count > axis->out - oy) count = axis->out - oy;
    mote_winograd_stripe(p, x, y, n * axis->in, n * axis->out, oy, count, scratch);
    first += count;
    rows -= count;
  }
}

#endif
#endif
