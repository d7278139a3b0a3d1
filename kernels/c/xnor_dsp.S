/* Differences of one window with filters of bits, on Arm cores with the DSP extension (xnor.h).
 *
 *   name(const uint32_t *column, const uint32_t *weights, const int16_t *limits, void *y, int32_t count)
 *
 * A triple costs two loads and five operations, a full adder five. Words of ones, twos, fours and eights
 * remain; their bits are counted in nibbles, then in bytes.
 *
 * r0: column; r1: weights; lr: differences so far; r2-r12: words. On the stack: limits, bits (their end is
 * marked by the bit that leaves with the eighth), y, its end. */
        .syntax unified
        .thumb

/* s in `c`, carry in `a`; x and w are loaded to ascending registers. */
.macro MOTE_XNOR_TRIPLE a, b, c, d, e, f
        ldmia   r0!, {\a, \b, \c}
        ldmia   r1!, {\d, \e, \f}
        eor     \a, \d
        eor     \b, \e
        eor     \c, \f
        orr     \a, \b
        eor     \a, \c
.endm

/* Sum in `c`, carry in `a`. */
.macro MOTE_XNOR_ADD a, b, c
        eor     \b, \a
        eor     \a, \c
        eor     \c, \b
        orr     \a, \b
        eor     \a, \c
.endm

.macro MOTE_XNOR_NIBBLES v, t
        and     \t, \v, #0xaaaaaaaa
        sub     \v, \v, \t, lsr #1
        and     \t, \v, #0xcccccccc
        eor     \v, \t
        add     \v, \v, \t, lsr #2
.endm

.macro MOTE_XNOR_BYTES v, t
        and     \t, \v, #0xf0f0f0f0
        eor     \v, \t
        add     \v, \v, \t, lsr #4
.endm

/* Nine words: ones in r8, twos in r3 and r4, fours in r2. */
.macro MOTE_XNOR_NINE
        MOTE_XNOR_TRIPLE r2, r3, r4, r5, r6, r7
        MOTE_XNOR_TRIPLE r5, r6, r7, r8, r9, r10
        MOTE_XNOR_TRIPLE r3, r6, r8, r9, r10, r11
        MOTE_XNOR_ADD r4, r7, r8
        MOTE_XNOR_ADD r2, r5, r3
.endm

.macro MOTE_XNOR_COUNT_9
        MOTE_XNOR_NINE
        MOTE_XNOR_NIBBLES r8, r5
        MOTE_XNOR_NIBBLES r3, r5
        MOTE_XNOR_NIBBLES r4, r5
        MOTE_XNOR_NIBBLES r2, r5
        add     r8, r8, r3, lsl #1
        add     r4, r4, r2, lsl #1
        MOTE_XNOR_BYTES r8, r5
        MOTE_XNOR_BYTES r4, r5
        add     r8, r8, r4, lsl #1
        movs    r3, #0
        usada8  lr, r8, r3, lr
.endm

.macro MOTE_XNOR_COUNT_18
        MOTE_XNOR_NINE
        MOTE_XNOR_TRIPLE r5, r6, r7, r9, r10, r11
        MOTE_XNOR_ADD r4, r3, r5                /* twos r5, fours r2 and r4 */
        MOTE_XNOR_TRIPLE r3, r6, r9, r10, r11, r12
        MOTE_XNOR_ADD r8, r7, r9                /* ones r9 */
        MOTE_XNOR_ADD r5, r3, r8                /* twos r8 */
        MOTE_XNOR_ADD r2, r4, r5                /* fours r5, eights r2 */
        MOTE_XNOR_TRIPLE r3, r4, r6, r7, r10, r11
        and     r4, r9, r6
        eor     r9, r6
        MOTE_XNOR_ADD r8, r3, r4                /* twos r4 */
        and     r7, r5, r8                      /* more eights */
        eor     r5, r8
        MOTE_XNOR_NIBBLES r9, r3
        MOTE_XNOR_NIBBLES r4, r3
        MOTE_XNOR_NIBBLES r5, r3
        MOTE_XNOR_NIBBLES r2, r3
        MOTE_XNOR_NIBBLES r7, r3
        add     r9, r9, r4, lsl #1
        add     r5, r5, r2, lsl #1
        MOTE_XNOR_BYTES r9, r3
        MOTE_XNOR_BYTES r5, r3
        MOTE_XNOR_BYTES r7, r3
        add     r9, r9, r5, lsl #2
        add     r9, r9, r7, lsl #3
        movs    r3, #0
        usada8  lr, r9, r3, lr
.endm

/* words: of a window, a multiple of 9 and at most 900. bits: 1 gives bits, 0 numbers. */
.macro MOTE_XNOR_LINE name, words, bits
        .section .text.\name, "ax", %progbits
        .align  2
        .global \name
        .type   \name, %function
        .thumb_func
\name:
        push    {r4-r11, lr}
        sub     sp, #20
        ldr     r12, [sp, #56]
        .if \bits
        add     r12, r3
        .else
        add     r12, r3, r12, lsl #1
        .endif
        movs    r4, #0x80
        strd    r2, r4, [sp, #0]
        strd    r3, r12, [sp, #8]
        .if \words >= 36
        add     r2, r0, #(\words/18*72)
        str     r2, [sp, #16]
        .endif
1:      mov     lr, #0
        .if \words >= 36
2:      MOTE_XNOR_COUNT_18
        ldr     r2, [sp, #16]
        cmp     r0, r2
        bne     2b
        .elseif \words >= 18
        MOTE_XNOR_COUNT_18
        .endif
        .if \words % 18
        MOTE_XNOR_COUNT_9
        .endif
        subw    r0, r0, #(4*\words)
        .if \bits
        ldrd    r2, r4, [sp, #0]
        ldrh    r3, [r2], #2
        cmp     lr, r3
        movs    r4, r4, rrx
        strd    r2, r4, [sp, #0]
        bcc     1b
        mvn     r4, r4, lsr #24
        ldrd    r2, r3, [sp, #8]
        strb    r4, [r2], #1
        movs    r4, #0x80
        strd    r4, r2, [sp, #4]
        .else
        ldrd    r2, r3, [sp, #8]
        strh    lr, [r2], #2
        str     r2, [sp, #8]
        .endif
        cmp     r2, r3
        bne     1b
        add     sp, #20
        pop     {r4-r11, pc}
        .size   \name, .-\name
.endm
