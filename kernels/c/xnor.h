/* Convolution and fully-connected layers of activations and weights that are -1 or +1: what all
 * implementations share.
 *
 * A set bit is +1. A window of n elements and a filter that differ in d of them have the product n - 2d. The
 * elements of a window, [rows.taps][columns.taps][channels], are bits of 32-bit words, the lowest first; what
 * is missing in the last word is 0 in windows and filters. Taps outside the image are 0 in the window, so
 * they count the set bits of the filter where they should count half a tap: *limits* correct it.
 *
 * Filters differ from a window by a network of full adders. The first row of adders takes words a, b, c of
 * differences and needs only u = a ^ b, v = a ^ c, s = a ^ b ^ c: the sum is s, the carry s ^ (u | v). All
 * three are linear, so windows and filters are stored as such triples, and the differences themselves are
 * never computed. Word i of a window of `words` words with `triples` triples meets words triples + i and 2 *
 * triples + i; the words behind 3 * triples are stored as they are.
 *
 * weights [channels / lanes][words][lanes]: triple i at 3 * i (u, v, s). Channels are rounded up to lanes.
 * limits, by channel (`pitch` of them, multiple of lanes): a bit is set where d < limit; where the output is
 * a scaled sum, the sum is n + 2 * (limit - d). Output columns whose windows leave the image to the left or
 * right, and all of rows whose windows leave it above or below, have limits of their own in the scratch. */
#ifndef MOTE_XNOR_H
#define MOTE_XNOR_H

#include "requantize.h"
#include "rows.h"
#include "window2d.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

/* Differences of one window with all filters: as bits under their limits, `count` bytes of them, or as
 * numbers of 16 bits in y, `count` of them. */
typedef void mote_xnor_line(const uint32_t* column, const uint32_t* weights, const int16_t* limits, void* y,
                            int32_t count);

enum { MOTE_XNOR_BITS, MOTE_XNOR_SIGNS, MOTE_XNOR_BYTES }; /* forms of the output */

typedef struct {
  mote_window2d window;     /* one group, plain; in_channels is a multiple of 8 */
  int32_t x_slots, y_slots; /* as in rows.h */
  int32_t ring;             /* rows kept as bits where the input has bytes -1 and +1; 0: it has bits */
  int32_t y_form;
  int32_t words, triples;      /* of a window */
  int32_t column_words;        /* words of a window in the form of the implementation */
  int32_t lanes, pitch;        /* see above */
  int32_t block;               /* pixels that are counted together */
  int32_t padded, left, right; /* windows leave the image; so many columns of the output do */
  const uint32_t* weights;
  const int16_t* limits; /* null: 0 */
  mote_xnor_line* line;  /* of cores with assembly */
  /* of MOTE_XNOR_BYTES */
  int32_t y_flip, y_zero, low, high; /* as in conv2d_s8.h */
  int32_t channel_step;
  const int32_t* multipliers;
  const int8_t* shifts;
  int32_t unit;        /* twice the magnitude of the weights */
  const int32_t* bias; /* n times that magnitude added */
} conv2d_xnor_params;

/* A pixel of the output: its limits (null: 0) and its place. */
typedef struct {
  const int16_t* limits;
  int8_t* y;
} mote_xnor_pixel;

MOTE_INLINE uint32_t mote_xnor_load(const void* from) {
  uint32_t word;
  memcpy(&word, from, 4);
  return word;
}

MOTE_INLINE int32_t mote_xnor_count_bits(uint32_t v) {
#if defined(__POPCNT__) && defined(__GNUC__)
  return __builtin_popcount(v);
#else
  v -= v >> 1 & 0x55555555U;
  v = (v & 0x33333333U) + (v >> 2 & 0x33333333U);
  return (int32_t)(((v + (v >> 4)) & 0x0f0f0f0fU) * 0x01010101U >> 24);
#endif
}

