/* Convolution and fully-connected layers of 16-bit activations on Arm cores with the DSP extension, for
 * layers whose sums fit 32 bits: two pixels by two output channels. Windows of more than one element, or of a
 * depth that is no multiple of four, are gathered in the scratch. Packed weights: for each two channels, for
 * each four window elements, the bytes (0, 2, 1, 3) of either channel; zero where absent. */
#ifndef MOTE_CONV2D_S16_DSP_H
#define MOTE_CONV2D_S16_DSP_H

#include "windows.h"
#include "words_dsp.h"

#if defined(__ARM_FEATURE_DSP)

typedef struct {
  mote_window2d window; /* one group, plain or transposed */
  int32_t direct;       /* the pixels are the windows */
  int32_t elements;     /* of a window, rounded up to four */
  mote_words_output output;
  const int32_t* weights;
} conv2d_s16_dsp_params;

/* sums: of x0 with either channel, then of x1; w moves on to w_end. */
__attribute__((naked, noinline, unused)) static void mote_s16_2x2(const int32_t* w __attribute__((unused)),
                                                                  const int16_t* x0 __attribute__((unused)),
                                                                  const int16_t* x1 __attribute__((unused)),
                                                                  const int32_t* w_end
                                                                  __attribute__((unused)),
                                                                  int32_t* sums __attribute__((unused))) {
  __asm__(
      "push {r4-r11, lr}\n"
      "mov r4, #0\n mov r5, #0\n mov r6, #0\n mov r7, #0\n"
      "1:\n"
      "ldmia r0!, {r8, r9}\n"
      "ldr r10, [r1], #4\n"
      "ldr r11, [r2], #4\n"
      "sxtb16 r12, r8\n"
      "sxtb16 lr, r9\n"
      "smlad r4, r10, r12, r4\n"
      "smlad r5, r10, lr, r5\n"
      "smlad r6, r11, r12, r6\n"
      "smlad r7, r11, lr, r7\n"
      "ldr r10, [r1], #4\n"
      "ldr r11, [r2], #4\n"
      "sxtb16 r12, r8, ror #8\n"
      "sxtb16 lr, r9, ror #8\n"
      "smlad r4, r10, r12, r4\n"
      "smlad r5, r10, lr, r5\n"
      "smlad r6, r11, r12, r6\n"
      "smlad r7, r11, lr, r7\n"
      "cmp r0, r3\n"
      "bne 1b\n"
      "ldr r12, [sp, #36]\n"
      "stmia r12, {r4-r7}\n"
      "pop {r4-r11, pc}\n");
}

MOTE_KERNEL void conv2d_s16_dsp(const conv2d_s16_dsp_params* p, const int16_t* x, int16_t* y, void* scratch) {
  const mote_window2d* g = &p->window;
  const int32_t pixels = g->batches * g->rows.out * g->columns.out;
  mote_window_cursor cursor = {(const char*)x, 0, 0};
  int16_t* windows = (int16_t*)scratch;
  for (int32_t pixel = 0; pixel < pixels; pixel += 2, y += 2 * g->out_channels) {
    const int32_t count = pixels - pixel < 2 ? 1 : 2;
    const int16_t* x0 = p->direct ? x + pixel * p->elements : windows;
    const int16_t* x1 = count == 2 ? x0 + p->elements : x0;
    const int32_t* w = p->weights;
    for (int32_t i = 0; !p->direct && i < count; ++i)
      mote_gather_window(g, &cursor, (int32_t)sizeof(int16_t), windows + i * p->elements);
    for (int32_t c = 0; c < g->out_channels; c += 2, w += p->elements / 2) {
      int32_t sums[4];
      mote_s16_2x2(w, x0, x1, w + p->elements / 2, sums);
      for (int32_t i = 0; i < 2 && c + i < g->out_channels; ++i) {
        y[c + i] = mote_word_output(&p->output, sums[i], c + i);
        if (count == 2) y[g->out_channels + c + i] = mote_word_output(&p->output, sums[2 + i], c + i);
      }
    }
  }
}

#endif
#endif
