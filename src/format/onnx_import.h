// The state of reading one ONNX model, and the view of one node that the conversion functions
// (onnx_read_*.cpp) work with. Only for the files of format/ that see the ONNX messages.
#pragma once

#include <initializer_list>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "format/onnx_element.h"
#include "format/onnx_reader.h"
#include "ir/patch.h"

namespace mote::onnx_import {

// A tensor of the file: its value in the graph and the element type that the file gives it.
struct Known {
  ValueId id;
  OnnxElement element;
};

class Import {
 public:
  Import(const onnx::ModelProto& model, std::string file, const OnnxReadOptions& options);
  Graph run();

  Patch patch;

 private:
  friend class NodeImport;
  void add_inputs();
  void add_outputs();
  void convert(const onnx::NodeProto& node, int index);
  Known find(const std::string& name, const std::string& where);
  // Takes so many elements and multiplications out of the budget, unless it is too small.
  bool afford(std::int64_t elements, std::int64_t macs);
  // Gives a plain integer value an encoding, together with everything that it was only moved from; false
  // where some of that is no graph input.
  bool relabel(ValueId id, const Encoding& encoding);
  // The file's name for a value; the first name stays, and names of inputs always do.
  void name_value(ValueId id, const std::string& name);

  const onnx::ModelProto& model_;
  std::string file_;
  const OnnxReadOptions& options_;
  int opset_ = 0;
  std::map<std::string, const onnx::TensorProto*> initializers_;
  std::map<std::string, Known> known_;
  std::set<ValueId> inputs_, named_;
  std::map<ValueId, std::vector<ValueId>> moved_from_;  // integers that a node only moved -> what it moved
  std::map<ValueId, std::pair<ValueId, ValueId>>
      layers_;                       // output of a fully-connected layer without bias -> x, w
  std::map<std::string, int> uses_;  // of a tensor of the file
  // What may be evaluated while reading: bounded time, and memory in proportion to the file.
  std::int64_t elements_left_ = 0;
  std::int64_t macs_left_ = std::int64_t{1} << 27;
  std::map<ValueId, ValueId>
      dequantized_constants_;  // output of a Dequantize -> the integer constant behind it
};

// One node while it is converted.
class NodeImport {
 public:
  NodeImport(Import& import, const onnx::NodeProto& node, int index);

  int opset() const { return import_.opset_; }
  std::string op_type() const { return node_.op_type(); }
  std::string where() const;
  [[noreturn]] void fail(const std::string& why,
                         const std::string& remedy = "change or re-export the model") const;

  bool has_attribute(std::string_view name) const { return attribute(name) != nullptr; }
  std::int64_t integer(std::string_view name, std::int64_t otherwise) const;
  float real(std::string_view name, float otherwise) const;
  std::string text(std::string_view name, std::string_view otherwise) const;
  std::vector<std::int64_t> integers(std::string_view name) const;  // empty when absent
  std::vector<float> reals(std::string_view name) const;
  std::optional<Tensor> tensor(std::string_view name) const;
  OnnxElement tensor_element(std::string_view name) const;  // of a tensor attribute that is present

  std::size_t input_count() const { return static_cast<std::size_t>(node_.input_size()); }
  std::size_t output_count() const { return static_cast<std::size_t>(node_.output_size()); }
  bool has_input(std::size_t i) const;
  bool has_output(std::size_t i) const;
  ValueId input(std::size_t i) const;  // fails when absent
  ValueId optional_input(std::size_t i) const { return has_input(i) ? input(i) : ValueId{}; }
  OnnxElement element(std::size_t i) const;  // of input i
  Tensor constant_input(std::size_t i) const;
  std::vector<std::int64_t> integer_input(std::size_t i) const;
  std::vector<float> real_input(std::size_t i) const;
  double scalar_input(std::size_t i) const;  // of one element, real or integer
  // The list from an attribute, or in later opsets from a constant input; nothing when both are absent.
  std::optional<std::vector<std::int64_t>> integers_of(std::string_view attribute_name,
                                                       std::size_t input_index) const;

  // Copies: adding a value moves the others.
  TensorType type(ValueId id) const { return import_.patch.type(id); }
  Shape shape(ValueId id) const { return import_.patch.type(id).shape; }
  std::int64_t rank(ValueId id) const { return static_cast<std::int64_t>(shape(id).size()); }
  bool is_real(ValueId id) const { return type(id).encoding.is_real(); }
  const Tensor* constant(ValueId id) const { return import_.patch.constant(id); }
  // axis counted from the end when negative; fails outside [0, rank).
  std::int64_t axis(std::int64_t axis, std::int64_t rank) const;

  // Adds a node whose output types follow from its inputs. With constant inputs only, it is evaluated at
  // once.
  ValueId add(const OperatorPtr& op, std::vector<ValueId> inputs) {
    return add_all(op, std::move(inputs))[0];
  }
  std::vector<ValueId> add_all(const OperatorPtr& op, std::vector<ValueId> inputs);
  // The output types that follow from these inputs.
  std::vector<TensorType> infer(const OperatorPtr& op, const std::vector<ValueId>& inputs) const;
  // A node with a given output type (quantized results); never evaluated here.
  ValueId add_typed(const OperatorPtr& op, std::vector<ValueId> inputs, TensorType output);
  ValueId add_constant(Tensor tensor);
  ValueId real_constant(float value) { return add_constant(Tensor::reals({}, {value})); }
  // `value` in the encoding of `like`: real, or a plain integer.
  ValueId constant_like(ValueId like, double value);