/* Byte of a bit for each of eight bytes -1 or +1. */
MOTE_INLINE uint8_t mote_xnor_pack(const int8_t* x) {
  const uint32_t low = ~mote_xnor_load(x) >> 7 & 0x01010101U,
                 high = ~mote_xnor_load(x + 4) >> 7 & 0x01010101U;
  return (uint8_t)((low * 0x01020408U >> 24 & 0xfU) | (high * 0x01020408U >> 20 & 0xf0U));
}

/* Whole words first: the runs of a window are short. */
MOTE_INLINE void mote_xnor_copy(const uint8_t* x, int32_t bytes, uint8_t* to) {
  int32_t i = 0;
  for (; i + 8 <= bytes; i += 8) memcpy(to + i, x + i, 8);
  for (; i < bytes; ++i) to[i] = x[i];
}

/* Bits of `count` elements, a multiple of 8. */
MOTE_INLINE void mote_xnor_pack_row(const int8_t* x, int32_t count, uint8_t* to) {
  int32_t i = 0;
#if defined(__SSE2__)
  for (; i + 16 <= count; i += 16) {
    const __m128i signs = _mm_loadu_si128((const __m128i*)(const void*)(x + i));
    const uint16_t set = (uint16_t)~_mm_movemask_epi8(signs);
    memcpy(to + i / 8, &set, 2);
  }
#endif
  for (; i < count; i += 8) to[i / 8] = mote_xnor_pack(x + i);
}

/* Where windows read: the input itself, or a ring of its latest rows as bits. */
typedef struct {
  const uint8_t* x;
  int32_t slots;
  int32_t packed; /* rows before this one have been */
} mote_xnor_source;

/* Packs the rows that output row oy of an image needs for the first time. */
MOTE_INLINE void mote_xnor_pack_rows(const conv2d_xnor_params* p, const int8_t* x, int32_t image, int32_t oy,
                                     mote_xnor_source* source, uint8_t* ring) {
  const mote_axis* rows = &p->window.rows;
  const int32_t top = oy * rows->stride + rows->offset, row = p->window.columns.in * p->window.in_channels;
  const int32_t end = image + mote_least(rows->in, top + (rows->taps - 1) * rows->step + 1);
  int32_t at = image + (top > 0 ? top : 0);
  if (at < source->packed) at = source->packed;
  for (; at < end; ++at) {
    mote_xnor_pack_row(x + mote_row_slot(at, p->x_slots) * row, row,
                       ring + mote_row_slot(at, source->slots) * (row / 8));
    source->packed = at + 1;
  }
}

/* The bits of the window of column ox of row oy of the image whose rows begin with `image`. */
MOTE_INLINE void mote_xnor_window(const conv2d_xnor_params* p, const mote_xnor_source* source, int32_t image,
                                  int32_t oy, int32_t ox, uint8_t* to) {
  const mote_axis *rows = &p->window.rows, *columns = &p->window.columns;
  const int32_t tap = p->window.in_channels / 8;
  const int32_t left = ox * columns->stride + columns->offset;
  const int32_t run = columns->taps * tap;
  const int32_t whole = columns->step == 1 && left >= 0 && left + columns->taps <= columns->in;
  for (int32_t ky = 0; ky < rows->taps; ++ky, to += run) {
    const int32_t iy = oy * rows->stride + ky * rows->step + rows->offset;
    if (iy < 0 || iy >= rows->in) {
      memset(to, 0, (size_t)run);
      continue;
    }
    const uint8_t* row = source->x + mote_row_slot(image + iy, source->slots) * columns->in * tap;
    if (whole) {
      mote_xnor_copy(row + left * tap, run, to);
      continue;
    }
    for (int32_t kx = 0; kx < columns->taps; ++kx) {
      const int32_t ix = left + kx * columns->step;
      if (ix >= 0 && ix < columns->in)
        mote_xnor_copy(row + ix * tap, tap, to + kx * tap);
      else
        memset(to + kx * tap, 0, (size_t)tap);
    }
  }
}

