/* Powers of float tensors with broadcasting. */
#ifndef MOTE_POW_F32_H
#define MOTE_POW_F32_H

#include <math.h>

#include "binary_f32.h"

MOTE_BINARY_F32(pow_f32, powf(x0, x1))

#endif
