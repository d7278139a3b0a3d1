/* 8-bit 3x3 convolution of stride 1 with AVX2 by Winograd's F(4x4, 3x3), exactly: 36 products for 16 outputs
 * instead of 144.
 *
 * With points 0, 1, -1, 2, -2, infinity and the integer filter transform
 *   [6 0 0] [-1 -1 -1] [-1 1 -1] [1 2 4] [1 -2 4] [0 0 6]
 * every step is a sum or a shift, and the outputs come out 24, 12, 6 and 6 times too large in each direction.
 * All of it is arithmetic modulo 2^32, so only the last value must fit: 576 times the sum for the float
 * scaling, which takes the factor in; 64 times for the other form, which multiplies by the inverse of 9.
 * Transformed inputs are at most 100 times a byte, transformed weights 49 times: both fit 16 bits. 36 times
 * the bias is added at point (1, 1). Packed weights: for each sixteen channels, for each of the 36 points,
 * for each pair of input channels, the pairs of the channels in turn. */
#ifndef MOTE_CONV2D_S8_WINOGRAD_AVX2_H
#define MOTE_CONV2D_S8_WINOGRAD_AVX2_H

#include "strip_avx2.h"

#if defined(__AVX2__) && defined(__FMA__)

typedef struct {
  mote_strip strip; /* with room for whole tiles */
  int32_t tiles;    /* that are computed together, a multiple of 4 */
  mote_byte_output output;
  const int16_t* weights;
} conv2d_s8_winograd_avx2_params;

#if defined(__clang__)
#define MOTE_UNROLL _Pragma("unroll")
#elif defined(__GNUC__)
#define MOTE_UNROLL _Pragma("GCC unroll 8")
#else
#define MOTE_UNROLL
#endif

MOTE_INLINE void mote_winograd_in(const __m256i d[6], __m256i v[6]) {
  const __m256i e = _mm256_sub_epi16(d[4], d[2]), f = _mm256_sub_epi16(d[3], d[1]);
  const __m256i twice = _mm256_slli_epi16(f, 1);
  v[0] = _mm256_add_epi16(_mm256_slli_epi16(_mm256_sub_epi16(d[0], d[2]), 2), e);
  v[1] = _mm256_sub_epi16(_mm256_add_epi16(d[3], d[4]), _mm256_slli_epi16(_mm256_add_epi16(d[1], d[2]), 2));
  v[2] = _mm256_add_epi16(_mm256_sub_epi16(d[4], d[3]), _mm256_slli_epi16(_mm256_sub_epi16(d[1], d[2]), 2));
  v[3] = _mm256_add_epi16(e, twice);
  v[4] = _mm256_sub_epi16(e, twice);
  v[5] = _mm256_sub_epi16(_mm256_sub_epi16(d[5], d[3]), _mm256_slli_epi16(f, 2));
}

MOTE_INLINE void mote_winograd_out(const __m256i m[6], __m256i y[4]) {
  const __m256i p = _mm256_add_epi32(m[1], m[2]), q = _mm256_sub_epi32(m[1], m[2]);
  const __m256i r = _mm256_add_epi32(m[3], m[4]), t = _mm256_sub_epi32(m[3], m[4]);
  y[0] = _mm256_add_epi32(_mm256_add_epi32(m[0], r), _mm256_slli_epi32(p, 2));
  y[1] = _mm256_add_epi32(_mm256_add_epi32(q, q), t);
  y[2] = _mm256_add_epi32(p, r);
  y[3] = _mm256_add_epi32(_mm256_add_epi32(q, m[5]), _mm256_add_epi32(t, t));
}

/* Transforms the inputs of a tile; v: [36][tiles][channels] from that tile. */
MOTE_INLINE void mote_winograd_tile_in(const int16_t* in, int32_t row, int32_t channels, int32_t tiles,
                                       int16_t* v) {
  for (int32_t c = 0; c < channels; c += 16) {
    __m256i half[6][6];
    MOTE_UNROLL for (int32_t x = 0; x < 6; ++x) {
      __m256i d[6], w[6];
      MOTE_UNROLL for (int32_t y = 0; y < 6; ++y) d[y] = mote_avx2_load(in + y * row + x * channels + c);
      mote_winograd_in(d, w);
      MOTE_UNROLL for (int32_t y = 0; y < 6; ++y) half[y][x] = w[y];
    }
    MOTE_UNROLL for (int32_t y = 0; y < 6; ++y) {
      __m256i w[6];
      mote_winograd_in(half[y], w);
      MOTE_UNROLL for (int32_t x = 0; x < 6; ++x)
          _mm256_storeu_si256((__m256i*)(void*)(v + (y * 6 + x) * tiles * channels + c), w[x]);
    }
  }
}

