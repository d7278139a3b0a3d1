/* Winograd's convolution F(2x2, 3x3) in integers on Arm cores with the DSP extension: 16 instead of 36
 * products for 2x2 outputs of a 3x3 filter. The transform of the weights leaves its halves out, and that of
 * the outputs mends them by shifts: it gives 4 times the sums of the convolution exactly. Inputs and weights
 * fit 16 bits after their transforms (4 * 255, 9 * 128); sums wrap, and only the result has to fit.
 *
 * channels: a multiple of 4, at most 64; four tiles (2x2 outputs each) of a row make a group. */
#include "output_dsp.S"

/* Four channels of the column at \at: even ones in \e, odd ones in \o, of row r0 and r1 combined. */
.macro MOTE_WINOGRAD_LOAD op, ext, at, e, o
        ldr     \e, [r0, #(\at)]
        ldr     r12, [r1, #(\at)]
        \ext  \o, \e, ror #8
        \ext  \e, \e
        \ext  r3, r12
        \ext  r12, r12, ror #8
        \op     \e, \e, r3
        \op     \o, \o, r12
.endm

.macro MOTE_WINOGRAD_TILE channels, tile, x0, x1, x2, x3, odd
        ssub16  r12, \x0, \x2
        str     r12, [r2, #(4*\tile+16*\odd)]
        sadd16  r12, \x1, \x2
        str     r12, [r2, #(8*\channels+4*\tile+16*\odd)]
        ssub16  r12, \x2, \x1
        str     r12, [r2, #(16*\channels+4*\tile+16*\odd)]
        ssub16  r12, \x1, \x3
        str     r12, [r2, #(24*\channels+4*\tile+16*\odd)]
.endm

/* name(const int8_t *a, const int8_t *b, uint32_t *to, int32_t groups): four channels of a row of the
 * transformed inputs, from the rows a - b (op ssub16) or a + b (sadd16) of the image. to: [group][16
 * positions][channels / 2][4 tiles], of which the row has four positions. ext: sxtb16 or uxtb16. */
.macro MOTE_WINOGRAD_INPUT name, channels, op, ext
        .section .text.\name, "ax", %progbits
        .align  2
        .global \name
        .type   \name, %function
\name:
        push    {r4-r11, lr}
        mov     lr, r3
        MOTE_WINOGRAD_LOAD \op, \ext, 0, r4, r5
        MOTE_WINOGRAD_LOAD \op, \ext, \channels, r6, r7
1:      MOTE_WINOGRAD_LOAD \op, \ext, 2*\channels, r8, r9
        MOTE_WINOGRAD_LOAD \op, \ext, 3*\channels, r10, r11
        MOTE_WINOGRAD_TILE \channels, 0, r4, r6, r8, r10, 0
        MOTE_WINOGRAD_TILE \channels, 0, r5, r7, r9, r11, 1
        MOTE_WINOGRAD_LOAD \op, \ext, 4*\channels, r4, r5
        MOTE_WINOGRAD_LOAD \op, \ext, 5*\channels, r6, r7
        MOTE_WINOGRAD_TILE \channels, 1, r8, r10, r4, r6, 0
        MOTE_WINOGRAD_TILE \channels, 1, r9, r11, r5, r7, 1
        MOTE_WINOGRAD_LOAD \op, \ext, 6*\channels, r8, r9
        MOTE_WINOGRAD_LOAD \op, \ext, 7*\channels, r10, r11
        MOTE_WINOGRAD_TILE \channels, 2, r4, r6, r8, r10, 0
        MOTE_WINOGRAD_TILE \channels, 2, r5, r7, r9, r11, 1
        MOTE_WINOGRAD_LOAD \op, \ext, 8*\channels, r4, r5
        MOTE_WINOGRAD_LOAD \op, \ext, 9*\channels, r6, r7
        MOTE_WINOGRAD_TILE \channels, 3, r8, r10, r4, r6, 0
        MOTE_WINOGRAD_TILE \channels, 3, r9, r11, r5, r7, 1
        add     r0, #(8*\channels)
        add     r1, #(8*\channels)
        add     r2, #(128*\channels)
        subs    lr, #1
        bne     1b
        pop     {r4-r11, pc}
        .size   \name, .-\name
.endm

.macro MOTE_WINOGRAD_EMIT channels, row, a, b, c
        str     \a, [r1, #(16*\channels*\row)]
        sadd16  r11, \a, \c
        str     \c, [r1, #(16*\channels*\row+12*\channels)]
        sadd16  r12, r11, \b
        ssub16  r11, r11, \b
        str     r12, [r1, #(16*\channels*\row+4*\channels)]
        str     r11, [r1, #(16*\channels*\row+8*\channels)]
.endm

/* name(const int32_t *weights, uint32_t *to): the transformed weights of one channel. weights: bytes
 * [channels / 4][9 taps][4]. to: [16 positions][channels / 2][2 output channels], of which this one has
 * every second word. Positions of rows and columns 1 and 2 are 2 times too large for each. */
.macro MOTE_WINOGRAD_WEIGHTS name, channels
        .section .text.\name, "ax", %progbits
        .align  2
        .global \name
        .type   \name, %function
\name:
        push    {r4-r11, lr}
        mov     lr, #(\channels/4)
1:
        .irp odd, 0, 1
        ldmia   r0!, {r2-r4}
        ldmia   r0!, {r8-r10}
        ldmia   r0!, {r5-r7}
        .irp r, r2, r3, r4, r5, r6, r7, r8, r9, r10
        .if \odd
        sxtb16  \r, \r, ror #8
        .else
        sxtb16  \r, \r
        .endif
        .endr
        MOTE_WINOGRAD_EMIT \channels, 0, r2, r3, r4
        MOTE_WINOGRAD_EMIT \channels, 3, r5, r6, r7
        sadd16  r2, r2, r5
        sadd16  r3, r3, r6
        sadd16  r4, r4, r7
        sadd16  r5, r2, r8
        sadd16  r6, r3, r9
        sadd16  r7, r4, r10
        MOTE_WINOGRAD_EMIT \channels, 1, r5, r6, r7
        ssub16  r2, r2, r8
        ssub16  r3, r3, r9
        ssub16  r4, r4, r10
        MOTE_WINOGRAD_EMIT \channels, 2, r2, r3, r4
        adds    r1, #8
        .if \odd == 0
        subs    r0, #36
        .endif
        .endr
        subs    lr, #1
        bne     1b
        pop     {r4-r11, pc}
        .size   \name, .-\name
.endm

.macro MOTE_WINOGRAD_STEP first, i
        ldmia   lr!, {r8-r11}
        .irp j, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30
        .if \j == 2*\i
        vmov    r12, s\j
        .endif
        .endr
        .if \first
        smuad   r0, r12, r8
        smuad   r1, r12, r9
        smuad   r2, r12, r10
        smuad   r3, r12, r11
        .else
        smlad   r0, r12, r8, r0
        smlad   r1, r12, r9, r1
        smlad   r2, r12, r10, r2
        smlad   r3, r12, r11, r3
        .endif
        .irp j, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31
        .if \j == 2*\i+1
        vmov    r12, s\j
        .endif
        .endr
        .if \first
        smuad   r4, r12, r8
        smuad   r5, r12, r9
        smuad   r6, r12, r10
        smuad   r7, r12, r11
        .else
        smlad   r4, r12, r8, r4
        smlad   r5, r12, r9, r5
        smlad   r6, r12, r10, r6
        smlad   r7, r12, r11, r7
        .endif
.endm

/* name(const uint32_t *weights, const uint32_t *inputs, int32_t *sums): of one group and two output
 * channels, [16 positions][2][4 tiles]. chunk: pairs of input channels at a time, at most 16, a divisor of
 * channels / 2. */
.macro MOTE_WINOGRAD_GEMM name, channels, chunk
        .section .text.\name, "ax", %progbits
        .align  2
        .global \name
        .type   \name, %function
\name:
        push    {r4-r11, lr}
        .if \chunk > 8
        vpush   {s16-s31}
        .endif
        sub     sp, #12
        mov     lr, r1
        str     r2, [sp, #4]
        add     r2, #512
        str     r2, [sp, #8]
        mov     r12, r0
1:      .set MOTE_FIRST, 1
        .rept (\channels/2)/\chunk
        .if MOTE_FIRST == 0
        ldr     r12, [sp, #0]
        .endif
        .irp j, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31
        .if \j == 2*\chunk-1
        vldmia  r12!, {s0-s\j}
        .endif
        .endr
        str     r12, [sp, #0]
        .irp i, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
        .if \i < \chunk
        MOTE_WINOGRAD_STEP MOTE_FIRST, \i
        .set MOTE_FIRST, 0
        .endif
        .endr
        .endr
        ldr     r8, [sp, #4]
        ldr     r9, [sp, #8]
        stmia   r8!, {r0-r7}
        ldr     r12, [sp, #0]
        str     r8, [sp, #4]
        cmp     r8, r9
        bne     1b
        add     sp, #12
        .if \chunk > 8
        vpop    {s16-s31}
        .endif
        pop     {r4-r11, pc}
        .size   \name, .-\name
.endm

.macro MOTE_WINOGRAD_COLUMN tile, column, d0, d1
        ldr     r8, [r0, #(32*\column+4*\tile)]
        ldr     r9, [r0, #(32*(4+\column)+4*\tile)]
        ldr     r10, [r0, #(32*(8+\column)+4*\tile)]
        ldr     r11, [r0, #(32*(12+\column)+4*\tile)]
        add     r8, r9, r8, lsl #1
        sub     r9, r9, r10
        add     \d0, r8, r10
        sub     \d1, r9, r11, lsl #1
.endm

.macro MOTE_WINOGRAD_REQUANTIZE r, form, shift, sat, bits
        .if \form == 2
        MOTE_OUTPUT \r, \form, \shift, \sat, \bits, asr, 2, r1, r2, r3, r12, r8
        .else
        MOTE_OUTPUT \r, \form, \shift, \sat, \bits, asr, 1, r1, r2, r3, r12, r8
        .endif
.endm

/* name(const int32_t *sums, const int32_t *constants, int8_t *y, int32_t row): outputs of one group and two
 * channels. Pixels are `stride` bytes apart, the second row begins at y + row. In sums and constants the
 * second channel comes first; y is its place. form, shift, sat, bits: as in output_dsp.S. */
.macro MOTE_WINOGRAD_OUTPUT name, stride, form, shift, sat, bits
        .section .text.\name, "ax", %progbits
        .align  2
        .global \name
        .type   \name, %function
\name:
        push    {r4-r11, lr}
        sub     sp, #12
        mov     lr, r2
        add     r2, r0, #32
        strd    r2, r3, [sp, #4]
1:
        .if \form == 2
        ldmia   r1!, {r2, r3, r12}
        str     r1, [sp, #0]
        mov     r1, r2
        mov     r2, r3
        mov     r3, r12
        .else
        add     r2, r1, #16
        str     r2, [sp, #0]
        ldmia   r1, {r1, r2, r3, r12}
        .endif
        .irp t, 0, 1, 2, 3
        MOTE_WINOGRAD_COLUMN \t, 0, r4, r6
        MOTE_WINOGRAD_COLUMN \t, 1, r5, r7
        add     r4, r5, r4, lsl #1
        add     r6, r7, r6, lsl #1
        MOTE_WINOGRAD_COLUMN \t, 2, r8, r9
        add     r4, r4, r8
        sub     r5, r5, r8
        add     r6, r6, r9
        sub     r7, r7, r9
        MOTE_WINOGRAD_COLUMN \t, 3, r8, r9
        sub     r5, r5, r8, lsl #1
        sub     r7, r7, r9, lsl #1
        MOTE_WINOGRAD_REQUANTIZE r4, \form, \shift, \sat, \bits
        strb    r4, [lr, #(2*\t*\stride)]
        MOTE_WINOGRAD_REQUANTIZE r5, \form, \shift, \sat, \bits
        strb    r5, [lr, #(2*\t*\stride+\stride)]
        MOTE_WINOGRAD_REQUANTIZE r6, \form, \shift, \sat, \bits
        MOTE_WINOGRAD_REQUANTIZE r7, \form, \shift, \sat, \bits
        ldr     r8, [sp, #8]
        add     r8, lr
        strb    r6, [r8, #(2*\t*\stride)]
        strb    r7, [r8, #(2*\t*\stride+\stride)]
        .endr
        ldrd    r1, r2, [sp, #0]
        adds    r0, #16
        sub     lr, #1
        cmp     r0, r2
        bne     1b
        add     sp, #12
        pop     {r4-r11, pc}
        .size   \name, .-\name
.endm
