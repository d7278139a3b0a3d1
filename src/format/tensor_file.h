// Tensors in files, as `run` takes and gives them: .npy by extension, anything else is raw little-endian
// bytes.
#pragma once

#include <filesystem>

#include "ir/tensor.h"

namespace mote {

// A tensor of the given type. A .npy of the container's own type is taken as it is; floats (and doubles) are
// encoded (quantized where the type is). Its shape must have as many elements. Raw files have exactly the
// type's bytes. Throws UserError otherwise.
Tensor read_tensor_file(const std::filesystem::path& path, const TensorType& type);

// The stored elements (quantized ones as integers).
void write_tensor_file(const std::filesystem::path& path, const Tensor& tensor);

}  // namespace mote
