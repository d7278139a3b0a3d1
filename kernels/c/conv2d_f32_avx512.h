/* Float convolution and fully-connected layers with AVX-512: four, two or one block of sixteen output
 * channels and up to eight pixels at a time, in place where the pixels are the windows, else in a strip.
 * Packed weights: for each group of blocks (fours as long as possible, then two, then one), for each window
 * element, the channels in turn, zero where absent. */
#ifndef MOTE_CONV2D_F32_AVX512_H
#define MOTE_CONV2D_F32_AVX512_H

#include "strip_f32.h"

#if defined(__AVX512F__)
#include <immintrin.h>

typedef struct {
  mote_strip strip;
  int32_t in_place;  /* the pixels are the windows */
  float low, high;   /* fused activation */
  const float* bias; /* padded to whole blocks */
  const float* weights;
} conv2d_f32_avx512_params;

/* Clamps and writes the first `count` channels. NaN stays NaN. */
MOTE_INLINE void mote_f32_avx512_store(__m512 v, float low, float high, int32_t count, float* y) {
  v = _mm512_min_ps(_mm512_set1_ps(high), _mm512_max_ps(_mm512_set1_ps(low), v));
  _mm512_mask_storeu_ps(y, (__mmask16)(count >= 16 ? 0xffffU : (1U << count) - 1U), v);
}

/* Named sums and the empty statement keep compilers from spilling them. */
#if defined(__GNUC__) && !defined(__clang__)
#define MOTE_F32_KEEP(a) __asm__ volatile("" : "+v"(a) : : "memory")
#else
#define MOTE_F32_KEEP(a) (void)0
#endif

#define MOTE_F32_PIXELS1(X, n) X(n, 0)
#define MOTE_F32_PIXELS2(X, n) X(n, 0) X(n, 1)
#define MOTE_F32_PIXELS4(X, n) MOTE_F32_PIXELS2(X, n) X(n, 2) X(n, 3)
#define MOTE_F32_PIXELS6(X, n) MOTE_F32_PIXELS4(X, n) X(n, 4) X(n, 5)
#define MOTE_F32_PIXELS8(X, n) MOTE_F32_PIXELS6(X, n) X(n, 6) X(n, 7)
#define MOTE_F32_BLOCKS1(X, N) X(0, N)
#define MOTE_F32_BLOCKS2(X, N) X(0, N) X(1, N)
#define MOTE_F32_BLOCKS4(X, N) MOTE_F32_BLOCKS2(X, N) X(2, N) X(3, N)

#define MOTE_F32_POINT(n, m) const float* const x##m = strip + in[m];
#define MOTE_F32_SUM(n, m) __m512 s##n##m = start##n;
#define MOTE_F32_START(n, N)                                       \
  const __m512 start##n = _mm512_loadu_ps(p->bias + c + 16 * (n)); \
  MOTE_F32_PIXELS##N(MOTE_F32_SUM, n)
