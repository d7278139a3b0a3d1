/* Matrix products of 8-bit layers on Arm cores with the DSP extension: two channels A, B and four pixels at
 * a time.
 *
 *   name(const mote_gemm_layer *layer, const void *x, int8_t *y)
 *
 * lanes shared: a word of weights holds two inputs of both channels: lane = 256 * b + a. A dual
 * multiply-accumulate of the raw lanes gives 256 * sum(b x) + sum(a x), one of the sign-extended low bytes
 * sum(a x); the difference is exact while sum(b x) fits 24 bits, which is proved when the weights are
 * packed. lanes own: a word holds two inputs of A, the next the same inputs of B: weights of up to 16 bits.
 * x: pairs of inputs as 16-bit numbers, [words][4 pixels]. The outputs of pixel i stand at y + i *
 * layer->stride. `chunk` words of weights at a time wait in s0, s1, ..., or in the stack of cores without
 * floating point: that frees the register that pointed to them. Eight dual multiply-accumulates then need
 * one load of four words of x, one move and one sign extension: 11 instructions for 16 products.
 *
 * r0-r3: sums of A; r4-r7: 256 * sums of B + sums of A; r8-r11: x; r12: weights; lr: next x. form, shift,
 * sat, bits: as in output_dsp.S, of two channels the constants of B first; the sums are those of A, then
 * those of B. */
#include "output_dsp.S"

