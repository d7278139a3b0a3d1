/* Weights of 1 to 7 bits as they stand in flash, and their expansion to bytes, a tile at a time.
 *
 * Each 32 bytes of a kernel's weights (eight words) are `bits` words of codes: first a plane of four words if
 * bits has 4, then one of two words if it has 2, then a word if it has 1, the lowest bits of the codes first.
 * In a plane of k words with k bits of each code, code bits of word i of the eight stand in word i * k / 8 of
 * the plane, shifted by k * (i % (8 / k)), byte by byte. A weight is (code << step) + low, or (table[code] <<
 * step) + low. */
#ifndef MOTE_LOW_BITS_H
#define MOTE_LOW_BITS_H

#include "mote_kernel.h"

typedef struct {
  const uint32_t* words;
  const uint8_t* table; /* or null */
  int32_t bits, step;
  /* Added to the codes and then flipped, so that no byte carries into the next: 0x80 + low and 0x80 in each
   * byte. Where a pair of bytes a, b stands for the 16-bit number a + 256 * b: the same for halves. */
  uint32_t plus, flip;
} mote_low_bits;

/* A tile: the filters of some output channels. */
typedef struct {
  mote_low_bits weights;
  int32_t channels;      /* of a tile; the last one may have fewer */
  int32_t channel_bytes; /* expanded */
  int32_t blocks;        /* of 32 weights in a whole tile: it takes 8 words each in the scratch */
  int32_t rows;          /* output rows that are computed with a tile before the next */
  int32_t output_words;  /* of the output constants of a channel */
} mote_low_tiles;

MOTE_INLINE uint32_t mote_low_table(const uint8_t* table, uint32_t codes) {
  return (uint32_t)table[codes & 255] | (uint32_t)table[codes >> 8 & 255] << 8 |
         (uint32_t)table[codes >> 16 & 255] << 16 | (uint32_t)table[codes >> 24] << 24;
}

/* Blocks of 32 weights from block `first` to `to`. */
MOTE_KERNEL void mote_low_expand(const mote_low_bits* w, int32_t first, int32_t blocks, uint32_t* to) {
  const uint32_t plus = w->plus, flip = w->flip;
  const uint32_t* from = w->words + first * w->bits;
  const int32_t bits = w->bits, step = w->step;
  uint32_t* const end = to + 8 * blocks;
  if (bits == 4 && step == 0 && !w->table) {
    for (; to < end; to += 2) {
      const uint32_t codes = *from++;
      to[0] = ((codes & 0x0f0f0f0fU) + plus) ^ flip;
      to[1] = ((codes >> 4 & 0x0f0f0f0fU) + plus) ^ flip;
    }
    return;
  }
  for (; to < end; to += 8) {
    int32_t shift = 0;
    memset(to, 0, 32);
    if (bits & 4) {
      for (int32_t i = 0; i < 8; i += 2, ++from) {
        to[i] = *from & 0x0f0f0f0fU;
        to[i + 1] = *from >> 4 & 0x0f0f0f0fU;
      }
      shift = 4;
    }
    if (bits & 2) {
      for (int32_t i = 0; i < 8; i += 4, ++from) {
        to[i] |= (*from & 0x03030303U) << shift;
        to[i + 1] |= (*from >> 2 & 0x03030303U) << shift;
        to[i + 2] |= (*from >> 4 & 0x03030303U) << shift;
        to[i + 3] |= (*from >> 6 & 0x03030303U) << shift;
      }
      shift += 2;
    }
    if (bits & 1) {
      for (int32_t i = 0; i < 8; ++i) to[i] |= (*from >> i & 0x01010101U) << shift;
      ++from;
    }
    for (int32_t i = 0; i < 8; ++i) {
      const uint32_t codes = w->table ? mote_low_table(w->table, to[i]) : to[i];
      to[i] = ((codes << step) + plus) ^ flip;
    }
  }
}

/* The first `channels` of a tile. */
MOTE_INLINE void mote_low_tile(const mote_low_tiles* t, int32_t tile, int32_t channels, uint32_t* to) {
  mote_low_expand(&t->weights, tile * t->blocks, (channels * t->channel_bytes + 31) / 32, to);
}

#endif