/* Bytes of the block from channel c, whose sums are 576 / 2^halvings times the true ones. */
MOTE_INLINE __m128i mote_winograd_bytes(const mote_byte_output* o, int32_t c, int32_t halvings, __m256i a,
                                        __m256i b) {
  const int32_t form = o->real[c >> 4];
  if (form == 0) {
    const __m256i inverse = _mm256_set1_epi32(954437177); /* of 9 */
    a = _mm256_srai_epi32(_mm256_mullo_epi32(a, inverse), 6 - halvings);
    b = _mm256_srai_epi32(_mm256_mullo_epi32(b, inverse), 6 - halvings);
    return mote_avx2_pack(o, mote_avx2_fixed(o, c, a), mote_avx2_fixed(o, c + 8, b));
  }
  const __m256 factor = _mm256_set1_ps((float)(1 << halvings));
  return mote_avx2_pack(
      o, mote_avx2_real(o, form, c, _mm256_mul_ps(factor, _mm256_loadu_ps(o->scale + c)), a),
      mote_avx2_real(o, form, c + 8, _mm256_mul_ps(factor, _mm256_loadu_ps(o->scale + c + 8)), b));
}

/* Where the outputs of a tile go: `columns` and `rows` of them are inside. */
typedef struct {
  int8_t* rows[4];
  int32_t height, width, pixel;
} mote_winograd_place;

/* m: [36][tiles][16] from the tile. */
MOTE_INLINE void mote_winograd_tile_out(const conv2d_s8_winograd_avx2_params* p, const int32_t* m, int32_t c,
                                        const mote_winograd_place* to) {
  const int32_t left = p->strip.window.out_channels - c;
  __m256i half[2][4][6];
  MOTE_UNROLL for (int32_t h = 0; h < 2; ++h) MOTE_UNROLL for (int32_t x = 0; x < 6; ++x) {
    __m256i s[6], y[4];
    MOTE_UNROLL for (int32_t i = 0; i < 6; ++i) s[i] =
        mote_avx2_load(m + (i * 6 + x) * p->tiles * 16 + 8 * h);
    mote_winograd_out(s, y);
    MOTE_UNROLL for (int32_t i = 0; i < 4; ++i) half[h][i][x] = y[i];
  }
  for (int32_t i = 0; i < to->height; ++i) {
    __m256i a[4], b[4];
    mote_winograd_out(half[0][i], a);
    mote_winograd_out(half[1][i], b);
    MOTE_UNROLL for (int32_t j = 0; j < 4; ++j) if (j < to->width) {
      const int32_t halvings = (i > 2 ? 2 : i) + (j > 2 ? 2 : j);
      mote_avx2_store_bytes(mote_winograd_bytes(&p->output, c, halvings, a[j], b[j]), left,
                            to->rows[i] + j * to->pixel + c);
    }
  }
}

