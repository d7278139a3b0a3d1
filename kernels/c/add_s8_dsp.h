/* Sum of two s8 tensors of one shape on Arm cores with the DSP extension, as a linear form in high products:
 * y = saturate((offset + floor(a * a_multiplier / 2^8) + floor(b * b_multiplier / 2^8)) >> 21). The planner
 * tries every pair of inputs before it chooses the constants (add_s8.h). y may stand on a or b. */
#ifndef MOTE_ADD_S8_DSP_H
#define MOTE_ADD_S8_DSP_H

#include "add_s8.h"

#if defined(__ARM_FEATURE_DSP)

/* Eight elements at a time up to `end` of a: bytes stay where they are in halves of a word, with zeros below.
 */
MOTE_KERNEL void mote_add_eights(const int8_t* a, const int8_t* b, int8_t* y, const int8_t* end,
                                 const add_s8_params* p) {
  __asm__ volatile(
      "1:\n"
      ".rept 2\n"
      "ldr r4, [%0], #4\n"
      "ldr r5, [%1], #4\n"
      "and r6, %7, r4, lsl #8\n"
      "and r4, r4, %7\n"
      "and r12, %7, r5, lsl #8\n"
      "and r5, r5, %7\n"
      "smlawb r8, %4, r6, %6\n"
      "smlawb r8, %5, r12, r8\n"
      "smlawt r9, %4, r6, %6\n"
      "smlawt r9, %5, r12, r9\n"
      "smlawb r6, %4, r4, %6\n"
      "smlawb r6, %5, r5, r6\n"
      "smlawt r12, %4, r4, %6\n"
      "smlawt r12, %5, r5, r12\n"
      "ssat r8, #8, r8, asr #21\n"
      "ssat r9, #8, r9, asr #21\n"
      "ssat r6, #8, r6, asr #21\n"
      "ssat r12, #8, r12, asr #21\n"
      "strb r9, [%2, #2]\n"
      "strb r6, [%2, #1]\n"
      "strb r12, [%2, #3]\n"
      "strb r8, [%2], #4\n"
      ".endr\n"
      "cmp %0, %3\n"
      "bne 1b\n"
      : "+&r"(a), "+&r"(b), "+&r"(y)
      : "r"(end), "r"(p->a_multiplier), "r"(p->b_multiplier), "r"(p->offset), "r"(0xff00ff00U)
      : "r4", "r5", "r6", "r8", "r9", "r12", "memory", "cc");
}

MOTE_INLINE int32_t mote_smlawb(int32_t m, int32_t x, int32_t sum) {
  int32_t r;
  __asm__("smlawb %0, %1, %2, %3" : "=r"(r) : "r"(m), "r"(x), "r"(sum));
  return r;
}

MOTE_KERNEL void add_s8_dsp(const add_s8_params* p, const int8_t* a0, const int8_t* b0, int8_t* y0,
                            int32_t first, int32_t rows) {
  mote_element_run run = {first, rows, 0, 0, 0, 0};
  while (mote_next_run(&run, p->row_elements, p->x_slots, p->x2_slots, p->y_slots)) {
    const int8_t *a = a0 + run.x, *b = b0 + run.x2;
    int8_t* y = y0 + run.y;
    const int32_t eights = run.count & ~7;
    if (eights > 0) mote_add_eights(a, b, y, a + eights, p);
    for (int32_t i = eights; i < run.count; ++i) {
      const int32_t x = mote_smlawb(p->a_multiplier, (int32_t)((uint32_t)a[i] << 8), p->offset);
      const int32_t sum = mote_smlawb(p->b_multiplier, (int32_t)((uint32_t)b[i] << 8), x);
      int32_t q;
      __asm__("ssat %0, #8, %1, asr #21" : "=r"(q) : "r"(sum));
      y[i] = (int8_t)q;
    }
  }
}

#endif
#endif
