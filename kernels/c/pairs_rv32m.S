/* Sums over words of two pixels (pairs.h) on 32-bit RISC-V cores that multiply: four pixels of two channels
 * at a time; the last of an odd number of channels twice.
 *
 *   name(mote_pairs_tile *tile)
 *
 * run    products between which the words are taken apart
 * taps   of a pass of the loop: a multiple of run
 *
 * a1: x, a2, a3: weights of the two channels, a4: end of x, a5: 2^15, a6, a7: words of x, t0, t1:
 * weights, t2-t5: the sums of a run, t6: a product; s0-s3: the sums of runs, s4-s7: those of their upper
 * halves; s8: channels left, s9: sums, s10: bytes of a filter */

.macro MOTE_PAIRS_RV32_PRODUCT run, m, x, w
        mul     t6, \x, \w
        .if mote_tap % \run == 0
        add     \m, a5, t6
        .else
        add     \m, \m, t6
        .endif
.endm

.macro MOTE_PAIRS_RV32_APART m, low, high
        srai    t6, \m, 16
        add     \low, \low, \m
        add     \high, \high, t6
.endm

.macro MOTE_PAIRS_RV32_TAP run
        lw      a6, (8*mote_tap)(a1)
        lw      a7, (8*mote_tap+4)(a1)
        lb      t0, (mote_tap)(a2)
        lb      t1, (mote_tap)(a3)
        MOTE_PAIRS_RV32_PRODUCT \run, t2, a6, t0
        MOTE_PAIRS_RV32_PRODUCT \run, t3, a7, t0
        MOTE_PAIRS_RV32_PRODUCT \run, t4, a6, t1
        MOTE_PAIRS_RV32_PRODUCT \run, t5, a7, t1
        .set    mote_tap, mote_tap + 1
        .if mote_tap % \run == 0
        MOTE_PAIRS_RV32_APART t2, s0, s4
        MOTE_PAIRS_RV32_APART t3, s1, s5
        MOTE_PAIRS_RV32_APART t4, s2, s6
        MOTE_PAIRS_RV32_APART t5, s3, s7
        .endif
.endm

.macro MOTE_PAIRS_RV32_STORE low, high, at
        slli    t6, \high, 16
        sub     \low, \low, t6
        sw      \low, (\at)(s9)
        sw      \high, (\at+4)(s9)
.endm

.macro MOTE_PAIRS_RV32 name, run, taps
        .section .text.\name, "ax", %progbits
        .align  2
        .global \name
        .type   \name, %function
\name:
        addi    sp, sp, -48
        .irp    i, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
        sw      s\i, (4*\i)(sp)
        .endr
        lw      a1, 0(a0)
        lw      a4, 4(a0)
        lw      a2, 8(a0)
        lw      s8, 20(a0)
        lw      s9, 24(a0)
        sub     s10, a4, a1
        srai    s10, s10, 3
        li      a5, 0x8000
2:      lw      a1, 0(a0)
        lw      s0, 16(a0)
        mv      s1, s0
        mv      s2, s0
        mv      s3, s0
        li      s4, 0
        li      s5, 0
        li      s6, 0
        li      s7, 0
        addi    s8, s8, -2
        mv      a3, a2
        bltz    s8, 1f
        add     a3, a2, s10
1:
        .set    mote_tap, 0
        .rept   \taps
        MOTE_PAIRS_RV32_TAP \run
        .endr
        addi    a1, a1, 8*\taps
        addi    a2, a2, \taps
        addi    a3, a3, \taps
        bltu    a1, a4, 1b
        MOTE_PAIRS_RV32_STORE s0, s4, 0
        MOTE_PAIRS_RV32_STORE s1, s5, 8
        MOTE_PAIRS_RV32_STORE s2, s6, 16
        MOTE_PAIRS_RV32_STORE s3, s7, 24
        addi    s9, s9, 32
        mv      a2, a3
        bgtz    s8, 2b
        sw      a2, 8(a0)
        .irp    i, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
        lw      s\i, (4*\i)(sp)
        .endr
        addi    sp, sp, 48
        ret
        .size   \name, . - \name
.endm
