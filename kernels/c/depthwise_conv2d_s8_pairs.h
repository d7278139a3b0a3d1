/* 8-bit depthwise convolution with two outputs in a word (pairs.h). The input lines that a band of output
 * lines needs are copied, channel by channel, to a plane of words: sample i of the line, padding included,
 * and 2^16 times sample i + stride, so that outputs o and o + 1 read their taps from the same words. Lines
 * are rows of the image, or its columns where all of it is one band and that is the better way along.
 *
 * A band is written before other channels have read their input lines: where they would be overwritten, the
 * band waits in the scratch. One band of everything reads the plane of a channel before it writes: y may be
 * x. */
#ifndef MOTE_DEPTHWISE_CONV2D_S8_PAIRS_H
#define MOTE_DEPTHWISE_CONV2D_S8_PAIRS_H

#include "low_bits.h"
#include "pairs.h"

/* Lines of one output channel; read in this order by the functions of depthwise_pairs_armv7m.S. */
typedef struct {
  const uint32_t* x; /* the first line that the first output line reads */
  int8_t* y;
  const int8_t* weights;
  const int32_t* entry; /* of mote_pairs_output */
  int32_t pitch, next;  /* bytes from line to line of the plane, from output line to output line in it */
  int32_t y_line, y_step;
  int32_t lines, out; /* out >= 4 outputs in each */
} mote_pairs_lines;

typedef void mote_pairs_depthwise(const mote_pairs_lines* lines);

/* The sums of a line, up to `end` rounded up to four; `pitch` in bytes: functions of
 * depthwise_pairs_armv6m.S. */
typedef void mote_pairs_depthwise_line(const uint32_t* x, const int8_t* weights, int32_t pitch, int32_t* sums,
                                       const int32_t* end);

/* In C for filters of any size or 3x3 ones; in assembly that gives sums or outputs. */
typedef enum { kMotePairsAny, kMotePairs3x3, kMotePairsLines, kMotePairsWhole } mote_pairs_depthwise_way;

typedef struct {
  int32_t channels, multiplier;           /* of the input; outputs of each */
  mote_axis lines, along;                 /* without batches */
  int32_t x_line, x_step, y_line, y_step; /* bytes from line to line and along it */
  int32_t x_slots, y_slots;
  int32_t band, waiting; /* output lines at once; the same where they wait in the scratch */
  int32_t pitch, plane;  /* words of a line and of the plane */
  int32_t x_flip, x_zero;
  mote_pairs_output output;
  const int8_t* weights; /* [channel][line][along] */
  const int32_t* outputs;
  const int8_t* runs; /* for each channel: taps between which words are taken apart, or which kernel */
  int32_t filter;     /* bytes of the weights of a channel */
  mote_pairs_depthwise* kernel[3];
  mote_pairs_depthwise_line* line_kernel[3];
} depthwise_conv2d_s8_pairs_params;

/* Sums of outputs 0 to 3 from the words at x. */
MOTE_INLINE void mote_pairs_taps(const depthwise_conv2d_s8_pairs_params* p, const uint32_t* x,
                                 const int8_t* w, int32_t run, int32_t sums[4]) {
  const int32_t second = 2 * p->along.stride;
  uint32_t l0 = 0, l1 = 0, m0 = 0, m1 = 0;
  int32_t h0 = 0, h1 = 0, left = run;
  for (int32_t i = 0; i < p->lines.taps; ++i, x += p->lines.step * p->pitch) {
    const uint32_t* at = x;
    for (int32_t k = 0; k < p->along.taps; ++k, at += p->along.step) {
      const uint32_t v = (uint32_t)(int32_t)*w++;
      m0 += at[0] * v;
      m1 += at[second] * v;
      if (--left > 0) continue;
      left = run;
      l0 += m0;
      l1 += m1;
      h0 += (int32_t)(m0 + 0x8000) >> 16;
      h1 += (int32_t)(m1 + 0x8000) >> 16;
      m0 = m1 = 0;
    }
  }
  h0 += (int32_t)(m0 + 0x8000) >> 16;
  h1 += (int32_t)(m1 + 0x8000) >> 16;
  sums[0] = (int32_t)(l0 + m0 - ((uint32_t)h0 << 16));
  sums[1] = h0;
  sums[2] = (int32_t)(l1 + m1 - ((uint32_t)h1 << 16));
  sums[3] = h1;
}

