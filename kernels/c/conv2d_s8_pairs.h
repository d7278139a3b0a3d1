/* 8-bit convolution, plain or grouped, as in pairs.h; also fully-connected layers as 1x1 windows. */
#ifndef MOTE_CONV2D_S8_PAIRS_H
#define MOTE_CONV2D_S8_PAIRS_H

#include "low_bits.h"
#include "pairs.h"

typedef struct {
  mote_window2d window;     /* plain */
  int32_t x_slots, y_slots; /* as in rows.h */
  int32_t x_flip, x_zero;   /* 0x80 where unsigned; the byte of padding */
  int32_t words;            /* of a window of four pixels, for the segment with the most taps */
  mote_pairs_output output;
  const int8_t* weights;
  const int32_t* outputs;
  mote_pairs_segment segments[3]; /* of each group; channels 0: none */
} conv2d_s8_pairs_params;

/* Whether segments have kernels, and what those give. */
typedef enum { kMotePairsPortable, kMotePairsSums, kMotePairsOutputs } mote_pairs_way;

/* Where the window of an output pixel begins. */
typedef struct {
  int32_t image, top, left;
} mote_pairs_place;

/* Windows of four pixels, channels from `channel` to `channel` + depth. */
MOTE_INLINE void mote_pairs_windows(const conv2d_s8_pairs_params* p, const int8_t* x,
                                    const mote_pairs_place at[4], const int8_t* zeros, int32_t channel,
                                    int32_t depth, uint32_t* to) {
  const mote_axis* rows = &p->window.rows;
  const mote_axis* columns = &p->window.columns;
  const int32_t channels = p->window.in_channels;
  int32_t whole = (columns->step == 1 || columns->taps == 1) && depth == channels;
  for (int32_t i = 0; i < 4; ++i) whole &= at[i].left >= 0 && at[i].left + columns->taps <= columns->in;
  for (int32_t ky = 0; ky < rows->taps; ++ky) {
    const int8_t* line[4];
    int32_t inside = whole;
    for (int32_t i = 0; i < 4; ++i) {
      const int32_t iy = at[i].top + ky * rows->step;
      if (iy < 0 || iy >= rows->in) {
        line[i] = 0;
        inside = 0;
      } else {
        line[i] = x + mote_row_slot(at[i].image + iy, p->x_slots) * columns->in * channels + channel;
      }
    }
    if (inside) {
      to = mote_pairs_pack(to, line[0] + at[0].left * channels, line[1] + at[1].left * channels,
                           line[2] + at[2].left * channels, line[3] + at[3].left * channels,
                           columns->taps * depth, p->x_flip);
      continue;
    }
    for (int32_t kx = 0; kx < columns->taps; ++kx) {
      const int8_t* tap[4];
      for (int32_t i = 0; i < 4; ++i) {
        const int32_t ix = at[i].left + kx * columns->step;
        tap[i] = line[i] && ix >= 0 && ix < columns->in ? line[i] + ix * channels : zeros;
      }
      to = mote_pairs_pack(to, tap[0], tap[1], tap[2], tap[3], depth, p->x_flip);
    }
  }
}

/* All channels of a group for the four pixels in t->x, to t->y. */
MOTE_INLINE void mote_pairs_group(const conv2d_s8_pairs_params* p, mote_pairs_tile* t, int32_t* sums,
                                  mote_pairs_way way) {
  int8_t* const y = t->y;
  for (int32_t i = 0; i < 3 && p->segments[i].channels > 0; ++i) {
    const mote_pairs_segment* s = &p->segments[i];
    t->x_end = t->x + 2 * s->taps;
    t->start = -(s->taps / s->run) * 0x8000;
    t->channels = s->channels;
    if (way == kMotePairsPortable) {
      mote_pairs_portable(t, s, &p->output);
    } else if (way == kMotePairsOutputs) {
      s->kernel(t);
    } else {
      t->y = (int8_t*)sums;
      s->kernel(t);
      t->y = y;
      for (int32_t c = 0; c < s->channels; ++c, t->outputs += 4)
        mote_pairs_store(&p->output, t->outputs, sums + 4 * c, 4, y + (t->outputs[3] >> 8), t->stride);
    }
  }
}

/* The scratch holds four windows, then the sums of a group, if kernels give them, and then the outputs of
 * four pixels or a pixel of zero points. `some`: the segments are not all channels, the others stay. */
