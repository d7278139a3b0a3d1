// The integer encoding of every real value of a float graph, from what calibration saw.
#pragma once

#include <vector>

#include "compress/quantize/calibrate.h"
#include "compress/quantize/quantize_options.h"

namespace mote {

// By ValueId; integer values keep their encoding. Values that an operator passes on unchanged (pooling,
// reshaping, padding, slicing, ...) and the operands of a Concat share one encoding, that covers all of them.
// Softmax, Sigmoid and Tanh give the encoding that the TFLite 8-bit specification prescribes; a Concat of
// such a value gets it requantized.
std::vector<Encoding> choose_encodings(const Graph& graph, const Calibration& calibration,
                                       const QuantizeOptions& options);

}  // namespace mote
