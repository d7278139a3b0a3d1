/* 8-bit depthwise convolution on Armv8.1-M with vector instructions (MVE).
 *
 * Taps lie in lanes: four rows of the input are interleaved into words [column][channel], so that one gather
 * of four words is a 4x4 patch of one channel and VMLADAV sums its products with the taps, of which those
 * outside the filter are 0. Outputs lie in lanes for rounding; the output constants of a channel are scalars,
 * and results are scattered. The rounding forms are those of gemm_mve.S; form 2 adds its 1 only where the
 * shift is to the right. The stream has for each channel the taps, words of columns, and then bias,
 * [left shift of form 2], multiplier, right shift, [1], zero point. */
  .syntax unified
  .thumb

/* of mote_mve_depthwise in depthwise_conv2d_s8_mve.h */
  .equ MVE_DW_WORDS, 0
  .equ MVE_DW_STREAM, 8
  .equ MVE_DW_STREAM_END, 12
  .equ MVE_DW_UNITS, 16
  .equ MVE_DW_UNIT, 20
  .equ MVE_DW_NEXT, 28
  .equ MVE_DW_COLUMN, 36
  .equ MVE_DW_LOW, 40
  .equ MVE_DW_GATHER, 48
  .equ MVE_DW_SCATTER, 64
  .equ MVE_DW_LAST_SCATTER, 80
  .equ MVE_DW_LEFT, 96
  .equ MVE_DW_PATCHES, 100

.macro MOTE_MVE_DW_ENTER name
  .section .text.\name, "ax", %progbits
  .global \name
  .type \name, %function
  .p2align 2
