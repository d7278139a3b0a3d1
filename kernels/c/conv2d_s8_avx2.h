/* 8-bit convolution and fully-connected layers with AVX2: six pixels and sixteen output channels at a time,
 * pairs of 16-bit elements of a strip. Packed weights: for each sixteen channels, for each run of a window,
 * for each pair of its elements, the pairs of the channels in turn, 16 bits each, zero where absent. */
#ifndef MOTE_CONV2D_S8_AVX2_H
#define MOTE_CONV2D_S8_AVX2_H

#include "low_bits_avx2.h"
#include "strip_avx2.h"

#if defined(__AVX2__) && defined(__FMA__)

typedef struct {
  mote_strip strip;
  mote_byte_output output;
  const int16_t* weights; /* null: `low` holds them, for the scratch */
  mote_low_bits low;
} conv2d_s8_avx2_params;

#define MOTE_AVX2_ROWS1(X) X(0)
#define MOTE_AVX2_ROWS2(X) X(0) X(1)
#define MOTE_AVX2_ROWS4(X) X(0) X(1) X(2) X(3)
#define MOTE_AVX2_ROWS6(X) X(0) X(1) X(2) X(3) X(4) X(5)
#define MOTE_AVX2_START(m)                    \
  const int16_t* const x##m = strip + in[m];  \
  __m256i a##m = mote_avx2_load(o->bias + c); \
  __m256i b##m = mote_avx2_load(o->bias + c + 8);
/* Named sums and the empty statement keep compilers from spilling them. */
#define MOTE_AVX2_PAIR(m)                                        \
  {                                                              \
    int32_t pair;                                                \
    memcpy(&pair, x##m + at + i, 4);                             \
    const __m256i x = _mm256_set1_epi32(pair);                   \
    a##m = _mm256_add_epi32(a##m, _mm256_madd_epi16(x, w_low));  \
    b##m = _mm256_add_epi32(b##m, _mm256_madd_epi16(x, w_high)); \
    MOTE_KEEP_ORDER(a##m, b##m);                                 \
  }
#define MOTE_AVX2_FINISH(m) mote_avx2_store_bytes(mote_avx2_bytes(o, c, a##m, b##m), left, y + out[m]);

/* Channels from c of N pixels; y of that channel. */
#define MOTE_AVX2_TILE(N)                                                                                \
  MOTE_INLINE void mote_avx2_tile##N(const conv2d_s8_avx2_params* p, const int16_t* strip,               \
                                     const int32_t* in, const int32_t* out, const int16_t* w, int32_t c, \
                                     int8_t* y) {                                                        \
    const mote_byte_output* o = &p->output;                                                              \
    const int32_t left = p->strip.window.out_channels - c;                                               \
    const int32_t run = p->strip.run;                                                                    \
    MOTE_AVX2_ROWS##N(MOTE_AVX2_START) for (int32_t s = 0; s < p->strip.segments; ++s) {                 \
      const int32_t at = p->strip.offsets[s];                                                            \
      for (int32_t i = 0; i < run; i += 2, w += 32) {                                                    \
        const __m256i w_low = mote_avx2_load(w), w_high = mote_avx2_load(w + 16);                        \
        MOTE_AVX2_ROWS##N(MOTE_AVX2_PAIR)                                                                \
      }                                                                                                  \
    }                                                                                                    \
    MOTE_AVX2_ROWS##N(MOTE_AVX2_FINISH)                                                                  \
  }
MOTE_AVX2_TILE(1)
MOTE_AVX2_TILE(2)
MOTE_AVX2_TILE(4)
MOTE_AVX2_TILE(6)

MOTE_KERNEL void conv2d_s8_avx2(const conv2d_s8_avx2_params* p, const int8_t* x, int8_t* y, void* scratch,
                                int32_t first, int32_t rows) {
  const mote_strip* s = &p->strip;
  const int32_t most = s->rows * s->window.columns.out + 6;
  const int32_t block = (s->run + 1) / 2 * 32 * s->segments;
  int16_t* const tile = (int16_t*)scratch;
  int32_t* const in = (int32_t*)(void*)(tile + (p->weights ? 0 : block));
  int32_t* const out = in + most;
  int16_t* const strip = (int16_t*)(out + most);
  mote_strip_part part;
  for (int32_t r = first; r < first + rows; r += part.rows) {
    part = mote_strip_part_of(s, r, first + rows);
    mote_avx2_strip(s, part, x, strip);
    mote_strip_pixels(s, part, 5, in, out);
    for (int32_t c = 0; c < s->window.out_channels; c += 16) {
      const int16_t* w = p->weights ? p->weights + c / 16 * block : tile;
      int32_t j = 0;
      if (!p->weights) mote_low_widen_avx2(&p->low, c / 16 * (block / 32), block / 32, tile);
      for (; part.pixels - j > 4; j += 6) mote_avx2_tile6(p, strip, in + j, out + j, w, c, y + c);
      if (part.pixels - j > 2)
        mote_avx2_tile4(p, strip, in + j, out + j, w, c, y + c);
      else if (part.pixels - j == 2)
        mote_avx2_tile2(p, strip, in + j, out + j, w, c, y + c);
      else if (part.pixels - j == 1)
        mote_avx2_tile1(p, strip, in + j, out + j, w, c, y + c);
    }
  }
}

#undef MOTE_AVX2_ROWS1
#undef MOTE_AVX2_ROWS2
#undef MOTE_AVX2_ROWS4
#undef MOTE_AVX2_ROWS6
#undef MOTE_AVX2_START
#undef MOTE_AVX2_PAIR
#undef MOTE_AVX2_FINISH
#undef MOTE_AVX2_TILE

#endif
#endif
