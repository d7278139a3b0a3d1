// One layer with weights: from real constants to integers.
#pragma once

#include <optional>
#include <vector>

#include "compress/quantize/quantize_options.h"
#include "compress/quantize/weighted.h"

namespace mote {

struct FloatLayer {
  const Operator& op;
  WeightedLayer layer;
  const TensorType& x;              // in the float graph
  const std::vector<double>& mean;  // of x by channel, from calibration; used by bias correction only
  const Tensor& weights;
  const Tensor* bias;  // nullptr: none
};

struct IntegerLayer {
  Tensor weights;
  std::optional<Tensor> bias;  // s32, scale input times weights
};

// A scale is made coarser where the bias would otherwise leave 31 bits.
IntegerLayer quantize_layer(const FloatLayer& given, const Encoding& input, const QuantizeOptions& options);

}  // namespace mote
