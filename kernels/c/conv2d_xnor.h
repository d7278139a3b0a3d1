/* Layers of -1 and +1 in portable C: words of 32 bits, one channel at a time (xnor.h). */
#ifndef MOTE_CONV2D_XNOR_H
#define MOTE_CONV2D_XNOR_H

#include "xnor.h"

/* Sum s and carry c of three words. */
#define MOTE_XNOR_ADD(s, c, a, b, d)               \
  do {                                             \
    const uint32_t u_ = (a) ^ (b), v_ = (a) ^ (d); \
    s = u_ ^ (d);                                  \
    c = s ^ (u_ | v_);                             \
  } while (0)

/* The same of triple i. */
#define MOTE_XNOR_TRIPLE(s, c, i)                                                      \
  do {                                                                                 \
    const uint32_t u_ = x[3 * (i)] ^ w[3 * (i)], v_ = x[3 * (i) + 1] ^ w[3 * (i) + 1]; \
    s = x[3 * (i) + 2] ^ w[3 * (i) + 2];                                               \
    c = s ^ (u_ | v_);                                                                 \
  } while (0)

/* Set bits of each nibble, and the sum of the nibbles of each byte. */
MOTE_INLINE uint32_t mote_xnor_nibbles(uint32_t v) {
  v -= v >> 1 & 0x55555555U;
  return (v & 0x33333333U) + (v >> 2 & 0x33333333U);
}
MOTE_INLINE uint32_t mote_xnor_bytes(uint32_t v) { return (v & 0x0f0f0f0fU) + (v >> 4 & 0x0f0f0f0fU); }
MOTE_INLINE uint32_t mote_xnor_sum(uint32_t bytes) {
  return ((bytes & 0x00ff00ffU) + (bytes >> 8 & 0x00ff00ffU)) * 0x00010001U >> 16;
}

/* Differences of 18 words. */
MOTE_INLINE uint32_t mote_xnor_18(const uint32_t* x, const uint32_t* w) {
  uint32_t one, two, four, eight, more, carry, sums, s0, s1, s2, c0, c1, c2;
  MOTE_XNOR_TRIPLE(s0, c0, 0);
  MOTE_XNOR_TRIPLE(s1, c1, 1);
  MOTE_XNOR_TRIPLE(s2, c2, 2);
  MOTE_XNOR_ADD(one, carry, s0, s1, s2);
  MOTE_XNOR_ADD(two, four, c0, c1, c2);
  MOTE_XNOR_TRIPLE(s0, c0, 3);
  MOTE_XNOR_ADD(two, more, carry, two, c0);
  MOTE_XNOR_TRIPLE(s1, c1, 4);
  MOTE_XNOR_ADD(one, carry, one, s0, s1);
  MOTE_XNOR_ADD(two, c0, two, c1, carry);
  MOTE_XNOR_ADD(four, eight, four, more, c0);
  MOTE_XNOR_TRIPLE(s2, c2, 5);
  carry = one & s2;
  one ^= s2;
  MOTE_XNOR_ADD(two, c0, two, c2, carry);
  more = four & c0; /* a second word of eights */
  four ^= c0;
  sums = mote_xnor_bytes(mote_xnor_nibbles(one) + (mote_xnor_nibbles(two) << 1));
  sums += mote_xnor_bytes(mote_xnor_nibbles(four) + (mote_xnor_nibbles(eight) << 1)) << 2;
  sums += mote_xnor_bytes(mote_xnor_nibbles(more)) << 3;
  return mote_xnor_sum(sums);
}

/* Differences of 9 words. */
MOTE_INLINE uint32_t mote_xnor_9(const uint32_t* x, const uint32_t* w) {
  uint32_t one, two, four, more, s0, s1, s2, c0, c1, c2;
  MOTE_XNOR_TRIPLE(s0, c0, 0);
  MOTE_XNOR_TRIPLE(s1, c1, 1);
  MOTE_XNOR_TRIPLE(s2, c2, 2);
  MOTE_XNOR_ADD(one, more, s0, s1, s2); /* `more` are twos */
  MOTE_XNOR_ADD(two, four, c0, c1, c2);
  return mote_xnor_sum(mote_xnor_bytes(mote_xnor_nibbles(one) + (mote_xnor_nibbles(two) << 1)) +
                       (mote_xnor_bytes(mote_xnor_nibbles(more) + (mote_xnor_nibbles(four) << 1)) << 1));
}

MOTE_INLINE int32_t mote_xnor_differences(const conv2d_xnor_params* p, const uint32_t* x, const uint32_t* w) {
  uint32_t sum = 0;
  int32_t triples = p->triples;
  for (; triples >= 6; triples -= 6, x += 18, w += 18) sum += mote_xnor_18(x, w);
  for (; triples >= 3; triples -= 3, x += 9, w += 9) sum += mote_xnor_9(x, w);
  for (; triples > 0; --triples, x += 3, w += 3) {
    uint32_t s, c;
    MOTE_XNOR_TRIPLE(s, c, 0);
    sum += mote_xnor_sum(mote_xnor_bytes(mote_xnor_nibbles(s) + (mote_xnor_nibbles(c) << 1)));
  }
  for (int32_t i = p->words - 3 * p->triples; i > 0; --i) sum += (uint32_t)mote_xnor_count_bits(*x++ ^ *w++);
  return (int32_t)sum;
}

/* Triples side by side. */
MOTE_INLINE void mote_xnor_column(const conv2d_xnor_params* p, const uint32_t* window, uint32_t* to) {
  const int32_t t = p->triples;
  for (int32_t i = 0; i < t; ++i, to += 3) {
    const uint32_t a = window[i], u = a ^ window[t + i], c = window[2 * t + i];
    to[0] = u;
    to[1] = a ^ c;
    to[2] = u ^ c;
  }
  for (int32_t i = 3 * t; i < p->words; ++i) *to++ = window[i];
}

MOTE_INLINE void mote_xnor_pixels(const conv2d_xnor_params* p, const uint32_t* columns,
                                  const mote_xnor_pixel* pixels, int32_t n) {
  for (int32_t i = 0; i < n; ++i, columns += p->column_words) {
    const int16_t* limits = pixels[i].limits;
    const uint32_t* w = p->weights;
    int8_t* y = pixels[i].y;
    uint32_t bits = 0;
    for (int32_t o = 0; o < p->window.out_channels; ++o, w += p->words) {
      const int32_t rest = (limits ? limits[o] : 0) - mote_xnor_differences(p, columns, w);
      if (p->y_form != MOTE_XNOR_BITS) {
        *y++ = mote_xnor_output(p, o, rest);
        continue;
      }
      bits = bits >> 1 | (rest > 0 ? 0x80U : 0U);
      if (o % 8 == 7) *y++ = (int8_t)bits;
    }
  }
}

MOTE_XNOR_CONV2D(conv2d_xnor, mote_xnor_column, mote_xnor_pixels)

#undef MOTE_XNOR_ADD
#undef MOTE_XNOR_TRIPLE

#endif
