/* Maximum and average over windows of images [batch, height, width, channels]. Cells outside the image are
 * never read. A call computes output rows [first, first + rows). */
#ifndef MOTE_POOL_H
#define MOTE_POOL_H

#include "rows.h"

typedef struct {
  int32_t batch, in_height, in_width, channels, out_height, out_width;
  int32_t window_h, window_w, stride_h, stride_w, dilation_h, dilation_w;
  int32_t top, left, bottom, right; /* padding */
  int32_t include_pad;              /* averages count the padding as zeros */
  int32_t zero;                     /* the integer that stands for zero */
  int32_t low, high;                /* fused clamp of integers */
  float low_f32, high_f32;
  int32_t x_slots, y_slots; /* as in rows.h */
} pool_params;

/* The cells k of a window, first <= k < last, with lowest <= start + k * dilation < end. */
typedef struct {
  int32_t first, last;
} mote_pool_cells;

MOTE_INLINE int32_t mote_pool_cell(int32_t start, int32_t dilation, int32_t window, int32_t bound) {
  const int32_t cell = bound <= start ? 0 : (bound - start + dilation - 1) / dilation;
  return cell < window ? cell : window;
}

MOTE_INLINE mote_pool_cells mote_pool_span(int32_t start, int32_t dilation, int32_t window, int32_t lowest,
                                           int32_t end) {
  mote_pool_cells cells;
  cells.first = mote_pool_cell(start, dilation, window, lowest);
  cells.last = mote_pool_cell(start, dilation, window, end);
  return cells;
}

MOTE_INLINE int32_t mote_pool_divisor(const pool_params* p, mote_pool_cells rows, mote_pool_cells columns,
                                      int32_t y0, int32_t x0) {
  if (p->include_pad) {
    rows = mote_pool_span(y0, p->dilation_h, p->window_h, -p->top, p->in_height + p->bottom);
    columns = mote_pool_span(x0, p->dilation_w, p->window_w, -p->left, p->in_width + p->right);
  }
  return rows.last > rows.first && columns.last > columns.first
             ? (rows.last - rows.first) * (columns.last - columns.first)
             : 0;
}

MOTE_INLINE int32_t mote_pool_quotient(int32_t sum, int32_t count) {
  return (sum > 0 ? sum + count / 2 : sum - count / 2) / count;
}

/* The window of output pixel (y, x), cut to the image. */
typedef struct {
  int32_t rows, columns; /* cells that are read */
  int32_t row;           /* of the first of them, in the image */
  int32_t first;         /* elements to it from the start of its row */
  int32_t divisor;       /* cells that an average divides by */
} mote_pool_window;

MOTE_INLINE mote_pool_window mote_pool_at(const pool_params* p, int32_t y, int32_t x) {
  const int32_t y0 = y * p->stride_h - p->top;
  const int32_t x0 = x * p->stride_w - p->left;
  const mote_pool_cells rows = mote_pool_span(y0, p->dilation_h, p->window_h, 0, p->in_height);
  const mote_pool_cells columns = mote_pool_span(x0, p->dilation_w, p->window_w, 0, p->in_width);
  mote_pool_window w;
  w.rows = rows.last > rows.first ? rows.last - rows.first : 0;
  w.columns = columns.last > columns.first ? columns.last - columns.first : 0;
  w.row = y0 + rows.first * p->dilation_h;
  w.first = (x0 + columns.first * p->dilation_w) * p->channels;
  w.divisor = mote_pool_divisor(p, rows, columns, y0, x0);
  return w;
}

/* Elements from the start of the input to its row `row`. */
MOTE_INLINE int32_t mote_pool_input(const pool_params* p, int32_t row) {
  return mote_row_slot(row, p->x_slots) * p->in_width * p->channels;
}
MOTE_INLINE int32_t mote_pool_output(const pool_params* p, int32_t row) {
  return mote_row_slot(row, p->y_slots) * p->out_width * p->channels;
}

/* Walks the windows. A is the type of the fold's state; `fold` sees a and the element v; `finish` sees a and
 * the window w. */
#define MOTE_POOL(name, T, A, start, fold, finish)                                                           \
  MOTE_KERNEL void name(const pool_params* p, const T* in, T* out, int32_t first, int32_t rows) {            \
    const int32_t column_step = p->dilation_w * p->channels;                                                 \
    int32_t row, x, c, i, j;                                                                                 \
    for (row = first; row < first + rows; ++row) {                                                           \
      const int32_t image = row / p->out_height;                                                             \
      T* to = out + mote_pool_output(p, row);                                                                \
      for (x = 0; x < p->out_width; ++x) {                                                                   \
        const mote_pool_window w = mote_pool_at(p, row - image * p->out_height, x);                          \
        for (c = 0; c < p->channels; ++c) {                                                                  \
          A a = (A)(start);                                                                                  \
          for (i = 0; i < w.rows; ++i) {                                                                     \
            int32_t at = mote_pool_input(p, image * p->in_height + w.row + i * p->dilation_h) + w.first + c; \
            for (j = 0; j < w.columns; ++j, at += column_step) {                                             \
              const T v = in[at];                                                                            \
              a = (A)(fold);                                                                                 \
            }                                                                                                \
          }                                                                                                  \
          *to++ = (T)(finish);                                                                               \
        }                                                                                                    \
      }                                                                                                      \
    }                                                                                                        \
  }

#define MOTE_POOL_CLAMP(value, low, high) ((value) < (low) ? (low) : (value) > (high) ? (high) : (value))

MOTE_INLINE int32_t mote_pool_average(const pool_params* p, int32_t sum, mote_pool_window w) {
  const int32_t zeros = w.divisor - w.rows * w.columns;
  const int32_t q = w.divisor == 0 ? p->zero : mote_pool_quotient(sum + zeros * p->zero, w.divisor);
  return MOTE_POOL_CLAMP(q, p->low, p->high);
}

MOTE_INLINE float mote_pool_average_f32(const pool_params* p, float sum, int32_t divisor) {
  const float mean = divisor == 0 ? 0.0F : sum / (float)divisor;
  return MOTE_POOL_CLAMP(mean, p->low_f32, p->high_f32);
}

#define MOTE_POOL_MAX(suffix, T)                                                     \
  MOTE_POOL(max_pool_##suffix, T, int32_t, p->zero, (int32_t)v > a ? (int32_t)v : a, \
            MOTE_POOL_CLAMP(a, p->low, p->high))

/* `zero` of a maximum is the lowest integer. */
MOTE_POOL_MAX(s8, int8_t)
MOTE_POOL_MAX(u8, uint8_t)
MOTE_POOL_MAX(s16, int16_t)
MOTE_POOL_MAX(u16, uint16_t)
MOTE_POOL_MAX(s32, int32_t)
MOTE_POOL(max_pool_f32, float, float, -3.402823466e38F, v > a ? v : a,
          MOTE_POOL_CLAMP(a, p->low_f32, p->high_f32))

#define MOTE_POOL_AVERAGE(suffix, T) \
  MOTE_POOL(average_pool_##suffix, T, int32_t, 0, a + v, mote_pool_average(p, a, w))

MOTE_POOL_AVERAGE(s8, int8_t)
MOTE_POOL_AVERAGE(u8, uint8_t)
MOTE_POOL_AVERAGE(s16, int16_t)
MOTE_POOL_AVERAGE(u16, uint16_t)
MOTE_POOL(average_pool_f32, float, float, 0, a + v, mote_pool_average_f32(p, a, w.divisor))

#endif
