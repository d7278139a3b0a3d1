/* 8-bit convolution on Arm cores with the DSP extension: blocks of two output channels and four pixels. The
 * windows of four pixels are widened to 16 bits into the scratch, interleaved by pixel; padding is the
 * input's zero point there. Packed weights: for each pair of channels, for each pair of window elements, one
 * word (dsp.h); in each four elements the pairs are (0, 2) and (1, 3), as widening gives them; zero up to
 * `elements`. */
#ifndef MOTE_CONV2D_S8_DSP_H
#define MOTE_CONV2D_S8_DSP_H

#include "dsp.h"
#include "window2d.h"

#if defined(__ARM_FEATURE_DSP)

typedef struct {
  mote_window2d window; /* one group, plain */
  int32_t elements;     /* of a window, rounded up to 8 */
  int32_t x_flip, x_zero;
  mote_dsp_output output;
  const int32_t* weights;
} conv2d_s8_dsp_params;

/* sums[0..3] = M and sums[4..7] = sum(a x) of four pixels, from w to end (a multiple of four words). */
__attribute__((naked, noinline, unused)) static void mote_dsp_2x4(const int32_t* w __attribute__((unused)),
                                                                  const int32_t* x __attribute__((unused)),
                                                                  const int32_t* end __attribute__((unused)),
                                                                  int32_t* sums __attribute__((unused))) {
  __asm__(
      "push {r2-r11, lr}\n"
      "mov r4, #0\n mov r5, #0\n mov r6, #0\n mov r7, #0\n"
      "mov r8, #0\n mov r9, #0\n mov r10, #0\n mov r11, #0\n"
      "1:\n"
      ".rept 4\n"
      "ldr r2, [r0], #4\n"
      "ldmia r1!, {r12, lr}\n"
      "sxtb16 r3, r2\n"
      "smlad r4, r2, r12, r4\n"
      "smlad r8, r3, r12, r8\n"
      "smlad r5, r2, lr, r5\n"
      "smlad r9, r3, lr, r9\n"
      "ldmia r1!, {r12, lr}\n"
      "smlad r6, r2, r12, r6\n"
      "smlad r10, r3, r12, r10\n"
      "smlad r7, r2, lr, r7\n"
      "smlad r11, r3, lr, r11\n"
      ".endr\n"
      "ldr r2, [sp]\n"
      "cmp r0, r2\n"
      "bne 1b\n"
      "ldr r3, [sp, #4]\n"
      "stmia r3, {r4-r11}\n"
      "pop {r2-r11, pc}\n");
}

/* Widens bytes, four at a time, to the interleaved pairs of one pixel; gives the place behind them. */
MOTE_INLINE uint32_t* mote_dsp_widen(uint32_t* to, const int8_t* from, int32_t bytes, uint32_t flips) {
  for (int32_t i = 0; i < bytes; i += 4, to += 8) {
    const uint32_t four = mote_load4(from + i) ^ flips;
    to[0] = mote_sxtb16(four);
    to[4] = mote_sxtb16_ror8(four);
  }
  return to;
}

MOTE_INLINE uint32_t* mote_dsp_fill(uint32_t* to, int32_t value, int32_t bytes) {
  const uint32_t both = ((uint32_t)value & 0xffffU) | ((uint32_t)value << 16);
  for (int32_t i = 0; i < bytes; i += 4, to += 8) to[0] = to[4] = both;
  return to;
}

