/* 8-bit fully-connected layer on Arm cores with the DSP extension: four output channels at a time, the input
 * row widened to 16 bits in the scratch. Packed weights: for each four channels, for each four elements, two
 * words of channels 0 and 1 and two of channels 2 and 3 (dsp.h); in each four elements the pairs are (0, 2)
 * and (1, 3); zero up to `elements`. */
#ifndef MOTE_FULLY_CONNECTED_S8_DSP_H
#define MOTE_FULLY_CONNECTED_S8_DSP_H

#include "dsp.h"

#if defined(__ARM_FEATURE_DSP)

typedef struct {
  int32_t rows, in_channels, out_channels;
  int32_t elements; /* in_channels rounded up to 8 */
  int32_t x_flip;
  mote_dsp_output output;
  const int32_t* weights;
} fully_connected_s8_dsp_params;

/* sums = M, sum(a x) of the first two channels, M, sum(a x) of the others. */
__attribute__((naked, noinline, unused)) static void mote_dsp_4x1(const int32_t* w __attribute__((unused)),
                                                                  const int32_t* x __attribute__((unused)),
                                                                  const int32_t* x_end
                                                                  __attribute__((unused)),
                                                                  int32_t* sums __attribute__((unused))) {
  __asm__(
      "push {r3-r11, lr}\n"
      "mov r3, #0\n mov r4, #0\n mov r5, #0\n mov r6, #0\n"
      "1:\n"
      ".rept 2\n"
      "ldmia r1!, {r7, r8}\n"
      "ldmia r0!, {r9-r12}\n"
      "sxtb16 lr, r9\n"
      "smlad r3, r9, r7, r3\n"
      "smlad r4, lr, r7, r4\n"
      "sxtb16 lr, r10\n"
      "smlad r3, r10, r8, r3\n"
      "smlad r4, lr, r8, r4\n"
      "sxtb16 lr, r11\n"
      "smlad r5, r11, r7, r5\n"
      "smlad r6, lr, r7, r6\n"
      "sxtb16 lr, r12\n"
      "smlad r5, r12, r8, r5\n"
      "smlad r6, lr, r8, r6\n"
      ".endr\n"
      "cmp r1, r2\n"
      "bne 1b\n"
      "ldr r12, [sp]\n"
      "stmia r12, {r3-r6}\n"
      "pop {r3-r11, pc}\n");
}

MOTE_KERNEL void fully_connected_s8_dsp(const fully_connected_s8_dsp_params* p, const int8_t* x, int8_t* y,
                                        void* scratch) {
  uint32_t* row = (uint32_t*)scratch;
  const uint32_t flips = (uint32_t)p->x_flip * 0x01010101U;
  for (int32_t r = 0; r < p->rows; ++r, x += p->in_channels) {
    uint32_t* to = row;
    int32_t i = 0;
    for (; i + 4 <= p->in_channels; i += 4, to += 2) {
      const uint32_t four = mote_load4(x + i) ^ flips;
      to[0] = mote_sxtb16(four);
      to[1] = mote_sxtb16_ror8(four);
    }
    if (i < p->in_channels) { /* what the rest of the word holds meets zero weights */
      uint32_t four = 0;
      for (int32_t b = 0; i + b < p->in_channels; ++b) four |= (uint32_t)(uint8_t)x[i + b] << (8 * b);
      four ^= flips;
      to[0] = mote_sxtb16(four);
      to[1] = mote_sxtb16_ror8(four);
    }
    const int32_t* w = p->weights;
    for (int32_t c = 0; c < p->out_channels; c += 4, w += p->elements) {
      int32_t sums[4];
      mote_dsp_4x1(w, (const int32_t*)row, (const int32_t*)row + p->elements / 2, sums);
      mote_dsp_split(sums, sums + 1, 1);
      mote_dsp_split(sums + 2, sums + 3, 1);
      const int32_t ordered[4] = {sums[1], sums[0], sums[3], sums[2]};
      for (int32_t j = 0; j < 4 && c + j < p->out_channels; ++j, ++y)
        mote_dsp_store(&p->output, c + j, ordered + j, 1, y, 1);
    }
  }
}

#endif
#endif
