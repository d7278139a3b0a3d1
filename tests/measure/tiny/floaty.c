#include "floaty.h"

#include <math.h>

static __attribute__((noinline)) void floaty_step_0(unsigned char* arena) {
  const float* in = (const float*)(const void*)arena;
  float* out = (float*)(void*)(arena + 16);
  float sum = 0;
  for (int i = 0; i < 4; ++i) sum += out[i] = expf(in[i]) + tanhf(in[i]) * sqrtf(0.0f);
  for (int i = 0; i < 4; ++i) out[i] /= sum;
}

void floaty_run(void* arena) { floaty_step_0(arena); }
