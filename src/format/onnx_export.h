// The state of writing one ONNX model, shared by onnx_writer.cpp (values, layouts, quantization) and
// onnx_write_*.cpp (operators). Only for the files of format/ that see the ONNX messages.
#pragma once

#include <array>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "format/onnx_element.h"
#include "ir/graph.h"
#include "onnx.pb.h"

namespace mote::onnx_export {

// How a value's axes stand in the file: as in the graph, or with the channels of an image (rank 4) first.
enum class Layout { kPlain = 0, kChannelsFirst = 1 };

using Numbers = std::vector<std::int64_t>;

class Export {
 public:
  explicit Export(const Graph& graph);
  onnx::ModelProto run();

  const Graph& graph() const { return graph_; }
  int opset() const { return opset_; }
  const TensorType& type(ValueId v) const { return graph_.type(v); }
  bool is_real(ValueId v) const { return type(v).encoding.is_real(); }

  // The name of the value as stored (integers as integers), or as real numbers, in a layout; nodes that
  // change either are added once.
  std::string stored(ValueId v, Layout layout = Layout::kPlain);
  std::string real(ValueId v, Layout layout = Layout::kPlain);
  // The layout in which the value exists already; a constant exists in both.
  Layout natural_layout(ValueId v) const;
  bool exists(ValueId v, Layout layout) const;
  // The value is what `name` holds, in that layout: as stored, or as reals that are quantized here.
  void define_stored(ValueId v, const std::string& name, Layout layout = Layout::kPlain);
  void define_real(ValueId v, const std::string& name, Layout layout = Layout::kPlain);
  // Of any encoding: plain integers (no scale) as stored, all others as reals.
  std::string operand(ValueId v, Layout layout);
  void define(ValueId v, const std::string& name, Layout layout);
  // A fresh name for the stored form of a value.
  std::string name_for(ValueId v, Layout layout = Layout::kPlain);
  std::string fresh(const std::string& wish);

  onnx::NodeProto& add(std::string_view op_type, const std::vector<std::string>& inputs,
                       const std::vector<std::string>& outputs);
  // A node with one output of a fresh name, which is returned.
  std::string apply(std::string_view op_type, const std::vector<std::string>& inputs);
  std::string transpose(const std::string& x, const Numbers& permutation);
  std::string numbers(const Numbers& values);  // int64 initializer
  std::string number(float value);             // scalar initializer
  std::string initializer(const std::string& wish, const Tensor& tensor, OnnxElement element);
  std::string dequantize(const std::string& x, const Encoding& encoding, const std::string& wish);
  std::string quantize(const std::string& x, const Encoding& encoding, const std::string& result);
  // Weights as reals, their axes permuted: constants are stored that way (integers with a DequantizeLinear
  // behind).
  std::string weights(ValueId v, const Numbers& permutation);
  // x with the bounds of a fused activation; bounds that the encoding of the result has anyway are left out.
  std::string clamped(const std::string& x, const Operator& op, const Encoding& result);

 private:
  void write_node(NodeId n);
  void add_interface();
  std::string constant(ValueId v, Layout layout);
  std::string node_name(std::string_view op_type);
  std::pair<std::string, std::string> quantization(const Encoding& encoding, const std::string& wish);

  const Graph& graph_;
  onnx::ModelProto model_;
  int opset_ = 13;
  int qonnx_version_ = 0;  // 0: no operator of that domain
  std::string node_name_;
  std::set<std::string> used_, used_nodes_;
  std::vector<std::array<std::string, 2>> stored_, real_;  // by value, then layout
};

bool is_plain_integer(const Encoding& encoding);

void set_integer(onnx::NodeProto& node, std::string_view name, std::int64_t value);
void set_integers(onnx::NodeProto& node, std::string_view name, const Numbers& values);
void set_real(onnx::NodeProto& node, std::string_view name, float value);
void set_text(onnx::NodeProto& node, std::string_view name, std::string_view value);

using Write = void (*)(Export&, const Node&);
struct WriteRow {
  std::string_view name;
  Write write;
  int opset;  // the oldest operator set that can express it
};
// One table per family of operators.
std::span<const WriteRow> layer_rows();
std::span<const WriteRow> elementwise_rows();
std::span<const WriteRow> movement_rows();

inline constexpr std::int64_t kToChannelsFirst[] = {0, 3, 1, 2};
inline constexpr std::int64_t kToChannelsLast[] = {0, 2, 3, 1};
// Axis of an image as the file counts it in a layout.
std::int64_t file_axis(std::int64_t axis, Layout layout);
// A list with one number per axis, reordered for the layout.
Numbers file_order(const Numbers& values, Layout layout);

}  // namespace mote::onnx_export
