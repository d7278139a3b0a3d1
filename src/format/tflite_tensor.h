// Tensors of a TensorFlow Lite file: their types and constant data.
#pragma once

#include <span>
#include <string>

#include "ir/tensor.h"
#include "tflite_generated.h"

namespace mote::tflite {

std::string tensor_name(const Tensor& tensor, std::size_t index);

// Extents and element type with its affine meaning. Open extents are 1. Throws UserError for element types
// without an equivalent, and for impossible extents and scales.
TensorType tensor_type(const Tensor& tensor);
// The same of a graph input, where only the batch extent may be open.
TensorType input_type(const Tensor& tensor);

// The constant with that content; `data` in the file's layout (float16, int64, bool and packed int4 are
// converted). Throws UserError when the size does not fit or a 64-bit number does not fit 32 bits.
mote::Tensor constant_tensor(const Tensor& tensor, std::span<const std::byte> data);

// The real numbers that a quantized constant stands for.
mote::Tensor dequantized_constant(const mote::Tensor& tensor);

}  // namespace mote::tflite