#define MOTE_PAIRS_3X3_TAP(row, k, run)     \
  v = (uint32_t)(int32_t)w[k];              \
  m0 += row[(k) % 3] * v;                   \
  m1 += row[second + (k) % 3] * v;          \
  if (((k) + 1) % (run) == 0 || (k) == 8) { \
    l0 += m0;                               \
    l1 += m1;                               \
    h0 += (int32_t)(m0 + 0x8000) >> 16;     \
    h1 += (int32_t)(m1 + 0x8000) >> 16;     \
    m0 = m1 = 0;                            \
  }

/* A line of sums for 3x3 filters whose taps are neighbours. */
MOTE_INLINE void mote_pairs_3x3_run(const uint32_t* x, const int8_t* w, int32_t pitch, int32_t stride,
                                    int32_t run, int32_t* sums, const int32_t* end) {
  const int32_t second = 2 * stride;
  for (; sums < end; sums += 4, x += 4 * stride) {
    const uint32_t *x1 = x + pitch, *x2 = x1 + pitch;
    uint32_t l0 = 0, l1 = 0, m0 = 0, m1 = 0, v;
    int32_t h0 = 0, h1 = 0;
    MOTE_PAIRS_3X3_TAP(x, 0, run)
    MOTE_PAIRS_3X3_TAP(x, 1, run)
    MOTE_PAIRS_3X3_TAP(x, 2, run)
    MOTE_PAIRS_3X3_TAP(x1, 3, run)
    MOTE_PAIRS_3X3_TAP(x1, 4, run)
    MOTE_PAIRS_3X3_TAP(x1, 5, run)
    MOTE_PAIRS_3X3_TAP(x2, 6, run)
    MOTE_PAIRS_3X3_TAP(x2, 7, run)
    MOTE_PAIRS_3X3_TAP(x2, 8, run)
    sums[0] = (int32_t)(l0 - ((uint32_t)h0 << 16));
    sums[1] = h0;
    sums[2] = (int32_t)(l1 - ((uint32_t)h1 << 16));
    sums[3] = h1;
  }
}

MOTE_KERNEL void mote_pairs_3x3(const uint32_t* x, const int8_t* w, int32_t pitch, int32_t stride,
                                int32_t run, int32_t* sums, const int32_t* end) {
  switch (run) {
    case 9: mote_pairs_3x3_run(x, w, pitch, stride, 9, sums, end); break;
    case 5: mote_pairs_3x3_run(x, w, pitch, stride, 5, sums, end); break;
    case 3: mote_pairs_3x3_run(x, w, pitch, stride, 3, sums, end); break;
    default: mote_pairs_3x3_run(x, w, pitch, stride, 2, sums, end); break;
  }
}

/* The lines of one output channel, each by way of its sums. */
MOTE_INLINE void mote_pairs_channel(const depthwise_conv2d_s8_pairs_params* p, const mote_pairs_lines* t,
                                    int32_t run, int32_t* sums, mote_pairs_depthwise_way way) {
  const int32_t* const end = sums + t->out;
  const uint32_t* x = t->x;
  int8_t* y = t->y;
  for (int32_t i = 0; i < t->lines; ++i, x += p->lines.stride * p->pitch, y += t->y_line) {
    if (way == kMotePairsAny) {
      for (int32_t o = 0; o < t->out; o += 4)
        mote_pairs_taps(p, x + o * p->along.stride, t->weights, run, sums + o);
    } else if (way == kMotePairs3x3) {
      mote_pairs_3x3(x, t->weights, p->pitch, p->along.stride, run, sums, end);
    } else {
      p->line_kernel[run](x, t->weights, t->pitch, sums, end);
    }
    mote_pairs_store(&p->output, t->entry, sums, t->out, y, t->y_step);
  }
}

/* Input lines [top, top + count) that `lines` output lines from `line` read. */
typedef struct {
  int32_t top, count;
} mote_pairs_band;

MOTE_INLINE mote_pairs_band mote_pairs_band_of(const depthwise_conv2d_s8_pairs_params* p, int32_t line,
                                               int32_t lines) {
  mote_pairs_band band;
  band.top = line * p->lines.stride + p->lines.offset;
  band.count = (lines - 1) * p->lines.stride + (p->lines.taps - 1) * p->lines.step + 1;
  return band;
}

MOTE_INLINE uint32_t mote_pairs_sample(const depthwise_conv2d_s8_pairs_params* p, const int8_t* line,
                                       int32_t i) {
  i += p->along.offset;
  return (uint32_t)(int32_t)(int8_t)((i < 0 || i >= p->along.in ? p->x_zero : line[i * p->x_step]) ^
                                     p->x_flip);
}

