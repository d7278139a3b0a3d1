// From the QDQ form of quantized networks (Dequantize -> real operator -> Quantize, as ONNX files have it) to
// integer operators.
#pragma once

#include "ir/graph.h"

namespace mote {

// An operator whose real inputs are all dequantized and whose result is quantized becomes one integer
// operator with those encodings; a Relu, Relu6 or Clip between it and the Quantize becomes its clamp. Data
// movement, maxima and Concat work on the integers themselves. Biases are quantized to s32 with the scale of
// input times weights. Between two encodings stands a Requantize. What has no integer law, or no Quantize
// behind it, stays real between Dequantize and Quantize; so do a Quantize at a real graph input and a
// Dequantize at a real output. Results differ from the real evaluation of the QDQ form by the rounding of the
// integer law only.
//
// What scales and shifts the channels behind a layer with constant weights (batch normalization) goes into
// their scales and the bias (lower_layer.h). The results of such a layer that nothing quantizes stay real, or
// become the s32 sums themselves with a Dequantize behind, which are exact.
enum class Unquantized { kReal, kSums };
Graph lower_qdq(const Graph& graph, Unquantized unquantized = Unquantized::kReal);

}  // namespace mote
