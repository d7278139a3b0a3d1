/* 3x3 depthwise convolution of 16-bit planes on Arm cores with the DSP extension (depthwise_conv2d_s8_dsp.h).
 *
 *   DEPTHWISE_3X3_DSP name, stride, form, shift, count, pitch, y_step, unroll, signed, bits
 *
 * A plane is one channel of the padded input, a line after the other, an even number of samples each. Per
 * output two neighbours are computed together from the words (x0, x1), (x2, x3) of three lines; the weights
 * stay in r0-r5. stride (1 or 2) is the one along a line. form: 0 the fitted line with the constant `shift`,
 * 1 rounding of results that only count where positive, 2 rounding of both signs. count (outputs of a line),
 * pitch (bytes of a line) and y_step (bytes between outputs) are constants of the instance, or 0: then the
 * job tells them. unroll: pairs of outputs per round, 1 or 2. signed, bits: the range of the outputs.
 *
 * The job is passed by value; r0-r3 and the stack. Records, per channel: three words of weights, bias,
 * multiplier, and the offset (form 0) or the right shift (1, 2). In forms 1 and 2 the sums are doubled, so
 * that the rounded high product is the first rounding of the law. */
        .syntax unified
        .thumb

/* The frame: */
        .set    DW_OFFSET, 0            /* offset, or rounding term and shift */
        .set    DW_END, 8               /* of the pairs of the line */
        .set    DW_LINES, 12            /* left */
        .set    DW_BIAS, 16
        .set    DW_PLANE, 24            /* of the next channel; then the job's other registers */
        .set    DW_Y, 28
        .set    DW_RECORD, 32
        .set    DW_CHANNELS, 36
        .set    DW_PLANE_BYTES, 76
        .set    DW_JOB_LINES, 80
        .set    DW_PAIR_BYTES, 84
        .set    DW_PLANE_NEXT, 88
        .set    DW_Y_NEXT, 92
        .set    DW_Y_STEP, 96
        .set    DW_TWICE_ZERO, 100      /* 2 * zero point + 1 */
        .set    DW_PITCH, 104
        .set    DW_ODD, 108

/* Two outputs of stride 1 from (x0, x1), (x2, x3) in r8, r9; low = (w0, w1), high = (w1, w2). */
.macro DW_LINE_1 low, high, first, second
        smlad   r6, r8, \low, \first
        smlatb  r7, r8, \low, \second
        smlabt  r6, r9, \high, r6
        smlad   r7, r9, \high, r7
.endm
/* Stride 2, with (x4, x5) in r5; \half is the half of \last that holds w2. */
.macro DW_LINE_2 low, last, half, first, second
        smlad   r6, r8, \low, \first
        smlad   r7, r9, \low, \second
        smlab\half r6, r9, \last, r6
        smlab\half r7, r5, \last, r7
.endm

.macro DW_REQUANTIZE form, shift, sum
        .if \form == 0
        smmla   \sum, \sum, lr, r8
        .if DW_SIGNED
        ssat    \sum, #DW_BITS, \sum, asr #\shift
        .else
        usat    \sum, #DW_BITS, \sum, asr #\shift
        .endif
        .else
        .if \form == 2
        add     r8, r8, \sum, asr #31
        .endif
        smmlar  \sum, \sum, lr, r8
        asr     \sum, \sum, r9
        .if DW_SIGNED
        ssat    \sum, #DW_BITS, \sum
        .else
        usat    \sum, #DW_BITS, \sum
        .endif
        .endif
.endm

