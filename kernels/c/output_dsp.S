/* The output stage of 8-bit layers on Arm cores with the DSP extension. `form`:
 *
 * form   what follows the sums                              words for each channel
 *   0    two roundings                                      2 bias, multiplier, round, shift
 *   1    the same where the clamp removes all negatives     the same
 *   2    one rounding that was proved to give the same      bias, multiplier, offset; `shift` for all
 *   3    none: the sums are the outputs                     -
 *
 * sat, bits: ssat or usat and its bits, the range of the outputs.
 *
 * Form 0: smmlar(2 s, m, round) is the first rounding; the second, halves away from zero, is a shift after adding half
 * and, for negative numbers, taking one off. The zero point rides along, shifted. */
        .syntax unified
        .thumb

/* The sum in \r, shifted to be twice itself (form 2: itself), becomes an output; r8-r11 are its channel's constants. */
.macro MOTE_GEMM_OUTPUT r, form, shift, sat, bits, by, places
        .if \places
        add     \r, r8, \r, \by #\places
        .else
        add     \r, r8
        .endif
        .if \form == 2
        smmla   \r, \r, r9, r10
        \sat    \r, #\bits, \r, asr #\shift
        .else
        .if \form == 0
        add     r12, r10, \r, asr #31
        smmlar  \r, \r, r9, r12
        .else
        smmlar  \r, \r, r9, r10
        .endif
        asr     \r, \r, r11
        \sat    \r, #\bits, \r
        .endif
.endm

.macro MOTE_GEMM_CONSTANTS form, from
        .if \form == 2
        ldmia   \from!, {r8-r10}
        .else
        ldmia   \from!, {r8-r11}
        .endif
.endm
