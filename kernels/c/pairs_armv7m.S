/* Sums over words of two pixels (pairs.h) on Armv7-M cores without the DSP extension, and their output
 * stage: four pixels of one channel after the other.
 *
 *   name(mote_pairs_tile *tile)
 *
 * run    products between which the words are taken apart
 * taps   of a pass of the loop: an even multiple of run
 * form   0 two roundings; 1 the same where the clamp removes all negatives; 2 the sums themselves
 * sat    ssat or usat to 8 bits
 *
 * r0: x, r1: weights, r2-r5: words of x, r6: weight; r7, r8: the sums of a run; r9, r10: their sums, r11,
 * r12: the sums of their upper halves; lr: 2^15 */
        .syntax unified
        .thumb

.macro MOTE_PAIRS_TAP run, x0, x1
        ldrsb   r6, [r1], #1
        .if mote_tap % \run == 0
        mla     r7, \x0, r6, lr
        mla     r8, \x1, r6, lr
        .else
        mla     r7, \x0, r6, r7
        mla     r8, \x1, r6, r8
        .endif
        .set    mote_tap, mote_tap + 1
        .if mote_tap % \run == 0
        add     r9, r9, r7
        add     r11, r11, r7, asr #16
        add     r10, r10, r8
        add     r12, r12, r8, asr #16
        .endif
.endm

/* An output from the sum in s; r2-r5: its channel's constants. */
.macro MOTE_PAIRS_STORE form, sat, s, at:vararg
        add     \s, r2, \s, lsl #1
        smull   r7, lr, \s, r3
        .if \form == 0
        add     lr, lr, \s, asr #31
        .endif
        add     lr, lr, r7, lsr #31
        add     lr, lr, r4
        asr     lr, lr, r5
        \sat    lr, #8, lr
        strb    lr, \at
.endm

.macro MOTE_PAIRS name, run, taps, form, sat
        .section .text.\name, "ax", %progbits
        .align  2
        .global \name
        .thumb_func
        .type   \name, %function
\name:
        push    {r0, r4-r11, lr}
        ldr     r1, [r0, #8]
2:      ldr     r6, [sp]
        ldr     r0, [r6]
        ldr     r9, [r6, #16]
        mov     r10, r9
        mov     r11, #0
        mov     r12, #0
        mov     lr, #0x8000
        .set    mote_tap, 0
1:
        .rept   \taps / 2
        ldmia   r0!, {r2-r5}
        MOTE_PAIRS_TAP \run, r2, r3
        MOTE_PAIRS_TAP \run, r4, r5
        .endr
        ldr     r6, [sp]
        ldr     r2, [r6, #4]
        cmp     r0, r2
        blo     1b
        sub     r9, r9, r11, lsl #16
        sub     r10, r10, r12, lsl #16
        .if \form == 2
        ldr     r7, [r6, #24]
        strd    r9, r11, [r7], #8
        strd    r10, r12, [r7], #8
        str     r7, [r6, #24]
        .else
        ldr     r7, [r6, #12]
        ldmia   r7!, {r2-r5}
        str     r7, [r6, #12]
        ldrd    r0, r8, [r6, #24]
        add     r0, r0, r5, lsr #8
        MOTE_PAIRS_STORE \form, \sat, r9, [r0]
        MOTE_PAIRS_STORE \form, \sat, r11, [r0, r8]
        add     r0, r0, r8, lsl #1
        MOTE_PAIRS_STORE \form, \sat, r10, [r0]
        MOTE_PAIRS_STORE \form, \sat, r12, [r0, r8]
        .endif
        ldr     r7, [r6, #20]
        subs    r7, r7, #1
        str     r7, [r6, #20]
        bne     2b
        str     r1, [r6, #8]
        pop     {r0, r4-r11, pc}
        .size   \name, . - \name
.endm
