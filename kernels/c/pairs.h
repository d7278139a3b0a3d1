/* 8-bit convolution on cores whose only product is that of two 32-bit words: two pixels a, b share a word x =
 * a + 2^16 b, so that one multiplication by a weight serves both, modulo 2^32. After a run of products, short
 * enough for both sums to fit 16 bits (which is proved when the weights are packed), the sum m of x * weight,
 * begun with 2^15, is taken apart: sum(b) = m >> 16, arithmetically; sum(a) is what remains. It is enough to
 * add up all m in one word and all m >> 16 in another.
 *
 * Windows of four pixels stand in the scratch as words [tap][2]. Padding is the input's zero point, which is
 * folded into the bias. Zero weights fill the taps of a filter up to whole runs. */
#ifndef MOTE_PAIRS_H
#define MOTE_PAIRS_H

#include "requantize.h"
#include "rows.h"
#include "window2d.h"

/* What the functions of pairs_armv7m.S, pairs_armv6m.S and pairs_rv32m.S read in this order and move on. */
typedef struct {
  const uint32_t* x; /* windows */
  const uint32_t* x_end;
  const int8_t* weights;
  const int32_t* outputs; /* four words a channel */
  int32_t start;          /* -2^15 for each run */
  int32_t channels;
  int8_t*
      y; /* channel c of pixel i: y[i * stride + c]; sums: words [channel][4] in the order of computation */
  int32_t stride;
} mote_pairs_tile;

typedef void mote_pairs_kernel(mote_pairs_tile* tile);

/* Channels that are computed one after the other in the same way. */
typedef struct {
  int32_t channels, taps, run;
  mote_pairs_kernel* kernel; /* in assembly only */
} mote_pairs_segment;

typedef struct {
  /* quick: outputs are {2 bias, multiplier, round, shift to the right | channel << 8}, round holds half a
   * unit and the zero point: both roundings in one multiplication, as |sum + bias| < 2^30 and all shifts are
   * 1 to
   * 22. Otherwise {bias, multiplier, shift, channel << 8}. `relu`: results of negative sums are clamped away.
   */
  int32_t quick, relu;
  int32_t zero, low, high; /* of y */
} mote_pairs_output;

/* floor((a * b + 2^31) / 2^32), b >= 0 */
MOTE_INLINE int32_t mote_rounded_high(int32_t a, int32_t b) {
#if defined(__ARM_ARCH_6M__)
  /* |a| < 2^25; products of halves. The middle ones have a sum from -2^25 to 2^31 + 2^26: 2^26 makes it
   * positive. */
  const int32_t ah = a >> 16, bh = b >> 16;
  const uint32_t al = (uint32_t)a & 0xffff, bl = (uint32_t)b & 0xffff;
  const uint32_t middle = al * (uint32_t)bh + (al * bl >> 16) + (uint32_t)ah * bl + 0x4008000;
  return ah * bh + (int32_t)(middle >> 16) - 0x400;
#else
  return (int32_t)(((int64_t)a * b + 0x80000000LL) >> 32);
#endif
}

/* `count` outputs of a channel. */
MOTE_INLINE void mote_pairs_store(const mote_pairs_output* o, const int32_t* entry, const int32_t* sums,
                                  int32_t count, int8_t* y, int32_t stride) {
  const int32_t bias = entry[0], multiplier = entry[1], low = o->low, high = o->high;
  const int32_t* const end = sums + count;
  if (o->quick) {
    const int32_t round = entry[2], shift = entry[3] & 31, sign = o->relu ? 0 : -1;
    for (; sums < end; ++sums, y += stride) {
      const int32_t twice = (int32_t)(((uint32_t)*sums << 1) + (uint32_t)bias);
      const int32_t q = mote_rounded_high(twice, multiplier) + ((twice >> 31) & sign) + round;
      *y = (int8_t)mote_clamp(q >> shift, low, high);
    }
  } else {
    for (; sums < end; ++sums, y += stride)
      *y = (int8_t)mote_clamp(mote_requantize(mote_add(*sums, bias), multiplier, entry[2]) + o->zero, low,
                              high);
  }
}

