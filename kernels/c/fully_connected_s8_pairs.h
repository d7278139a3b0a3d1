/* 8-bit fully-connected layer with two inputs and two weights in a word each: the product
 *   (c + 2^16 a) (u + 2^16 v) = c u + 2^16 (a u + c v) modulo 2^32
 * holds the sum of two products in its upper half. A run of them is summed, short enough for both halves to
 * fit 16 bits (proved when the weights are packed), rounded to the upper half, and that half added up.
 *
 * Weights of four inputs are bytes of a word, 128 added: two masks give the words (w0, w2) and (w1, w3). What
 * the 128s add to a run is known from its inputs alone: it is taken off before the run begins. */
#ifndef MOTE_FULLY_CONNECTED_S8_PAIRS_H
#define MOTE_FULLY_CONNECTED_S8_PAIRS_H

#include "low_bits.h"
#include "pairs.h"

typedef struct {
  int32_t rows, in_channels;
  int32_t x_flip;
  int32_t fours; /* in each run, 4 inputs each */
  int32_t runs;
  int32_t channels, plain; /* output channels that runs are exact for (even: rounded up), and the others */
  int32_t stride;          /* output channels in all */
  mote_pairs_output output;
  int32_t sums;           /* the kernel gives sums */
  const int32_t* weights; /* [channels / 2][inputs / 4][2] */
  const int8_t* plain_weights;
  const int32_t* outputs; /* of channels, then of plain ones */
  mote_pairs_kernel* kernel;
} fully_connected_s8_pairs_params;

MOTE_INLINE int32_t mote_dot_input(const fully_connected_s8_pairs_params* p, const int8_t* x, int32_t i) {
  return i < p->in_channels ? (int8_t)(x[i] ^ p->x_flip) : 0;
}

/* For each run what it begins with, then the words of its inputs: (x2, x0) and (x3, x1) of each four. */
MOTE_KERNEL void mote_dot_words(const fully_connected_s8_pairs_params* p, const int8_t* x, uint32_t* to) {
  int32_t i = 0;
  for (int32_t run = 0; run < p->runs; ++run) {
    uint32_t* const begin = to++;
    uint32_t sum = 0;
    for (int32_t four = 0; four < p->fours; ++four, i += 4, to += 2) {
      if (i + 4 <= p->in_channels && p->x_flip == 0) {
        to[0] = (uint32_t)x[i + 2] + ((uint32_t)x[i] << 16);
        to[1] = (uint32_t)x[i + 3] + ((uint32_t)x[i + 1] << 16);
      } else {
        to[0] = (uint32_t)mote_dot_input(p, x, i + 2) + ((uint32_t)mote_dot_input(p, x, i) << 16);
        to[1] = (uint32_t)mote_dot_input(p, x, i + 3) + ((uint32_t)mote_dot_input(p, x, i + 1) << 16);
      }
      sum += to[0] + to[1];
    }
    *begin = 0x8000 - 0x00800080 * sum;
  }
}

/* Sums of two channels. */
MOTE_INLINE const int32_t* mote_dot_sums(const fully_connected_s8_pairs_params* p, const uint32_t* x,
                                         const int32_t* w, int32_t sums[2]) {
  const uint32_t mask = 0x00ff00ff;
  int32_t h0 = 0, h1 = 0;
  for (int32_t run = 0; run < p->runs; ++run) {
    uint32_t m0 = *x++, m1 = m0;
    for (int32_t four = 0; four < p->fours; ++four, x += 2, w += 2) {
      const uint32_t a = x[0], b = x[1], v0 = (uint32_t)w[0], v1 = (uint32_t)w[1];
      m0 += a * (v0 & mask);
      m0 += b * ((v0 >> 8) & mask);
      m1 += a * (v1 & mask);
      m1 += b * ((v1 >> 8) & mask);
    }
    h0 += (int32_t)m0 >> 16;
    h1 += (int32_t)m1 >> 16;
  }
  sums[0] = h0;
  sums[1] = h1;
  return w;
}

