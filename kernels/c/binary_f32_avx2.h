/* Sum, difference and product of two float tensors of one shape with AVX2. */
#ifndef MOTE_BINARY_F32_AVX2_H
#define MOTE_BINARY_F32_AVX2_H

#include "mote_kernel.h"
#include "rows.h"

#if defined(__AVX2__)
#include <immintrin.h>

typedef struct {
  int32_t row_elements;
  int32_t x_slots, x2_slots, y_slots; /* of a, b and y, as in rows.h */
  float low, high;                    /* fused activation */
} binary_f32_avx2_params;

MOTE_INLINE __m256i mote_binary_f32_lanes(int32_t count) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(count), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

/* NaN stays NaN. */
#define MOTE_BINARY_F32_AVX2(name, operation)                                                           \
  MOTE_KERNEL void name(const binary_f32_avx2_params* p, const float* a0, const float* b0, float* y0,   \
                        int32_t first, int32_t rows) {                                                  \
    const __m256 low = _mm256_set1_ps(p->low), high = _mm256_set1_ps(p->high);                          \
    mote_element_run run = {first, rows, 0, 0, 0, 0};                                                   \
    while (mote_next_run(&run, p->row_elements, p->x_slots, p->x2_slots, p->y_slots)) {                 \
      const float *a = a0 + run.x, *b = b0 + run.x2;                                                    \
      float* y = y0 + run.y;                                                                            \
      int32_t i = 0;                                                                                    \
      for (; i + 8 <= run.count; i += 8) {                                                              \
        const __m256 v = operation(_mm256_loadu_ps(a + i), _mm256_loadu_ps(b + i));                     \
        _mm256_storeu_ps(y + i, _mm256_min_ps(high, _mm256_max_ps(low, v)));                            \
      }                                                                                                 \
      if (i < run.count) {                                                                              \
        const __m256i lanes = mote_binary_f32_lanes(run.count - i);                                     \
        const __m256 v = operation(_mm256_maskload_ps(a + i, lanes), _mm256_maskload_ps(b + i, lanes)); \
        _mm256_maskstore_ps(y + i, lanes, _mm256_min_ps(high, _mm256_max_ps(low, v)));                  \
      }                                                                                                 \
    }                                                                                                   \
  }

MOTE_BINARY_F32_AVX2(add_f32_avx2, _mm256_add_ps)
MOTE_BINARY_F32_AVX2(sub_f32_avx2, _mm256_sub_ps)
MOTE_BINARY_F32_AVX2(mul_f32_avx2, _mm256_mul_ps)

#undef MOTE_BINARY_F32_AVX2

#endif
#endif
