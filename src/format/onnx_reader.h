// Reads ONNX models: opsets 7 to 21 (newer ones as far as their operators mean the same), float models, the
// QDQ form, QLinear* and *Integer operators, QONNX Quant nodes, external data.
//
// The graph that comes back computes in NHWC: operators on images are wrapped in transposes, which the pass
// cancel_transposes removes; graph inputs and outputs keep the file's layout. Subgraphs of constants (shape
// arithmetic) are evaluated here. A symbolic batch axis becomes 1; 64-bit integers become 32-bit ones;
// float16, bfloat16, float8 and float64 are carried as float32. Quantize rounds halves away from zero, where
// ONNX says to even: the law of docs/numerics.md.
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <span>
#include <string>

#include "base/error.h"
#include "ir/graph.h"

namespace mote {

struct OnnxReadOptions {
  std::filesystem::path folder;         // where external data may lie; read_onnx(path) sets it
  std::map<std::string, Tensor> fixed;  // graph inputs to read as constants with these values
};

// A tensor that must be known when the model is read (a shape, an axis, a scale) is computed from graph
// inputs.
class OnnxNeedsConstant : public UserError {
 public:
  using UserError::UserError;
};

// Throw UserError for anything that is not a complete, legal network of supported operators; an operator that
// is not supported is named.
Graph read_onnx(const std::filesystem::path& path, OnnxReadOptions options = {});
Graph read_onnx(std::span<const std::byte> bytes, const std::string& name,
                const OnnxReadOptions& options = {});

// The tensor of a .pb file (a TensorProto), with its name.
struct OnnxTensor {
  std::string name;
  Tensor tensor;
};
OnnxTensor read_onnx_tensor(std::span<const std::byte> bytes, const std::string& name);

// The inputs that a model declares, in order, without initializers: names as read_onnx would give them.
std::vector<std::string> onnx_input_names(std::span<const std::byte> bytes, const std::string& name);

}  // namespace mote