/* The channels that runs are exact for; the last may be there twice. */
MOTE_INLINE void mote_dot_channels(const fully_connected_s8_pairs_params* p, const uint32_t* x, int8_t* y,
                                   int32_t* sums, int32_t is_portable) {
  const int32_t* entry = p->outputs;
  if (is_portable) {
    const int32_t* w = p->weights;
    for (int32_t c = 0; c < p->channels; c += 2, entry += 8) {
      int32_t two[2];
      w = mote_dot_sums(p, x, w, two);
      mote_pairs_store(&p->output, entry, two, 1, y + (entry[3] >> 8), 1);
      mote_pairs_store(&p->output, entry + 4, two + 1, 1, y + (entry[7] >> 8), 1);
    }
  } else if (p->channels > 0) {
    mote_pairs_tile t;
    t.x = x;
    t.x_end = x + p->runs * (2 * p->fours + 1);
    t.weights = (const int8_t*)p->weights;
    t.outputs = entry;
    t.channels = p->channels / 2;
    t.y = p->sums ? (int8_t*)sums : y;
    p->kernel(&t);
    if (!p->sums) return;
    for (int32_t c = 0; c < p->channels; ++c, entry += 4)
      mote_pairs_store(&p->output, entry, sums + c, 1, y + (entry[3] >> 8), 1);
  }
}

/* The scratch holds the words of a row, then sums, if the kernel gives them. */
MOTE_INLINE void fully_connected_s8_pairs_body(const fully_connected_s8_pairs_params* p, const int8_t* x,
                                               int8_t* y, void* scratch, int32_t is_portable) {
  uint32_t* words = (uint32_t*)scratch;
  for (int32_t row = 0; row < p->rows; ++row, x += p->in_channels, y += p->stride) {
    const int8_t* w = p->plain_weights;
    const int32_t* entry = p->outputs + 4 * p->channels;
    mote_dot_words(p, x, words);
    mote_dot_channels(p, words, y, (int32_t*)(words + p->runs * (2 * p->fours + 1)), is_portable);
    for (int32_t c = 0; c < p->plain; ++c, entry += 4) {
      int32_t sum = 0;
      for (int32_t i = 0; i < p->in_channels; ++i) sum += mote_dot_input(p, x, i) * *w++;
      mote_pairs_store(&p->output, entry, &sum, 1, y + (entry[3] >> 8), 1);
    }
  }
}

MOTE_KERNEL void fully_connected_s8_pairs(const fully_connected_s8_pairs_params* p, const int8_t* x,
                                          int8_t* y, void* scratch) {
  fully_connected_s8_pairs_body(p, x, y, scratch, 1);
}
MOTE_KERNEL void fully_connected_s8_pairs_assembly(const fully_connected_s8_pairs_params* p, const int8_t* x,
                                                   int8_t* y, void* scratch) {
  fully_connected_s8_pairs_body(p, x, y, scratch, 0);
}

/* Weights of few bits: tiles of channels, in even numbers, as bytes with 128 added; no plain ones. */
typedef struct {
  fully_connected_s8_pairs_params layer;
  mote_low_tiles tiles;
} fully_connected_s8_pairs_low_params;

MOTE_INLINE void fully_connected_s8_pairs_low_body(const fully_connected_s8_pairs_low_params* p,
                                                   const int8_t* x, int8_t* y, void* scratch,
                                                   int32_t is_portable) {
  const mote_low_tiles* t = &p->tiles;
  fully_connected_s8_pairs_params layer = p->layer;
  layer.weights = (const int32_t*)scratch;
  for (int32_t c = 0, number = 0; c < p->layer.channels; c += t->channels, ++number) {
    layer.channels = mote_least(t->channels, p->layer.channels - c);
    layer.outputs = p->layer.outputs + 4 * c;
    mote_low_tile(t, number, layer.channels, (uint32_t*)scratch);
    fully_connected_s8_pairs_body(&layer, x, y, (uint32_t*)scratch + 8 * t->blocks, is_portable);
  }
}

MOTE_KERNEL void fully_connected_s8_pairs_low(const fully_connected_s8_pairs_low_params* p, const int8_t* x,
                                              int8_t* y, void* scratch) {
  fully_connected_s8_pairs_low_body(p, x, y, scratch, 1);
}
MOTE_KERNEL void fully_connected_s8_pairs_assembly_low(const fully_connected_s8_pairs_low_params* p,
                                                       const int8_t* x, int8_t* y, void* scratch) {
  fully_connected_s8_pairs_low_body(p, x, y, scratch, 0);
}

#endif