\name:
  push {r4-r11, lr}
  vpush {d8-d15}
  mov r9, r0
  ldrd r1, r7, [r9, #MVE_DW_WORDS]
  ldr r5, [r9, #MVE_DW_STREAM]
  add r0, r9, #MVE_DW_GATHER
  vldrw.u32 q4, [r0]
  vldrw.u32 q5, [r0, #16]
.endm

.macro MOTE_MVE_DW_SET q, a, b, c, d
  vmov \q[2], \q[0], \a, \c
  vmov \q[3], \q[1], \b, \d
.endm

.macro MOTE_MVE_DW_CONSTANTS at, form
  .if \form == 0
  ldm \at, {r0, r2, r4, r8}
  .elseif \form == 1
  ldm \at, {r0, r2, r4, r6, r8}
  .else
  ldm \at, {r0, r2, r4, r6, r8, r10}
  .endif
.endm

/* Sums in q6, and q7 where there are `more` than four, to bytes that are scattered. The constants of the
 * channel stand `at` bytes after r5. */
.macro MOTE_MVE_DW_STORE form, finish, more, at
  .if \at
  add r3, r5, #\at
  MOTE_MVE_DW_CONSTANTS r3, \form
  .else
  MOTE_MVE_DW_CONSTANTS r5, \form
  .endif
  vadd.i32 q6, q6, r0
  .if \more
  vadd.i32 q7, q7, r0
  .endif
  .if \form == 2
  vshl.s32 q6, r2
  vqrdmulh.s32 q6, q6, r4
  vqdmlah.s32 q6, q6, r8
  vrshl.s32 q6, r6
  .if \more
  vshl.s32 q7, r2
  vqrdmulh.s32 q7, q7, r4
  vqdmlah.s32 q7, q7, r8
  vrshl.s32 q7, r6
  .endif
  .else
  vqrdmulh.s32 q6, q6, r2
  .if \more
  vqrdmulh.s32 q7, q7, r2
  .endif
  .if \form == 1
  vqdmlah.s32 q6, q6, r6
  .if \more
  vqdmlah.s32 q7, q7, r6
  .endif
  .endif
  vrshl.s32 q6, r4
  .if \more
  vrshl.s32 q7, r4
  .endif
  .endif
  vqmovnb.s32 q6, q6
  .if \more
  vqmovnt.s32 q6, q7
  .endif
  .if \form == 2
  vqadd.s16 q6, q6, r10
  .else
  vqadd.s16 q6, q6, r8
  .endif
  vqmovnb.s16 q6, q6
  .if \finish & 1
  ldrd r0, r2, [r9, #MVE_DW_LOW]
  vdup.8 q7, r0
  vmax.s8 q6, q6, q7
  vdup.8 q7, r2
  vmin.s8 q6, q6, q7
  .endif
  .if \finish & 2
  mov r0, #0x80
  vdup.8 q7, r0
  veor q6, q6, q7
  .endif
  .if \more
  vstrb.16 q6, [r7, q5]
  .else
  vstrb.32 q6, [r7, q5]
  .endif
.endm

/* After a channel: the next one at 1, or the end. */
.macro MOTE_MVE_DW_NEXT name, form, patches
  ldrd r0, r2, [r9, #MVE_DW_NEXT]
  add r1, r0
  add r7, r2
  ldr r0, [r9, #MVE_DW_STREAM_END]
  .if \form == 0
  adds r5, #16 * \patches + 16
  .elseif \form == 1
  adds r5, #16 * \patches + 20
  .else
  adds r5, #16 * \patches + 24
  .endif
  cmp r5, r0
  bne.w 1b
  vpop {d8-d15}
  pop {r4-r11, pc}
  .size \name, . - \name
.endm

/* Two rows by `columns` (1 to 4) columns. */
.macro MOTE_MVE_DW_UNIT2 form, finish, columns
  vldrw.u32 q6, [r1, q4]
  .if \columns > 2
  ldr r3, [r9, #MVE_DW_COLUMN]
  add r3, r1
  .endif
  vmladav.s8 r0, q6, q0
  .if \columns > 2
  vldrw.u32 q7, [r3, q4]
  .endif
  .if \columns > 1
  vmladav.s8 r2, q6, q1
  .endif
  vmladav.s8 r8, q6, q2
  .if \columns > 1
  vmladav.s8 r10, q6, q3
  .endif
  .if \columns > 2
  vmladav.s8 r4, q7, q0
  vmladav.s8 r12, q7, q2
  .endif
  .if \columns > 3
  vmladav.s8 r6, q7, q1
  vmladav.s8 r14, q7, q3
  .endif
  .if \columns == 1
  MOTE_MVE_DW_SET q6, r0, r0, r8, r8
  .elseif \columns == 2
  MOTE_MVE_DW_SET q6, r0, r2, r8, r10
  .elseif \columns == 3
  MOTE_MVE_DW_SET q6, r0, r2, r4, r4
  MOTE_MVE_DW_SET q7, r8, r10, r12, r12
  .else
  MOTE_MVE_DW_SET q6, r0, r2, r4, r6
  MOTE_MVE_DW_SET q7, r8, r10, r12, r14
  .endif
  MOTE_MVE_DW_STORE \form, \finish, (\columns > 2), 0
.endm

/* Filters of up to 3x3, stride 1: two rows of outputs, four columns at a time and then `last` (0 to 3)
 * more; units: no fours (0), one (1), as many as stand in memory (2). single: the second row is the first
 * one once more. A function of mote_mve_depthwise*. */
.macro MOTE_DEPTHWISE_3X3_MVE name, units, last, form, finish, single
  MOTE_MVE_DW_ENTER \name
1:
  vldrw.u32 q0, [r5], #16
  movs r0, #0
  vmov q1, q0
  vshlc q1, r0, #32
  .if \single
  vmov q2, q0
  vmov q3, q1
  .else
  vshl.i32 q2, q0, #8
  vshl.i32 q3, q1, #8
  .endif
  .if \units
  .if \units > 1
  ldr r11, [r9, #MVE_DW_UNITS]
  .endif
  .if \last
  vldrw.u32 q5, [r9, #MVE_DW_SCATTER]
  .endif
2:
  MOTE_MVE_DW_UNIT2 \form, \finish, 4
  ldrd r0, r2, [r9, #MVE_DW_UNIT]
  add r1, r0
  add r7, r2
  .if \units > 1
  subs r11, #1
  bne.w 2b
  .endif
  .endif
  .if \last
  vldrw.u32 q5, [r9, #MVE_DW_LAST_SCATTER]
  MOTE_MVE_DW_UNIT2 \form, \finish, \last
  .endif
  MOTE_MVE_DW_NEXT \name, \form, 0
.endm

/* One patch of an output column; `first`: the sum begins. */
.macro MOTE_MVE_DW_PATCH sum, first
  vldrw.u32 q6, [r3, q4]
  .if \first
  vmladav.s8 \sum, q6, q0
  .else
  vmladava.s8 \sum, q6, q0
  .endif
.endm

/* One row by `columns` (1 to 8) columns, the sums of `patches` patches each. */
.macro MOTE_MVE_DW_UNIT1 form, finish, patches, columns
  .set mote_patch, 0
  .rept \patches
  vldrw.u32 q0, [r5, #16 * mote_patch]
  ldr r3, [r9, #MVE_DW_PATCHES + 4 * mote_patch]
  add r3, r1
  MOTE_MVE_DW_PATCH r0, (mote_patch == 0)
  .if \columns > 1
  add r3, r11
  MOTE_MVE_DW_PATCH r2, (mote_patch == 0)
  .endif
  .if \columns > 2
  add r3, r11
  MOTE_MVE_DW_PATCH r4, (mote_patch == 0)
  .endif
  .if \columns > 3
  add r3, r11
  MOTE_MVE_DW_PATCH r6, (mote_patch == 0)
  .endif
  .if \columns > 4
  add r3, r11
  MOTE_MVE_DW_PATCH r8, (mote_patch == 0)
  .endif
  .if \columns > 5
  add r3, r11
  MOTE_MVE_DW_PATCH r10, (mote_patch == 0)
  .endif
  .if \columns > 6
  add r3, r11
  MOTE_MVE_DW_PATCH r12, (mote_patch == 0)
  .endif
  .if \columns > 7
  add r3, r11
  MOTE_MVE_DW_PATCH r14, (mote_patch == 0)
  .endif
  .set mote_patch, mote_patch + 1
  .endr
  .if \columns == 1
  MOTE_MVE_DW_SET q6, r0, r0, r0, r0
  .elseif \columns == 2
  MOTE_MVE_DW_SET q6, r0, r2, r2, r2
  .elseif \columns == 3
  MOTE_MVE_DW_SET q6, r0, r2, r4, r4
  .else
  MOTE_MVE_DW_SET q6, r0, r2, r4, r6
  .endif
  .if \columns == 5
  MOTE_MVE_DW_SET q7, r8, r8, r8, r8
  .elseif \columns == 6
  MOTE_MVE_DW_SET q7, r8, r10, r10, r10
  .elseif \columns == 7
  MOTE_MVE_DW_SET q7, r8, r10, r12, r12
  .elseif \columns == 8
  MOTE_MVE_DW_SET q7, r8, r10, r12, r14
  .endif
  MOTE_MVE_DW_STORE \form, \finish, (\columns > 4), (16 * \patches)
.endm

/* Filters of any size and stride: one row of outputs, eight columns at a time and then `last` (0 to 7)
 * more; units as above. A function of mote_mve_depthwise*. */
.macro MOTE_DEPTHWISE_MVE name, patches, units, last, form, finish
  MOTE_MVE_DW_ENTER \name
  ldr r11, [r9, #MVE_DW_COLUMN]
1:
  .if \units
  .if \last
  vldrw.u32 q5, [r9, #MVE_DW_SCATTER]
  .endif
  .if \units > 1
  ldr r0, [r9, #MVE_DW_UNITS]
  str r0, [r9, #MVE_DW_LEFT]
  .endif
2:
  MOTE_MVE_DW_UNIT1 \form, \finish, \patches, 8
  ldrd r0, r2, [r9, #MVE_DW_UNIT]
  add r1, r0
  add r7, r2
  .if \units > 1
  ldr r0, [r9, #MVE_DW_LEFT]
  subs r0, #1
  str r0, [r9, #MVE_DW_LEFT]
  bne.w 2b
  .endif
  .endif
  .if \last
  vldrw.u32 q5, [r9, #MVE_DW_LAST_SCATTER]
  MOTE_MVE_DW_UNIT1 \form, \finish, \patches, \last
  .endif
  MOTE_MVE_DW_NEXT \name, \form, \patches
.endm
