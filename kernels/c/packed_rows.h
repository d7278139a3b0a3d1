/* Operands with 1, 2 or 4 bits that stand packed, for kernels that read and write bytes: input rows are
 * unpacked into a strip in the scratch, a ring in which each row stays as long as windows need it; the kernel
 * runs on the strips for some output rows, and what it gave is packed.
 *
 *   mote_packed_run run;
 *   for (mote_packed_begin(&run, first, rows); mote_packed_next(&p, &run, x, x2, scratch);) {
 *     kernel(..., strips or operands, run.first, run.rows);
 *     mote_packed_store(&p, &run, scratch, y);
 *   } */
#ifndef MOTE_PACKED_ROWS_H
#define MOTE_PACKED_ROWS_H

#include "rows.h"

typedef enum { kMotePackedUnsigned, kMotePackedSigned, kMotePackedBipolar } mote_packed_kind;

typedef struct {
  int32_t bits;     /* 0: the kernel reads or writes the operand itself */
  int32_t kind;     /* mote_packed_kind */
  int32_t elements; /* of a row */
  int32_t rows;     /* of the strip */
  int32_t at;       /* its place in the scratch, bytes */
} mote_packed_side;

typedef struct {
  int32_t x_slots, x2_slots, y_slots; /* as in rows.h */
  mote_packed_side x, x2, y;
  int32_t in, out;               /* rows of an image */
  int32_t stride, offset, reach; /* output row r needs rows from r * stride + offset, as many as `reach` */
  int32_t block;                 /* output rows at a time */
} mote_packed_rows;

typedef struct {
  int32_t first, rows; /* that the kernel computes now */
  int32_t end, loaded; /* behind the last row to compute, and to have been unpacked */
} mote_packed_run;

/* Four elements as bytes from the low bits of `word`. */
MOTE_INLINE uint32_t mote_spread(uint32_t word, int32_t bits) {
  if (bits == 4) {
    word = (word | word << 8) & 0x00ff00ffU;
    return (word | word << 4) & 0x0f0f0f0fU;
  }
  if (bits == 2) {
    word = (word | word << 12) & 0x000f000fU;
    return (word | word << 6) & 0x03030303U;
  }
  return (word | word << 7 | word << 14 | word << 21) & 0x01010101U;
}

/* The low bits of four bytes, next to each other. */
MOTE_INLINE uint32_t mote_gather_bits(uint32_t word, int32_t bits) {
  if (bits == 4) {
    word &= 0x0f0f0f0fU;
    word = (word | word >> 4) & 0x00ff00ffU;
    return (word | word >> 8) & 0xffffU;
  }
  if (bits == 2) {
    word &= 0x03030303U;
    word = (word | word >> 6) & 0x000f000fU;
    return (word | word >> 12) & 0xffU;
  }
  word &= 0x01010101U;
  return (word | word >> 7 | word >> 14 | word >> 21) & 0xfU;
}

/* The row has `count` elements, a whole number of bytes. */
MOTE_KERNEL void mote_unpack_row(const mote_packed_side* s, const uint8_t* from, int8_t* to) {
  const int32_t bits = s->bits;
  const uint32_t sign = s->kind == kMotePackedSigned ? 0x01010101U << (bits - 1) : 0;
  const int32_t step = s->kind == kMotePackedBipolar;
  const uint32_t plus = s->kind == kMotePackedUnsigned ? 0
                        : s->kind == kMotePackedSigned ? 0x80808080U - sign
                                                       : 0x7f7f7f7fU;
  const uint32_t flip = s->kind == kMotePackedUnsigned ? 0 : 0x80808080U;
  uint32_t word = 0;
  int32_t held = 0; /* bits in the word */
  int32_t left = s->elements;
  for (; bits == 4 && left >= 8; left -= 8, from += 4, to += 8) {
    uint32_t eight[2];
    memcpy(&word, from, 4);
    eight[0] = ((mote_spread(word & 0xffff, 4) ^ sign) + plus) ^ flip;
    eight[1] = ((mote_spread(word >> 16, 4) ^ sign) + plus) ^ flip;
    memcpy(to, eight, 8);
  }
  for (word = 0; left > 0; left -= 4, to += 4) {
    while (held < 4 * bits && held < left * bits) {
      word |= (uint32_t)*from++ << held;
      held += 8;
    }
    const uint32_t four = (((mote_spread(word & ((1U << 4 * bits) - 1), bits) ^ sign) << step) + plus) ^ flip;
    word >>= 4 * bits;
    held -= 4 * bits;
    memcpy(to, &four, left < 4 ? (size_t)left : 4);
  }
}

