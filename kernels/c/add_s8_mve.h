/* The sum of add_s8.h on Armv8.1-M with vector instructions (MVE). Two narrowing shifts, by 16 and by 6,
 * round and saturate; the offset makes up for their roundings. */
#ifndef MOTE_ADD_S8_MVE_H
#define MOTE_ADD_S8_MVE_H

#include "add_s8.h"

#if defined(__ARM_FEATURE_MVE)

/* constants: a_multiplier, b_multiplier, offset */
__attribute__((naked, noinline, unused)) static void mote_mve_add(const int8_t* a __attribute__((unused)),
                                                                  const int8_t* b __attribute__((unused)),
                                                                  int8_t* y __attribute__((unused)),
                                                                  int32_t count __attribute__((unused)),
                                                                  const int32_t* constants
                                                                  __attribute__((unused))) {
  __asm__(
      "push {r4, r5, r6, r7, r8, lr}\n"
      "ldr r6, [sp, #24]\n"
      "ldm r6, {r4, r5, r6}\n"
      "vdup.32 q3, r4\n"
      "and r7, r3, #15\n"
      "lsr r3, r3, #4\n"
      "wls lr, r3, 2f\n"
      "1:\n"
      ".rept 4\n"
      "vldrb.s32 q0, [r0], #4\n"
      "vmlas.s32 q0, q3, r6\n"
      "vldrb.s32 q1, [r1], #4\n"
      "vmla.s32 q0, q1, r5\n"
      "vqrshrnb.s32 q0, q0, #16\n"
      "vqrshrnb.s16 q0, q0, #6\n"
      "vstrb.32 q0, [r2], #4\n"
      ".endr\n"
      "le lr, 1b\n"
      "2:\n"
      "wlstp.32 lr, r7, 4f\n"
      "3:\n"
      "vldrb.s32 q0, [r0], #4\n"
      "vmlas.s32 q0, q3, r6\n"
      "vldrb.s32 q1, [r1], #4\n"
      "vmla.s32 q0, q1, r5\n"
      "vqrshrnb.s32 q0, q0, #16\n"
      "vqrshrnb.s16 q0, q0, #6\n"
      "vstrb.32 q0, [r2], #4\n"
      "letp lr, 3b\n"
      "4:\n"
      "pop {r4, r5, r6, r7, r8, pc}\n");
}

__attribute__((naked, noinline, unused)) static void mote_mve_clamp(int8_t* y __attribute__((unused)),
                                                                    int32_t count __attribute__((unused)),
                                                                    int32_t low __attribute__((unused)),
                                                                    int32_t high __attribute__((unused))) {
  __asm__(
      "push {r4, lr}\n"
      "vdup.8 q1, r2\n"
      "vdup.8 q2, r3\n"
      "wlstp.8 lr, r1, 2f\n"
      "1:\n"
      "vldrb.u8 q0, [r0]\n"
      "vmax.s8 q0, q0, q1\n"
      "vmin.s8 q0, q0, q2\n"
      "vstrb.8 q0, [r0], #16\n"
      "letp lr, 1b\n"
      "2:\n"
      "pop {r4, pc}\n");
}

MOTE_KERNEL void add_s8_mve(const add_s8_params* p, const int8_t* a, const int8_t* b, int8_t* y,
                            int32_t first, int32_t rows) {
  mote_element_run run = {first, rows, 0, 0, 0, 0};
  while (mote_next_run(&run, p->row_elements, p->x_slots, p->x2_slots, p->y_slots)) {
    mote_mve_add(a + run.x, b + run.x2, y + run.y, run.count, &p->a_multiplier);
    if (p->low != -128 || p->high != 127) mote_mve_clamp(y + run.y, run.count, p->low, p->high);
  }
}

#endif
#endif
