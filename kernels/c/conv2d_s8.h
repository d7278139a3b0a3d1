/* Convolution of activations and weights of up to 8 bits (a byte each), 32-bit sums; plain, grouped, dilated
 * or transposed; also fully-connected layers as 1x1 windows. Unsigned bytes are read as signed ones with the
 * top bit flipped, and their zero points count from there. x [batches, rows.in, columns.in, in_channels], w
 * [out_channels, rows.taps, columns.taps, in_channels / groups]. A call computes output rows [first, first +
 * rows). */
#ifndef MOTE_CONV2D_S8_H
#define MOTE_CONV2D_S8_H

#include "requantize.h"
#include "rows.h"
#include "window2d.h"

typedef struct {
  mote_window2d window;
  int32_t x_slots, y_slots;       /* as in rows.h */
  int32_t x_flip, w_flip, y_flip; /* 0x80 where unsigned */
  int32_t x_zero, w_zero, y_zero; /* w_zero counts where w_zeros is null */
  int32_t low, high;              /* bounds of y - y_zero */
  int32_t channel_step;           /* 1: a multiplier and shift per channel, 0: one for all */
  const int32_t* multipliers;
  const int8_t* shifts;
  const int32_t* w_zeros; /* per channel, or null */
  const int32_t* bias;    /* or null */
} conv2d_s8_params;

MOTE_INLINE int32_t conv2d_s8_value(int8_t byte, int32_t flip) {
  return (int8_t)((uint8_t)byte ^ (uint8_t)flip);
}

/* An output position: column ox of row oy of an image whose rows begin with `image` among those of x. */
typedef struct {
  int32_t image, oy, ox;
} conv2d_s8_place;

MOTE_INLINE conv2d_s8_place conv2d_s8_row(const mote_window2d* g, int32_t row) {
  const int32_t n = row / g->rows.out;
  const conv2d_s8_place at = {n * g->rows.in, row - n * g->rows.out, 0};
  return at;
}

/* Sums of `count` (1 to 4) channels from c of one output position, whose filters begin at w; every load of x
 * serves them all. The weights of absent channels repeat the last one. `general`: flips and weight zero
 * points are looked at. */
MOTE_INLINE void conv2d_s8_sums(const conv2d_s8_params* p, const int8_t* x, const int8_t* w,
                                conv2d_s8_place at, int32_t c, int32_t count, int32_t general,
                                int32_t sums[4]) {
  const mote_window2d* g = &p->window;
  const int32_t depth = g->in_channels / g->groups;
  const int32_t group = c / (g->out_channels / g->groups);
  const int32_t filter = g->rows.taps * g->columns.taps * depth;
  const int8_t* w0 = w;
  const int8_t* w1 = count > 1 ? w0 + filter : w0;
  const int8_t* w2 = count > 2 ? w1 + filter : w1;
  const int8_t* w3 = count > 3 ? w2 + filter : w2;
  uint32_t total = 0;
  uint32_t s0 = 0, s1 = 0, s2 = 0, s3 = 0; /* wrapping */
  for (int32_t ky = 0; ky < g->rows.taps; ++ky) {
    const int32_t iy = mote_axis_source(&g->rows, at.oy, ky);
    if (iy < 0) continue;
    const int8_t* row = x + mote_row_slot(at.image + iy, p->x_slots) * g->columns.in * g->in_channels;
    for (int32_t kx = 0; kx < g->columns.taps; ++kx) {
      const int32_t ix = mote_axis_source(&g->columns, at.ox, kx);
      if (ix < 0) continue;
      const int8_t* in = row + ix * g->in_channels + group * depth;
      const int32_t tap = (ky * g->columns.taps + kx) * depth;
      for (int32_t i = 0; i < depth; ++i) {
        const int32_t v = (general ? conv2d_s8_value(in[i], p->x_flip) : in[i]) - p->x_zero;
        const int32_t flip = general ? p->w_flip : 0;
        s0 += (uint32_t)(v * conv2d_s8_value(w0[tap + i], flip));
        s1 += (uint32_t)(v * conv2d_s8_value(w1[tap + i], flip));
        s2 += (uint32_t)(v * conv2d_s8_value(w2[tap + i], flip));
        s3 += (uint32_t)(v * conv2d_s8_value(w3[tap + i], flip));
        if (general) total += (uint32_t)v;
      }
    }
  }
  sums[0] = (int32_t)s0;
  sums[1] = (int32_t)s1;
  sums[2] = (int32_t)s2;
  sums[3] = (int32_t)s3;
  for (int32_t i = 0; general && i < count; ++i) {
    const int32_t zero = p->w_zeros ? p->w_zeros[c + i] : p->w_zero;
    sums[i] = (int32_t)((uint32_t)sums[i] - total * (uint32_t)zero);
  }
}

