/* 8-bit convolution and fully-connected layers with AVX-512 VNNI: four, two or one block of sixteen output
 * channels and up to eight pixels at a time, quads of unsigned bytes of a strip. Packed weights: for each
 * group of blocks (fours as long as possible, then two, then one), for each run of a window, for each quad of
 * its elements, for each block, the quads of the channels in turn, zero where absent. */
#ifndef MOTE_CONV2D_S8_VNNI_H
#define MOTE_CONV2D_S8_VNNI_H

#include "low_bits_avx2.h"
#include "strip_vnni.h"

#if defined(MOTE_VNNI)

typedef struct {
  mote_strip strip;
  mote_byte_output output; /* 128 times the weights is taken off the bias */
  const int8_t* weights;   /* null: `low` holds them, for the scratch */
  mote_low_bits low;
} conv2d_s8_vnni_params;

/* Named sums and the empty statement keep compilers from spilling them. */
#if defined(__GNUC__) && !defined(__clang__)
#define MOTE_VNNI_KEEP(a) __asm__ volatile("" : "+v"(a) : : "memory")
#else
#define MOTE_VNNI_KEEP(a) (void)0
#endif

#define MOTE_VNNI_PIXELS1(X, n) X(n, 0)
#define MOTE_VNNI_PIXELS2(X, n) X(n, 0) X(n, 1)
#define MOTE_VNNI_PIXELS4(X, n) MOTE_VNNI_PIXELS2(X, n) X(n, 2) X(n, 3)
#define MOTE_VNNI_PIXELS6(X, n) MOTE_VNNI_PIXELS4(X, n) X(n, 4) X(n, 5)
#define MOTE_VNNI_PIXELS8(X, n) MOTE_VNNI_PIXELS6(X, n) X(n, 6) X(n, 7)
#define MOTE_VNNI_BLOCKS1(X, N) X(0, N)
#define MOTE_VNNI_BLOCKS2(X, N) X(0, N) X(1, N)
#define MOTE_VNNI_BLOCKS4(X, N) MOTE_VNNI_BLOCKS2(X, N) X(2, N) X(3, N)

#define MOTE_VNNI_DECLARE(n, N)                                    \
  const __m512i start##n = mote_vnni_load(o->bias + c + 16 * (n)); \
  MOTE_VNNI_PIXELS##N(MOTE_VNNI_DECLARE_SUM, n)
#define MOTE_VNNI_DECLARE_SUM(n, m) __m512i s##n##m = start##n;
#define MOTE_VNNI_POINT(n, m) const uint8_t* const x##m = strip + in[m];
#define MOTE_VNNI_WEIGHTS(n, N) const __m512i w##n = mote_vnni_load(w + 64 * (n));
#define MOTE_VNNI_DOT(n, m) s##n##m = _mm512_dpbusd_epi32(s##n##m, quad, w##n);
#define MOTE_VNNI_QUAD1(n, m) MOTE_VNNI_QUAD(m, MOTE_VNNI_DOT(0, m), 0)
#define MOTE_VNNI_QUAD2(n, m) MOTE_VNNI_QUAD(m, MOTE_VNNI_DOT(0, m) MOTE_VNNI_DOT(1, m), 1)
#define MOTE_VNNI_QUAD4(n, m) \
  MOTE_VNNI_QUAD(m, MOTE_VNNI_DOT(0, m) MOTE_VNNI_DOT(1, m) MOTE_VNNI_DOT(2, m) MOTE_VNNI_DOT(3, m), 3)
