/* Weights of 1 to 7 bits (low_bits.h) expanded with NEON. */
#ifndef MOTE_LOW_BITS_NEON_H
#define MOTE_LOW_BITS_NEON_H

#include "low_bits.h"

#if defined(__ARM_NEON) && defined(__aarch64__)
#include <arm_neon.h>

/* Blocks of 32 weights from block `first` to `to`. */
MOTE_KERNEL void mote_low_expand_neon(const mote_low_bits* w, int32_t first, int32_t blocks, int8_t* to) {
  const uint32x4_t plus = vdupq_n_u32(w->plus), flip = vdupq_n_u32(w->flip);
  const uint8x16_t low = vdupq_n_u8(15);
  const int8x16_t step = vdupq_n_s8((int8_t)w->step);
  const uint32_t* from = w->words + 4 * first;
  uint8_t entries[16] = {0};
  uint8x16_t table;
  if (w->bits != 4) {
    mote_low_expand(w, first, blocks, (uint32_t*)(void*)to);
    return;
  }
  for (int32_t i = 0; i < 16; ++i) entries[i] = w->table ? w->table[i] : (uint8_t)i;
  table = vld1q_u8(entries);
  for (int8_t* const end = to + 32 * blocks; to < end; to += 32, from += 4) {
    const uint8x16_t plane = vreinterpretq_u8_u32(vld1q_u32(from));
    const uint32x4_t even = vreinterpretq_u32_u8(vshlq_u8(vqtbl1q_u8(table, vandq_u8(plane, low)), step));
    const uint32x4_t odd = vreinterpretq_u32_u8(vshlq_u8(vqtbl1q_u8(table, vshrq_n_u8(plane, 4)), step));
    vst1q_s8(to, vreinterpretq_s8_u32(veorq_u32(vaddq_u32(vzip1q_u32(even, odd), plus), flip)));
    vst1q_s8(to + 16, vreinterpretq_s8_u32(veorq_u32(vaddq_u32(vzip2q_u32(even, odd), plus), flip)));
  }
}

#endif
#endif