/* Words [from, end) of a line. */
MOTE_INLINE void mote_pairs_words(const depthwise_conv2d_s8_pairs_params* p, const int8_t* line, int32_t from,
                                  int32_t end, uint32_t* to) {
  for (int32_t i = from; i < end; ++i)
    to[i] = mote_pairs_sample(p, line, i) + (mote_pairs_sample(p, line, i + p->along.stride) << 16);
}

/* A line of samples that are not all padding. */
MOTE_INLINE void mote_pairs_line(const depthwise_conv2d_s8_pairs_params* p, const int8_t* line,
                                 uint32_t* to) {
  const int32_t from = -p->along.offset;
  const int32_t end = mote_least(p->pitch, from + p->along.in - p->along.stride);
  if (p->x_flip != 0 || end <= from) {
    mote_pairs_words(p, line, 0, p->pitch, to);
    return;
  }
  mote_pairs_words(p, line, 0, from, to);
  const int32_t step = p->x_step;
  const int8_t* x = line;
  if (p->along.stride == 1) {
    int32_t sample = *x;
    for (uint32_t *at = to + from, *last = to + end; at < last; ++at) {
      const int32_t low = sample;
      x += step;
      sample = *x;
      *at = (uint32_t)low + ((uint32_t)sample << 16);
    }
  } else {
    const int8_t* second = x + p->along.stride * step;
    for (uint32_t *at = to + from, *last = to + end; at < last; ++at) {
      *at = (uint32_t)*x + ((uint32_t)*second << 16);
      x += step;
      second += step;
    }
  }
  mote_pairs_words(p, line, end, p->pitch, to);
}

/* `image`: row of x that is line 0. */
MOTE_KERNEL void mote_pairs_plane(const depthwise_conv2d_s8_pairs_params* p, const int8_t* x, int32_t image,
                                  mote_pairs_band band, uint32_t* plane) {
  const uint32_t zero = (uint32_t)(int32_t)(int8_t)(p->x_zero ^ p->x_flip);
  for (int32_t i = band.top; i < band.top + band.count; ++i, plane += p->pitch) {
    if (i >= 0 && i < p->lines.in) {
      mote_pairs_line(p, x + mote_row_slot(image + i, p->x_slots) * p->x_line, plane);
    } else {
      for (int32_t k = 0; k < p->pitch; ++k) plane[k] = zero + (zero << 16);
    }
  }
}

/* Whether output lines at y stand on input lines that they need. */
MOTE_INLINE int32_t mote_pairs_overlap(const depthwise_conv2d_s8_pairs_params* p, const int8_t* x,
                                       int32_t image, mote_pairs_band band, const int8_t* y, int32_t lines) {
  const int32_t end = mote_least(band.top + band.count, p->lines.in);
  for (int32_t i = band.top < 0 ? 0 : band.top; i < end; ++i) {
    const uintptr_t from = (uintptr_t)x + (uint32_t)(mote_row_slot(image + i, p->x_slots) * p->x_line);
    if (from < (uintptr_t)y + (uint32_t)(lines * p->y_line) && (uintptr_t)y < from + (uint32_t)p->x_line)
      return 1;
  }
  return 0;
}

/* Weights of few bits: tiles of channels. */
typedef struct {
  const mote_low_tiles* tiles; /* or null */
  uint32_t* expanded;
} mote_pairs_low;

/* All channels of a band, to `y`. */
MOTE_INLINE void mote_pairs_channels(const depthwise_conv2d_s8_pairs_params* p, mote_pairs_low low,
                                     const int8_t* x, int32_t image, mote_pairs_band band, uint32_t* plane,
                                     mote_pairs_lines* t, int8_t* y, int32_t* sums,
                                     mote_pairs_depthwise_way way) {
  t->weights = p->weights;
  t->entry = p->outputs;
  for (int32_t c = 0, o = 0; c < p->channels; ++c) {
    mote_pairs_plane(p, x + c, image, band, plane);
    for (int32_t i = 0; i < p->multiplier; ++i, ++o, t->weights += p->filter, t->entry += 4) {
      if (low.tiles && o % low.tiles->channels == 0) {
        const int32_t left = p->channels * p->multiplier - o;
        mote_low_tile(low.tiles, o / low.tiles->channels, mote_least(left, low.tiles->channels),
                      low.expanded);
        t->weights = (const int8_t*)low.expanded;
      }
      t->y = y + o;
      if (way == kMotePairsWhole)
        p->kernel[p->runs[o]](t);
      else
        mote_pairs_channel(p, t, p->runs[o], sums, way);
    }
  }
}

