// How a node becomes calls of C kernels. kernels/c/kernels.inc has one row per kernel; the row's bind
// function looks at the node, its types and its actual constants, and either answers with the calls (packed
// constants, literal parameters) or refuses with a reason, and the planner takes the next row. The last row
// of every operator is the portable one.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/target.h"
#include "ir/graph.h"

namespace mote {

// A constant array of the emitted code, already in the kernel's layout. Equal arrays are stored once.
struct ConstantArray {
  std::string c_type;  // "int8_t", "int16_t", "int32_t", "uint8_t", "float", ...
  std::vector<std::byte> bytes;
};

ConstantArray constant_array(const Tensor& tensor);  // as it is
ConstantArray constant_array(std::span<const std::int8_t> values);
ConstantArray constant_array(std::span<const std::int16_t> values);
ConstantArray constant_array(std::span<const std::int32_t> values);
ConstantArray constant_array(std::span<const float> values);

// One member of a kernel's parameter struct.
struct Parameter {
  std::string name;  // member of the struct
  std::variant<std::int64_t, float, ConstantArray, std::vector<std::int64_t>>
      value;  // a vector initializes an array member
};

// One call: FUNCTION(&params, inputs..., outputs..., scratch). Kernel signature in C:
//   static void FUNCTION(const PARAMS_TYPE *p, const T *in0, ..., U *out0, ..., void *scratch)
// `p` is left out when params_type is empty; `scratch` is there only when scratch_bytes > 0 (16-byte
// aligned).
struct KernelCall {
  std::string function;
  std::string params_type;
  std::vector<Parameter> params;
  std::vector<ValueId>
      inputs;  // run-time operands in call order; constants among them are emitted as arrays too
  std::vector<ValueId> outputs;
  std::int64_t scratch_bytes = 0;
};

struct Bound {
  std::vector<KernelCall> calls;  // usually one; Concat has one per input
  std::vector<ValueId>
      in_place_inputs;  // inputs whose memory the (single) output may take over, element by element
  std::string note;     // the form chosen and why, for inspect --plan; may be empty
};
struct Refusal {
  std::string reason;
};
using BindResult = std::variant<Bound, Refusal>;

struct BindContext {
  const Graph& graph;
  NodeId id;
  const Target& target;
  Optimize optimize;

  const Node& node() const { return graph.node(id); }
  const TensorType& input(std::size_t i) const { return graph.type(node().inputs.at(i)); }
  const TensorType& output(std::size_t i = 0) const { return graph.type(node().outputs.at(i)); }
  bool has_input(std::size_t i) const { return i < node().inputs.size() && node().inputs[i].valid(); }
  const Tensor* constant(std::size_t i) const {
    return has_input(i) ? graph.constant(node().inputs[i]) : nullptr;
  }
};

struct KernelRow {
  std::string_view op;       // operator name
  std::string_view name;     // kernel, also the row's identity in reports
  std::string_view file;     // in kernels/c/, copied with everything it includes from there
  std::string_view feature;  // of the target, "" for none ("dsp", "mve", "avx2", "neon", ...)
  BindResult (*bind)(const BindContext&);
};

std::span<const KernelRow> kernel_table();

}  // namespace mote