/* Word k of the filter of channel o is taken from the tap bits. */
MOTE_INLINE void mote_xnor_count_word(const conv2d_xnor_params* p, int32_t o, int32_t k, uint32_t bits,
                                      int16_t* taps) {
  const int32_t tap = p->window.in_channels / 8;
  if (tap % 4 == 0) {
    int16_t* to = taps + 4 * k / tap * p->pitch + o;
    *to = (int16_t)(*to - mote_xnor_count_bits(bits));
    return;
  }
  for (int32_t at = 4 * k; at < 4 * k + 4 && bits != 0; ++at, bits >>= 8) {
    int16_t* to = taps + at / tap * p->pitch + o;
    *to = (int16_t)(*to - mote_xnor_count_bits(bits & 0xff));
  }
}

/* taps[tap][pitch]: half a tap less the set bits of the filter in the tap. */
MOTE_KERNEL void mote_xnor_tap_bits(const conv2d_xnor_params* p, int16_t* taps) {
  const int32_t count = p->window.rows.taps * p->window.columns.taps, t = p->triples, lanes = p->lanes;
  for (int32_t i = 0; i < count * p->pitch; ++i) taps[i] = (int16_t)(p->window.in_channels / 2);
  for (int32_t o = 0; o < p->window.out_channels; ++o) {
    const uint32_t* w = p->weights + o / lanes * p->words * lanes + o % lanes;
    for (int32_t i = 0; i < t; ++i, w += 3 * lanes) {
      const uint32_t u = w[0], v = w[lanes], a = u ^ v ^ w[2 * lanes];
      mote_xnor_count_word(p, o, i, a, taps);
      mote_xnor_count_word(p, o, t + i, a ^ u, taps);
      mote_xnor_count_word(p, o, 2 * t + i, a ^ v, taps);
    }
    for (int32_t i = 3 * t; i < p->words; ++i, w += lanes) mote_xnor_count_word(p, o, i, *w, taps);
  }
}

/* Which of the limits in the scratch are those of a column: one for each border column, then one for all
 * others. */
MOTE_INLINE int32_t mote_xnor_slot(const conv2d_xnor_params* p, int32_t ox) {
  const int32_t from_right = ox - (p->window.columns.out - p->right);
  return ox < p->left ? ox : p->left + (from_right >= 0 ? from_right : p->right);
}

/* The limits of windows of which only these taps are inside. */
MOTE_KERNEL void mote_xnor_limits(const conv2d_xnor_params* p, const int16_t* taps, mote_taps rows,
                                  mote_taps columns, int16_t* limits) {
  const int32_t count = p->pitch;
  for (int32_t o = 0; o < count; ++o) limits[o] = p->limits ? p->limits[o] : 0;
  for (int32_t ky = 0; ky < p->window.rows.taps; ++ky)
    for (int32_t kx = 0; kx < p->window.columns.taps; ++kx, taps += count)
      if (ky < rows.first || ky >= rows.last || kx < columns.first || kx >= columns.last)
        for (int32_t o = 0; o < count; ++o) limits[o] = (int16_t)(limits[o] - taps[o]);
  if (p->y_form != MOTE_XNOR_BYTES)
    for (int32_t o = 0; o < count; ++o) limits[o] = limits[o] < 0 ? 0 : limits[o];
}

/* The limits of all columns of a row; `cut`: its windows leave the image above or below. */
MOTE_INLINE void mote_xnor_row_limits(const conv2d_xnor_params* p, const int16_t* taps, mote_taps rows,
                                      int32_t cut, int16_t* limits) {
  const mote_axis* columns = &p->window.columns;
  for (int32_t i = 0; i < p->left + p->right; ++i, limits += p->pitch)
    mote_xnor_limits(p, taps, rows,
                     mote_axis_taps(columns, i < p->left ? i : columns->out - p->right + i - p->left),
                     limits);
  if (cut) {
    const mote_taps all = {0, columns->taps};
    mote_xnor_limits(p, taps, rows, all, limits);
  }
}