MOTE_INLINE void depthwise_conv2d_s8_pairs_body(const depthwise_conv2d_s8_pairs_params* p, mote_pairs_low low,
                                                const int8_t* x, int8_t* y, void* scratch, int32_t first,
                                                int32_t rows, mote_pairs_depthwise_way way) {
  uint32_t* plane = (uint32_t*)scratch;
  int32_t* sums = (int32_t*)(plane + p->plane);
  int8_t* aside = (int8_t*)(sums + (way == kMotePairsWhole ? 0 : (p->along.out + 3) / 4 * 4));
  mote_pairs_lines t;
  t.x = plane;
  t.pitch = 4 * p->pitch;
  t.next = p->lines.stride * t.pitch;
  t.y_line = p->y_line;
  t.y_step = p->y_step;
  t.out = p->along.out;
  for (int32_t end = first + rows; first < end; first += t.lines) {
    const int32_t n = first / p->lines.out;
    const int32_t line = first - n * p->lines.out, slot = mote_row_slot(first, p->y_slots);
    int8_t* place = y + slot * p->y_line;
    int8_t* to = place;
    t.lines =
        mote_least(mote_least(p->band, end - first), mote_least(p->lines.out - line, p->y_slots - slot));
    mote_pairs_band band = mote_pairs_band_of(p, line, t.lines);
    if (p->waiting > 0 && mote_pairs_overlap(p, x, n * p->lines.in, band, place, t.lines)) {
      t.lines = mote_least(t.lines, p->waiting);
      band = mote_pairs_band_of(p, line, t.lines);
      to = aside;
    }
    mote_pairs_channels(p, low, x, n * p->lines.in, band, plane, &t, to, sums, way);
    if (to == aside) memcpy(place, aside, (size_t)(t.lines * p->y_line));
  }
}

typedef struct {
  depthwise_conv2d_s8_pairs_params layer;
  mote_low_tiles tiles;
} depthwise_conv2d_s8_pairs_low_params;

/* FUNCTION_low expands the tiles in front of the scratch. */
#define MOTE_DEPTHWISE_S8_PAIRS(name, way)                                                                \
  MOTE_KERNEL void name(const depthwise_conv2d_s8_pairs_params* p, const int8_t* x, int8_t* y,            \
                        void* scratch, int32_t first, int32_t rows) {                                     \
    const mote_pairs_low none = {0, 0};                                                                   \
    depthwise_conv2d_s8_pairs_body(p, none, x, y, scratch, first, rows, way);                             \
  }                                                                                                       \
  MOTE_KERNEL void name##_low(const depthwise_conv2d_s8_pairs_low_params* p, const int8_t* x, int8_t* y,  \
                              void* scratch, int32_t first, int32_t rows) {                               \
    mote_pairs_low low;                                                                                   \
    low.tiles = &p->tiles;                                                                                \
    low.expanded = (uint32_t*)scratch;                                                                    \
    depthwise_conv2d_s8_pairs_body(&p->layer, low, x, y, low.expanded + 8 * p->tiles.blocks, first, rows, \
                                   way);                                                                  \
  }                                                                                                       \
  MOTE_INLINE void name##_low_whole(const depthwise_conv2d_s8_pairs_low_params* p, const int8_t* x,       \
                                    int8_t* y, void* scratch) {                                           \
    name##_low(p, x, y, scratch, 0, p->layer.lines.out);                                                  \
  }                                                                                                       \
                                                                                                          \
  /* one band of everything */                                                                            \
  MOTE_INLINE void name##_whole(const depthwise_conv2d_s8_pairs_params* p, const int8_t* x, int8_t* y,    \
                                void* scratch) {                                                          \
    name(p, x, y, scratch, 0, p->lines.out);                                                              \
  }

MOTE_DEPTHWISE_S8_PAIRS(depthwise_conv2d_s8_pairs, kMotePairsAny)
MOTE_DEPTHWISE_S8_PAIRS(depthwise_conv2d_3x3_s8_pairs, kMotePairs3x3)
MOTE_DEPTHWISE_S8_PAIRS(depthwise_conv2d_3x3_s8_pairs_sums, kMotePairsLines)
MOTE_DEPTHWISE_S8_PAIRS(depthwise_conv2d_3x3_s8_pairs_outputs, kMotePairsWhole)

#endif
