/* Matrix products of 8-bit layers on Arm cores with the DSP extension, from the functions of gemm_dsp.S, and
 * their output stage. */
#ifndef MOTE_GEMM_DSP_H
#define MOTE_GEMM_DSP_H

#include "dsp.h"
#include "low_bits.h"

#if defined(__ARM_FEATURE_DSP)

/* A layer as the functions read it. */
typedef struct {
  const int32_t* weights; /* [channels / 2, words]: see gemm_dsp.S */
  const int32_t* outputs; /* for each channel; of each two the second first */
  int32_t filter_bytes;   /* of two channels */
  int32_t channels;       /* even: rounded up */
  int32_t stride;         /* bytes between the outputs of two pixels */
} mote_gemm_layer;

/* MOTE_GEMM and MOTE_WIDEN4 of gemm_dsp.S, MOTE_FULLY_CONNECTED of fully_connected_dsp.S */
typedef void mote_gemm(const mote_gemm_layer* layer, const void* x, int8_t* y);
typedef uint32_t* mote_widen4(uint32_t* to, const int8_t* p0, const int8_t* p1, const int8_t* p2,
                              const int8_t* p3, int32_t bytes);

typedef struct {
  mote_gemm_layer layer;
  mote_gemm* gemm;
  mote_gemm* gemm1; /* of the first pixel alone, or null */
  int32_t channels;
  int32_t window_words;   /* of the windows in the scratch */
  const int32_t* general; /* where the function gives sums: zero point, bounds of y - zero point, the flip of
                             unsigned bytes; for each channel bias, multiplier, shift */
} mote_gemm_stage;

/* An output from a sum of channel c by the general stage. */
MOTE_INLINE int8_t mote_gemm_output(const int32_t* general, int32_t c, int32_t sum) {
  const int32_t* of_channel = general + 4 + 3 * c;
  const int32_t q = mote_requantize(mote_add(sum, of_channel[0]), of_channel[1], of_channel[2]);
  return (int8_t)((mote_clamp(q, general[1], general[2]) + general[0]) ^ general[3]);
}

/* Outputs of `count` (1 to 4) pixels from the windows of four; pixel i goes to y[i]. `together`: they follow
 * each other and are four. `aside` holds 4 * layer.stride bytes, 16 * layer.channels if the function gives
 * `sums`. */
MOTE_INLINE void mote_gemm_pixels(const mote_gemm_stage* s, const uint32_t* windows, int8_t* const y[4],
                                  int32_t count, int32_t together, void* aside, int32_t sums_only) {
  mote_gemm* const gemm = count == 1 && s->gemm1 ? s->gemm1 : s->gemm;
  if (sums_only) {
    const int32_t* sums = (const int32_t*)aside;
    gemm(&s->layer, windows, (int8_t*)aside);
    for (int32_t c = 0; c < s->channels; ++c, sums += 4)
      for (int32_t i = 0; i < count; ++i) y[i][c] = mote_gemm_output(s->general, c, sums[i]);
  } else if (s->channels == s->layer.channels && (together || gemm != s->gemm)) {
    gemm(&s->layer, windows, y[0]);
  } else {
    gemm(&s->layer, windows, (int8_t*)aside);
    for (int32_t i = 0; i < count; ++i)
      memcpy(y[i], (const int8_t*)aside + i * s->layer.stride, (size_t)s->channels);
  }
}

/* The stage for the channels from c on of a layer whose weights have few bits: their tile is expanded into
 * the scratch. */
MOTE_INLINE void mote_gemm_tile(const mote_gemm_stage* s, const mote_low_tiles* t, int32_t c,
                                uint32_t* scratch, mote_gemm_stage* tile) {
  const int32_t left = s->channels - c, whole = s->layer.channels - c;
  const int32_t number = c / t->channels;
  tile->channels = left < t->channels ? left : t->channels;
  tile->layer.channels = whole < t->channels ? whole : t->channels;
  tile->layer.stride = tile->channels & 1 ? s->layer.stride : s->channels;
  tile->layer.outputs = s->layer.outputs + c * t->output_words;
  if (s->general) tile->general = s->general + number * (4 + 3 * t->channels);
  tile->layer.weights = (const int32_t*)scratch;
  mote_low_tile(t, number, tile->layer.channels, scratch);
}

/* The kernel `name` with weights of few bits: tile by tile, some rows at a time. */
#define MOTE_GEMM_LOW(name)                                                                               \
  typedef struct {                                                                                        \
    name##_params layer;                                                                                  \
    mote_low_tiles tiles;                                                                                 \
  } name##_low_params;                                                                                    \
  MOTE_INLINE void name##_low_body(const name##_low_params* p, const int8_t* x, int8_t* y, void* scratch, \
                                   int32_t first, int32_t rows, int32_t sums_only) {                      \
    uint32_t* tile = (uint32_t*)scratch;                                                                  \
    name##_params layer = p->layer;                                                                       \
    for (const int32_t end = first + rows; first < end; first += p->tiles.rows)                           \
      for (int32_t c = 0; c < p->layer.stage.channels; c += p->tiles.channels) {                          \
        mote_gemm_tile(&p->layer.stage, &p->tiles, c, tile, &layer.stage);                                \
        name##_body(&layer, x, y + c, tile + 8 * p->tiles.blocks, first,                                  \
                    p->tiles.rows < end - first ? p->tiles.rows : end - first, sums_only);                \
      }                                                                                                   \
  }                                                                                                       \
  MOTE_KERNEL void name##_low(const name##_low_params* p, const int8_t* x, int8_t* y, void* scratch,      \
                              int32_t first, int32_t rows) {                                              \
    name##_low_body(p, x, y, scratch, first, rows, 0);                                                    \
  }                                                                                                       \
  MOTE_KERNEL void name##_low_sums(const name##_low_params* p, const int8_t* x, int8_t* y, void* scratch, \
                                   int32_t first, int32_t rows) {                                         \
    name##_low_body(p, x, y, scratch, first, rows, 1);                                                    \
  }

#endif
#endif
