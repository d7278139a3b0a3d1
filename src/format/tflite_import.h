// The state of one import of a TensorFlow Lite file, and the view of it that the conversion of one operator
// has.
#pragma once

#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "format/tflite_tensor.h"
#include "ir/patch.h"
#include "tflite_generated.h"

namespace mote::tflite {

class Import {
 public:
  // The message must have passed the FlatBuffers verifier.
  Import(const Model& model, std::span<const std::byte> file, std::string name);
  Graph run() &&;

 private:
  friend class Call;

  void convert(std::size_t index);
  const Tensor& tensor(std::int32_t index) const;
  std::span<const std::byte> data(const Tensor& tensor) const;
  ValueId value(std::int32_t index);          // of a tensor that is an input, a constant or made already
  ValueId real_constant(std::int32_t index);  // its dequantized form
  void charge(const TensorType& type);        // counts constant bytes against the limit
  void add_inputs();
  void add_outputs();

  const Model& model_;
  const SubGraph& subgraph_;
  std::span<const std::byte> file_;
  std::string name_;
  Patch patch_;
  std::vector<ValueId> values_;       // by tensor
  std::vector<ValueId> dequantized_;  // by tensor
  std::set<ValueId> named_;           // have a tensor's name already
  std::int64_t constant_bytes_ = 0;
};

// One operator of the file while it is converted. All member functions throw UserError for what the file does
// not hold.
class Call {
 public:
  Call(Import& import, const Operator& op, std::string node_name)
      : import_(import), op_(op), node_name_(std::move(node_name)) {}

  std::size_t input_count() const { return op_.inputs() ? op_.inputs()->size() : 0; }
  std::size_t output_count() const { return op_.outputs() ? op_.outputs()->size() : 0; }
  bool has_input(std::size_t i) const;
  // The value of input i; a quantized constant is dequantized when the operator's first output is real.
  ValueId input(std::size_t i);
  ValueId optional_input(std::size_t i);  // an invalid id when absent
  const TensorType& type(ValueId value) const { return import_.patch_.type(value); }
  const Shape& shape(ValueId value) const { return type(value).shape; }
  const mote::Tensor* constant(ValueId value) const { return import_.patch_.constant(value); }
  // The numbers of a plain integer input that must be constant.
  std::vector<std::int64_t> integers(std::size_t i);
  std::int64_t integer(std::size_t i);  // exactly one

  TensorType declared_output(std::size_t k = 0) const;  // as the file says
  Encoding output_encoding(std::size_t k = 0) const { return declared_output(k).encoding; }

  // The operator's options; absent or of another kind is an error.
  template <class T>
  const T& options() const {
    if (op_.builtin_options_type() != BuiltinOptionsTraits<T>::enum_value || !op_.builtin_options())
      refuse("its options are missing");
    return *static_cast<const T*>(op_.builtin_options());
  }

  // Adds a node with one output of the given encoding. Nodes that read only small constants are evaluated at
  // once.
  ValueId emit(OperatorPtr op, std::vector<ValueId> inputs, const Encoding& encoding);
  // The same for operators that pass their first input's encoding on (or have a fixed one).
  ValueId emit(OperatorPtr op, std::vector<ValueId> inputs);
  std::vector<ValueId> emit_all(OperatorPtr op, std::vector<ValueId> inputs);
  ValueId add_constant(mote::Tensor tensor);
  ValueId reshape(ValueId x, Shape shape);
  // The value in that encoding: as it is, or behind a Requantize.
  ValueId recode(ValueId x, const Encoding& encoding);
  // The file's output k is this value; it takes the tensor's name and, by requantization, its encoding.
  void finish(ValueId value, std::size_t k = 0);

  [[noreturn]] void refuse(const std::string& why,
                           const std::string& remedy = "repair or re-export the model") const;

 private:
  std::int32_t tensor_index(const flatbuffers::Vector<std::int32_t>* list, std::size_t i) const;
  std::vector<ValueId> fold(const OperatorPtr& op, const std::vector<ValueId>& inputs,
                            const std::vector<TensorType>& outputs);

  Import& import_;
  const Operator& op_;
  std::string node_name_;
};

// Makes an operator of class Op; `set` fills its members.
template <class Op, class Set>
OperatorPtr make(const Set& set) {
  auto op = std::make_shared<Op>();
  set(*op);
  return op;
}

// `axis` of a tensor of that rank, negative values counted from the end.
std::int64_t normalized_axis(const Call& call, std::int64_t axis, std::size_t rank);

// Sets clamp_min and clamp_max of an operator with a fused activation.
template <class Op>
void set_activation(const Call& call, Activation activation, Op& op) {
  switch (activation) {
    case Activation::NONE: return;
    case Activation::RELU: op.clamp_min = 0; return;
    case Activation::RELU6:
      op.clamp_min = 0;
      op.clamp_max = 6;
      return;
    case Activation::RELU_N1_TO_1:
      op.clamp_min = -1;
      op.clamp_max = 1;
      return;
    default:
      call.refuse("it has a fused activation other than RELU, RELU6 and RELU_N1_TO_1",
                  "export the activation as an operator of its own");
  }
}

}  // namespace mote::tflite
