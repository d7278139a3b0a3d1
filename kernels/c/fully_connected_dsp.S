/* Fully-connected 8-bit layers on Arm cores with the DSP extension: one row of inputs, four channels at a
 * time.
 *
 *   name(const mote_gemm_layer *layer, const void *x, int8_t *y)
 *
 * Weights for each four channels: for each eight inputs, lanes shared: four words of channels 0 and 1, four
 * of channels 2 and 3, as in gemm_dsp.S; lanes own: four words of each channel. filter_bytes counts those of
 * four channels. x: `ext` wide: pairs of inputs as 16-bit numbers; sxtb16 or uxtb16: the bytes themselves,
 * eights of them.
 *
 * lanes four: weights of 4 bits: a word holds two inputs of four channels a, b, c, d, lane = a + 16 b + 256 c +
 * 4096 d; a, b, c from 0 to 15, d from -8 to 7. Products of the raw lanes, of their low 12, 8 and 4 bits: each
 * difference is the sum of one channel, exact while the shifted sums fit 32 bits, which is proved when the
 * weights are packed. What is to be added to the sums of a, b, c and to that of d stands before x. Sums: d r2,
 * c r3, b r0, a r1.
 *
 * r0, r2: 256 * sums of the odd channels + sums of the even ones (lanes own: those of the odd ones); r1, r3:
 * sums of the even channels; r4-r7: weights; r8-r11: x; r12: next x; lr: next weights.
 *
 * unroll: times eight inputs; ext: see x; form, shift, sat, bits: as in output_dsp.S. The sums stand in the
 * order of channels. */
#include "output_dsp.S"

.macro MOTE_FULLY_CONNECTED_PAIR lanes, m, a
        .ifc \lanes, own
        .irp sum, \a, \m
        ldmia   lr!, {r4-r7}
        smlad   \sum, r4, r8, \sum
        smlad   \sum, r5, r9, \sum
        smlad   \sum, r6, r10, \sum
        smlad   \sum, r7, r11, \sum
        .endr
        .else
        ldmia   lr!, {r4-r7}
        smlad   \m, r4, r8, \m
        smlad   \m, r5, r9, \m
        smlad   \m, r6, r10, \m
        smlad   \m, r7, r11, \m
        sxtb16  r4, r4
        sxtb16  r5, r5
        sxtb16  r6, r6
        sxtb16  r7, r7
        smlad   \a, r4, r8, \a
        smlad   \a, r5, r9, \a
        smlad   \a, r6, r10, \a
        smlad   \a, r7, r11, \a
        .endif
.endm

.macro MOTE_FULLY_CONNECTED_PRODUCTS sum
        smlad   \sum, r4, r8, \sum
        smlad   \sum, r5, r9, \sum
        smlad   \sum, r6, r10, \sum
        smlad   \sum, r7, r11, \sum
.endm

.macro MOTE_FULLY_CONNECTED_FOUR
        ldmia   lr!, {r4-r7}
        MOTE_FULLY_CONNECTED_PRODUCTS r2
        .irp w, r4, r5, r6, r7
        bic     \w, \w, #0xf000f000
        .endr
        MOTE_FULLY_CONNECTED_PRODUCTS r3
        .irp w, r4, r5, r6, r7
        uxtb16  \w, \w
        .endr
        MOTE_FULLY_CONNECTED_PRODUCTS r0
        .irp w, r4, r5, r6, r7
        and     \w, \w, #0x000f000f
        .endr
        MOTE_FULLY_CONNECTED_PRODUCTS r1
.endm

