/* The output stage of 8-bit layers on Arm cores with the DSP extension. `form`:
 *
 * form   what follows the sums                              words for each channel
 *   0    two roundings                                      2 bias, multiplier, round, shift
 *   1    the same where the clamp removes all negatives     the same
 *   2    one rounding that was proved to give the same      bias, multiplier, offset; `shift` for all
 *   3    none: the sums are the outputs                     -
 *   4, 5 as 0 and 1; multiplier, round, shift stand before     2 bias
 *
 * sat, bits: ssat or usat and its bits, the range of the outputs.
 *
 * Form 0: smmlar(2 s, m, round) is the first rounding; the second, halves away from zero, is a shift after
 * adding half and, for negative numbers, taking one off. The zero point rides along, shifted. */
        .syntax unified
        .thumb

/* The sum in \r, shifted by \places to be twice itself (form 2: itself), becomes an output. c0-c3: the
 * constants; t is lost. */
.macro MOTE_OUTPUT r, form, shift, sat, bits, by, places, c0, c1, c2, c3, t
        .if \places
        add     \r, \c0, \r, \by #\places
        .else
        add     \r, \c0
        .endif
        .if \form == 2
        smmla   \r, \r, \c1, \c2
        \sat    \r, #\bits, \r, asr #\shift
        .else
        .if (\form == 0) || (\form == 4)
        add     \t, \c2, \r, asr #31
        smmlar  \r, \r, \c1, \t
        .else
        smmlar  \r, \r, \c1, \c2
        .endif
        asr     \r, \r, \c3
        \sat    \r, #\bits, \r
        .endif
.endm

/* Where all channels share constants: keeps their place, \outputs, in \slot of the stack, and steps to the
 * biases. */
.macro MOTE_OUTPUT_KEEP_COMMON form, outputs, slot
        .if \form >= 4
        str     \outputs, [sp, #\slot]
        adds    \outputs, #12
        .endif
.endm

/* Loads them; t is lost. */
.macro MOTE_OUTPUT_COMMON form, slot, t
        .if \form >= 4
        ldr     \t, [sp, #\slot]
        ldmia   \t, {r9-r11}
        .endif
.endm

/* The constants of the next channel in r8-r11. */
.macro MOTE_OUTPUT_CONSTANTS form, from
        .if \form == 2
        ldmia   \from!, {r8-r10}
        .elseif \form >= 4
        ldr     r8, [\from], #4
        .else
        ldmia   \from!, {r8-r11}
        .endif
.endm

/* The same with the constants in r8-r11 and a sum that has \places bits too many, or is itself (0). */
.macro MOTE_OUTPUT_OF r, form, shift, sat, bits, places
        .if \form == 2
        MOTE_OUTPUT \r, \form, \shift, \sat, \bits, asr, \places, r8, r9, r10, r11, r12
        .elseif \places
        MOTE_OUTPUT \r, \form, \shift, \sat, \bits, asr, (\places-1), r8, r9, r10, r11, r12
        .else
        MOTE_OUTPUT \r, \form, \shift, \sat, \bits, lsl, 1, r8, r9, r10, r11, r12
        .endif
.endm
