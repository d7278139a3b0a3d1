/* Products of 8-bit windows and filters on Armv8.1-M with vector instructions (MVE).
 *
 * VMLADAVA adds sixteen products to one even register: exactly eight accumulators; the odd registers are
 * pointers. Pixels go in pairs, channels in eights: first 0, 2, 4, 6, then 1, 3, 5, 7 of each eight, so that
 * narrowing to the bottom and top halves restores their order. Weights and output constants are one stream,
 * read in order: for each four channels their weights (for each 16 elements of a window 16 of each channel),
 * then vectors of bias, multiplier and shift.
 *
 * Rounding: VQRDMULH is the first one. The second, halves away from zero, is VRSHL after taking one off
 * negative numbers, which VQDMLAH by 1 does: floor((2^32 x + 2 x) / 2^32). Forms of it:
 *   0  negative results are clamped away: nothing to take off
 *   1  every shift is one or more to the right
 *   2  any shift; the stream has left shifts before the multipliers
 * finish: 1 clamps, 2 flips the top bit. */
  .syntax unified
  .thumb

/* of mote_mve_pairs and mote_mve_row in gemm_mve.h */
  .equ MVE_Y, 0
  .equ MVE_Y_STEP, 8
  .equ MVE_PAIRS, 12
  .equ MVE_STREAM, 16
  .equ MVE_Y_ZERO, 20
  .equ MVE_STREAM_END, 24
  .equ MVE_LOW, 28
  .equ MVE_TAIL, 36
  .equ MVE_CHANNELS, 40
  .equ MVE_CHUNKS, 44
  .equ MVE_SEGMENTS, 48
  .equ MVE_SEGMENT_BYTES, 12

.macro MOTE_MVE_ENTER name
  .section .text.\name, "ax", %progbits
  .global \name
  .type \name, %function
  .p2align 2
\name:
  push {r4-r11, lr}
  vpush {d8-d15}
  mov r7, r0
.endm

.macro MOTE_MVE_LEAVE name
  vpop {d8-d15}
  pop {r4-r11, pc}
  .size \name, . - \name
.endm

/* q = (a, b, c, d) */
.macro MOTE_MVE_SET q, a, b, c, d
  vmov \q[2], \q[0], \a, \c
  vmov \q[3], \q[1], \b, \d
.endm

/* Sums of four channels at two pixels to their results; t and u are free, and so are the even registers. */
.macro MOTE_MVE_SCALE2 a, b, t, u, form
  vldrw.u32 \t, [r11], #16
  vadd.i32 \a, \a, \t
  vadd.i32 \b, \b, \t
  vldrw.u32 \t, [r11], #16
  .if \form == 2
  vshl.s32 \a, \a, \t
  vshl.s32 \b, \b, \t
  vldrw.u32 \t, [r11], #16
  .endif
  vqrdmulh.s32 \a, \a, \t
  vqrdmulh.s32 \b, \b, \t
  vldrw.u32 \t, [r11], #16
  .if \form == 1
  movs r0, #1
  vqdmlah.s32 \a, \a, r0
  vqdmlah.s32 \b, \b, r0
  .endif
  .if \form == 2
  vand \u, \a, \t
  vshr.s32 \u, \u, #31
  vadd.i32 \a, \a, \u
  vand \u, \b, \t
  vshr.s32 \u, \u, #31
  vadd.i32 \b, \b, \u
  .endif
  vrshl.s32 \a, \a, \t
  vrshl.s32 \b, \b, \t
.endm