#define MOTE_VNNI_QUAD(m, dots, last)             \
  {                                               \
    int32_t four;                                 \
    memcpy(&four, x##m + at + i, 4);              \
    const __m512i quad = _mm512_set1_epi32(four); \
    dots MOTE_VNNI_KEEP(s##last##m);              \
  }
#define MOTE_VNNI_LOAD_SCALING(n, N)                                \
  const __m512 scale##n = _mm512_loadu_ps(o->scale + c + 16 * (n)); \
  const __m512 above##n = _mm512_loadu_ps(o->above + c + 16 * (n)); \
  const __m512 below##n = _mm512_loadu_ps(o->below + c + 16 * (n)); \
  (void)below##n;
#define MOTE_VNNI_ONE_OFFSET(n, m) mote_vnni_one_offset(s##n##m, scale##n, above##n)
#define MOTE_VNNI_TWO_OFFSETS(n, m) mote_vnni_two_offsets(s##n##m, scale##n, above##n, below##n)
#define MOTE_VNNI_FIXED(n, m) mote_vnni_fixed(o, c + 16 * (n), s##n##m)

/* Four vectors of values become one of bytes: four blocks of a pixel, two of two pixels, one of four. */
#define MOTE_VNNI_OUT4(V, m) \
  mote_vnni_store4(mote_vnni_pack(o, V(0, m), V(1, m), V(2, m), V(3, m)), left, y + out[m]);
#define MOTE_VNNI_OUT2(V, m, k) \
  mote_vnni_store2(mote_vnni_pack(o, V(0, m), V(1, m), V(0, k), V(1, k)), left, y + out[m], y + out[k]);
#define MOTE_VNNI_OUT1(V, m, k, i, j)                                                                   \
  mote_vnni_store1(mote_vnni_pack(o, V(0, m), V(0, k), V(0, i), V(0, j)), left, y + out[m], y + out[k], \
                   y + out[i], y + out[j]);
#define MOTE_VNNI_OUT41(V) MOTE_VNNI_OUT4(V, 0)
#define MOTE_VNNI_OUT42(V) MOTE_VNNI_OUT41(V) MOTE_VNNI_OUT4(V, 1)
#define MOTE_VNNI_OUT44(V) MOTE_VNNI_OUT42(V) MOTE_VNNI_OUT4(V, 2) MOTE_VNNI_OUT4(V, 3)
#define MOTE_VNNI_OUT46(V) MOTE_VNNI_OUT44(V) MOTE_VNNI_OUT4(V, 4) MOTE_VNNI_OUT4(V, 5)
#define MOTE_VNNI_OUT21(V) MOTE_VNNI_OUT2(V, 0, 0)
#define MOTE_VNNI_OUT22(V) MOTE_VNNI_OUT2(V, 0, 1)
#define MOTE_VNNI_OUT24(V) MOTE_VNNI_OUT22(V) MOTE_VNNI_OUT2(V, 2, 3)
#define MOTE_VNNI_OUT26(V) MOTE_VNNI_OUT24(V) MOTE_VNNI_OUT2(V, 4, 5)
#define MOTE_VNNI_OUT11(V) MOTE_VNNI_OUT1(V, 0, 0, 0, 0)
#define MOTE_VNNI_OUT12(V) MOTE_VNNI_OUT1(V, 0, 1, 0, 1)
#define MOTE_VNNI_OUT14(V) MOTE_VNNI_OUT1(V, 0, 1, 2, 3)
#define MOTE_VNNI_OUT18(V) MOTE_VNNI_OUT14(V) MOTE_VNNI_OUT1(V, 4, 5, 6, 7)

/* B blocks of channels from c of N pixels; y of that channel. A line of what is needed later, from `ahead`,
 * is asked for with each quad: weights that pass the second cache arrive while the pixels before them are
 * computed. */
#define MOTE_VNNI_TILE(B, N)                                                                               \
  MOTE_INLINE void mote_vnni_tile##B##N(const conv2d_s8_vnni_params* p, const uint8_t* strip,              \
                                        const int32_t* in, const int32_t* out, const int8_t* w, int32_t c, \
                                        const int8_t* ahead, int8_t* y) {                                  \
    const mote_byte_output* o = &p->output;                                                                \
    const int32_t left = p->strip.window.out_channels - c;                                                 \
    const int32_t run = p->strip.run;                                                                      \
    const int32_t form = mote_vnni_form(o->real + c / 16, B);                                              \
    MOTE_VNNI_PIXELS##N(MOTE_VNNI_POINT, 0)                                                                \
        MOTE_VNNI_BLOCKS##B(MOTE_VNNI_DECLARE, N) for (int32_t k = 0; k < p->strip.segments; ++k) {        \
      const int32_t at = p->strip.offsets[k];                                                              \
      for (int32_t i = 0; i < run; i += 4, w += 64 * (B), ahead += 64) {                                   \
        _mm_prefetch((const char*)ahead, _MM_HINT_T1);                                                     \
        MOTE_VNNI_BLOCKS##B(MOTE_VNNI_WEIGHTS, N) MOTE_VNNI_PIXELS##N(MOTE_VNNI_QUAD##B, 0)                \
      }                                                                                                    \
    }                                                                                                      \
    if (form == 0) {                                                                                       \
      MOTE_VNNI_OUT##B##N(MOTE_VNNI_FIXED)                                                                 \
    } else {                                                                                               \
      MOTE_VNNI_BLOCKS##B(MOTE_VNNI_LOAD_SCALING, N) if (form == 1) {                                      \
        MOTE_VNNI_OUT##B##N(MOTE_VNNI_TWO_OFFSETS)                                                         \
      }                                                                                                    \
      else {                                                                                               \
        MOTE_VNNI_OUT##B##N(MOTE_VNNI_ONE_OFFSET)                                                          \
      }                                                                                                    \
    }                                                                                                      \
  }
