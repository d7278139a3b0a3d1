/* Batch and layer normalization of floats. */
#ifndef MOTE_NORMALIZATION_F32_H
#define MOTE_NORMALIZATION_F32_H

#include <math.h>

#include "mote_kernel.h"

typedef struct {
  int32_t pixels, channels;
  float epsilon;
} batch_normalization_f32_params;

MOTE_KERNEL void batch_normalization_f32(const batch_normalization_f32_params* p, const float* x,
                                         const float* gamma, const float* beta, const float* mean,
                                         const float* variance, float* y) {
  int32_t c, i;
  for (c = 0; c < p->channels; ++c) {
    const float scale = gamma[c] / sqrtf(variance[c] + p->epsilon);
    for (i = c; i < p->pixels * p->channels; i += p->channels) y[i] = (x[i] - mean[c]) * scale + beta[c];
  }
}

typedef struct {
  int32_t groups, count;
  int32_t gamma_step, beta_step; /* 1: an element per position, 0: one for all */
  float epsilon;
} layer_normalization_f32_params;

MOTE_INLINE void mote_layer_normalization_f32(const layer_normalization_f32_params* p, const float* x,
                                              const float* gamma, const float* beta, float* y) {
  int32_t group, i;
  for (group = 0; group < p->groups; ++group, x += p->count, y += p->count) {
    float mean = 0, variance = 0, scale;
    for (i = 0; i < p->count; ++i) mean += x[i];
    mean /= (float)p->count;
    for (i = 0; i < p->count; ++i) variance += (x[i] - mean) * (x[i] - mean);
    scale = 1 / sqrtf(variance / (float)p->count + p->epsilon);
    for (i = 0; i < p->count; ++i) {
      float v = (x[i] - mean) * scale;
      if (gamma) v *= gamma[i * p->gamma_step];
      if (beta) v += beta[i * p->beta_step];
      y[i] = v;
    }
  }
}

MOTE_KERNEL void layer_normalization_f32(const layer_normalization_f32_params* p, const float* x, float* y) {
  mote_layer_normalization_f32(p, x, 0, 0, y);
}

MOTE_KERNEL void layer_normalization_gamma_f32(const layer_normalization_f32_params* p, const float* x,
                                               const float* gamma, float* y) {
  mote_layer_normalization_f32(p, x, gamma, 0, y);
}

MOTE_KERNEL void layer_normalization_beta_f32(const layer_normalization_f32_params* p, const float* x,
                                              const float* beta, float* y) {
  mote_layer_normalization_f32(p, x, 0, beta, y);
}

MOTE_KERNEL void layer_normalization_gamma_beta_f32(const layer_normalization_f32_params* p, const float* x,
                                                    const float* gamma, const float* beta, float* y) {
  mote_layer_normalization_f32(p, x, gamma, beta, y);
}

#endif
