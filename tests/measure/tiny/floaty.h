/* A hand-written network that needs <math.h>: four floats in, softmax out. */
#ifndef FLOATY_H
#define FLOATY_H

#define FLOATY_ARENA_BYTES 32
#define FLOATY_ARENA_ALIGN 16
#define FLOATY_INPUT_0_OFFSET 0
#define FLOATY_INPUT_0_BYTES 16
#define FLOATY_OUTPUT_0_OFFSET 16
#define FLOATY_OUTPUT_0_BYTES 16

void floaty_run(void* arena);

#endif
