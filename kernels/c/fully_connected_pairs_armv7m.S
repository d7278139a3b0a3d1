/* Fully-connected layers with two inputs and two weights in a word (fully_connected_s8_pairs.h) on Armv7-M
 * cores without the DSP extension: two channels at a time.
 *
 *   name(mote_pairs_tile *tile)
 *
 * fours: in a run; form, sat: as MOTE_PAIRS of pairs_armv7m.S.
 *
 * r0: x, r1: weights, r2: end of x, r3: mask, r4, r5: words of x, r6, r7: weights, r8, r9: the sums of a
 * run, r10, r11: the sums of their upper halves, r12: masked weights */
#include "pairs_armv7m.S"

.macro MOTE_DOT_FOUR first
        ldmia   r0!, {r4, r5}
        ldmia   r1!, {r6, r7}
        and     r12, r3, r6
        .if \first
        mla     r8, r4, r12, r9
        .else
        mla     r8, r4, r12, r8
        .endif
        and     r12, r3, r7
        mla     r9, r4, r12, r9
        and     r12, r3, r6, lsr #8
        mla     r8, r5, r12, r8
        and     r12, r3, r7, lsr #8
        mla     r9, r5, r12, r9
.endm

.macro MOTE_DOT name, fours, form, sat
        .section .text.\name, "ax", %progbits
        .align  2
        .global \name
        .thumb_func
        .type   \name, %function
\name:
        push    {r0, r4-r11, lr}
        ldr     r1, [r0, #8]
        mov     r3, #0x00ff00ff
2:      ldr     r6, [sp]
        ldrd    r0, r2, [r6]
        mov     r10, #0
        mov     r11, #0
1:      ldr     r9, [r0], #4
        MOTE_DOT_FOUR 1
        .rept   \fours - 1
        MOTE_DOT_FOUR 0
        .endr
        add     r10, r10, r8, asr #16
        add     r11, r11, r9, asr #16
        cmp     r0, r2
        blo     1b
        ldr     r6, [sp]
        .if \form == 2
        ldr     r7, [r6, #24]
        strd    r10, r11, [r7], #8
        str     r7, [r6, #24]
        .else
        ldr     r8, [r6, #12]
        ldr     r9, [r6, #24]
        ldmia   r8!, {r2-r5}
        add     r0, r9, r5, lsr #8
        MOTE_PAIRS_STORE \form, \sat, r10, [r0]
        ldmia   r8!, {r2-r5}
        add     r0, r9, r5, lsr #8
        MOTE_PAIRS_STORE \form, \sat, r11, [r0]
        str     r8, [r6, #12]
        mov     r3, #0x00ff00ff
        .endif
        ldr     r7, [r6, #20]
        subs    r7, r7, #1
        str     r7, [r6, #20]
        bne     2b
        pop     {r0, r4-r11, pc}
        .size   \name, . - \name
.endm