#define MOTE_WINOGRAD_MAC(j)                                     \
  {                                                              \
    int32_t pair;                                                \
    memcpy(&pair, v + (j)*channels + i, 4);                      \
    const __m256i x = _mm256_set1_epi32(pair);                   \
    a##j = _mm256_add_epi32(a##j, _mm256_madd_epi16(x, w_low));  \
    b##j = _mm256_add_epi32(b##j, _mm256_madd_epi16(x, w_high)); \
    MOTE_KEEP_ORDER(a##j, b##j);                                 \
  }
#define MOTE_WINOGRAD_STORE(j)                                \
  _mm256_storeu_si256((__m256i*)(void*)(m + 16 * (j)), a##j); \
  _mm256_storeu_si256((__m256i*)(void*)(m + 16 * (j) + 8), b##j);

/* Four tiles at one point. */
MOTE_INLINE void mote_winograd_products(const int16_t* v, const int16_t* w, int32_t channels, __m256i low,
                                        __m256i high, int32_t* m) {
  __m256i a0 = low, a1 = low, a2 = low, a3 = low, b0 = high, b1 = high, b2 = high, b3 = high;
  for (int32_t i = 0; i < channels; i += 2, w += 32) {
    const __m256i w_low = mote_avx2_load(w), w_high = mote_avx2_load(w + 16);
    MOTE_WINOGRAD_MAC(0)
    MOTE_WINOGRAD_MAC(1)
    MOTE_WINOGRAD_MAC(2)
    MOTE_WINOGRAD_MAC(3)
  }
  MOTE_WINOGRAD_STORE(0)
  MOTE_WINOGRAD_STORE(1)
  MOTE_WINOGRAD_STORE(2)
  MOTE_WINOGRAD_STORE(3)
}

/* The tiles [first, first + p->tiles) of a part, as far as there are; behind the last one it is repeated. */
MOTE_INLINE void mote_winograd_tiles(const conv2d_s8_winograd_avx2_params* p, mote_strip_part part,
                                     const int16_t* strip, int32_t first, int16_t* v, int32_t* m, int8_t* y) {
  const mote_strip* s = &p->strip;
  const mote_window2d* g = &s->window;
  const int32_t channels = g->in_channels, across = (g->columns.out + 3) / 4;
  const int32_t last = across * ((part.rows + 3) / 4) - 1;
  for (int32_t t = 0; t < p->tiles; ++t) {
    const int32_t tile = first + t < last ? first + t : last;
    const int32_t at = (tile / across * 4 * s->columns + tile % across * 4) * channels;
    mote_winograd_tile_in(strip + at, s->columns * channels, channels, p->tiles, v + t * channels);
  }
  const int16_t* w = p->weights;
  for (int32_t c = 0; c < g->out_channels; c += 16) {
    for (int32_t k = 0; k < 36; ++k, w += 16 * channels) {
      const __m256i zero = _mm256_setzero_si256();
      const __m256i low = k == 7 ? mote_avx2_load(p->output.bias + c) : zero;
      const __m256i high = k == 7 ? mote_avx2_load(p->output.bias + c + 8) : zero;
      for (int32_t t = 0; t < p->tiles; t += 4)
        mote_winograd_products(v + (k * p->tiles + t) * channels, w, channels, low, high,
                               m + (k * p->tiles + t) * 16);
    }
    for (int32_t t = 0; t < p->tiles && first + t <= last; ++t) {
      const int32_t oy = (first + t) / across * 4, ox = (first + t) % across * 4;
      mote_winograd_place to = {{0, 0, 0, 0}, part.rows - oy, g->columns.out - ox, g->out_channels};
      if (to.height > 4) to.height = 4;
      for (int32_t i = 0; i < to.height; ++i)
        to.rows[i] = y + ((part.first + oy + i) % s->y_slots * g->columns.out + ox) * g->out_channels;
      mote_winograd_tile_out(p, m + 16 * t, c, &to);
    }
  }
}

MOTE_KERNEL void conv2d_s8_winograd_avx2(const conv2d_s8_winograd_avx2_params* p, const int8_t* x, int8_t* y,
                                         void* scratch, int32_t first, int32_t rows) {
  const mote_strip* s = &p->strip;
  const mote_window2d* g = &s->window;
  int32_t* const m = (int32_t*)scratch;
  int16_t* const v = (int16_t*)(m + 36 * 16 * p->tiles);
  int16_t* const strip = v + 36 * g->in_channels * p->tiles;
  mote_strip_part part;
  for (int32_t r = first; r < first + rows; r += part.rows) {
    part = mote_strip_part_of(s, r, first + rows);
    mote_strip_part whole = part; /* tiles */
    whole.rows = (part.rows + 3) / 4 * 4;
    mote_avx2_strip(s, whole, x, strip);
    const int32_t tiles = whole.rows / 4 * ((g->columns.out + 3) / 4);
    for (int32_t t = 0; t < tiles; t += p->tiles) mote_winograd_tiles(p, part, strip, t, v, m, y);
  }
}

#undef MOTE_WINOGRAD_MAC
#undef MOTE_WINOGRAD_STORE

#endif
#endif
