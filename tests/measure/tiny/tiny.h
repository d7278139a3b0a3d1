/* A hand-written network in the form of emitted code: 16 signed bytes in, multiplied by an 8x16 matrix,
 * cumulated, sorted. */
#ifndef TINY_H
#define TINY_H

#define TINY_ARENA_BYTES 64
#define TINY_ARENA_ALIGN 16
#define TINY_INPUT_0_OFFSET 0
#define TINY_INPUT_0_BYTES 16
#define TINY_OUTPUT_0_OFFSET 48
#define TINY_OUTPUT_0_BYTES 8
#define TINY_OUTPUT_1_OFFSET 16
#define TINY_OUTPUT_1_BYTES 32

void tiny_run(void* arena);

#endif