MOTE_VNNI_TILE(1, 1)
MOTE_VNNI_TILE(1, 2)
MOTE_VNNI_TILE(1, 4)
MOTE_VNNI_TILE(1, 8)
MOTE_VNNI_TILE(2, 1)
MOTE_VNNI_TILE(2, 2)
MOTE_VNNI_TILE(2, 4)
MOTE_VNNI_TILE(2, 6)
MOTE_VNNI_TILE(4, 1)
MOTE_VNNI_TILE(4, 2)
MOTE_VNNI_TILE(4, 4)
MOTE_VNNI_TILE(4, 6)

/* B blocks of all pixels of a part, most of them N at a time; the first four tiles ask for a block each of
 * the weights at `ahead`. */
#define MOTE_VNNI_PART(B, N)                                                                          \
  static void mote_vnni_part##B(const conv2d_s8_vnni_params* p, int32_t pixels, const uint8_t* strip, \
                                const int32_t* in, const int32_t* out, const int8_t* w, int32_t c,    \
                                const int8_t* ahead, int32_t block, int8_t* y) {                      \
    int32_t j = 0;                                                                                    \
    for (; pixels - j > 4; j += (N))                                                                  \
      mote_vnni_tile##B##N(p, strip, in + j, out + j, w, c, ahead + j / (N) % 4 * block, y);          \
    if (pixels - j > 2)                                                                               \
      mote_vnni_tile##B##4(p, strip, in + j, out + j, w, c, w, y);                                    \
    else if (pixels - j == 2)                                                                         \
      mote_vnni_tile##B##2(p, strip, in + j, out + j, w, c, w, y);                                    \
    else if (pixels - j == 1)                                                                         \
      mote_vnni_tile##B##1(p, strip, in + j, out + j, w, c, w, y);                                    \
  }
MOTE_VNNI_PART(1, 8)
MOTE_VNNI_PART(2, 6)
MOTE_VNNI_PART(4, 6)

/* The weights of `blocks` blocks of channels from c. */
MOTE_INLINE const int8_t* mote_vnni_blocks(const conv2d_s8_vnni_params* p, int32_t c, int32_t blocks,
                                           int32_t block, int8_t* tile) {
  if (p->weights) return p->weights + c / 16 * block;
  mote_low_expand_avx2(&p->low, c / 16 * (block / 32), blocks * (block / 32), tile);
  return tile;
}

MOTE_KERNEL void conv2d_s8_vnni(const conv2d_s8_vnni_params* p, const int8_t* x, int8_t* y, void* scratch,
                                int32_t first, int32_t rows) {
  const mote_strip* s = &p->strip;
  const int32_t most = s->rows * s->window.columns.out + 8;
  const int32_t channels = s->window.out_channels;
  const int32_t block = (s->run + 3) / 4 * 64 * s->segments;
  int8_t* const tile = (int8_t*)scratch;
  int32_t* const in = (int32_t*)(void*)(tile + (p->weights ? 0
                                                           : (channels > 48   ? 4
                                                              : channels > 16 ? 2
                                                                              : 1) *
                                                                 block));
  int32_t* const out = in + most;
  uint8_t* const strip = (uint8_t*)(out + most);
  mote_strip_part part;
  for (int32_t r = first; r < first + rows; r += part.rows) {
    part = mote_strip_part_of(s, r, first + rows);
    mote_vnni_strip(s, part, x, strip);
    mote_strip_pixels(s, part, 7, in, out);
    int32_t c = 0;
    for (; channels - c > 48; c += 64) {
      const int8_t* w = mote_vnni_blocks(p, c, 4, block, tile);
      const int32_t again = p->weights && channels - c > 112; /* another four blocks follow */
      mote_vnni_part4(p, part.pixels, strip, in, out, w, c, again ? w + 4 * block : w, again ? block : 0,
                      y + c);
    }
    if (channels - c > 16) {
      const int8_t* w = mote_vnni_blocks(p, c, 2, block, tile);
      mote_vnni_part2(p, part.pixels, strip, in, out, w, c, w, 0, y + c);
      c += 32;
    }
    if (channels > c) {
      const int8_t* w = mote_vnni_blocks(p, c, 1, block, tile);
      mote_vnni_part1(p, part.pixels, strip, in, out, w, c, w, 0, y + c);
    }
  }
}

#endif
#endif
