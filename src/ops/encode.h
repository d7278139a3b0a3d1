// Between real numbers and the elements of any encoding, for whole tensors: what a data reader, a file or a
// report needs.
#pragma once

#include <span>
#include <vector>

#include "ir/tensor.h"

namespace mote {

// Real encodings keep the values; quantized ones (per tensor) take zero_point + round(value / scale) in
// float32, halves away from zero, clamped (docs/numerics.md); plain integers take the rounded value, clamped.
// Their number must fit the type.
Tensor encode_reals(std::span<const float> values, const TensorType& type);

// scale * (q - zero_point); plain integers become their value.
std::vector<float> decode_reals(const Tensor& tensor);

}  // namespace mote
