/* Sums over words of two pixels (pairs.h) on Armv6-M cores: four pixels of one channel after the other.
 *
 *   name(mote_pairs_tile *tile)
 *
 * run    products between which the words are taken apart
 * taps   of a pass of the loop: a multiple of run and of 4
 *
 * r0: x, r1: weights, r2, r3: words of x, r4: weight, r5, r6: the sums of a run, r7: four weights; r8,
 * r9: the sums of runs, r10, r11: those of their upper halves, r12: 2^15, lr: end of x */
        .syntax unified
        .thumb

.macro MOTE_PAIRS_V6_WEIGHT byte
        .if \byte == 0
        ldmia   r1!, {r7}
        sxtb    r4, r7
        .elseif \byte == 1
        sxth    r4, r7
        asrs    r4, r4, #8
        .elseif \byte == 2
        lsls    r4, r7, #8
        asrs    r4, r4, #24
        .else
        asrs    r4, r7, #24
        .endif
.endm

.macro MOTE_PAIRS_V6_APART m, low, high
        add     \low, \low, \m
        add     \m, \m, r12
        asrs    \m, \m, #16
        add     \high, \high, \m
.endm

.macro MOTE_PAIRS_V6_TAP run
        MOTE_PAIRS_V6_WEIGHT mote_tap%4
        .if mote_tap % \run == 0
        ldmia   r0!, {r5, r6}
        muls    r5, r4, r5
        muls    r6, r4, r6
        .else
        ldmia   r0!, {r2, r3}
        muls    r2, r4, r2
        muls    r3, r4, r3
        adds    r5, r5, r2
        adds    r6, r6, r3
        .endif
        .set    mote_tap, mote_tap + 1
        .if mote_tap % \run == 0
        MOTE_PAIRS_V6_APART r5, r8, r10
        MOTE_PAIRS_V6_APART r6, r9, r11
        .endif
.endm

.macro MOTE_PAIRS_V6 name, run, taps
        .section .text.\name, "ax", %progbits
        .align  2
        .global \name
        .thumb_func
        .type   \name, %function
\name:
        push    {r4-r7, lr}
        mov     r4, r8
        mov     r5, r9
        mov     r6, r10
        mov     r7, r11
        push    {r0, r4-r7}
        ldr     r1, [r0, #8]
        movs    r2, #128
        lsls    r2, r2, #8
        mov     r12, r2
2:      ldr     r4, [sp]
        ldr     r0, [r4]
        ldr     r2, [r4, #4]
        mov     lr, r2
        movs    r2, #0
        mov     r8, r2
        mov     r9, r2
        mov     r10, r2
        mov     r11, r2
        .set    mote_tap, 0
1:
        .rept   \taps
        MOTE_PAIRS_V6_TAP \run
        .endr
        cmp     r0, lr
        .if \taps < 12
        blo     1b
        .else
        bhs     3f
        b       1b
        .endif
3:      mov     r2, r8
        mov     r3, r10
        mov     r4, r9
        mov     r5, r11
        lsls    r6, r3, #16
        subs    r2, r2, r6
        lsls    r6, r5, #16
        subs    r4, r4, r6
        ldr     r6, [sp]
        ldr     r7, [r6, #24]
        stmia   r7!, {r2-r5}
        str     r7, [r6, #24]
        ldr     r7, [r6, #20]
        subs    r7, r7, #1
        str     r7, [r6, #20]
        beq     4f
        b       2b
4:      str     r1, [r6, #8]
        pop     {r0, r4-r7}
        mov     r8, r4
        mov     r9, r5
        mov     r10, r6
        mov     r11, r7
        pop     {r4-r7, pc}
        .size   \name, . - \name
.endm