.macro MOTE_GEMM_WEIGHTS i, fpu
        .if \fpu
        .irp j, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
        .if \i == \j
        vmov    r12, s\j
        .endif
        .endr
        .else
        ldr     r12, [sp, #(36+4*(\i))]
        .endif
.endm

.macro MOTE_GEMM_PRODUCTS first, d0, d1, d2, d3
        .if \first
        smuad   \d0, r12, r8
        smuad   \d1, r12, r9
        smuad   \d2, r12, r10
        smuad   \d3, r12, r11
        .else
        smlad   \d0, r12, r8, \d0
        smlad   \d1, r12, r9, \d1
        smlad   \d2, r12, r10, \d2
        smlad   \d3, r12, r11, \d3
        .endif
.endm

/* Step i of a chunk. */
.macro MOTE_GEMM_STEP first, lanes, i, fpu
        ldmia   lr!, {r8-r11}
        .ifc \lanes, shared
        MOTE_GEMM_WEIGHTS \i, \fpu
        MOTE_GEMM_PRODUCTS \first, r4, r5, r6, r7
        sxtb16  r12, r12
        .else
        MOTE_GEMM_WEIGHTS (2*\i+1), \fpu
        MOTE_GEMM_PRODUCTS \first, r4, r5, r6, r7
        MOTE_GEMM_WEIGHTS (2*\i), \fpu
        .endif
        MOTE_GEMM_PRODUCTS \first, r0, r1, r2, r3
.endm

/* The next chunk of weights from r12, which then stays at [sp]. */
.macro MOTE_GEMM_CHUNK chunk, fpu
        .if \fpu
        .irp i, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31
        .if \i == \chunk-1
        vldmia  r12!, {s0-s\i}
        .endif
        .endr
        .else
        .irp i, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30
        .if \i < \chunk
        ldrd    r8, r9, [r12], #8
        strd    r8, r9, [sp, #(36+4*\i)]
        .endif
        .endr
        .endif
        str     r12, [sp, #0]
.endm

.macro MOTE_GEMM_OUTPUTS lanes, form, shift, sat, bits
        MOTE_OUTPUT_COMMON \form, 32, lr
        ldr     lr, [sp, #12]
        MOTE_OUTPUT_CONSTANTS \form, lr
        .irp r, r4, r5, r6, r7
        .ifc \lanes, shared
        MOTE_OUTPUT_OF \r, \form, \shift, \sat, \bits, 8
        .else
        MOTE_OUTPUT_OF \r, \form, \shift, \sat, \bits, 0
        .endif
        .endr
        MOTE_OUTPUT_CONSTANTS \form, lr
        str     lr, [sp, #12]
        .irp r, r0, r1, r2, r3
        MOTE_OUTPUT_OF \r, \form, \shift, \sat, \bits, 0
        .endr
        ldr     r8, [sp, #28]
        ldr     lr, [sp, #16]
        mov     r12, lr
        strb    r0, [lr]
        strb    r4, [lr, #1]
        add     lr, r8
        strb    r1, [lr]
        strb    r5, [lr, #1]
        add     lr, r8
        strb    r2, [lr]
        strb    r6, [lr, #1]
        strb    r3, [lr, r8]
        add     lr, r8
        strb    r7, [lr, #1]
        adds    r12, #2
.endm

/* lanes: see above. chunk: words of weights at a time, even, at most 32. loop: 1 where a filter may have
 * more words than one chunk. fpu: 0 keeps the chunk in the stack. */
.macro MOTE_GEMM name, lanes, chunk, loop, fpu, form, shift, sat, bits
        .section .text.\name, "ax", %progbits
        .align  2
        .global \name
        .type   \name, %function
\name:
        push    {r4-r11, lr}
        .if \fpu
        .if \chunk > 16
        vpush   {s16-s31}
        .endif
        sub     sp, #36
        .else
        sub     sp, #(36+4*\chunk)
        .endif
        ldmia   r0, {r4-r8}             /* weights, outputs, filter_bytes, channels, stride */
        .if \form == 3
        add     r7, r2, r7, lsl #4
        .else
        add     r7, r2
        .endif
        MOTE_OUTPUT_KEEP_COMMON \form, r5, 32
        str     r1, [sp, #8]
        strd    r5, r2, [sp, #12]
        strd    r7, r6, [sp, #20]
        str     r8, [sp, #28]
        mov     r12, r4
1:      ldr     lr, [sp, #8]
        .if \loop
        ldr     r8, [sp, #24]
        add     r8, r12
        str     r8, [sp, #4]
        .endif
        MOTE_GEMM_CHUNK \chunk, \fpu
        MOTE_GEMM_STEP 1, \lanes, 0, \fpu
        .if \loop
        b       3f
2:      MOTE_GEMM_CHUNK \chunk, \fpu
        MOTE_GEMM_STEP 0, \lanes, 0, \fpu
3:
        .endif
        .irp i, 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
        .ifc \lanes, shared
        .if \i < \chunk
        MOTE_GEMM_STEP 0, shared, \i, \fpu
        .endif
        .else
        .if 2*\i < \chunk
        MOTE_GEMM_STEP 0, own, \i, \fpu
        .endif
        .endif
        .endr
        .if \loop
        ldrd    r12, r8, [sp, #0]
        cmp     r12, r8
        bne     2b
        .endif
        .ifc \lanes, shared
        sub     r4, r4, r0
        sub     r5, r5, r1
        sub     r6, r6, r2
        sub     r7, r7, r3
        .endif
        .if \form == 3
        .ifc \lanes, shared
        .irp r, r4, r5, r6, r7
        asr     \r, \r, #8
        .endr
        .endif
        ldr     r12, [sp, #16]
        stmia   r12!, {r0-r7}
        .else
        MOTE_GEMM_OUTPUTS \lanes, \form, \shift, \sat, \bits
        .endif
        str     r12, [sp, #16]
        ldr     r8, [sp, #20]
        cmp     r12, r8
        ldr     r12, [sp, #0]
        bne     1b
        .if \fpu
        add     sp, #36
        .if \chunk > 16
        vpop    {s16-s31}
        .endif
        .else
        add     sp, #(36+4*\chunk)
        .endif
        pop     {r4-r11, pc}
        .size   \name, .-\name
.endm

/* The same for the first of the four pixels only: a quarter of the products in half of the instructions. */
.macro MOTE_GEMM1 name, lanes, form, shift, sat, bits
        .section .text.\name, "ax", %progbits
        .align  2
        .global \name
        .type   \name, %function
\name:
        push    {r4-r11, lr}
        sub     sp, #12
        ldmia   r0, {r4-r7}             /* weights, outputs, filter_bytes, channels */
        MOTE_OUTPUT_KEEP_COMMON \form, r5, 8
        mov     lr, r4
        mov     r3, r1
        .if \form == 3
        add     r7, r2, r7, lsl #4
        .else
        add     r7, r2
        .endif
        strd    r6, r7, [sp, #0]
        mov     r6, r2
1:      movs    r0, #0
        movs    r4, #0
        mov     r1, r3
        ldr     r2, [sp, #0]
        add     r2, lr
2:      ldrd    r8, r9, [lr], #8
        ldr     r10, [r1], #16
        .ifc \lanes, shared
        ldr     r11, [r1], #16
        smlad   r4, r8, r10, r4
        sxtb16  r8, r8
        smlad   r0, r8, r10, r0
        smlad   r4, r9, r11, r4
        sxtb16  r9, r9
        smlad   r0, r9, r11, r0
        .else
        smlad   r0, r8, r10, r0
        smlad   r4, r9, r10, r4
        .endif
        cmp     lr, r2
        bne     2b
        .ifc \lanes, shared
        subs    r4, r4, r0
        .endif
        .if \form == 3
        .ifc \lanes, shared
        asrs    r4, r4, #8
        .endif
        str     r0, [r6], #16
        str     r4, [r6], #16
        .else
        MOTE_OUTPUT_COMMON \form, 8, r8
        MOTE_OUTPUT_CONSTANTS \form, r5
        .ifc \lanes, shared
        MOTE_OUTPUT_OF r4, \form, \shift, \sat, \bits, 8
        .else
        MOTE_OUTPUT_OF r4, \form, \shift, \sat, \bits, 0
        .endif
        MOTE_OUTPUT_CONSTANTS \form, r5
        MOTE_OUTPUT_OF r0, \form, \shift, \sat, \bits, 0
        strb    r0, [r6], #1
        strb    r4, [r6], #1
        .endif
        ldr     r2, [sp, #4]
        cmp     r6, r2
        bne     1b
        add     sp, #12
        pop     {r4-r11, pc}
        .size   \name, .-\name
.endm

/* name(uint32_t *to, const int8_t *p0, p1, p2, p3, int32_t bytes): bytes (a multiple of 4) of four pixels as
 * 16-bit numbers, [words][4 pixels]; four bytes b0..b3 become the pairs (b0, b2) and (b1, b3). Returns the
 * end. ext: sxtb16 or uxtb16. */
.macro MOTE_WIDEN4 name, ext
        .section .text.\name, "ax", %progbits
        .align  2
        .global \name
        .type   \name, %function
\name:
        push    {r4-r11, lr}
        ldrd    lr, r12, [sp, #36]
        add     r12, r1
1:      ldr     r4, [r1], #4
        ldr     r5, [r2], #4
        ldr     r6, [r3], #4
        ldr     r7, [lr], #4
        \ext  r8, r4
        \ext  r9, r5
        \ext  r10, r6
        \ext  r11, r7
        stmia   r0!, {r8-r11}
        \ext  r4, r4, ror #8
        \ext  r5, r5, ror #8
        \ext  r6, r6, ror #8
        \ext  r7, r7, ror #8
        stmia   r0!, {r4-r7}
        cmp     r1, r12
        bne     1b
        pop     {r4-r11, pc}
        .size   \name, .-\name
.endm

/* Four bytes of four pixels, \at bytes from r1, r2, r3 and lr, as MOTE_WIDEN4 gives them. */
.macro MOTE_GATHER_WORD ext, at
        ldr     r4, [r1, #(\at)]
        ldr     r5, [r2, #(\at)]
        ldr     r6, [r3, #(\at)]
        ldr     r7, [lr, #(\at)]
        MOTE_GATHER_EXTEND \ext
.endm
.macro MOTE_GATHER_EXTEND ext
        \ext  r8, r4
        \ext  r9, r5
        \ext  r10, r6
        \ext  r11, r7
        stmia   r0!, {r8-r11}
        \ext  r8, r4, ror #8
        \ext  r9, r5, ror #8
        \ext  r10, r6, ror #8
        \ext  r11, r7, ror #8
        stmia   r0!, {r8-r11}
.endm
.macro MOTE_GATHER_LOADS load, at, d0, d1, d2, d3
        \load  \d0, [r1, #(\at)]
        \load  \d1, [r2, #(\at)]
        \load  \d2, [r3, #(\at)]
        \load  \d3, [lr, #(\at)]
.endm

/* name(uint32_t *to, const int8_t *p0, p1, p2, p3, const int32_t *offsets, int32_t words): windows of four
 * pixels that begin at p0..p3. Unrolled: `rows` rows of `bytes` bytes, `pitch` apart: of each row the whole
 * words, then what is left of all rows. One byte left: those of rows 2i and 2i+1 are a pair. Two: bytes 0 of
 * rows 2i and 2i+1, then bytes 1. Three: a word of which the last byte is anything. load, ext: ldrsb and
 * sxtb16, or ldrb and uxtb16. */
.macro MOTE_GATHER4 name, load, ext, rows, bytes, pitch
        .section .text.\name, "ax", %progbits
        .align  2
        .global \name
        .type   \name, %function
\name:
        push    {r4-r11, lr}
        ldr     lr, [sp, #36]
        .set MOTE_ROW, 0
        .rept \rows
        .set MOTE_AT, MOTE_ROW*\pitch
        .rept (\bytes+1)/4
        MOTE_GATHER_WORD \ext, MOTE_AT
        .set MOTE_AT, MOTE_AT+4
        .endr
        .set MOTE_ROW, MOTE_ROW+1
        .endr
        .set MOTE_AT, \bytes/4*4
        .if \bytes%4 == 1
        .rept \rows/2
        MOTE_GATHER_LOADS \load, MOTE_AT, r4, r5, r6, r7
        MOTE_GATHER_LOADS \load, MOTE_AT+\pitch, r8, r9, r10, r11
        pkhbt   r4, r4, r8, lsl #16
        pkhbt   r5, r5, r9, lsl #16
        pkhbt   r6, r6, r10, lsl #16
        pkhbt   r7, r7, r11, lsl #16
        stmia   r0!, {r4-r7}
        .set MOTE_AT, MOTE_AT+2*\pitch
        .endr
        .if \rows%2
        MOTE_GATHER_LOADS \load, MOTE_AT, r4, r5, r6, r7
        stmia   r0!, {r4-r7}
        .endif
        .elseif \bytes%4 == 2
        .rept \rows/2
        MOTE_GATHER_LOADS ldrh, MOTE_AT, r4, r5, r6, r7
        MOTE_GATHER_LOADS ldrh, MOTE_AT+\pitch, r8, r9, r10, r11
        orr     r4, r4, r8, lsl #16
        orr     r5, r5, r9, lsl #16
        orr     r6, r6, r10, lsl #16
        orr     r7, r7, r11, lsl #16
        MOTE_GATHER_EXTEND \ext
        .set MOTE_AT, MOTE_AT+2*\pitch
        .endr
        .if \rows%2
        MOTE_GATHER_LOADS ldrh, MOTE_AT, r4, r5, r6, r7
        MOTE_GATHER_EXTEND \ext
        .endif
        .endif
        pop     {r4-r11, pc}
        .size   \name, .-\name
.endm

/* The same with a list: word i of a window stands at p + offsets[i]. */
.macro MOTE_GATHER4_LIST name, ext
        .section .text.\name, "ax", %progbits
        .align  2
        .global \name
        .type   \name, %function
\name:
        push    {r4-r11, lr}
        ldrd    lr, r12, [sp, #36]
1:      ldr     r8, [r12], #4
        ldr     r4, [r1, r8]
        ldr     r5, [r2, r8]
        ldr     r6, [r3, r8]
        ldr     r7, [lr, r8]
        MOTE_GATHER_EXTEND \ext
        ldr     r4, [sp, #44]
        subs    r4, #1
        str     r4, [sp, #44]
        bne     1b
        pop     {r4-r11, pc}
        .size   \name, .-\name
.endm