#define MOTE_F32_WEIGHTS(n, N) const __m512 w##n = _mm512_loadu_ps(w + 16 * (n));
#define MOTE_F32_ADD(n, m) s##n##m = _mm512_fmadd_ps(v, w##n, s##n##m);
#define MOTE_F32_ELEMENT(m, adds, last)            \
  {                                                \
    const __m512 v = _mm512_set1_ps(x##m[at + i]); \
    adds MOTE_F32_KEEP(s##last##m);                \
  }
#define MOTE_F32_ELEMENT1(n, m) MOTE_F32_ELEMENT(m, MOTE_F32_ADD(0, m), 0)
#define MOTE_F32_ELEMENT2(n, m) MOTE_F32_ELEMENT(m, MOTE_F32_ADD(0, m) MOTE_F32_ADD(1, m), 1)
#define MOTE_F32_ELEMENT4(n, m) \
  MOTE_F32_ELEMENT(m, MOTE_F32_ADD(0, m) MOTE_F32_ADD(1, m) MOTE_F32_ADD(2, m) MOTE_F32_ADD(3, m), 3)
#define MOTE_F32_OUT(n, m) \
  mote_f32_avx512_store(s##n##m, p->low, p->high, left - 16 * (n), y + out[m] + 16 * (n));
#define MOTE_F32_FINISH(n, N) MOTE_F32_PIXELS##N(MOTE_F32_OUT, n)

/* B blocks of channels from c of N pixels; y of that channel. */
#define MOTE_F32_TILE(B, N)                                                                              \
  MOTE_INLINE void mote_f32_tile##B##N(const conv2d_f32_avx512_params* p, const float* strip,            \
                                       const int32_t* in, const int32_t* out, const float* w, int32_t c, \
                                       float* y) {                                                       \
    const int32_t left = p->strip.window.out_channels - c;                                               \
    const int32_t run = p->strip.run;                                                                    \
    MOTE_F32_PIXELS##N(MOTE_F32_POINT, 0)                                                                \
        MOTE_F32_BLOCKS##B(MOTE_F32_START, N) for (int32_t k = 0; k < p->strip.segments; ++k) {          \
      const int32_t at = p->strip.offsets[k];                                                            \
      for (int32_t i = 0; i < run; ++i, w += 16 * (B)) {                                                 \
        MOTE_F32_BLOCKS##B(MOTE_F32_WEIGHTS, N) MOTE_F32_PIXELS##N(MOTE_F32_ELEMENT##B, 0)               \
      }                                                                                                  \
    }                                                                                                    \
    MOTE_F32_BLOCKS##B(MOTE_F32_FINISH, N)                                                               \
  }
MOTE_F32_TILE(1, 2)
MOTE_F32_TILE(1, 4)
MOTE_F32_TILE(1, 8)
MOTE_F32_TILE(2, 2)
MOTE_F32_TILE(2, 4)
MOTE_F32_TILE(2, 8)
MOTE_F32_TILE(4, 2)
MOTE_F32_TILE(4, 4)
MOTE_F32_TILE(4, 6)

#define MOTE_F32_EVEN(n, B) \
  __m512 s##n##0 = _mm512_loadu_ps(p->bias + c + 16 * (n)), s##n##1 = _mm512_setzero_ps();
#define MOTE_F32_PAIR(n, B)                                             \
  s##n##0 = _mm512_fmadd_ps(v, _mm512_loadu_ps(w + 16 * (n)), s##n##0); \
  s##n##1 = _mm512_fmadd_ps(u, _mm512_loadu_ps(w + 16 * (B) + 16 * (n)), s##n##1);
#define MOTE_F32_LAST(n, B) s##n##0 = _mm512_fmadd_ps(v, _mm512_loadu_ps(w + 16 * (n)), s##n##0);
#define MOTE_F32_BOTH(n, B)                  \
  s##n##0 = _mm512_add_ps(s##n##0, s##n##1); \
  MOTE_F32_OUT(n, 0)

/* B blocks of one pixel: two sums of each, for a single one would wait for itself. */
#define MOTE_F32_SINGLE(B)                                                                               \
  MOTE_INLINE void mote_f32_tile##B##1(const conv2d_f32_avx512_params* p, const float* strip,            \
                                       const int32_t* in, const int32_t* out, const float* w, int32_t c, \
                                       float* y) {                                                       \
    const int32_t left = p->strip.window.out_channels - c;                                               \
    MOTE_F32_BLOCKS##B(MOTE_F32_EVEN, B) for (int32_t k = 0; k < p->strip.segments; ++k) {               \
      const float* const x = strip + in[0] + p->strip.offsets[k];                                        \
      int32_t i = 0;                                                                                     \
      for (; i + 2 <= p->strip.run; i += 2, w += 32 * (B)) {                                             \
        const __m512 v = _mm512_set1_ps(x[i]), u = _mm512_set1_ps(x[i + 1]);                             \
        MOTE_F32_BLOCKS##B(MOTE_F32_PAIR, B)                                                             \
      }                                                                                                  \
      if (i < p->strip.run) {                                                                            \
        const __m512 v = _mm512_set1_ps(x[i]);                                                           \
        MOTE_F32_BLOCKS##B(MOTE_F32_LAST, B) w += 16 * (B);                                              \
      }                                                                                                  \
    }                                                                                                    \
    MOTE_F32_BLOCKS##B(MOTE_F32_BOTH, B)                                                                 \
  }
MOTE_F32_SINGLE(1)
MOTE_F32_SINGLE(2)
MOTE_F32_SINGLE(4)

/* B blocks of all pixels of a part, most of them N at a time. */
#define MOTE_F32_PART(B, N)                                                                                \
  MOTE_KERNEL void mote_f32_part##B(const conv2d_f32_avx512_params* p, int32_t pixels, const float* strip, \
                                    const int32_t* in, const int32_t* out, const float* w, int32_t c,      \
                                    float* y) {                                                            \
    int32_t j = 0;                                                                                         \
    for (; pixels - j > 4; j += (N)) mote_f32_tile##B##N(p, strip, in + j, out + j, w, c, y);              \
    if (pixels - j > 2)                                                                                    \
      mote_f32_tile##B##4(p, strip, in + j, out + j, w, c, y);                                             \
    else if (pixels - j == 2)                                                                              \
      mote_f32_tile##B##2(p, strip, in + j, out + j, w, c, y);                                             \
    else if (pixels - j == 1)                                                                              \
      mote_f32_tile##B##1(p, strip, in + j, out + j, w, c, y);                                             \
  }
MOTE_F32_PART(1, 8)
MOTE_F32_PART(2, 8)
MOTE_F32_PART(4, 6)

MOTE_KERNEL void conv2d_f32_avx512(const conv2d_f32_avx512_params* p, const float* x, float* y, void* scratch,
                                   int32_t first, int32_t rows) {
  const mote_strip* s = &p->strip;
  const int32_t most = s->rows * s->window.columns.out + 8;
  int32_t* const in = (int32_t*)scratch;
  int32_t* const out = in + most;
  float* const room = (float*)(out + most);
  const int32_t block = 16 * s->run * s->segments;
  const int32_t in_place = p->in_place && s->x_slots >= s->window.batches * s->window.rows.in;
  mote_strip_part part;
  for (int32_t r = first; r < first + rows; r += part.rows) {
    part = mote_strip_part_of(s, r, first + rows);
    const float* strip = room;
    if (in_place)
      strip = x + mote_strip_element(s, part, 0);
    else
      mote_f32_strip(s, part, x, room);
    mote_strip_pixels(s, part, 7, in, out);
    const float* w = p->weights;
    int32_t c = 0;
    for (; s->window.out_channels - c > 48; c += 64, w += 4 * block)
      mote_f32_part4(p, part.pixels, strip, in, out, w, c, y + c);
    if (s->window.out_channels - c > 16) {
      mote_f32_part2(p, part.pixels, strip, in, out, w, c, y + c);
      c += 32;
      w += 2 * block;
    }
    if (s->window.out_channels > c) mote_f32_part1(p, part.pixels, strip, in, out, w, c, y + c);
  }
}

#endif
#endif