/* The byte of channel o, of a sign or a scaled sum, from its limit less its differences. */
MOTE_INLINE int8_t mote_xnor_output(const conv2d_xnor_params* p, int32_t o, int32_t rest) {
  const int32_t at = o * p->channel_step;
  int32_t scaled;
  if (p->y_form == MOTE_XNOR_SIGNS) return rest > 0 ? 1 : -1;
  scaled = mote_requantize(mote_add(p->unit * rest, p->bias[o]), p->multipliers[at], p->shifts[at]);
  return (int8_t)((uint8_t)(mote_clamp(scaled, p->low, p->high) + p->y_zero) ^ (uint8_t)p->y_flip);
}

/* Bytes of a pixel of the output. */
MOTE_INLINE int32_t mote_xnor_y_bytes(const conv2d_xnor_params* p) {
  return p->y_form == MOTE_XNOR_BITS ? p->window.out_channels / 8 : p->window.out_channels;
}

/* A layer: output rows [first, first + rows). transform(p, window, to) brings a window into the form of the
 * implementation, count(p, columns, pixels, n) computes n pixels. The scratch holds the pixels of a block,
 * a window with room for a vector behind it, the columns of a block, the ring, limits and tap bits. */
#define MOTE_XNOR_CONV2D(name, transform, count)                                                            \
  MOTE_KERNEL void name(const conv2d_xnor_params* p, const int8_t* x, int8_t* y, void* scratch,             \
                        int32_t first, int32_t rows) {                                                      \
    const mote_window2d* g = &p->window;                                                                    \
    mote_xnor_pixel* pixels = (mote_xnor_pixel*)scratch;                                                    \
    uint32_t* window = (uint32_t*)(void*)(pixels + p->block);                                               \
    uint32_t* columns = window + p->words + 8;                                                              \
    uint8_t* ring = (uint8_t*)(columns + p->block * p->column_words + 8);                                   \
    int16_t* limits = (int16_t*)(void*)(ring + (p->ring * g->columns.in * g->in_channels / 8 + 3) / 4 * 4); \
    int16_t* taps = limits + (p->left + p->right + 1) * p->pitch;                                           \
    mote_xnor_source source = {p->ring ? ring : (const uint8_t*)x, p->ring ? p->ring : p->x_slots, 0};      \
    mote_taps last = {-1, -1};                                                                              \
    int32_t n = 0;                                                                                          \
    window[p->words - 1] = 0;                                                                               \
    if (p->padded) mote_xnor_tap_bits(p, taps);                                                             \
    for (int32_t row = first; row < first + rows; ++row) {                                                  \
      const int32_t image = row / g->rows.out, oy = row - image * g->rows.out;                              \
      const mote_taps inside = mote_axis_taps(&g->rows, oy);                                                \
      const int32_t cut = inside.last - inside.first < g->rows.taps;                                        \
      int8_t* to = y + mote_row_slot(row, p->y_slots) * g->columns.out * mote_xnor_y_bytes(p);              \
      if (p->padded && (inside.first != last.first || inside.last != last.last)) {                          \
        if (n > 0) count(p, columns, pixels, n);                                                            \
        n = 0;                                                                                              \
        mote_xnor_row_limits(p, taps, inside, cut, limits);                                                 \
        last = inside;                                                                                      \
      }                                                                                                     \
      if (p->ring) mote_xnor_pack_rows(p, x, image * g->rows.in, oy, &source, ring);                        \
      for (int32_t ox = 0; ox < g->columns.out; ++ox, to += mote_xnor_y_bytes(p)) {                         \
        const int32_t slot = mote_xnor_slot(p, ox);                                                         \
        mote_xnor_window(p, &source, image * g->rows.in, oy, ox, (uint8_t*)window);                         \
        transform(p, window, columns + n * p->column_words);                                                \
        pixels[n].limits = cut || slot < p->left + p->right ? limits + slot * p->pitch : p->limits;         \
        pixels[n].y = to;                                                                                   \
        if (++n < p->block) continue;                                                                       \
        count(p, columns, pixels, n);                                                                       \
        n = 0;                                                                                              \
      }                                                                                                     \
    }                                                                                                       \
    if (n > 0) count(p, columns, pixels, n);                                                                \
  }

#endif
