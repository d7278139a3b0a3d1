#include "tiny.h"

#include <stdint.h>
#include <string.h>

#if defined(__clang__)
#define MOTE_NOINLINE __attribute__((noinline))
#else
#define MOTE_NOINLINE __attribute__((noipa))
#endif

#ifdef MOTE_TRACE
extern void mote_trace(int step, int output, const void* data, unsigned long bytes, unsigned long offset,
                       unsigned long total);
#define TRACE(step, output, data, bytes) mote_trace(step, output, data, bytes, 0, bytes)
#else
#define TRACE(step, output, data, bytes) (void)0
#endif

static const int8_t tiny_w0[128] = {
    12,  -7, 33,  5,   -90, 127, 4,   -128, 8,  1,   0,   -3,  22,  61, -45, 9,   -11, 13,  57,  -2,  6,  -6,
    100, 3,  -31, -64, 7,   21,  0,   18,   -9, 2,   77,  -5,  1,   1,  -20, 40,  -80, 16,  32,  -4,  11, -13,
    25,  -1, 2,   -36, 49,  -8,  64,  -127, 5,  -25, 10,  99,  -70, 3,  0,   -17, 28,  -29, 30,  -31, 32, -33,
    34,  35, 36,  -37, 38,  -39, 4,   4,    -4, 44,  -45, 46,  -47, 48, -49, 50,  51,  52,  -53, 54,  -5, 56,
    57,  -8, 59,  -60, 61,  62,  -63, 64,   65, -66, 67,  -68, 69,  70, -71, 72,  -73, 74,  75,  -76, 77, 78,
    -79, 80, -81, 82,  83,  -84, 85,  86,   -7, 88,  -89, 90,  91,  92, -93, 94,  -95, 96};
static const int32_t tiny_w0_bias[8] = {100, -200, 300, -400, 500, -600, 700, -800};

static MOTE_NOINLINE void tiny_step_0(unsigned char* arena) {
  const int8_t* in = (const int8_t*)arena;
  int32_t* sums = (int32_t*)(void*)(arena + 16);
  for (int row = 0; row < 8; ++row) {
    int32_t sum = tiny_w0_bias[row];
    for (int i = 0; i < 16; ++i) sum += in[i] * tiny_w0[16 * row + i];
    sums[row] = sum;
  }
  TRACE(0, 0, sums, 32);
}

/* reads and writes a copy on the stack, so that the measured stack has a known lower bound */
static MOTE_NOINLINE void tiny_step_1(unsigned char* arena) {
  volatile int32_t copy[64];
  int32_t* sums = (int32_t*)(void*)(arena + 16);
  for (int i = 0; i < 64; ++i) copy[i] = sums[i & 7];
  for (int i = 0; i < 8; ++i) sums[i] = copy[i] + copy[(i + 1) & 7] / 3;
  TRACE(1, 0, sums, 32);
}

static MOTE_NOINLINE void tiny_step_2(unsigned char* arena) {
  const int32_t* sums = (const int32_t*)(const void*)(arena + 16);
  unsigned char rank[8];
  memset(rank, 0, sizeof rank);
  for (int i = 0; i < 8; ++i)
    for (int k = 0; k < 8; ++k)
      if (sums[k] > sums[i]) ++rank[i];
  memcpy(arena + 48, rank, sizeof rank);
  TRACE(2, 0, arena + 48, 8);
}

void tiny_run(void* arena) {
  tiny_step_0(arena);
  tiny_step_1(arena);
  tiny_step_2(arena);
}