  ValueId unary(std::string_view function, ValueId x, float alpha = 0, float beta = 0);
  ValueId binary(std::string_view function, ValueId a, ValueId b);
  ValueId reshape(ValueId x, Shape shape);
  ValueId transpose(ValueId x, std::vector<std::int64_t> permutation);
  ValueId reduce(std::string_view function, ValueId x, std::vector<std::int64_t> axes, bool keep_dims);
  ValueId cast(ValueId x, std::string_view to, bool saturate = true);
  // Rows `indices` of x along one axis: repeats, tiles, wraps.
  ValueId gather(ValueId x, std::int64_t axis, const std::vector<std::int64_t>& indices);

  // An integer value seen as quantized: constants and graph inputs take the encoding; a value that has it
  // already passes.
  ValueId with_encoding(ValueId x, const Encoding& encoding);
  ValueId dequantize(ValueId x);
  // The integer constant behind a dequantized constant, or an invalid id.
  ValueId integer_source(ValueId x) const;
  // A weight tensor with its axes permuted; a dequantized constant stays one, so that lowering still sees the
  // integers.
  ValueId permuted_weights(ValueId weights, std::vector<std::int64_t> permutation);

  // Whether so many elements may be computed while reading; fails the node when the budget is spent.
  void spend(std::int64_t elements);

  // True when nothing else reads the tensor that input i names.
  bool is_only_reader(std::size_t i) const;
  // The layer without bias that made a value, if one did.
  void remember_layer(ValueId y, ValueId x, ValueId w) { import_.layers_[y] = {x, w}; }
  std::optional<std::pair<ValueId, ValueId>> layer_behind(ValueId y) const;

  // The node's i-th output is `id`. Its element type is that of input 0 unless given.
  void set_output(std::size_t i, ValueId id);
  void set_output(std::size_t i, ValueId id, OnnxElement element);

 private:
  const onnx::AttributeProto* attribute(std::string_view name) const;

  Import& import_;
  const onnx::NodeProto& node_;
  int index_;
};

using Convert = void (*)(NodeImport&);
struct ConvertRow {
  std::string_view op_type;
  Convert convert;
};

// A fully-connected layer with a bias, for the Add of a vector to a layer without one; an invalid id where it
// is another Add.
ValueId add_as_bias(NodeImport& node);

// One table per family of operators.
std::span<const ConvertRow> convolution_rows();
std::span<const ConvertRow> pool_rows();
std::span<const ConvertRow> elementwise_rows();
std::span<const ConvertRow> matrix_rows();
std::span<const ConvertRow> normalization_rows();
std::span<const ConvertRow> reduction_rows();
std::span<const ConvertRow> movement_rows();
std::span<const ConvertRow> indexing_rows();
std::span<const ConvertRow> resize_rows();
std::span<const ConvertRow> constant_rows();
std::span<const ConvertRow> quantization_rows();

// Images: ONNX is [N,C,spatial...]; operators here take [N,H,W,C], with H = 1 for one spatial axis.
ValueId to_nhwc(NodeImport& node, ValueId x);
ValueId from_nhwc(NodeImport& node, ValueId y, std::int64_t onnx_rank);

// Padding of a window operator along each of `extents`, as ONNX's auto_pad and pads say: begins, then ends.
std::vector<std::int64_t> window_padding(NodeImport& node, std::span<const std::int64_t> extents,
                                         std::span<const std::int64_t> window,
                                         std::span<const std::int64_t> stride,
                                         std::span<const std::int64_t> dilation);
// An attribute of one number per spatial axis, `otherwise` repeated when absent; fails when the count or a
// value is impossible.
std::vector<std::int64_t> per_axis_attribute(NodeImport& node, std::string_view name, std::size_t axes,
                                             std::int64_t otherwise);

// Encodings that a quantized node names by constant inputs: the integer type of input `x`, with the scales
// and zero points at the other positions (zero points may be absent), per tensor or along `axis`.
Encoding file_encoding(NodeImport& node, std::size_t x, std::size_t scale, std::size_t zero_point,
                       std::int64_t axis);
// The same for a result, per tensor: its integer type is that of the zero point (uint8 without one).
Encoding result_encoding(NodeImport& node, std::size_t scale, std::size_t zero_point);
// Scale 1 with a zero point: operators whose result is the integer sum itself.
Encoding unit_encoding(NodeImport& node, std::size_t x, std::size_t zero_point);
// The encoding of a bias: s32 with the scales of the product.
Encoding bias_encoding(const Encoding& x, const Encoding& w);

template <class Op>
OperatorPtr op_of(Op op) {
  return std::make_shared<Op>(std::move(op));
}

}  // namespace mote::onnx_import
