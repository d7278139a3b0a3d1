/* Depthwise 3x3 convolution with two outputs in a word (depthwise_conv2d_s8_pairs.h) on Armv7-M cores
 * without the DSP extension: four outputs at a time, the last four of a line maybe once more.
 *
 *   name(const mote_pairs_lines *lines)
 *
 * run, form, sat: as MOTE_PAIRS of pairs_armv7m.S; stride: 1 or 2.
 *
 * r0: x, r1: weights, r2-r6: words of x, lr: weight; r7, r8: the sums of a run; r9, r10: their sums, r11,
 * r12: the sums of their upper halves */
#include "pairs_armv7m.S"

.macro MOTE_PAIRS_APART first, m, low, high
        add     lr, \m, #0x8000
        .if \first
        mov     \low, \m
        asr     \high, lr, #16
        .else
        add     \low, \low, \m
        add     \high, \high, lr, asr #16
        .endif
.endm

.macro MOTE_DEPTHWISE_TAP run, x0, x1
        ldrsb   lr, [r1, #mote_tap]
        .if mote_tap % \run == 0
        mul     r7, \x0, lr
        mul     r8, \x1, lr
        .else
        mla     r7, \x0, lr, r7
        mla     r8, \x1, lr, r8
        .endif
        .set    mote_tap, mote_tap + 1
        .if mote_tap % \run == 0 || mote_tap == 9
        MOTE_PAIRS_APART (mote_tap<\run+1), r7, r9, r11
        MOTE_PAIRS_APART (mote_tap<\run+1), r8, r10, r12
        .endif
.endm

.macro MOTE_DEPTHWISE_LINE run, stride
        .if \stride == 1
        ldmia   r0, {r2-r6}
        MOTE_DEPTHWISE_TAP \run, r2, r4
        MOTE_DEPTHWISE_TAP \run, r3, r5
        MOTE_DEPTHWISE_TAP \run, r4, r6
        .else
        ldmia   r0, {r2-r4}
        ldrd    r5, r6, [r0, #16]
        MOTE_DEPTHWISE_TAP \run, r2, r5
        MOTE_DEPTHWISE_TAP \run, r3, r6
        ldr     r5, [r0, #24]
        MOTE_DEPTHWISE_TAP \run, r4, r5
        .endif
.endm

/* On the stack: x, y and outputs left of the line; then the argument. */
.macro MOTE_DEPTHWISE_PAIRS name, run, stride, form, sat
        .section .text.\name, "ax", %progbits
        .align  2
        .global \name
        .thumb_func
        .type   \name, %function
\name:
        push    {r0, r4-r11, lr}
        sub     sp, #20
        ldrd    r1, r2, [r0]
        ldr     r3, [r0, #32]
        strd    r3, r1, [sp, #12]       /* lines left, x of the line; y of the line is put above */
        str     r2, [sp, #4]
        b       3f
2:      /* the next line */
        ldr     r0, [sp, #20]
        ldr     r1, [sp, #16]
        ldr     r2, [r0, #20]
        add     r1, r1, r2
        str     r1, [sp, #16]
3:      ldr     r0, [sp, #20]
        ldr     r2, [r0, #36]
        ldr     r1, [sp, #16]
        str     r1, [sp]
        str     r2, [sp, #8]
1:      /* four outputs */
        ldr     r2, [sp, #20]
        ldr     r0, [sp]
        ldr     r1, [r2, #8]
        .set    mote_tap, 0
        MOTE_DEPTHWISE_LINE \run, \stride
        ldr     lr, [sp, #20]
        ldr     lr, [lr, #16]
        add     r0, r0, lr
        MOTE_DEPTHWISE_LINE \run, \stride
        ldr     lr, [sp, #20]
        ldr     lr, [lr, #16]
        add     r0, r0, lr
        MOTE_DEPTHWISE_LINE \run, \stride
        ldr     r6, [sp, #20]
        ldr     r7, [r6, #12]
        ldmia   r7, {r2-r5}
        ldr     r0, [sp, #4]
        ldr     r8, [r6, #28]
        sub     r9, r9, r11, lsl #16
        sub     r10, r10, r12, lsl #16
        MOTE_PAIRS_STORE \form, \sat, r9, [r0]
        MOTE_PAIRS_STORE \form, \sat, r11, [r0, r8]
        add     r1, r0, r8, lsl #1
        MOTE_PAIRS_STORE \form, \sat, r10, [r1]
        MOTE_PAIRS_STORE \form, \sat, r12, [r1, r8]
        ldr     r1, [sp, #8]
        ldr     r3, [sp]
        subs    r1, r1, #4
        beq     4f
        mov     r2, #4
        cmp     r1, #4
        itt     lo
        movlo   r2, r1
        movlo   r1, #4
        str     r1, [sp, #8]
        add     r3, r3, r2, lsl #(1+\stride)
        mla     r0, r2, r8, r0
        strd    r3, r0, [sp]
        b       1b
4:      /* y of the next line: this one's last four outputs end the line */
        ldr     r1, [r6, #36]
        sub     r1, r1, #4
        mls     r0, r1, r8, r0
        ldr     r1, [r6, #24]
        add     r0, r0, r1
        str     r0, [sp, #4]
        ldr     r1, [sp, #12]
        subs    r1, r1, #1
        str     r1, [sp, #12]
        bne     2b
        add     sp, #20
        pop     {r0, r4-r11, pc}
        .size   \name, . - \name
.endm
