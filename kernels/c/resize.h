/* Resizing of images [batch, height, width, channels]. Which input rows and columns an output cell reads, and
 * with what weight, is worked out when the code is made and stands in tables. */
#ifndef MOTE_RESIZE_H
#define MOTE_RESIZE_H

#include "mote_kernel.h"

typedef struct {
  int32_t batch, in_height, in_width, out_height, out_width;
  int32_t pixel_bytes;
  const int16_t* rows;    /* [out_height] */
  const int16_t* columns; /* [out_width] */
} resize_nearest_params;

MOTE_KERNEL void resize_nearest(const resize_nearest_params* p, const void* in, void* out) {
  const uint8_t* image = (const uint8_t*)in;
  uint8_t* target = (uint8_t*)out;
  int32_t n, y, x;
  for (n = 0; n < p->batch; ++n) {
    for (y = 0; y < p->out_height; ++y) {
      const uint8_t* row = image + p->rows[y] * p->in_width * p->pixel_bytes;
      for (x = 0; x < p->out_width; ++x) {
        memcpy(target, row + p->columns[x] * p->pixel_bytes, (size_t)p->pixel_bytes);
        target += p->pixel_bytes;
      }
    }
    image += p->in_height * p->in_width * p->pixel_bytes;
  }
}

typedef struct {
  int32_t batch, in_height, in_width, out_height, out_width, channels;
  const int16_t *rows_below, *rows_above;       /* [out_height] */
  const int16_t *columns_below, *columns_above; /* [out_width] */
  const int16_t *row_weights, *column_weights;  /* of "above", in 1/1024 */
} resize_linear_params;

typedef struct {
  int32_t batch, in_height, in_width, out_height, out_width, channels;
  const int16_t *rows_below, *rows_above;
  const int16_t *columns_below, *columns_above;
  const float *row_weights, *column_weights; /* of "above", 0 to 1 */
} resize_linear_f32_params;

/* Bilinear: W is the type of a weight, S of the sum; finish turns the sum into the element. */
#define MOTE_RESIZE_LINEAR(name, params, T, W, S, one, finish)                                              \
  MOTE_KERNEL void name(const params* p, const T* in, T* out) {                                             \
    const int32_t row = p->in_width * p->channels;                                                          \
    int32_t n, y, x, c;                                                                                     \
    for (n = 0; n < p->batch; ++n) {                                                                        \
      for (y = 0; y < p->out_height; ++y) {                                                                 \
        const T* below = in + p->rows_below[y] * row;                                                       \
        const T* above = in + p->rows_above[y] * row;                                                       \
        const W wy = p->row_weights[y];                                                                     \
        for (x = 0; x < p->out_width; ++x) {                                                                \
          const int32_t left = p->columns_below[x] * p->channels;                                           \
          const int32_t right = p->columns_above[x] * p->channels;                                          \
          const W wx = p->column_weights[x];                                                                \
          const S w00 = (S)(one - wy) * (S)(one - wx), w01 = (S)(one - wy) * (S)wx;                         \
          const S w10 = (S)wy * (S)(one - wx), w11 = (S)wy * (S)wx;                                         \
          for (c = 0; c < p->channels; ++c) {                                                               \
            const S sum = (S)below[left + c] * w00 + (S)below[right + c] * w01 + (S)above[left + c] * w10 + \
                          (S)above[right + c] * w11;                                                        \
            *out++ = (T)finish(sum);                                                                        \
          }                                                                                                 \
        }                                                                                                   \
      }                                                                                                     \
      in += p->in_height * row;                                                                             \
    }                                                                                                       \
  }

/* sum / 2^20, halves away from zero */
#define MOTE_RESIZE_ROUND(sum) (((sum) > 0 ? (sum) + 524288 : (sum)-524288) / 1048576)
#define MOTE_RESIZE_KEEP(sum) (sum)

MOTE_RESIZE_LINEAR(resize_linear_s8, resize_linear_params, int8_t, int32_t, int32_t, 1024, MOTE_RESIZE_ROUND)
MOTE_RESIZE_LINEAR(resize_linear_u8, resize_linear_params, uint8_t, int32_t, int32_t, 1024, MOTE_RESIZE_ROUND)
MOTE_RESIZE_LINEAR(resize_linear_s16, resize_linear_params, int16_t, int32_t, int64_t, 1024,
                   MOTE_RESIZE_ROUND)
MOTE_RESIZE_LINEAR(resize_linear_u16, resize_linear_params, uint16_t, int32_t, int64_t, 1024,
                   MOTE_RESIZE_ROUND)
MOTE_RESIZE_LINEAR(resize_linear_f32, resize_linear_f32_params, float, float, float, 1.0F, MOTE_RESIZE_KEEP)

#endif
