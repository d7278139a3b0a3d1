// What the emitted top of a network needs: steps that stay functions of their own, aligned constants, the trace hook.
#pragma once

#include <stdint.h>

#if defined(__GNUC__)
#define MOTE_STEP static __attribute__((noinline))
#define MOTE_CONSTANT __attribute__((aligned(4)))
#else
#define MOTE_STEP static
#define MOTE_CONSTANT
#endif

// Compiled with MOTE_TRACE, every step hands its outputs to mote_trace, which the program provides.
#ifdef MOTE_TRACE
extern void mote_trace(int step, int output, const void *data, unsigned long bytes);
#define MOTE_TRACE_OUTPUT(step, output, data, bytes) mote_trace(step, output, data, bytes)
#else
#define MOTE_TRACE_OUTPUT(step, output, data, bytes) ((void)0)
#endif
