// What a user chooses about post-training quantization.
#pragma once

#include <optional>

#include "compress/quantize/ranges.h"

namespace mote {

struct QuantizeOptions {
  int activation_bits = 8;  // 2 to 8: affine; 16: symmetric
  int weight_bits = 8;      // 2 to 8, symmetric
  bool per_axis = true;     // a scale per output channel of the weights, else one per tensor
  RangeOptions ranges;      // of activations
  // Of weights: min-max or MSE; unset: min-max for 8 bits, MSE for fewer.
  std::optional<RangeMethod> weight_ranges;
  bool equalize = false;      // cross-layer equalization before calibration
  bool correct_bias = false;  // take the mean error of the rounded weights out of the biases
  bool float_io = false;      // real inputs and outputs with Quantize and Dequantize nodes, else integers
};

// Throws UserError for widths and methods that do not exist.
void check_options(const QuantizeOptions& options);

}  // namespace mote