MOTE_INLINE void conv2d_s8_pairs_body(const conv2d_s8_pairs_params* p, const int8_t* x, int8_t* y,
                                      void* scratch, int32_t first, int32_t rows, mote_pairs_way way,
                                      int32_t some) {
  const mote_window2d* g = &p->window;
  const int32_t depth = g->in_channels / g->groups;
  uint32_t* windows = (uint32_t*)scratch;
  int32_t* sums = (int32_t*)(windows + p->words);
  int8_t* aside = (int8_t*)(sums + (way == kMotePairsSums ? 4 * (g->out_channels / g->groups + 1) : 0));
  int8_t* zeros = aside + 4 * g->out_channels;
  int32_t n = first / g->rows.out;
  int32_t oy = first - n * g->rows.out;
  int32_t ox = 0;
  memset(zeros, p->x_zero, (size_t)depth);
  for (int32_t left = rows * g->columns.out; left > 0; left -= 4) {
    mote_pairs_place at[4];
    int8_t* out[4];
    mote_pairs_tile t;
    const int32_t count = left < 4 ? left : 4;
    int32_t together = count == 4;
    for (int32_t i = 0; i < 4; ++i) {
      if (i >= count) { /* computed, but not kept */
        at[i] = at[0];
        continue;
      }
      at[i].image = n * g->rows.in;
      at[i].top = oy * g->rows.stride + g->rows.offset;
      at[i].left = ox * g->columns.stride + g->columns.offset;
      out[i] = y + (mote_row_slot(n * g->rows.out + oy, p->y_slots) * g->columns.out + ox) * g->out_channels;
      together = together && out[i] - out[0] == i * g->out_channels;
      if (++ox < g->columns.out) continue;
      ox = 0;
      if (++oy < g->rows.out) continue;
      oy = 0;
      ++n;
    }
    t.x = windows;
    t.weights = p->weights;
    t.outputs = p->outputs;
    t.y = together ? out[0] : aside;
    t.stride = g->out_channels;
    for (int32_t i = 0; some && !together && i < count; ++i)
      memcpy(aside + i * t.stride, out[i], (size_t)t.stride);
    for (int32_t group = 0; group < g->groups; ++group) {
      mote_pairs_windows(p, x, at, zeros, group * depth, depth, windows);
      mote_pairs_group(p, &t, sums, way);
    }
    if (together) continue;
    for (int32_t i = 0; i < count; ++i) memcpy(out[i], aside + i * t.stride, (size_t)t.stride);
  }
}

/* Weights of few bits, one group: tiles are of channels of a segment, in even numbers, each in its own
 * blocks. */
typedef struct {
  conv2d_s8_pairs_params layer;
  mote_low_tiles tiles;
} conv2d_s8_pairs_low_params;

MOTE_INLINE void conv2d_s8_pairs_low_body(const conv2d_s8_pairs_low_params* p, const int8_t* x, int8_t* y,
                                          void* scratch, int32_t first, int32_t rows, mote_pairs_way way) {
  const mote_low_tiles* t = &p->tiles;
  uint32_t* tile = (uint32_t*)scratch;
  conv2d_s8_pairs_params layer = p->layer;
  layer.weights = (const int8_t*)tile;
  layer.segments[1].channels = 0;
  for (const int32_t end = first + rows; first < end; first += t->rows) {
    int32_t block = 0;
    layer.outputs = p->layer.outputs;
    for (int32_t i = 0; i < 3; ++i) {
      const mote_pairs_segment* s = &p->layer.segments[i];
      layer.segments[0] = *s;
      for (int32_t c = 0; c < s->channels; c += t->channels) {
        const int32_t channels = mote_least(t->channels, s->channels - c);
        const int32_t blocks = (channels * s->taps + 31) / 32;
        mote_low_expand(&t->weights, block, blocks, tile);
        layer.segments[0].channels = channels;
        conv2d_s8_pairs_body(&layer, x, y, tile + 8 * t->blocks, first, mote_least(t->rows, end - first), way,
                             1);
        layer.outputs += 4 * channels;
        block += blocks;
      }
    }
  }
}

#define MOTE_CONV2D_S8_PAIRS(name, way)                                                             \
  MOTE_KERNEL void name(const conv2d_s8_pairs_params* p, const int8_t* x, int8_t* y, void* scratch, \
                        int32_t first, int32_t rows) {                                              \
    conv2d_s8_pairs_body(p, x, y, scratch, first, rows, way, 0);                                    \
  }                                                                                                 \
  MOTE_KERNEL void name##_low(const conv2d_s8_pairs_low_params* p, const int8_t* x, int8_t* y,      \
                              void* scratch, int32_t first, int32_t rows) {                         \
    conv2d_s8_pairs_low_body(p, x, y, scratch, first, rows, way);                                   \
  }

MOTE_CONV2D_S8_PAIRS(conv2d_s8_pairs, kMotePairsPortable)
MOTE_CONV2D_S8_PAIRS(conv2d_s8_pairs_sums, kMotePairsSums)
MOTE_CONV2D_S8_PAIRS(conv2d_s8_pairs_outputs, kMotePairsOutputs)

#endif
