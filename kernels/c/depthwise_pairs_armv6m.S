/* Depthwise 3x3 convolution with two outputs in a word (depthwise_conv2d_s8_pairs.h) on Armv6-M cores: the
 * sums of a line, four at a time.
 *
 *   name(const uint32_t *x, const int8_t *weights, int32_t pitch, int32_t *sums, const int32_t *end)
 *
 * run    products between which the words are taken apart; stride: 1 or 2. The weights take twelve bytes.
 *
 * r0: x, r1: weights, r2, r3: words of x, r4: weight, r5, r6: the sums of a run, r7: four weights; r8,
 * r9: the sums of runs, r10, r11: those of their upper halves, r12: pitch, lr: 2^15 */
#include "pairs_armv6m.S"

.macro MOTE_DEPTHWISE_V6_APART m, low, high
        add     \low, \low, \m
        add     \m, \m, lr
        asrs    \m, \m, #16
        add     \high, \high, \m
.endm

.macro MOTE_DEPTHWISE_V6_TAP run, stride
        MOTE_PAIRS_V6_WEIGHT mote_tap%4
        .if mote_tap % \run == 0
        ldr     r5, [r0, #(mote_tap % 3 * 4)]
        ldr     r6, [r0, #(mote_tap % 3 * 4 + 8 * \stride)]
        muls    r5, r4, r5
        muls    r6, r4, r6
        .else
        ldr     r2, [r0, #(mote_tap % 3 * 4)]
        ldr     r3, [r0, #(mote_tap % 3 * 4 + 8 * \stride)]
        muls    r2, r4, r2
        muls    r3, r4, r3
        adds    r5, r5, r2
        adds    r6, r6, r3
        .endif
        .set    mote_tap, mote_tap + 1
        .if mote_tap % \run == 0 || mote_tap == 9
        MOTE_DEPTHWISE_V6_APART r5, r8, r10
        MOTE_DEPTHWISE_V6_APART r6, r9, r11
        .endif
        .if mote_tap == 3 || mote_tap == 6
        add     r0, r0, r12
        .endif
.endm

/* On the stack: x, weights, sums. */
.macro MOTE_DEPTHWISE_PAIRS_V6 name, run, stride
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
        push    {r4-r7}
        mov     r12, r2
        movs    r4, #128
        lsls    r4, r4, #8
        mov     lr, r4
        sub     sp, #12
        str     r1, [sp, #4]
        str     r3, [sp, #8]
1:      str     r0, [sp]
        ldr     r1, [sp, #4]
        movs    r4, #0
        mov     r8, r4
        mov     r9, r4
        mov     r10, r4
        mov     r11, r4
        .set    mote_tap, 0
        .rept   9
        MOTE_DEPTHWISE_V6_TAP \run, \stride
        .endr
        mov     r2, r8
        mov     r3, r10
        mov     r4, r9
        mov     r5, r11
        lsls    r6, r3, #16
        subs    r2, r2, r6
        lsls    r6, r5, #16
        subs    r4, r4, r6
        ldr     r7, [sp, #8]
        stmia   r7!, {r2-r5}
        str     r7, [sp, #8]
        ldr     r0, [sp]
        adds    r0, #(16 * \stride)
        ldr     r6, [sp, #48]
        cmp     r7, r6
        bhs     2f
        b       1b
2:      add     sp, #12
        pop     {r4-r7}
        mov     r8, r4
        mov     r9, r5
        mov     r10, r6
        mov     r11, r7
        pop     {r4-r7, pc}
        .size   \name, . - \name
.endm