/* Clamps and flips the low bytes of a and b. */
.macro MOTE_MVE_FINISH2 a, b, finish
  .if \finish & 1
  ldrd r4, r6, [r7, #MVE_LOW]
  vdup.8 q0, r4
  vdup.8 q1, r6
  vmax.s8 \a, \a, q0
  vmax.s8 \b, \b, q0
  vmin.s8 \a, \a, q1
  vmin.s8 \b, \b, q1
  .endif
  .if \finish & 2
  mov r4, #0x80
  vdup.8 q0, r4
  veor \a, \a, q0
  veor \b, \b, q0
  .endif
.endm

/* 16 elements of two pixels by four channels. masked: only the lanes of the predicate are there. */
.macro MOTE_MVE_CHUNK2X4 start, masked
  vldrw.u32 q2, [r11], #16
  .if \masked
  vpstt
  vldrbt.u8 q0, [r1], #16
  vldrbt.u8 q1, [r9], #16
  .else
  vldrb.u8 q0, [r1], #16
  .endif
  .if \start
  vmladav.s8 r0, q0, q2
  .else
  vmladava.s8 r0, q0, q2
  .endif
  .ifeq \masked
  vldrb.u8 q1, [r9], #16
  .endif
  .if \start
  vmladav.s8 r8, q1, q2
  vldrw.u32 q3, [r11], #16
  vmladav.s8 r2, q0, q3
  vldrw.u32 q2, [r11], #16
  vmladav.s8 r10, q1, q3
  vmladav.s8 r4, q0, q2
  vldrw.u32 q3, [r11], #16
  vmladav.s8 r12, q1, q2
  vmladav.s8 r6, q0, q3
  vmladav.s8 r14, q1, q3
  .else
  vmladava.s8 r8, q1, q2
  vldrw.u32 q3, [r11], #16
  vmladava.s8 r2, q0, q3
  vldrw.u32 q2, [r11], #16
  vmladava.s8 r10, q1, q3
  vmladava.s8 r4, q0, q2
  vldrw.u32 q3, [r11], #16
  vmladava.s8 r12, q1, q2
  vmladava.s8 r6, q0, q3
  vmladava.s8 r14, q1, q3
  .endif
.endm

/* All of a window at two pixels by four channels. Unrolled; or segment by segment up to a null pointer,
 * where r5 is free; or so with the bytes of a segment from memory, where r3 is free as well. */
.macro MOTE_MVE_WINDOW2X4 segments, chunks, tail
  .if \segments
  .set mote_segment, 0
  .rept \segments
  ldrd r1, r9, [r7, #MVE_SEGMENTS + MVE_SEGMENT_BYTES * mote_segment]
  .set mote_chunk, 0
  .rept \chunks
  .set mote_chunk, mote_chunk + 1
  MOTE_MVE_CHUNK2X4 (mote_segment + mote_chunk == 1), (\tail && mote_chunk == \chunks)
  .endr
  .set mote_segment, mote_segment + 1
  .endr
  .elseif \chunks
  add r5, r7, #MVE_SEGMENTS
  ldrd r1, r9, [r5], #MVE_SEGMENT_BYTES
  MOTE_MVE_CHUNK2X4 1, (\tail && \chunks == 1)
  b.w 12f
11:
  MOTE_MVE_CHUNK2X4 0, (\tail && \chunks == 1)
12:
  .set mote_chunk, 1
  .rept \chunks - 1
  .set mote_chunk, mote_chunk + 1
  MOTE_MVE_CHUNK2X4 0, (\tail && mote_chunk == \chunks)
  .endr
  ldrd r1, r9, [r5], #MVE_SEGMENT_BYTES
  cmp r1, #0
  bne.w 11b
  .else
  add r5, r7, #MVE_SEGMENTS
  ldrd r1, r9, [r5], #MVE_SEGMENT_BYTES
  ldr r3, [r7, #MVE_CHUNKS]
  vctp.8 r3
  MOTE_MVE_CHUNK2X4 1, 1
  subs r3, #16
  ble 14f
  subs r3, #16
  ble 13f
12:
  MOTE_MVE_CHUNK2X4 0, 0
  subs r3, #16
  bgt 12b
13:
  adds r3, #16
  vctp.8 r3
  MOTE_MVE_CHUNK2X4 0, 1
14:
  ldrd r1, r9, [r5], #MVE_SEGMENT_BYTES
  cmp r1, #0
  beq 15f
  ldr r3, [r7, #MVE_CHUNKS]
  subs r3, #16
  bgt 12b
  b 13b
15:
  .endif
.endm

/* Stores the low bytes of q4 and q5 (in pairs) as eight channels, fewer at the end of a pixel; goes back to 2
 * until that end, which r2 holds. `moved`: the places stand in memory. */
.macro MOTE_MVE_STORE pairs, partial, moved
  .if \moved
  ldrd r5, r3, [r7, #MVE_Y]
  .endif
  cmp r11, r2
  .if \partial
  beq 3f
  .endif
  vstrb.16 q4, [r5], #8
  .if \pairs
  vstrb.16 q5, [r3], #8
  .endif
  .if \moved
  strd r5, r3, [r7, #MVE_Y]
  .endif
  .if \partial
  b.w 2b
3:
  ldr r4, [r7, #MVE_CHANNELS]
  vctp.16 r4
  .if \pairs
  vpstt
  vstrbt.16 q4, [r5], #8
  vstrbt.16 q5, [r3], #8
  .else
  vpst
  vstrbt.16 q4, [r5], #8
  .endif
  .if \moved
  strd r5, r3, [r7, #MVE_Y]
  .endif
  .else
  bne.w 2b
  .endif
.endm

/* A function of mote_mve_pairs*. segments 0: as many as stand there up to a null pointer; chunks 0: the bytes
 * of a segment stand in memory. tail: the last 16 bytes of a segment are not all there. partial: the channels
 * are no multiple of eight. */
.macro MOTE_GEMM_MVE name, segments, chunks, tail, form, finish, partial
  MOTE_MVE_ENTER \name
  .if \segments
  ldrd r5, r3, [r7, #MVE_Y]
  .endif
1:
  ldr r11, [r7, #MVE_STREAM]
  .if \tail
  ldr r0, [r7, #MVE_TAIL]
  vctp.8 r0
  .endif
2:
  MOTE_MVE_WINDOW2X4 \segments, \chunks, \tail
  MOTE_MVE_SET q4, r0, r2, r4, r6
  MOTE_MVE_SET q5, r8, r10, r12, r14
  MOTE_MVE_SCALE2 q4, q5, q2, q3, \form
  MOTE_MVE_WINDOW2X4 \segments, \chunks, \tail
  MOTE_MVE_SET q0, r0, r2, r4, r6
  MOTE_MVE_SET q1, r8, r10, r12, r14
  MOTE_MVE_SCALE2 q0, q1, q2, q3, \form
  vqmovnb.s32 q4, q4
  vqmovnt.s32 q4, q0
  vqmovnb.s32 q5, q5
  vqmovnt.s32 q5, q1
  ldrd r0, r2, [r7, #MVE_Y_ZERO]
  vqadd.s16 q4, q4, r0
  vqadd.s16 q5, q5, r0
  vqmovnb.s16 q4, q4
  vqmovnb.s16 q5, q5
  MOTE_MVE_FINISH2 q4, q5, \finish
  MOTE_MVE_STORE 1, \partial, (\segments == 0)
  ldr r4, [r7, #MVE_Y_STEP]
  add r5, r4
  add r3, r4
  .if \segments
  .set mote_segment, 0
  .rept \segments
  ldrd r0, r2, [r7, #MVE_SEGMENTS + MVE_SEGMENT_BYTES * mote_segment]
  ldr r4, [r7, #MVE_SEGMENTS + MVE_SEGMENT_BYTES * mote_segment + 8]
  add r0, r4
  add r2, r4
  strd r0, r2, [r7, #MVE_SEGMENTS + MVE_SEGMENT_BYTES * mote_segment]
  .set mote_segment, mote_segment + 1
  .endr
  .else
  strd r5, r3, [r7, #MVE_Y]
  add r5, r7, #MVE_SEGMENTS
4:
  ldrd r0, r2, [r5]
  ldr r4, [r5, #8]
  add r0, r4
  add r2, r4
  strd r0, r2, [r5], #MVE_SEGMENT_BYTES
  ldr r0, [r5]
  cmp r0, #0
  bne 4b
  .endif
  ldr r0, [r7, #MVE_PAIRS]
  subs r0, #1
  str r0, [r7, #MVE_PAIRS]
  bne.w 1b
  MOTE_MVE_LEAVE \name
.endm

/* 16 elements of one pixel by eight channels. `bytes` of them are there. */
.macro MOTE_MVE_CHUNK1X8 start, bytes
  .if \bytes < 16
  vpst
  vldrbt.u8 q0, [r1], #\bytes
  .else
  vldrb.u8 q0, [r1], #16
  .endif
  vldrw.u32 q1, [r11], #16
  .if \start
  vmladav.s8 r0, q0, q1
  vldrw.u32 q2, [r11], #16
  vmladav.s8 r2, q0, q2
  vldrw.u32 q3, [r11], #16
  vmladav.s8 r4, q0, q3
  vldrw.u32 q1, [r11], #16
  vmladav.s8 r6, q0, q1
  vldrw.u32 q2, [r11], #16
  vmladav.s8 r8, q0, q2
  vldrw.u32 q3, [r11], #16
  vmladav.s8 r10, q0, q3
  vldrw.u32 q1, [r11], #16
  vmladav.s8 r12, q0, q1
  vldrw.u32 q2, [r11], #16
  vmladav.s8 r14, q0, q2
  .else
  vmladava.s8 r0, q0, q1
  vldrw.u32 q2, [r11], #16
  vmladava.s8 r2, q0, q2
  vldrw.u32 q3, [r11], #16
  vmladava.s8 r4, q0, q3
  vldrw.u32 q1, [r11], #16
  vmladava.s8 r6, q0, q1
  vldrw.u32 q2, [r11], #16
  vmladava.s8 r8, q0, q2
  vldrw.u32 q3, [r11], #16
  vmladava.s8 r10, q0, q3
  vldrw.u32 q1, [r11], #16
  vmladava.s8 r12, q0, q1
  vldrw.u32 q2, [r11], #16
  vmladava.s8 r14, q0, q2
  .endif
.endm

.macro MOTE_MVE_SCALE1 a, t, form
  vldrw.u32 \t, [r11], #16
  vadd.i32 \a, \a, \t
  vldrw.u32 \t, [r11], #16
  .if \form == 2
  vshl.s32 \a, \a, \t
  vldrw.u32 \t, [r11], #16
  .endif
  vqrdmulh.s32 \a, \a, \t
  vldrw.u32 \t, [r11], #16
  .if \form == 1
  vqdmlah.s32 \a, \a, r0
  .endif
  .if \form == 2
  vand q0, \a, \t
  vshr.s32 q0, q0, #31
  vadd.i32 \a, \a, q0
  .endif
  vrshl.s32 \a, \a, \t
.endm

/* One pixel: a function of mote_mve_pairs* that reads segments[0].x0. The first 16 elements of a window are
 * only `head` bytes; after `first` times 16 come as many times `block` times 16 as `chunks` in memory says,
 * where block is not 0. */
.macro MOTE_GEMV_MVE name, head, first, block, form, finish, partial
  MOTE_MVE_ENTER \name
  ldr r5, [r7, #MVE_Y]
  ldr r11, [r7, #MVE_STREAM]
  .if \head < 16
  mov r0, #\head
  vctp.8 r0
  .endif
2:
  ldr r1, [r7, #MVE_SEGMENTS]
  .if \block
  ldr r9, [r7, #MVE_CHUNKS]
  .endif
  MOTE_MVE_CHUNK1X8 1, \head
  .rept \first - 1
  MOTE_MVE_CHUNK1X8 0, 16
  .endr
  .if \block
11:
  .rept \block
  MOTE_MVE_CHUNK1X8 0, 16
  .endr
  subs r9, #1
  bne.w 11b
  .endif
  MOTE_MVE_SET q4, r0, r2, r4, r6
  MOTE_MVE_SET q5, r8, r10, r12, r14
  .if \form == 1
  movs r0, #1
  .endif
  MOTE_MVE_SCALE1 q4, q2, \form
  MOTE_MVE_SCALE1 q5, q2, \form
  vqmovnb.s32 q4, q4
  vqmovnt.s32 q4, q5
  ldrd r0, r2, [r7, #MVE_Y_ZERO]
  vqadd.s16 q4, q4, r0
  vqmovnb.s16 q4, q4
  MOTE_MVE_FINISH2 q4, q5, \finish
  MOTE_MVE_STORE 0, \partial, 0
  MOTE_MVE_LEAVE \name
.endm

/* Sixteen elements of six neighbouring columns, `column` bytes apart from `at` on, by three taps of two
 * channels: sums of four pixels. Columns stay in q0 to q5. */
.macro MOTE_MVE_TAPS3 start, at, column
  vldrw.u32 q0, [r1, #\at]
  vldrw.u32 q6, [r11], #16
  .if \start
  vmladav.s8 r0, q0, q6
  vldrw.u32 q1, [r1, #\at + \column]
  vmladav.s8 r2, q1, q6
  vldrw.u32 q2, [r1, #\at + 2 * \column]
  vmladav.s8 r4, q2, q6
  vldrw.u32 q3, [r1, #\at + 3 * \column]
  vmladav.s8 r6, q3, q6
  vldrw.u32 q7, [r11], #16
  vmladav.s8 r8, q0, q7
  vldrw.u32 q6, [r11], #16
  vmladav.s8 r10, q1, q7
  vldrw.u32 q4, [r1, #\at + 4 * \column]
  vmladav.s8 r12, q2, q7
  vldrw.u32 q5, [r1, #\at + 5 * \column]
  vmladav.s8 r14, q3, q7
  .else
  vmladava.s8 r0, q0, q6
  vldrw.u32 q1, [r1, #\at + \column]
  vmladava.s8 r2, q1, q6
  vldrw.u32 q2, [r1, #\at + 2 * \column]
  vmladava.s8 r4, q2, q6
  vldrw.u32 q3, [r1, #\at + 3 * \column]
  vmladava.s8 r6, q3, q6
  vldrw.u32 q7, [r11], #16
  vmladava.s8 r8, q0, q7
  vldrw.u32 q6, [r11], #16
  vmladava.s8 r10, q1, q7
  vldrw.u32 q4, [r1, #\at + 4 * \column]
  vmladava.s8 r12, q2, q7
  vldrw.u32 q5, [r1, #\at + 5 * \column]
  vmladava.s8 r14, q3, q7
  .endif
  vldrw.u32 q7, [r11], #16
  vmladava.s8 r0, q1, q6
  vmladava.s8 r2, q2, q6
  vmladava.s8 r4, q3, q6
  vmladava.s8 r6, q4, q6
  vldrw.u32 q6, [r11], #16
  vmladava.s8 r8, q1, q7
  vmladava.s8 r10, q2, q7
  vmladava.s8 r12, q3, q7
  vmladava.s8 r14, q4, q7
  vldrw.u32 q7, [r11], #16
  vmladava.s8 r0, q2, q6
  vmladava.s8 r2, q3, q6
  vmladava.s8 r4, q4, q6
  vmladava.s8 r6, q5, q6
  vmladava.s8 r8, q2, q7
  vmladava.s8 r10, q3, q7
  vmladava.s8 r12, q4, q7
  vmladava.s8 r14, q5, q7
.endm

/* Sums of four pixels of one channel to their results. */
.macro MOTE_MVE_SCALE_CHANNEL a, form
  ldm r11!, {r0, r2, r4}
  vadd.i32 \a, \a, r0
  vqrdmulh.s32 \a, \a, r2
  .if \form == 1
  vqdmlah.s32 \a, \a, r6
  .endif
  vrshl.s32 \a, r4
.endm

/* Three neighbouring taps in each of `segments` rows, stride 1: four pixels by two channels. A function of
 * mote_mve_pairs*: the pairs are fours, x1 and y1 are not used, and behind the segments stand bytes to the
 * eight outputs, 16 bits each. A channel's constants are bias, multiplier and shift; form is not 2.
 * `chunks` times 16 channels; their number is even. */
.macro MOTE_CONV3_MVE name, segments, chunks, form, finish
  MOTE_MVE_ENTER \name
  ldr r5, [r7, #MVE_Y]
1:
  ldr r11, [r7, #MVE_STREAM]
2:
  .set mote_segment, 0
  .rept \segments
  ldr r1, [r7, #MVE_SEGMENTS + MVE_SEGMENT_BYTES * mote_segment]
  .set mote_chunk, 0
  .rept \chunks
  MOTE_MVE_TAPS3 (mote_segment + mote_chunk == 0), (16 * mote_chunk), (16 * \chunks)
  .set mote_chunk, mote_chunk + 1
  .endr
  .set mote_segment, mote_segment + 1
  .endr
  MOTE_MVE_SET q4, r0, r2, r4, r6
  MOTE_MVE_SET q5, r8, r10, r12, r14
  .if \form == 1
  movs r6, #1
  .endif
  MOTE_MVE_SCALE_CHANNEL q4, \form
  MOTE_MVE_SCALE_CHANNEL q5, \form
  vqmovnb.s32 q4, q4
  vqmovnt.s32 q4, q5
  ldrd r0, r2, [r7, #MVE_Y_ZERO]
  vldrw.u32 q6, [r7, #MVE_SEGMENTS + MVE_SEGMENT_BYTES * \segments]
  vqadd.s16 q4, q4, r0
  vqmovnb.s16 q4, q4
  MOTE_MVE_FINISH2 q4, q5, \finish
  vstrb.16 q4, [r5, q6]
  adds r5, #2
  cmp r11, r2
  bne.w 2b
  ldrd r4, r6, [r7, #MVE_Y_STEP]
  add r5, r4
  .set mote_segment, 0
  .rept \segments
  ldr r0, [r7, #MVE_SEGMENTS + MVE_SEGMENT_BYTES * mote_segment]
  ldr r2, [r7, #MVE_SEGMENTS + MVE_SEGMENT_BYTES * mote_segment + 8]
  add r0, r2
  str r0, [r7, #MVE_SEGMENTS + MVE_SEGMENT_BYTES * mote_segment]
  .set mote_segment, mote_segment + 1
  .endr
  subs r6, #1
  str r6, [r7, #MVE_PAIRS]
  bne.w 1b
  MOTE_MVE_LEAVE \name
.endm

/* One run of a window from `from`, which moves on by `step`, to r1, which moves on by `next`. Writes 16
 * bytes at a time, what follows the run as well. */
.macro MOTE_MVE_RUN from, bytes, step, next
  .set mote_chunk, 16
  .rept (\bytes - 1) / 16
  vldrb.u8 q1, [\from, #mote_chunk]
  vstrb.8 q1, [r1, #mote_chunk]
  .set mote_chunk, mote_chunk + 16
  .endr
  vldrb.u8 q0, [\from], #\step
  vstrb.8 q0, [r1], #\next
.endm

.macro MOTE_MVE_RUNS runs, bytes, step, window, from, more:vararg
  .if \runs == 1
  MOTE_MVE_RUN \from, \bytes, \step, \window
  .else
  MOTE_MVE_RUN \from, \bytes, \step, \bytes
  MOTE_MVE_RUNS (\runs - 1), \bytes, \step, (\window - \bytes), \more
  .endif
.endm

.macro MOTE_MVE_MOVE_RUNS instruction, at, runs, from, more:vararg
  \instruction \from, [r0, #\at]
  .if \runs > 1
  MOTE_MVE_MOVE_RUNS \instruction, (\at + MVE_SEGMENT_BYTES), (\runs - 1), \more
  .endif
.endm

/* Windows of consecutive pixels side by side, `window` bytes apart: a function (segments, to, pixels). The
 * run of each of the `runs` (up to 11) segments begins at x0, has `bytes` bytes and moves on by `step`. */
.macro MOTE_WINDOWS_MVE name, runs, bytes, step, window
  .section .text.\name, "ax", %progbits
  .global \name
  .type \name, %function
  .p2align 2
\name:
  push {r4-r11, lr}
  mov lr, r2
  MOTE_MVE_MOVE_RUNS ldr, 0, \runs, r2, r3, r4, r5, r6, r7, r8, r9, r10, r11, r12
1:
  MOTE_MVE_RUNS \runs, \bytes, \step, \window, r2, r3, r4, r5, r6, r7, r8, r9, r10, r11, r12
  le lr, 1b
  MOTE_MVE_MOVE_RUNS str, 0, \runs, r2, r3, r4, r5, r6, r7, r8, r9, r10, r11, r12
  pop {r4-r11, pc}
  .size \name, . - \name
.endm
