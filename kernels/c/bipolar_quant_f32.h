/* The sign of floats with a scale (the operator BipolarQuant of QONNX). */
#ifndef MOTE_BIPOLAR_QUANT_F32_H
#define MOTE_BIPOLAR_QUANT_F32_H

#include "broadcast.h"

typedef struct {
  mote_broadcast shape;
} bipolar_quant_f32_params;

/* a: x, b: scale */
MOTE_KERNEL void bipolar_quant_f32(const bipolar_quant_f32_params* p, const float* a, const float* b,
                                   float* y)
    MOTE_BROADCAST_LOOP(&p->shape, float, float, float, x0 >= 0 ? x1 : -x1)

#endif
