/* Convolution and fully-connected layers of 16-bit activations on Armv8.1-M with vector instructions (MVE),
 * for layers whose sums fit 32 bits: two pixels by four output channels, VMLADAVA in eight accumulators.
 * Windows of more than one element are gathered in the scratch. Packed weights: for each four channels, for
 * each eight window elements, those of each channel in turn; zero where absent. */
#ifndef MOTE_CONV2D_S16_MVE_H
#define MOTE_CONV2D_S16_MVE_H

#include "requantize.h"
#include "windows.h"

#if defined(__ARM_FEATURE_MVE)

typedef struct {
  mote_window2d window; /* one group, plain or transposed */
  int32_t direct;       /* the pixels are the windows */
  int32_t elements;     /* of a window */
  int32_t low, high;    /* bounds of y */
  const int32_t* bias;
  const int32_t* multipliers;
  const int8_t* shifts;
  const int8_t* weights;
} conv2d_s16_mve_params;

typedef struct {
  const int16_t* x0;
  const int16_t* x1;
  const int8_t* weights;
  int32_t elements;
  int32_t* sums; /* for each four channels those of x0, then those of x1 */
  int32_t* sums_end;
} mote_mve_s16_products;

__attribute__((naked, noinline, unused)) static void mote_mve_s16_multiply(mote_mve_s16_products* work
                                                                           __attribute__((unused))) {
  __asm__(
      "push {r4-r11, lr}\n"
      "mov r7, r0\n"
      "ldr r3, [r7, #8]\n"
      "1:\n"
      "ldrd r1, r9, [r7]\n"
      "ldr r5, [r7, #12]\n"
      "movs r0, #0\n movs r2, #0\n movs r4, #0\n movs r6, #0\n"
      "mov r8, #0\n mov r10, #0\n mov r12, #0\n mov lr, #0\n"
      "2:\n"
      "vctp.16 r5\n"
      "vpstt\n"
      "vldrht.u16 q0, [r1], #16\n"
      "vldrht.u16 q1, [r9], #16\n"
      "vldrb.s16 q2, [r3], #8\n"
      "vmladava.s16 r0, q0, q2\n"
      "vmladava.s16 r8, q1, q2\n"
      "vldrb.s16 q3, [r3], #8\n"
      "vmladava.s16 r2, q0, q3\n"
      "vmladava.s16 r10, q1, q3\n"
      "vldrb.s16 q2, [r3], #8\n"
      "vmladava.s16 r4, q0, q2\n"
      "vmladava.s16 r12, q1, q2\n"
      "vldrb.s16 q3, [r3], #8\n"
      "vmladava.s16 r6, q0, q3\n"
      "vmladava.s16 lr, q1, q3\n"
      "subs r5, #8\n"
      "bgt 2b\n"
      "ldrd r5, r11, [r7, #16]\n"
      "stm r5!, {r0, r2, r4, r6, r8, r10, r12, lr}\n"
      "str r5, [r7, #16]\n"
      "cmp r5, r11\n"
      "bne 1b\n"
      "pop {r4-r11, pc}\n");
}

MOTE_INLINE void mote_mve_s16_pixel(const conv2d_s16_mve_params* p, const int32_t* sums, int16_t* y) {
  for (int32_t c = 0; c < p->window.out_channels; ++c) {
    const int32_t sum = mote_add(sums[c / 4 * 8 + c % 4], p->bias[c]);
    y[c] = (int16_t)mote_clamp(mote_requantize_64(sum, p->multipliers[c], p->shifts[c]), p->low, p->high);
  }
}

/* The scratch holds two windows, unless direct, and the sums. */
MOTE_KERNEL void conv2d_s16_mve(const conv2d_s16_mve_params* p, const int16_t* x, int16_t* y, void* scratch) {
  const mote_window2d* g = &p->window;
  const int32_t pixels = g->batches * g->rows.out * g->columns.out;
  const int32_t channels = (g->out_channels + 3) & ~3;
  int16_t* windows = (int16_t*)scratch;
  int32_t* sums = (int32_t*)(void*)(windows + (p->direct ? 0 : 2 * ((p->elements + 1) & ~1)));
  mote_window_cursor cursor = {(const char*)x, 0, 0};
  for (int32_t pixel = 0; pixel < pixels; pixel += 2, y += 2 * g->out_channels) {
    const int32_t both = pixel + 1 < pixels;
    const int16_t* from = p->direct ? x + pixel * p->elements : windows;
    mote_mve_s16_products work = {from, from + both * p->elements, p->weights, p->elements,
                                  sums, sums + 2 * channels};
    if (!p->direct) {
      mote_gather_window(g, &cursor, 2, windows);
      if (both) mote_gather_window(g, &cursor, 2, windows + p->elements);
    }
    mote_mve_s16_multiply(&work);
    mote_mve_s16_pixel(p, sums, y);
    if (both) mote_mve_s16_pixel(p, sums + 4, y + g->out_channels);
  }
}

#endif
#endif
