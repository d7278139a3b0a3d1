// From the simulated stage (QONNX) to integer operators.
#pragma once

#include "ir/graph.h"

namespace mote {

// weigh_averages, encode_quantizers, then lower_qdq with sums where a layer's result is not quantized: batch
// normalization goes into the scales and biases of the layers before it, quantizers become the encodings of
// the values that they quantize, and what is left without an integer law stays real, in the mixed stage.
// Results differ from the simulated ones where the integer law rounds ties otherwise; signs are exact. A
// graph without quantizers comes back as it is.
Graph lower_simulated(const Graph& graph);

}  // namespace mote