.macro MOTE_FULLY_CONNECTED_TELL_APART
        ldr     r4, [sp, #0]
        ldrd    r4, r5, [r4, #-8]
        subs    r2, r2, r3
        subs    r3, r3, r0
        subs    r0, r0, r1
        adds    r1, r1, r4
        add     r0, r4, r0, asr #4
        add     r3, r4, r3, asr #8
        add     r2, r5, r2, asr #12
.endm

.macro MOTE_FULLY_CONNECTED_OUTPUTS lanes, m, a, form, shift, sat, bits
        MOTE_OUTPUT_CONSTANTS \form, r4
        .ifc \lanes, shared
        MOTE_OUTPUT_OF \m, \form, \shift, \sat, \bits, 8
        .else
        MOTE_OUTPUT_OF \m, \form, \shift, \sat, \bits, 0
        .endif
        MOTE_OUTPUT_CONSTANTS \form, r4
        MOTE_OUTPUT_OF \a, \form, \shift, \sat, \bits, 0
.endm

.macro MOTE_FULLY_CONNECTED name, lanes, unroll, ext, form, shift, sat, bits
        .section .text.\name, "ax", %progbits
        .align  2
        .global \name
        .type   \name, %function
\name:
        push    {r4-r11, lr}
        sub     sp, #28
        ldmia   r0, {r4-r7}             /* weights, outputs, filter_bytes, channels */
        .if \form == 3
        add     r7, r2, r7, lsl #2
        .else
        add     r7, r2
        .endif
        MOTE_OUTPUT_KEEP_COMMON \form, r5, 20
        mov     lr, r4
        .ifc \lanes, own
        lsr     r6, #1
        .endif
        .ifc \lanes, four
        lsl     r6, #1
        .endif
        .ifc \ext, wide
        add     r6, r1, r6, lsr #1      /* the end of x */
        .else
        add     r6, r1, r6, lsr #2
        .endif
        strd    r1, r6, [sp, #0]
        strd    r5, r2, [sp, #8]
        str     r7, [sp, #16]
1:      ldr     r12, [sp, #0]
        movs    r0, #0
        movs    r1, #0
        movs    r2, #0
        movs    r3, #0
2:      .rept \unroll
        .ifc \ext, wide
        ldmia   r12!, {r8-r11}
        .else
        ldr     r8, [r12], #4
        ldr     r10, [r12], #4
        \ext  r9, r8, ror #8
        \ext  r8, r8
        \ext  r11, r10, ror #8
        \ext  r10, r10
        .endif
        .ifc \lanes, four
        MOTE_FULLY_CONNECTED_FOUR
        .else
        MOTE_FULLY_CONNECTED_PAIR \lanes, r0, r1
        MOTE_FULLY_CONNECTED_PAIR \lanes, r2, r3
        .endif
        .endr
        ldr     r4, [sp, #4]
        cmp     r12, r4
        bne     2b
        .ifc \lanes, four
        MOTE_FULLY_CONNECTED_TELL_APART
        .endif
        ldrd    r4, r5, [sp, #8]
        .ifc \lanes, shared
        subs    r0, r0, r1
        subs    r2, r2, r3
        .endif
        .if \form == 3
        .ifc \lanes, shared
        asrs    r0, r0, #8
        asrs    r2, r2, #8
        .endif
        strd    r1, r0, [r5], #8
        strd    r3, r2, [r5], #8
        .else
        MOTE_OUTPUT_COMMON \form, 20, r8
        MOTE_FULLY_CONNECTED_OUTPUTS \lanes, r0, r1, \form, \shift, \sat, \bits
        MOTE_FULLY_CONNECTED_OUTPUTS \lanes, r2, r3, \form, \shift, \sat, \bits
        strb    r1, [r5, #0]
        strb    r0, [r5, #1]
        strb    r3, [r5, #2]
        strb    r2, [r5, #3]
        adds    r5, #4
        .endif
        strd    r4, r5, [sp, #8]
        ldr     r4, [sp, #16]
        cmp     r5, r4
        bne     1b
        add     sp, #28
        pop     {r4-r11, pc}
        .size   \name, .-\name
.endm

/* name(uint32_t *to, const int8_t *from, int32_t bytes): bytes (a multiple of 4, not 0) as 16-bit numbers;
 * four bytes b0..b3 become the pairs (b0, b2) and (b1, b3). Returns the end. ext: sxtb16 or uxtb16. */
.macro MOTE_WIDEN name, ext
        .section .text.\name, "ax", %progbits
        .align  2
        .global \name
        .type   \name, %function
\name:
        adds    r2, r1
1:      ldr     r3, [r1], #4
        \ext  r12, r3
        str     r12, [r0], #4
        \ext  r3, r3, ror #8
        str     r3, [r0], #4
        cmp     r1, r2
        bne     1b
        bx      lr
        .size   \name, .-\name
.endm
