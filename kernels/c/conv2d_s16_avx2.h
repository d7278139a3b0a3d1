/* Convolution and fully-connected layers of 16-bit activations with AVX2, for layers whose sums with the bias
 * fit 32 bits: blocks of sixteen output channels and four pixels (or one). The windows are gathered in the
 * scratch. Packed weights: avx2_pairs.h. */
#ifndef MOTE_CONV2D_S16_AVX2_H
#define MOTE_CONV2D_S16_AVX2_H

#include "avx2_pairs.h"
#include "windows.h"

#if defined(__AVX2__)

typedef struct {
  mote_window2d window;        /* one group, plain or transposed */
  int32_t elements;            /* of a window */
  int32_t low, high;           /* bounds of y */
  const int32_t* bias;         /* this and the next two padded to whole blocks */
  const int32_t* multipliers;  /* of 16 bits */
  const int32_t* right_shifts; /* 8 to 62 */
  const int16_t* weights;
} conv2d_s16_avx2_params;

/* round(x * multiplier / 2^right) in 64 bits for the even lanes of x and of the multipliers: shifting is
 * unsigned here, so 2^62 is added before it and taken back after it. */
MOTE_INLINE __m256i mote_s16_avx2_scale(__m256i x, __m256i multipliers, __m256i rights) {
  const __m256i one = _mm256_set1_epi64x(1);
  const __m256i lift = _mm256_set1_epi64x((int64_t)1 << 62);
  const __m256i half = _mm256_sllv_epi64(one, _mm256_sub_epi64(rights, one));
  const __m256i product = _mm256_add_epi64(_mm256_mul_epi32(x, multipliers), half);
  const __m256i shifted = _mm256_srlv_epi64(_mm256_add_epi64(product, lift), rights);
  return _mm256_sub_epi64(shifted, _mm256_srlv_epi64(lift, rights));
}

MOTE_INLINE __m256i mote_s16_avx2_load(const int32_t* from) {
  return _mm256_loadu_si256((const __m256i*)(const void*)from);
}

/* Output stage: writes the first `count` (1 to 8) of the eight channels from c. */
MOTE_INLINE void mote_s16_avx2_store(const conv2d_s16_avx2_params* p, int32_t c, __m256i sums, int32_t count,
                                     int16_t* y) {
  const __m256i x = _mm256_add_epi32(sums, mote_s16_avx2_load(p->bias + c));
  const __m256i multipliers = mote_s16_avx2_load(p->multipliers + c);
  const __m256i rights = mote_s16_avx2_load(p->right_shifts + c);
  const __m256i even_rights = _mm256_and_si256(rights, _mm256_set1_epi64x(0xffffffff));
  const __m256i even = mote_s16_avx2_scale(x, multipliers, even_rights);
  const __m256i odd = mote_s16_avx2_scale(_mm256_srli_epi64(x, 32), _mm256_srli_epi64(multipliers, 32),
                                          _mm256_srli_epi64(rights, 32));
  __m256i v = _mm256_blend_epi32(even, _mm256_slli_epi64(odd, 32), 0xaa);
  v = _mm256_min_epi32(_mm256_max_epi32(v, _mm256_set1_epi32(p->low)), _mm256_set1_epi32(p->high));
  const __m128i words = _mm_packs_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
  if (count >= 8) {
    _mm_storeu_si128((__m128i*)(void*)y, words);
  } else {
    int16_t all[8];
    _mm_storeu_si128((__m128i*)(void*)all, words);
    memcpy(y, all, (size_t)count * sizeof(int16_t));
  }
}

/* All channels of `count` (1 to 4) pixels. */
MOTE_INLINE void mote_s16_avx2_pixels(const conv2d_s16_avx2_params* p, const int16_t* windows, int32_t count,
                                      int16_t* y) {
  const int32_t channels = p->window.out_channels;
  const int32_t pairs = (p->elements + 1) / 2;
  const int16_t* w = p->weights;
  for (int32_t c = 0; c < channels; c += 16, w += 32 * pairs) {
    __m256i sums[8];
    if (count > 1)
      mote_avx2_pairs4(w, windows, pairs, sums);
    else
      mote_avx2_pairs1(w, windows, pairs, sums);
    for (int32_t i = 0; i < count; ++i) {
      int16_t* to = y + i * channels + c;
      mote_s16_avx2_store(p, c, sums[2 * i], channels - c, to);
      if (channels - c > 8) mote_s16_avx2_store(p, c + 8, sums[2 * i + 1], channels - c - 8, to + 8);
    }
  }
}

MOTE_KERNEL void conv2d_s16_avx2(const conv2d_s16_avx2_params* p, const int16_t* x, int16_t* y,
                                 void* scratch) {
  const mote_window2d* g = &p->window;
  int16_t* windows = (int16_t*)scratch;
  mote_window_cursor cursor = {(const char*)x, 0, 0};
  const int32_t stride = (p->elements + 1) / 2 * 2;
  for (int32_t i = 0; i < 4; ++i) windows[(i + 1) * stride - 1] = 0; /* an odd last element meets weight 0 */
  const int32_t total = g->batches * g->rows.out * g->columns.out;
  for (int32_t pixel = 0; pixel < total; pixel += 4, y += 4 * g->out_channels) {
    const int32_t count = total - pixel < 4 ? total - pixel : 4;
    for (int32_t i = 0; i < count; ++i) mote_gather_window(g, &cursor, sizeof(int16_t), windows + i * stride);
    mote_s16_avx2_pixels(p, windows, count, y);
  }
}

#endif
#endif