/* Window of one output position for depths that are multiples of four. */
MOTE_KERNEL void mote_dsp_gather(const conv2d_s8_dsp_params* p, const int8_t* image, int32_t oy, int32_t ox,
                                 uint32_t* to) {
  const mote_axis* columns = &p->window.columns;
  const int32_t depth = p->window.in_channels;
  const uint32_t flips = (uint32_t)p->x_flip * 0x01010101U;
  const int32_t first = ox * columns->stride + columns->offset;
  const int32_t whole = columns->step == 1 && first >= 0 && first + columns->taps <= columns->in;
  for (int32_t ky = 0; ky < p->window.rows.taps; ++ky) {
    const int32_t iy = mote_axis_source(&p->window.rows, oy, ky);
    const int8_t* line = image + iy * columns->in * depth;
    if (iy < 0) {
      to = mote_dsp_fill(to, p->x_zero, columns->taps * depth);
    } else if (whole) {
      to = mote_dsp_widen(to, line + first * depth, columns->taps * depth, flips);
    } else {
      for (int32_t kx = 0; kx < columns->taps; ++kx) {
        const int32_t ix = mote_axis_source(columns, ox, kx);
        to = ix < 0 ? mote_dsp_fill(to, p->x_zero, depth)
                    : mote_dsp_widen(to, line + ix * depth, depth, flips);
      }
    }
  }
}

/* The same for any depth, by way of a row of bytes. */
MOTE_KERNEL void mote_dsp_gather_bytes(const conv2d_s8_dsp_params* p, const int8_t* image, int32_t oy,
                                       int32_t ox, uint32_t* to, int8_t* bytes) {
  const mote_axis* columns = &p->window.columns;
  const int32_t depth = p->window.in_channels;
  const int32_t first = ox * columns->stride + columns->offset;
  const int32_t whole = columns->step == 1 && first >= 0 && first + columns->taps <= columns->in;
  const int8_t zero = (int8_t)(p->x_zero ^ p->x_flip);
  int8_t* at = bytes;
  for (int32_t ky = 0; ky < p->window.rows.taps; ++ky) {
    const int32_t iy = mote_axis_source(&p->window.rows, oy, ky);
    const int8_t* line = image + (iy * columns->in + first) * depth;
    if (iy >= 0 && whole) {
      for (int32_t i = 0; i < columns->taps * depth; ++i) *at++ = line[i];
      continue;
    }
    for (int32_t kx = 0; kx < columns->taps; ++kx) {
      const int32_t ix = iy < 0 ? -1 : mote_axis_source(columns, ox, kx);
      const int8_t* from = image + (iy * columns->in + ix) * depth;
      for (int32_t i = 0; i < depth; ++i) *at++ = ix < 0 ? zero : from[i];
    }
  }
  mote_dsp_widen(to, bytes, p->elements, (uint32_t)p->x_flip * 0x01010101U);
}

MOTE_KERNEL void conv2d_s8_dsp(const conv2d_s8_dsp_params* p, const int8_t* x, int8_t* y, void* scratch) {
  const mote_window2d* g = &p->window;
  uint32_t* windows = (uint32_t*)scratch; /* four windows of 16-bit elements */
  int8_t* bytes = (int8_t*)(windows + 2 * p->elements);
  const int32_t total = g->batches * g->rows.out * g->columns.out;
  const int32_t step = p->elements / 2;
  int32_t oy = 0;
  int32_t ox = 0;
  for (int32_t pixel = 0; pixel < total; pixel += 4, y += 4 * g->out_channels) {
    const int32_t count = total - pixel < 4 ? total - pixel : 4;
    for (int32_t i = 0; i < count; ++i) {
      if (g->in_channels % 4 == 0)
        mote_dsp_gather(p, x, oy, ox, windows + i);
      else
        mote_dsp_gather_bytes(p, x, oy, ox, windows + i, bytes);
      if (++ox < g->columns.out) continue;
      ox = 0;
      if (++oy < g->rows.out) continue;
      oy = 0;
      x += g->rows.in * g->columns.in * g->in_channels;
    }
    const int32_t* w = p->weights;
    for (int32_t c = 0; c < g->out_channels; c += 2, w += step) {
      int32_t sums[8];
      mote_dsp_2x4(w, (const int32_t*)windows, w + step, sums);
      mote_dsp_store(&p->output, c, sums + 4, count, y + c, g->out_channels);
      if (c + 1 == g->out_channels) break;
      mote_dsp_split(sums, sums + 4, count);
      mote_dsp_store(&p->output, c + 1, sums, count, y + c + 1, g->out_channels);
    }
  }
}

#endif
#endif
