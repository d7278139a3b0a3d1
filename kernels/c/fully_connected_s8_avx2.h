/* 8-bit fully-connected layers of few rows with AVX2: two products of unsigned and signed bytes per lane,
 * twice, summed in 16 bits. That is exact where the positive weights of the four and the negative ones each
 * sum to at most 128. Weights that exceed it are cut when they are packed; what was cut off stands in a list
 * for each 32 channels, whose entries are summed pair by pair. Inputs are multiplied as x + 128, which the
 * bias takes back. Packed weights: for each 32 channels, for each eight inputs, the fours of the channels for
 * inputs 0 to 3, then for 4 to 7. */
#ifndef MOTE_FULLY_CONNECTED_S8_AVX2_H
#define MOTE_FULLY_CONNECTED_S8_AVX2_H

#include "byte_output_avx2.h"

#if defined(__AVX2__) && defined(__FMA__)

typedef struct {
  int32_t x_slots, y_slots; /* row r of a tensor stands at r % slots */
  int32_t inputs, channels;
  int32_t x_flip;
  mote_byte_output output;
  const int8_t* weights;
  const int32_t* rest_starts; /* by 32 channels, and the end */
  const int32_t* rest_inputs; /* first of four */
  const int8_t* rest_weights;
} fully_connected_s8_avx2_params;

MOTE_INLINE __m256i mote_fours(const uint8_t* x) {
  int32_t four;
  memcpy(&four, x, 4);
  return _mm256_set1_epi32(four);
}

MOTE_INLINE __m256i mote_fours_sum(__m256i sum, __m256i x, __m256i y, const int8_t* w) {
  const __m256i pairs = _mm256_add_epi16(_mm256_maddubs_epi16(x, mote_avx2_load(w)),
                                         _mm256_maddubs_epi16(y, mote_avx2_load(w + 128)));
  return _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
}

MOTE_INLINE __m256i mote_fours_rest(__m256i sum, __m256i x, const int8_t* w) {
  const __m256i pairs = _mm256_maddubs_epi16(x, mote_avx2_load(w));
  return _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
}

/* All channels of one row. */
MOTE_INLINE void mote_fours_row(const fully_connected_s8_avx2_params* p, const uint8_t* x, int8_t* y) {
  const mote_byte_output* o = &p->output;
  const int8_t* w = p->weights;
  for (int32_t c = 0, block = 0; c < p->channels; c += 32, ++block) {
    __m256i a0 = mote_avx2_load(o->bias + c), a1 = mote_avx2_load(o->bias + c + 8);
    __m256i a2 = mote_avx2_load(o->bias + c + 16), a3 = mote_avx2_load(o->bias + c + 24);
    for (int32_t k = 0; k < p->inputs; k += 8, w += 256) {
      const __m256i u = mote_fours(x + k), v = mote_fours(x + k + 4);
      a0 = mote_fours_sum(a0, u, v, w);
      a1 = mote_fours_sum(a1, u, v, w + 32);
      a2 = mote_fours_sum(a2, u, v, w + 64);
      a3 = mote_fours_sum(a3, u, v, w + 96);
    }
    for (int32_t i = p->rest_starts[block]; i < p->rest_starts[block + 1]; ++i) {
      const __m256i u = mote_fours(x + p->rest_inputs[i]);
      const int8_t* rest = p->rest_weights + 128 * i;
      a0 = mote_fours_rest(a0, u, rest);
      a1 = mote_fours_rest(a1, u, rest + 32);
      a2 = mote_fours_rest(a2, u, rest + 64);
      a3 = mote_fours_rest(a3, u, rest + 96);
    }
    mote_avx2_store_bytes(mote_avx2_bytes(o, c, a0, a1), p->channels - c, y + c);
    if (p->channels - c > 16)
      mote_avx2_store_bytes(mote_avx2_bytes(o, c + 16, a2, a3), p->channels - c - 16, y + c + 16);
  }
}

/* The scratch holds a row of inputs, rounded up to eight. */
MOTE_KERNEL void fully_connected_s8_avx2(const fully_connected_s8_avx2_params* p, const int8_t* x, int8_t* y,
                                         void* scratch, int32_t first, int32_t rows) {
  uint8_t* const row = (uint8_t*)scratch;
  const __m256i flips = _mm256_set1_epi8((char)(p->x_flip ^ 0x80));
  memset(row + p->inputs, 0, 8);
  for (int32_t r = first; r < first + rows; ++r) {
    const int8_t* from = x + r % p->x_slots * p->inputs;
    int32_t i = 0;
    for (; i + 32 <= p->inputs; i += 32)
      _mm256_storeu_si256((__m256i*)(void*)(row + i), _mm256_xor_si256(mote_avx2_load(from + i), flips));
    for (; i < p->inputs; ++i) row[i] = (uint8_t)((uint8_t)from[i] ^ (uint8_t)(p->x_flip ^ 0x80));
    mote_fours_row(p, row, y + r % p->y_slots * p->channels);
  }
}

#endif
#endif