.macro DW_LOAD_OUTPUT form, y_step
        .if (\form == 0) && (\y_step != 0)
        ldr     r8, [sp, #DW_OFFSET]
        .else
        ldrd    r8, r9, [sp, #DW_OFFSET] /* form 0: the step of y beside the offset */
        .endif
.endm

.macro DW_STORE_PAIR form, shift, y_step
        DW_LOAD_OUTPUT \form, \y_step
        DW_REQUANTIZE \form, \shift, r6
        .if \form == 2
        ldr     r8, [sp, #DW_OFFSET]
        .endif
        DW_REQUANTIZE \form, \shift, r7
        .if \y_step == 0
        .if \form != 0
        ldr     r9, [sp, #DW_Y_STEP]
        .endif
        strb    r6, [r11]
        strb    r7, [r11, r9]
        add     r11, r11, r9, lsl #1
        .elseif \y_step < 256
        strb    r6, [r11], #\y_step
        strb    r7, [r11], #\y_step
        .else
        strb    r6, [r11]
        strb    r7, [r11, #\y_step]
        addw    r11, r11, #(2 * \y_step)
        .endif
.endm

/* Loads of one line at r10; `index` says which of the three it is. */
.macro DW_WORDS stride, index, pitch
        .if \pitch == 0
        .if \stride == 2
        ldr     r5, [r10, #8]
        .endif
        .if \index < 2
        ldrd    r8, r9, [r10]
        add     r10, r10, r12
        .else
        ldrd    r8, r9, [r10], #(4 * \stride)
        sub     r10, r10, r12, lsl #1
        .endif
        .else
        .if \stride == 2
        ldr     r5, [r10, #(\index * \pitch + 8)]
        .endif
        ldrd    r8, r9, [r10, #(\index * \pitch)]
        .endif
.endm

/* Adds one of the three lines to both outputs. */
.macro DW_TAPS stride, index, first, second
        .if (\stride == 1) && (\index == 0)
        DW_LINE_1 r0, r1, \first, \second
        .elseif (\stride == 1) && (\index == 1)
        DW_LINE_1 r2, r3, \first, \second
        .elseif \stride == 1
        DW_LINE_1 r4, r5, \first, \second
        .elseif \index == 0
        DW_LINE_2 r0, r1, b, \first, \second
        .elseif \index == 1
        DW_LINE_2 r2, r1, t, \first, \second
        .else
        DW_LINE_2 r4, r3, b, \first, \second
        .endif
.endm

/* With a constant pitch the first line comes last, because its load can move the pointer on. */
.macro DW_PAIR stride, form, shift, pitch, y_step
        .if \pitch == 0
        DW_WORDS \stride, 0, 0
        ldr     r7, [sp, #DW_BIAS]
        DW_TAPS \stride, 0, r7, r7
        DW_WORDS \stride, 1, 0
        DW_TAPS \stride, 1, r6, r7
        DW_WORDS \stride, 2, 0
        DW_TAPS \stride, 2, r6, r7
        .else
        DW_WORDS \stride, 1, \pitch
        DW_TAPS \stride, 1, r12, r12
        DW_WORDS \stride, 2, \pitch
        DW_TAPS \stride, 2, r6, r7
        .if \stride == 2
        ldr     r5, [r10, #8]
        .endif
        ldrd    r8, r9, [r10], #(4 * \stride)
        DW_TAPS \stride, 0, r6, r7
        .endif
        DW_STORE_PAIR \form, \shift, \y_step
.endm

/* The last output of a line; leaves r10 and r11 where they are. */
.macro DW_ONE stride, form, shift, pitch, y_step
        DW_WORDS 1, 0, \pitch
        .if \pitch == 0
        ldr     r7, [sp, #DW_BIAS]
        smlad   r6, r8, r0, r7
        .else
        smlad   r6, r8, r0, r12
        .endif
        .if \stride == 1
        smlabt  r6, r9, r1, r6
        .else
        smlabb  r6, r9, r1, r6
        .endif
        DW_WORDS 1, 1, \pitch
        smlad   r6, r8, r2, r6
        .if \stride == 1
        smlabt  r6, r9, r3, r6
        .else
        smlabt  r6, r9, r1, r6
        .endif
        DW_WORDS 1, 2, \pitch
        .if \pitch == 0
        sub     r10, #4
        .endif
        smlad   r6, r8, r4, r6
        .if \stride == 1
        smlabt  r6, r9, r5, r6
        .else
        smlabb  r6, r9, r3, r6
        .endif
        DW_LOAD_OUTPUT \form, \y_step
        DW_REQUANTIZE \form, \shift, r6
        strb    r6, [r11]
.endm

/* Weights to pairs of halves, the constants of the output to the frame, pointers to the first line. */
.macro DW_CHANNEL stride, form, pitch, y_step
        ldr     r12, [sp, #DW_RECORD]
        ldm     r12!, {r0, r2, r4, r6, r7, r8}
        str     r12, [sp, #DW_RECORD]
        sxtb16  r1, r0, ror #8
        sxtb16  r0, r0
        sxtb16  r3, r2, ror #8
        sxtb16  r2, r2
        .if \stride == 1
        sxtb16  r5, r4, ror #8
        .endif
        sxtb16  r4, r4
        mov     lr, r7
        .if \form == 0
        .if \y_step == 0
        ldr     r9, [sp, #DW_Y_STEP]
        strd    r8, r9, [sp, #DW_OFFSET]
        .else
        str     r8, [sp, #DW_OFFSET]
        .endif
        .else
        uadd16  r0, r0, r0
        uadd16  r1, r1, r1
        uadd16  r2, r2, r2
        uadd16  r3, r3, r3
        uadd16  r4, r4, r4
        .if \stride == 1
        uadd16  r5, r5, r5
        .endif
        ldr     r9, [sp, #DW_TWICE_ZERO]
        subs    r7, r8, #1
        lsl     r9, r9, r7
        str     r9, [sp, #DW_OFFSET]
        str     r8, [sp, #(DW_OFFSET + 4)]
        .endif
        .if \pitch == 0
        str     r6, [sp, #DW_BIAS]
        ldr     r12, [sp, #DW_PITCH]
        .else
        mov     r12, r6
        .endif
        ldrd    r10, r11, [sp, #DW_PLANE]
        ldr     r8, [sp, #DW_PLANE_BYTES]
        add     r8, r8, r10
        add     r9, r11, #1
        strd    r8, r9, [sp, #DW_PLANE]
.endm

.macro DEPTHWISE_3X3_DSP name, stride, form, shift=0, count=0, pitch=0, y_step=0, unroll=2, signed=1, bits=8
        .set    DW_SIGNED, \signed
        .set    DW_BITS, \bits
        .section .text.\name, "ax", %progbits
        .align  2
        .global \name
        .type   \name, %function
        .thumb_func
\name:
        push    {r0-r11, lr}
        sub     sp, #DW_PLANE
.L\name\()_channel:
        DW_CHANNEL \stride, \form, \pitch, \y_step
        ldr     r8, [sp, #DW_JOB_LINES]
.L\name\()_line:
        str     r8, [sp, #DW_LINES]
        .if \count == 0
        ldr     r8, [sp, #DW_PAIR_BYTES]
        cmp     r8, #0
        beq     .L\name\()_odd
        add     r9, r10, r8
        str     r9, [sp, #DW_END]
        .if \unroll == 2
        tst     r8, #(4 * \stride)
        bne     .L\name\()_pair
        .endif
        .elseif \count >= 4
        addw    r8, r10, #(4 * \stride * (\count / 2))
        str     r8, [sp, #DW_END]
        .if (\unroll == 2) && ((\count / 2) % 2 == 1)
        b       .L\name\()_pair
        .endif
        .endif
        .if (\count == 0) || (\count >= 4)
.L\name\()_pairs:
        .if \unroll == 2
        DW_PAIR \stride, \form, \shift, \pitch, \y_step
        .endif
        .endif
        .if \count != 1
.L\name\()_pair:
        DW_PAIR \stride, \form, \shift, \pitch, \y_step
        .endif
        .if (\count == 0) || (\count >= 4)
        ldr     r8, [sp, #DW_END]
        cmp     r10, r8
        bne     .L\name\()_pairs
        .endif
.L\name\()_odd:
        .if \count == 0
        ldr     r8, [sp, #DW_ODD]
        cmp     r8, #0
        beq     .L\name\()_next
        .endif
        .if (\count == 0) || (\count % 2 == 1)
        DW_ONE  \stride, \form, \shift, \pitch, \y_step
        .endif
.L\name\()_next:
        ldrd    r8, r9, [sp, #DW_PLANE_NEXT]
        add     r10, r10, r8
        add     r11, r11, r9
        ldr     r8, [sp, #DW_LINES]
        subs    r8, #1
        bne     .L\name\()_line
        ldr     r8, [sp, #DW_CHANNELS]
        subs    r8, #1
        str     r8, [sp, #DW_CHANNELS]
        bne     .L\name\()_channel
        add     sp, #(DW_PLANE + 16)
        pop     {r4-r11, pc}
        .size   \name, . - \name
.endm

/* Lines of four channels to 16-bit planes: mote_widen_job by value. Pixels go in pairs, two words of bytes to
 * a word in each plane; `flip` 1: the bytes are unsigned. */
        .set    WIDEN_LINES, 12
        .set    WIDEN_COUNT, 52
        .set    WIDEN_PLANE_BYTES, 56
        .set    WIDEN_PITCH, 60
        .set    WIDEN_X_LINE, 64

.macro WIDEN_ONE flip
        ldr     r8, [r1]
        .if \flip
        eor     r8, r8, r3
        .endif
        sxtb16  r9, r8, ror #8
        sxtb16  r8, r8
        strh    r8, [r0], #2
        strh    r9, [r5], #2
        lsrs    r8, r8, #16
        lsrs    r9, r9, #16
        strh    r8, [r6], #2
        strh    r9, [r7], #2
.endm

.macro DEPTHWISE_WIDEN_DSP name, flip
        .section .text.\name, "ax", %progbits
        .align  2
        .global \name
        .type   \name, %function
        .thumb_func
\name:
        push    {r0-r11, lr}
        .if \flip
        mov     r3, #0x80808080
        .endif
.L\name\()_line:
        ldrd    r4, r8, [sp, #WIDEN_COUNT]
        add     r5, r0, r8
        add     r6, r5, r8
        add     r7, r6, r8
        tst     r0, #2          /* the first pixel completes a word of padding */
        beq     .L\name\()_even
        WIDEN_ONE \flip
        add     r1, r1, r2
        subs    r4, #1
.L\name\()_even:
        bics    lr, r4, #1
        beq     .L\name\()_odd
        add     lr, r0, lr, lsl #1
.L\name\()_pairs:
        ldr     r9, [r1, r2]
        ldr     r8, [r1]
        add     r1, r1, r2, lsl #1
        .if \flip
        eor     r9, r9, r3
        eor     r8, r8, r3
        .endif
        sxtb16  r10, r8
        sxtb16  r11, r9
        pkhbt   r12, r10, r11, lsl #16
        str     r12, [r0], #4
        pkhtb   r10, r11, r10, asr #16
        str     r10, [r6], #4
        sxtb16  r8, r8, ror #8
        sxtb16  r9, r9, ror #8
        pkhbt   r12, r8, r9, lsl #16
        str     r12, [r5], #4
        pkhtb   r8, r9, r8, asr #16
        str     r8, [r7], #4
        cmp     r0, lr
        bne     .L\name\()_pairs
.L\name\()_odd:
        lsls    r4, r4, #31
        beq     .L\name\()_next
        WIDEN_ONE \flip
.L\name\()_next:
        ldrd    r0, r1, [sp]
        ldrd    r8, r9, [sp, #WIDEN_PITCH]
        add     r0, r0, r8
        add     r1, r1, r9
        strd    r0, r1, [sp]
        ldr     r8, [sp, #WIDEN_LINES]
        subs    r8, #1
        str     r8, [sp, #WIDEN_LINES]
        bne     .L\name\()_line
        add     sp, #16
        pop     {r4-r11, pc}
        .size   \name, . - \name
.endm

/* Sums of four windows of any size: mote_depthwise_sums. */
.macro DEPTHWISE_SUMS_DSP name
        .section .text.\name, "ax", %progbits
        .align  2
        .global \name
        .type   \name, %function
        .thumb_func
\name:
        push    {r1-r11, lr}
        ldm     r2, {r9, r10, r11, r12}
        ldr     r2, [r3, #24]
        str     r2, [sp]        /* lines left */
        ldm     r3, {r5, r6, r7, r8}
.L\name\()_line:
        ldr     r3, [sp, #8]
        ldr     r3, [r3, #20]
        add     r3, r3, r1      /* end of the line's weights */
        mov     r4, r0
.L\name\()_taps:
        ldr     r2, [r4]
        ldr     lr, [r1], #4
        smlad   r9, r2, lr, r9
        ldr     r2, [r4, r5]
        smlad   r10, r2, lr, r10
        ldr     r2, [r4, r6]
        smlad   r11, r2, lr, r11
        ldr     r2, [r4, r7]
        smlad   r12, r2, lr, r12
        add     r4, r4, r8
        cmp     r1, r3
        bne     .L\name\()_taps
        ldr     r3, [sp, #8]
        ldr     r2, [r3, #16]
        add     r0, r0, r2
        ldr     r2, [sp]
        subs    r2, #1
        str     r2, [sp]
        bne     .L\name\()_line
        ldr     r2, [sp, #4]
        stm     r2, {r9, r10, r11, r12}
        add     sp, #12
        pop     {r4-r11, pc}
        .size   \name, . - \name
.endm