#define MOTE_PAIRS_TAP(i)      \
  v = (uint32_t)(int32_t)w[i]; \
  m0 += x[2 * (i)] * v;        \
  m1 += x[2 * (i) + 1] * v;
#define MOTE_PAIRS_2(i) MOTE_PAIRS_TAP(i) MOTE_PAIRS_TAP((i) + 1)
#define MOTE_PAIRS_4(i) MOTE_PAIRS_2(i) MOTE_PAIRS_2((i) + 2)
#define MOTE_PAIRS_8(i) MOTE_PAIRS_4(i) MOTE_PAIRS_4((i) + 4)
#define MOTE_PAIRS_RUN(n, products)         \
  case n:                                   \
    for (; x < end; x += 2 * n, w += n) {   \
      uint32_t m0 = 0x8000, m1 = 0x8000, v; \
      products l0 += m0;                    \
      l1 += m1;                             \
      h0 += (int32_t)m0 >> 16;              \
      h1 += (int32_t)m1 >> 16;              \
    }                                       \
    break;

/* Sums of one channel. */
MOTE_INLINE void mote_pairs_sums(const mote_pairs_tile* t, const int8_t* w, int32_t run, int32_t sums[4]) {
  const uint32_t* x = t->x;
  const uint32_t* const end = t->x_end;
  uint32_t l0 = (uint32_t)t->start, l1 = l0;
  int32_t h0 = 0, h1 = 0;
  switch (run) {
    MOTE_PAIRS_RUN(2, MOTE_PAIRS_2(0))
    MOTE_PAIRS_RUN(3, MOTE_PAIRS_2(0) MOTE_PAIRS_TAP(2))
    MOTE_PAIRS_RUN(4, MOTE_PAIRS_4(0))
    MOTE_PAIRS_RUN(6, MOTE_PAIRS_4(0) MOTE_PAIRS_2(4))
    MOTE_PAIRS_RUN(8, MOTE_PAIRS_8(0))
    MOTE_PAIRS_RUN(16, MOTE_PAIRS_8(0) MOTE_PAIRS_8(8))
    default: break;
  }
  sums[0] = (int32_t)(l0 - ((uint32_t)h0 << 16));
  sums[1] = h0;
  sums[2] = (int32_t)(l1 - ((uint32_t)h1 << 16));
  sums[3] = h1;
}

/* A segment of a tile without a kernel of its own. */
MOTE_KERNEL void mote_pairs_portable(mote_pairs_tile* t, const mote_pairs_segment* s,
                                     const mote_pairs_output* o) {
  for (int32_t c = 0; c < s->channels; ++c, t->weights += s->taps, t->outputs += 4) {
    int32_t sums[4];
    mote_pairs_sums(t, t->weights, s->run, sums);
    mote_pairs_store(o, t->outputs, sums, 4, t->y + (t->outputs[3] >> 8), t->stride);
  }
}

/* Bytes of four pixels as words. `flip`: unsigned ones, which count from 128. */
MOTE_INLINE uint32_t* mote_pairs_pack(uint32_t* to, const int8_t* p0, const int8_t* p1, const int8_t* p2,
                                      const int8_t* p3, int32_t count, int32_t flip) {
  const uint32_t* const end = to + 2 * count;
  if (flip == 0) {
    for (; to < end; to += 2) {
      to[0] = (uint32_t)*p0++ + ((uint32_t)*p1++ << 16);
      to[1] = (uint32_t)*p2++ + ((uint32_t)*p3++ << 16);
    }
  } else {
    for (; to < end; to += 2) {
      to[0] = (uint32_t)((uint8_t)*p0++ - 128) + ((uint32_t)((uint8_t)*p1++ - 128) << 16);
      to[1] = (uint32_t)((uint8_t)*p2++ - 128) + ((uint32_t)((uint8_t)*p3++ - 128) << 16);
    }
  }
  return to;
}

#endif