MOTE_KERNEL void mote_pack_row(const mote_packed_side* s, const int8_t* from, uint8_t* to) {
  const int32_t bits = s->bits;
  uint32_t word = 0;
  int32_t held = 0;
  int32_t left = s->elements;
  for (; bits == 4 && left >= 8; left -= 8, from += 8, to += 4) {
    uint32_t eight[2];
    memcpy(eight, from, 8);
    word = mote_gather_bits(eight[0], 4) | mote_gather_bits(eight[1], 4) << 16;
    memcpy(to, &word, 4);
  }
  for (word = 0; left > 0; left -= 4, from += 4) {
    uint32_t four = 0;
    memcpy(&four, from, left < 4 ? (size_t)left : 4);
    if (s->kind == kMotePackedBipolar) four = (four ^ 0x02020202U) >> 1;
    word |= mote_gather_bits(four, bits) << held;
    held += (left < 4 ? left : 4) * bits;
    for (; held >= 8; held -= 8, word >>= 8) *to++ = (uint8_t)(word & 0xff);
  }
}

MOTE_INLINE void mote_packed_begin(mote_packed_run* run, int32_t first, int32_t rows) {
  run->first = first;
  run->rows = 0;
  run->end = first + rows;
  run->loaded = 0;
}

MOTE_INLINE void mote_packed_load(const mote_packed_side* s, const void* x, int32_t slots, int32_t row,
                                  void* scratch) {
  const int32_t bytes = s->elements * s->bits / 8;
  if (s->bits == 0) return;
  mote_unpack_row(s, (const uint8_t*)x + mote_row_slot(row, slots) * bytes,
                  (int8_t*)scratch + s->at + row % s->rows * s->elements);
}

/* Steps to the next output rows and unpacks the input rows that they need besides; 0 at the end. */
MOTE_KERNEL int32_t mote_packed_next(const mote_packed_rows* p, mote_packed_run* run, const void* x,
                                     const void* x2, void* scratch) {
  run->first += run->rows;
  if (run->first >= run->end) return 0;
  const int32_t image = run->first / p->out, row = run->first - image * p->out;
  run->rows = mote_least(mote_least(p->block, run->end - run->first), p->out - row);
  int32_t from = row * p->stride + p->offset, end = from + (run->rows - 1) * p->stride + p->reach;
  from = image * p->in + (from > 0 ? from : 0);
  end = image * p->in + mote_least(end, p->in);
  if (from < run->loaded) from = run->loaded;
  for (; from < end; ++from) {
    mote_packed_load(&p->x, x, p->x_slots, from, scratch);
    mote_packed_load(&p->x2, x2, p->x2_slots, from, scratch);
  }
  if (run->loaded < end) run->loaded = end;
  return 1;
}

/* The rows that the kernel has computed, if the output is packed. */
MOTE_KERNEL void mote_packed_store(const mote_packed_rows* p, const mote_packed_run* run, const void* scratch,
                                   void* y) {
  const mote_packed_side* s = &p->y;
  if (s->bits == 0) return;
  for (int32_t row = run->first; row < run->first + run->rows; ++row)
    mote_pack_row(s, (const int8_t*)scratch + s->at + row % s->rows * s->elements,
                  (uint8_t*)y + mote_row_slot(row, p->y_slots) * (s->elements * s->bits / 8));
}

#endif
