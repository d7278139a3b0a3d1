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
#include "plan/packing.h"

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

// A function that NAME.S defines, as the value of a member of type `c_type*`; c_type is a typedef of a
// function type in the kernel's header.
struct Symbol {
  std::string name;
  std::string c_type;
};

// Instance of a macro of kernels/c/<file>: the line `MACRO NAME_symbol, arguments` of NAME.S. Equal symbols
// are equal instances: they are emitted once.
struct AssemblyFunction {
  std::string file;
  std::string macro;
  std::string symbol;
  std::string arguments;
};

// One member of a kernel's parameter struct.
struct Parameter {
  std::string name;  // member of the struct
  std::variant<std::int64_t, float, ConstantArray, std::vector<std::int64_t>, Symbol>
      value;  // a vector initializes an array member
};

// One call: FUNCTION(&params, inputs..., outputs..., scratch). Kernel signature in C:
//   static void FUNCTION(const PARAMS_TYPE *p, const T *in0, ..., U *out0, ..., void *scratch)
// `p` is left out when params_type is empty; `scratch` is there only when scratch_bytes > 0 (16-byte
// aligned). With row_ranges two arguments follow, `int32_t first, int32_t rows`: the kernel computes output
// rows [first, first + rows), in ascending order, and writes none of a block of row_block rows before it has
// read all input rows of that block. Row r of a tensor stands at base + r % slots * row bytes, `slots` being
// the parameter x_slots (x2_slots of a second operand) or y_slots: the tensor's row_count where it stands
// whole, less where the plan keeps it in a ring.
struct KernelCall {
  std::string function;
  std::string params_type;
  std::vector<Parameter> params;
  std::vector<ValueId>
      inputs;  // run-time operands in call order; constants among them are emitted as arrays too
  std::vector<ValueId> outputs;
  std::int64_t scratch_bytes = 0;
  std::vector<AssemblyFunction> assembly = {};
  bool row_ranges = false;
  // The ranges are of input rows, in ascending order: sums in the scratch, which then lives from the first
  // call to the last, become output rows where an image ends.
  bool input_rows = false;
  std::int64_t row_block = 1;  // `first` is a multiple of it, and so is `rows` but at the end
  std::int64_t parts = 1;      // more than 1: threads share the rows (threads.h), each has its scratch
  // Of a kernel that runs on strips of packed operands (packed_rows.h) the call of the kernel itself: params
  // are those of mote_packed_rows, and the kernel's scratch follows `strips_bytes` of strips. An operand that
  // is named in `strips` stands in the strip at that offset for the kernel.
  std::vector<KernelCall> inner = {};
  std::vector<std::pair<ValueId, std::int64_t>> strips = {};
  std::int64_t strips_bytes = 0;
  std::int64_t extra_instructions = 0;  // that the strips cost, nearly
};

// Rows of a tensor as kernels with row_ranges count them: batches * height of NHWC, else all but the last
// axis.
std::int64_t row_count(const TensorType& type);

// Marks the call as able to compute ranges of rows: x_slots, x2_slots (0: there is no second operand) and
// y_slots of tensors that stand whole.
void offer_row_ranges(KernelCall& call, std::int64_t x_rows, std::int64_t x2_rows, std::int64_t y_rows);

// Is the parameter this member of the struct, or of a struct within it?
bool is_member(const Parameter& parameter, std::string_view name);

// All rows that the ranges of the call are of, before the plan changes the slots.
std::int64_t range_rows(const KernelCall& call);

// The value of one of those parameters: of y_slots, before the plan changes it, all rows of the call.
std::int64_t row_slots(const KernelCall& call, std::string_view name);

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
  const Packing* packing = nullptr;  // null: nothing is packed

  bool input_packed(std::size_t i) const { return packing && has_input(i) && (*packing)(node().inputs[i]); }
  bool output_packed() const { return packing && (*packing)(node().outputs.at(0)); }
  bool any_packed() const;  // of inputs and outputs

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
  bool takes_packed = false;  // its bind function looks at packed operands
};

std::span<const KernelRow> kernel_table();

}  // namespace mote
