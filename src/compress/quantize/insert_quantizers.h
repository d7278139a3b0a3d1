// From a Float graph to a Simulated one: quantizers at every site that the integer law needs.
#pragma once

#include "compress/quantize/calibrate.h"
#include "compress/quantize/quantizer_policy.h"
#include "compress/quantize/ranges.h"
#include "ir/graph.h"

namespace mote {

// Quant and BipolarQuant nodes (QONNX) at the sites of quantizer_sites.h. Batch normalization stays where it
// is. Weights: signed, symmetric and narrow (no least integer, so that a negative factor of batch
// normalization can flip them), scales with the least squared error (8 bits: of the greatest magnitude; 1
// bit: the mean magnitude, Rastegari et al., ECCV 2016). Activations: zero point 0, unsigned where no element
// can be negative; scales from `calibration` of this very graph, else 1 until training or calibration sets
// them; the network's input is affine, so that data without negative values use the whole range. Rectifiers
// whose results only their sign would be taken of are removed (Bi-Real Net, Liu et al., ECCV 2018).
//
// A graph that already has quantizers comes back as it is. Throws UserError for quantized encodings and bad
// policies. Values keep their names; the quantized ones are called NAME_quant, at graph outputs they take the
// name over.
Graph insert_quantizers(const Graph& graph, const QuantizerPolicy& policy,
                        const Calibration* calibration = nullptr,
                        const RangeOptions& ranges = {RangeMethod::kMse});

}  // namespace mote