MOTE_INLINE int32_t conv2d_s8_block(const mote_window2d* g, int32_t c) {
  const int32_t group_outputs = g->out_channels / g->groups;
  const int32_t left = group_outputs - c % group_outputs;
  return left < 4 ? left : 4;
}

MOTE_INLINE int8_t conv2d_s8_output(const conv2d_s8_params* p, int32_t sum, int32_t c, int32_t general) {
  const int32_t at = c * p->channel_step;
  const int32_t scaled = mote_requantize(sum, p->multipliers[at], p->shifts[at]);
  const int32_t q = mote_clamp(scaled, p->low, p->high) + p->y_zero;
  return (int8_t)conv2d_s8_value((int8_t)q, general ? p->y_flip : 0);
}

MOTE_INLINE void conv2d_s8_body(const conv2d_s8_params* p, const int8_t* x, const int8_t* w,
                                const int32_t* bias, int8_t* y, int32_t first, int32_t rows,
                                int32_t general) {
  const mote_window2d* g = &p->window;
  for (int32_t row = first; row < first + rows; ++row) {
    conv2d_s8_place at = conv2d_s8_row(g, row);
    int8_t* out = y + mote_row_slot(row, p->y_slots) * g->columns.out * g->out_channels;
    for (; at.ox < g->columns.out; ++at.ox, out += g->out_channels) {
      for (int32_t c = 0; c < g->out_channels;) {
        const int32_t count = conv2d_s8_block(g, c);
        const int32_t filter = g->rows.taps * g->columns.taps * (g->in_channels / g->groups);
        int32_t sums[4];
        conv2d_s8_sums(p, x, w + c * filter, at, c, count, general, sums);
        for (int32_t i = 0; i < count; ++i, ++c) {
          const int32_t sum = bias ? mote_add(sums[i], bias[c]) : sums[i];
          out[c] = conv2d_s8_output(p, sum, c, general);
        }
      }
    }
  }
}

/* Everything signed, weights with zero point 0. */
MOTE_KERNEL void conv2d_s8_signed(const conv2d_s8_params* p, const int8_t* x, const int8_t* w,
                                  const int32_t* bias, int8_t* y, int32_t first, int32_t rows) {
  conv2d_s8_body(p, x, w, bias, y, first, rows, 0);
}

MOTE_KERNEL void conv2d_s8_general(const conv2d_s8_params* p, const int8_t* x, const int8_t* w,
                                   const int32_t* bias, int8_t* y, int32_t first, int32_t rows) {
  conv2d_s8_body(p, x, w, bias, y, first, rows, 1);
}

/* The sums themselves. */
MOTE_KERNEL void conv2d_s8_words(const conv2d_s8_params* p, const int8_t* x, const int8_t* w,
                                 const int32_t* bias, int32_t* y, int32_t first, int32_t rows) {
  const mote_window2d* g = &p->window;
  for (int32_t row = first; row < first + rows; ++row) {
    conv2d_s8_place at = conv2d_s8_row(g, row);
    int32_t* out = y + mote_row_slot(row, p->y_slots) * g->columns.out * g->out_channels;
    for (; at.ox < g->columns.out; ++at.ox, out += g->out_channels) {
      for (int32_t c = 0; c < g->out_channels;) {
        const int32_t count = conv2d_s8_block(g, c);
        const int32_t filter = g->rows.taps * g->columns.taps * (g->in_channels / g->groups);
        int32_t sums[4];
        conv2d_s8_sums(p, x, w + c * filter, at, c, count, 1, sums);
        for (int32_t i = 0; i < count; ++i, ++c) out[c] = bias ? mote_add(sums[i], bias[c]) : sums[i];
      }
    }
  }
}

/* What the emitted code calls: bias constant (or absent), or computed at run time. */
#define MOTE_CONV2D_S8(name, body, TY)                                                                     \
  MOTE_INLINE void name(const conv2d_s8_params* p, const int8_t* x, const int8_t* w, TY* y, int32_t first, \
                        int32_t rows) {                                                                    \
    body(p, x, w, p->bias, y, first, rows);                                                                \
  }                                                                                                        \
  MOTE_INLINE void name##_bias(const conv2d_s8_params* p, const int8_t* x, const int8_t* w,                \
                               const int32_t* bias, TY* y, int32_t first, int32_t rows) {                  \
    body(p, x, w, bias, y, first, rows);                                                                   \
  }

MOTE_CONV2D_S8(conv2d_s8, conv2d_s8_signed, int8_t)
MOTE_CONV2D_S8(conv2d_s8_any, conv2d_s8_general, int8_t)
MOTE_CONV2D_S8(conv2d_s8_s32, conv2d_s8_words, int32_t)

#endif
