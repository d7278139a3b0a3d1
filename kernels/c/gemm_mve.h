/* The C side of gemm_mve.S, and copying on Armv8.1-M with vector instructions (MVE). */
#ifndef MOTE_GEMM_MVE_H
#define MOTE_GEMM_MVE_H

#include "mote_kernel.h"

#if defined(__ARM_FEATURE_MVE)

/* Consecutive elements of the windows of two pixels, and the bytes to those of the next two. */
typedef struct {
  const int8_t* x0;
  const int8_t* x1;
  int32_t step;
} mote_mve_segment;

/* Work of a function of gemm_mve.S, which knows the places of the members and changes the moving ones. */
typedef struct {
  int8_t* y0; /* channel 0 of the pixels of the first pair */
  int8_t* y1;
  int32_t
      y_step; /* from the end of a pixel, its channels rounded up to 8, to the same pixel of the next pair */
  int32_t pairs;
  const int32_t* stream;
  int32_t y_zero;
  const int32_t* stream_end;
  int32_t low, high;           /* of the result as a signed byte */
  int32_t tail;                /* bytes at the end of a segment, less than 16 */
  int32_t channels;            /* of the last eight that are there */
  int32_t chunks;              /* bytes of a segment; or turns of the inner loop of one pixel */
  mote_mve_segment segments[]; /* the last has no x0 */
} mote_mve_pairs;

typedef void mote_mve_gemm(mote_mve_pairs* pairs);

/* Weights and output constants as gemm_mve.S reads them, and what it does with them. */
typedef struct {
  mote_mve_gemm* gemm;
  const int32_t* stream;
  int32_t stream_words;
  int32_t channels, y_zero, low, high, tail, chunks;
} mote_mve_filters;

MOTE_INLINE void mote_mve_begin(const mote_mve_filters* f, mote_mve_pairs* pairs) {
  const int32_t rounded = (f->channels + 7) & ~7;
  pairs->y_step = 2 * f->channels - rounded;
  pairs->stream = f->stream;
  pairs->stream_end = f->stream + f->stream_words;
  pairs->y_zero = f->y_zero;
  pairs->low = f->low;
  pairs->high = f->high;
  pairs->tail = f->tail;
  pairs->channels = f->channels - rounded + 8;
  pairs->chunks = f->chunks;
}

/* Results of consecutive pixels; the segments stand at the first two. An odd one goes as a pair with itself.
 */
MOTE_INLINE void mote_mve_pixels(const mote_mve_filters* f, mote_mve_pairs* pairs, int32_t pixels,
                                 int8_t* y) {
  pairs->pairs = pixels >> 1;
  if (pairs->pairs > 0) {
    pairs->y0 = y;
    pairs->y1 = y + f->channels;
    f->gemm(pairs);
  }
  if ((pixels & 1) != 0) {
    for (mote_mve_segment* s = pairs->segments; s->x0; ++s) s->x1 = s->x0;
    pairs->y0 = pairs->y1 = y + (pixels - 1) * f->channels;
    pairs->pairs = 1;
    f->gemm(pairs);
  }
}

/* to[0..bytes) = from[0..bytes) */
__attribute__((naked, noinline, unused)) static void mote_mve_copy(int8_t* to __attribute__((unused)),
                                                                   const int8_t* from __attribute__((unused)),
                                                                   int32_t bytes __attribute__((unused))) {
  __asm__(
      "push {r4, lr}\n"
      "wlstp.8 lr, r2, 2f\n"
      "1:\n"
      "vldrb.u8 q0, [r1], #16\n"
      "vstrb.8 q0, [r0], #16\n"
      "letp lr, 1b\n"
      "2:\n"
      "pop {r4, pc}\n");
}

/* to[0..bytes) = value */
__attribute__((naked, noinline, unused)) static void mote_mve_fill(int8_t* to __attribute__((unused)),
                                                                   int32_t value __attribute__((unused)),
                                                                   int32_t bytes __attribute__((unused))) {
  __asm__(
      "push {r4, lr}\n"
      "vdup.8 q0, r1\n"
      "wlstp.8 lr, r2, 2f\n"
      "1:\n"
      "vstrb.8 q0, [r0], #16\n"
      "letp lr, 1b\n"
      "2:\n"
      "pop {r4, pc}\n");
}

/* Flips the top bits of bytes. */
__attribute__((naked, noinline, unused)) static void mote_mve_flip(int8_t* at __attribute__((unused)),
                                                                   int32_t bytes __attribute__((unused))) {
  __asm__(
      "push {r4, lr}\n"
      "mov r2, #0x80\n"
      "vdup.8 q1, r2\n"
      "wlstp.8 lr, r1, 2f\n"
      "1:\n"
      "vldrb.u8 q0, [r0]\n"
      "veor q0, q0, q1\n"
      "vstrb.8 q0, [r0], #16\n"
      "letp lr, 1b\n"
      "2:\n"
      "pop {r4, pc}\n");
}

#endif
#endif
