// NodeImport: attributes, inputs and the nodes that a conversion adds.
#include <algorithm>
#include <array>
#include <numeric>

#include "format/onnx_import.h"
#include "ops/binary.h"
#include "ops/cast.h"
#include "ops/dequantize.h"
#include "ops/gather.h"
#include "ops/quantize.h"
#include "ops/reduce.h"
#include "ops/reshape.h"
#include "ops/transpose.h"
#include "ops/unary.h"

namespace mote::onnx_import {

namespace {

// The inputs whose elements, unchanged, make up the outputs.
std::vector<ValueId> moved_inputs(const Operator& op, const std::vector<ValueId>& inputs) {
  constexpr std::array<std::string_view, 9> kMoves = {"Transpose", "Reshape",      "Slice",
                                                      "Split",     "Gather",       "MaxPool",
                                                      "Identity",  "DepthToSpace", "SpaceToDepth"};
  if (op.name() == "Concat") return inputs;
  if (std::find(kMoves.begin(), kMoves.end(), op.name()) == kMoves.end()) return {};
  return {inputs[0]};
}

}  // namespace

NodeImport::NodeImport(Import& import, const onnx::NodeProto& node, int index)
    : import_(import), node_(node), index_(index) {}

std::string NodeImport::where() const {
  return import_.file_ + ": " + node_.op_type() + (node_.name().empty() ? "" : " '" + node_.name() + "'") +
         " (node " + std::to_string(index_) + ")";
}

void NodeImport::fail(const std::string& why, const std::string& remedy) const {
  throw UserError({"an ONNX node cannot be converted", where(), why, remedy});
}

const onnx::AttributeProto* NodeImport::attribute(std::string_view name) const {
  for (const auto& a : node_.attribute())
    if (a.name() == name) return &a;
  return nullptr;
}

std::int64_t NodeImport::integer(std::string_view name, std::int64_t otherwise) const {
  const auto* a = attribute(name);
  return a ? a->i() : otherwise;
}

float NodeImport::real(std::string_view name, float otherwise) const {
  const auto* a = attribute(name);
  return a ? a->f() : otherwise;
}

std::string NodeImport::text(std::string_view name, std::string_view otherwise) const {
  const auto* a = attribute(name);
  return a ? a->s() : std::string(otherwise);
}

std::vector<std::int64_t> NodeImport::integers(std::string_view name) const {
  const auto* a = attribute(name);
  if (!a) return {};
  return {a->ints().begin(), a->ints().end()};
}

std::vector<float> NodeImport::reals(std::string_view name) const {
  const auto* a = attribute(name);
  if (!a) return {};
  return {a->floats().begin(), a->floats().end()};
}

std::optional<Tensor> NodeImport::tensor(std::string_view name) const {
  const auto* a = attribute(name);
  if (!a || !a->has_t()) return std::nullopt;
  return decode_tensor(a->t(), import_.options_.folder, where());
}

OnnxElement NodeImport::tensor_element(std::string_view name) const {
  return onnx_element(attribute(name)->t().data_type(), where()).element;
}

bool NodeImport::has_input(std::size_t i) const {
  return i < input_count() && !node_.input(static_cast<int>(i)).empty();
}

bool NodeImport::has_output(std::size_t i) const {
  return i < output_count() && !node_.output(static_cast<int>(i)).empty();
}

ValueId NodeImport::input(std::size_t i) const {
  if (!has_input(i)) fail("input " + std::to_string(i) + " is missing");
  return import_.find(node_.input(static_cast<int>(i)), where()).id;
}

OnnxElement NodeImport::element(std::size_t i) const {
  if (!has_input(i)) fail("input " + std::to_string(i) + " is missing");
  return import_.find(node_.input(static_cast<int>(i)), where()).element;
}

Tensor NodeImport::constant_input(std::size_t i) const {
  const Tensor* tensor = constant(input(i));
  if (!tensor)
    throw OnnxNeedsConstant({"a tensor must be known when the model is read", where(),
                             "input " + std::to_string(i) + " ('" + node_.input(static_cast<int>(i)) +
                                 "') is computed at run time",
                             "export the model with a constant there"});
  return *tensor;
}

std::vector<std::int64_t> NodeImport::integer_input(std::size_t i) const {
  const Array array = widen(constant_input(i));
  if (array.encoding().is_real()) fail("input " + std::to_string(i) + " must hold integers");
  return array.integer;
}

std::vector<float> NodeImport::real_input(std::size_t i) const {
  const Tensor tensor = constant_input(i);
  if (!tensor.type().encoding.is_real()) fail("input " + std::to_string(i) + " must hold real numbers");
  return {tensor.floats().begin(), tensor.floats().end()};
}

double NodeImport::scalar_input(std::size_t i) const {
  const Array array = widen(constant_input(i));
  if (array.size() != 1) fail("input " + std::to_string(i) + " must be one number");
  return array.real.empty() ? static_cast<double>(array.integer[0]) : array.real[0];
}

std::optional<std::vector<std::int64_t>> NodeImport::integers_of(std::string_view attribute_name,
                                                                 std::size_t input_index) const {
  if (has_attribute(attribute_name)) return integers(attribute_name);
  if (has_input(input_index)) return integer_input(input_index);
  return std::nullopt;
}

std::int64_t NodeImport::axis(std::int64_t axis, std::int64_t rank) const {
  if (axis < -rank || axis >= rank)
    fail("axis " + std::to_string(axis) + " does not exist in a tensor of rank " + std::to_string(rank));
  return axis < 0 ? axis + rank : axis;
}

std::vector<ValueId> NodeImport::add_all(const OperatorPtr& op, std::vector<ValueId> inputs) {
  InputTypes types;
  for (const ValueId v : inputs) types.push_back(v.valid() ? &import_.patch.type(v) : nullptr);
  auto outputs = op->infer(types);
  OutputTypes output_types;
  for (const auto& t : outputs) output_types.push_back(&t);
  op->check(types, output_types);

  std::int64_t elements = 0;
  bool known = true;  // every element can be computed here
  bool empty = true;  // there is no element
  for (const ValueId v : inputs) {
    known = known && (!v.valid() || constant(v));
    if (v.valid()) elements += type(v).elements();
  }
  for (const auto& t : outputs) {
    elements += t.elements();
    empty = empty && t.elements() == 0;
  }
  known = known && op->name() != "Dequantize" && op->name() != "Quantize" && !op->simulates_quantization();
  if (empty || (known && import_.afford(elements, op->macs(types, output_types)))) {
    std::vector<Array> arrays;
    for (const ValueId v : inputs) arrays.push_back(v.valid() && !empty ? widen(*constant(v)) : Array{});
    std::vector<Array> results(outputs.begin(), outputs.end());
    InputArrays in;
    OutputArrays out;
    for (std::size_t i = 0; i < inputs.size(); ++i) in.push_back(inputs[i].valid() ? &arrays[i] : nullptr);
    for (Array& r : results) out.push_back(&r);
    if (!empty) op->evaluate(in, out);
    std::vector<ValueId> ids;
    for (const Array& r : results) ids.push_back(add_constant(narrow(r)));
    return ids;
  }
  const auto moved = moved_inputs(*op, inputs);
  const auto ids = import_.patch.add_node(op, std::move(inputs), std::move(outputs), node_.name());
  for (const ValueId id : ids)
    if (!moved.empty() && !is_real(id)) import_.moved_from_[id] = moved;
  return ids;
}

std::vector<TensorType> NodeImport::infer(const OperatorPtr& op, const std::vector<ValueId>& inputs) const {
  InputTypes types;
  for (const ValueId v : inputs) types.push_back(v.valid() ? &import_.patch.type(v) : nullptr);
  return op->infer(types);
}

ValueId NodeImport::add_typed(const OperatorPtr& op, std::vector<ValueId> inputs, TensorType output) {
  return import_.patch.add_node(op, std::move(inputs), {std::move(output)}, node_.name())[0];
}

ValueId NodeImport::add_constant(Tensor tensor) { return import_.patch.add_constant({}, std::move(tensor)); }

ValueId NodeImport::constant_like(ValueId like, double value) {
  const Encoding e = type(like).encoding;
  if (e.is_real()) return real_constant(static_cast<float>(value));
  const double bounded = std::clamp(value, static_cast<double>(e.min()), static_cast<double>(e.max()));
  return add_constant(Tensor::integers({{}, Encoding::integer(e.bits(), e.is_signed()), {}},
                                       {static_cast<std::int64_t>(bounded)}));
}

ValueId NodeImport::unary(std::string_view function, ValueId x, float alpha, float beta) {
  Unary op;
  op.function = function;
  op.alpha = alpha;
  op.beta = beta;
  return add(op_of(op), {x});
}

ValueId NodeImport::binary(std::string_view function, ValueId a, ValueId b) {
  Binary op;
  op.function = function;
  return add(op_of(op), {a, b});
}

ValueId NodeImport::reshape(ValueId x, Shape shape) {
  if (shape == this->shape(x)) return x;
  Reshape op;
  op.shape = std::move(shape);
  return add(op_of(op), {x});
}

ValueId NodeImport::transpose(ValueId x, std::vector<std::int64_t> permutation) {
  if (std::is_sorted(permutation.begin(), permutation.end())) return x;
  Transpose op;
  op.permutation = std::move(permutation);
  return add(op_of(op), {x});
}

ValueId NodeImport::reduce(std::string_view function, ValueId x, std::vector<std::int64_t> axes,
                           bool keep_dims) {
  Reduce op;
  op.function = function;
  op.axes = std::move(axes);
  op.keep_dims = keep_dims;
  return add(op_of(op), {x});
}

ValueId NodeImport::cast(ValueId x, std::string_view to, bool saturate) {
  Cast op;
  op.to = to;
  op.saturate = saturate;
  return add(op_of(op), {x});
}

ValueId NodeImport::gather(ValueId x, std::int64_t axis, const std::vector<std::int64_t>& indices) {
  spend(static_cast<std::int64_t>(indices.size()));
  Gather op;
  op.axis = axis;
  const TensorType type{{static_cast<std::int64_t>(indices.size())}, Encoding::integer(32, true), {}};
  return add(op_of(op), {x, add_constant(Tensor::integers(type, indices))});
}

void NodeImport::spend(std::int64_t elements) {
  if (!import_.afford(elements, 0))
    fail("its constants are too large to be computed while reading", "fold constants before exporting");
}

ValueId NodeImport::with_encoding(ValueId x, const Encoding& encoding) {
  TensorType wanted = type(x);
  if (wanted.encoding == encoding) return x;
  if (wanted.encoding.is_real() || wanted.encoding.is_quantized() ||
      wanted.encoding.bits() != encoding.bits() || wanted.encoding.is_signed() != encoding.is_signed())
    fail("a tensor is read with two different scales or zero points",
         "give the tensor one scale and zero point");
  wanted.encoding = encoding;
  if (const Tensor* tensor = constant(x)) {
    const auto id = import_.patch.add_constant(import_.patch.value_name(x), tensor->with_type(wanted));
    return id;
  }
  if (import_.relabel(x, encoding)) return x;
  // an integer that some operator computed: its real meaning, quantized, gives the same integer under the new
  // encoding
  if (encoding.is_per_axis()) fail("a computed integer tensor is read with scales per axis");
  ValueId meaning = binary("Sub", cast(x, "f32"), real_constant(static_cast<float>(encoding.zero_point())));
  meaning = binary("Mul", meaning, real_constant(encoding.scale()));
  return add_typed(op_of(Quantize{}), {meaning}, wanted);
}

ValueId NodeImport::dequantize(ValueId x) {
  const ValueId y = add(op_of(Dequantize{}), {x});
  if (constant(x)) import_.dequantized_constants_[y] = x;
  return y;
}

bool NodeImport::is_only_reader(std::size_t i) const {
  const auto found = import_.uses_.find(node_.input(static_cast<int>(i)));
  return found != import_.uses_.end() && found->second == 1;
}

std::optional<std::pair<ValueId, ValueId>> NodeImport::layer_behind(ValueId y) const {
  const auto found = import_.layers_.find(y);
  if (found == import_.layers_.end()) return std::nullopt;
  return found->second;
}

ValueId NodeImport::integer_source(ValueId x) const {
  const auto found = import_.dequantized_constants_.find(x);
  return found == import_.dequantized_constants_.end() ? ValueId{} : found->second;
}

ValueId NodeImport::permuted_weights(ValueId weights, std::vector<std::int64_t> permutation) {
  const ValueId source = integer_source(weights);
  if (!source.valid()) return transpose(weights, std::move(permutation));
  return dequantize(transpose(source, std::move(permutation)));
}

void NodeImport::set_output(std::size_t i, ValueId id) { set_output(i, id, element(0)); }

void NodeImport::set_output(std::size_t i, ValueId id, OnnxElement element) {
  if (!has_output(i)) return;
  const std::string& name = node_.output(static_cast<int>(i));
  import_.name_value(id, name);
  if (!import_.known_.emplace(name, Known{id, element}).second)
    fail("its output \"" + name + "\" exists already");
}

}  // namespace mote::onnx_import
