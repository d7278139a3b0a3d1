// From simulated quantization (Quant, BipolarQuant, Trunc) to Quantize and Dequantize.
#pragma once

#include "ir/graph.h"

namespace mote {

// A quantizer becomes a Quantize to the encoding whose integers are its levels, and a Dequantize; of a
// constant, the integers and a Dequantize. At a graph input that nothing else reads the input itself takes
// the encoding, at a graph output the result keeps it. Bounds that the encoding does not have (narrow,
// fractional bits) become a Clip. Rounding down or up becomes half a step that is subtracted or added before
// rounding to the nearest, Trunc a division.
//
// Average pools whose operand and result are quantized differently, channel factors of quantized images, and
// products with a quantized constant matrix become layers with weights, which lower_qdq gives one rounding.
//
// Stays what it is: a quantizer with scales per channel of an activation, with computed scales, with a zero
// point that is no integer of its range, or of more than 16 bits (a constant: 32).
Graph encode_quantizers(const Graph& graph);

}  // namespace mote
