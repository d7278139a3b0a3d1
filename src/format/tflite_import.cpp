#include "format/tflite_import.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>

#include "base/text.h"
#include "format/tflite_table.h"
#include "ir/verify.h"
#include "ops/requantize.h"
#include "ops/reshape.h"

namespace mote::tflite {

namespace {

constexpr const char* kRepair = "repair or re-export the model";
// Constants that several tensors share are held once per tensor: a small file must not grow without bound.
constexpr std::int64_t kConstantFloorBytes = 256 << 20;
constexpr std::int64_t kConstantGrowth = 8;
// Nodes on constants are evaluated on import up to this many elements and multiplications: shape arithmetic,
// small tables.
constexpr std::int64_t kFoldElements = 1 << 16;
constexpr std::int64_t kFoldMacs = 1 << 20;

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return result;
}

}  // namespace

Import::Import(const Model& model, std::span<const std::byte> file, std::string name)
    : model_(model), subgraph_(*model.subgraphs()->Get(0)), file_(file), name_(std::move(name)) {
  const std::size_t count = subgraph_.tensors() ? subgraph_.tensors()->size() : 0;
  values_.resize(count);
  dequantized_.resize(count);
}

Graph Import::run() && {
  patch_.set_name(std::filesystem::path(name_).stem().string());
  add_inputs();
  const std::size_t count = subgraph_.operators() ? subgraph_.operators()->size() : 0;
  for (std::size_t i = 0; i < count; ++i) convert(i);
  add_outputs();
  Graph graph = std::move(patch_).apply();
  verify_import(graph, name_);
  return graph;
}

void Import::add_inputs() {
  if (!subgraph_.inputs()) return;
  for (const std::int32_t index : *subgraph_.inputs()) {
    const Tensor& t = tensor(index);
    ValueId& value = values_[static_cast<std::size_t>(index)];
    if (value.valid())
      throw UserError(
          {"the model has an input twice", name_, tensor_name(t, static_cast<std::size_t>(index)), kRepair});
    value = patch_.add_input(tensor_name(t, static_cast<std::size_t>(index)), input_type(t));
    named_.insert(value);
  }
}

void Import::add_outputs() {
  if (!subgraph_.outputs() || subgraph_.outputs()->size() == 0)
    throw UserError({"the model has no output", name_, "its output list is empty", kRepair});
  for (const std::int32_t index : *subgraph_.outputs()) patch_.add_output(value(index));
}

const Tensor& Import::tensor(std::int32_t index) const {
  if (index < 0 || static_cast<std::size_t>(index) >= values_.size() ||
      !subgraph_.tensors()->Get(static_cast<unsigned>(index)))
    throw UserError({"the model refers to a tensor that it does not have", name_,
                     "tensor " + std::to_string(index) + " of " + std::to_string(values_.size()), kRepair});
  return *subgraph_.tensors()->Get(static_cast<unsigned>(index));
}

// Empty: the tensor has no data.
std::span<const std::byte> Import::data(const Tensor& tensor) const {
  if (tensor.buffer() == 0) return {};
  if (!model_.buffers() || tensor.buffer() >= model_.buffers()->size())
    throw UserError({"the model refers to a buffer that it does not have", name_,
                     "buffer " + std::to_string(tensor.buffer()), kRepair});
  const Buffer* buffer = model_.buffers()->Get(tensor.buffer());
  if (!buffer) return {};
  if (buffer->offset() > 1) {
    if (buffer->offset() > file_.size() || buffer->size() > file_.size() - buffer->offset())
      throw UserError({"the model's file is cut short", name_,
                       "buffer " + std::to_string(tensor.buffer()) + " lies behind its end",
                       "copy the file again"});
    return file_.subspan(buffer->offset(), buffer->size());
  }
  if (!buffer->data()) return {};
  return std::as_bytes(std::span(buffer->data()->data(), buffer->data()->size()));
}

void Import::charge(const TensorType& type) {
  constant_bytes_ += type.bytes();
  const std::int64_t limit =
      std::max(kConstantFloorBytes, kConstantGrowth * static_cast<std::int64_t>(file_.size()));
  if (constant_bytes_ > limit)
    throw UserError({"the model's constants are too large", name_,
                     "they take more than " + format_bytes(static_cast<std::uint64_t>(limit)) +
                         " from a file of " + format_bytes(file_.size()),
                     kRepair});
}

ValueId Import::value(std::int32_t index) {
  const Tensor& t = tensor(index);
  ValueId& value = values_[static_cast<std::size_t>(index)];
  if (value.valid()) return value;
  const std::string name = tensor_name(t, static_cast<std::size_t>(index));
  const auto bytes = data(t);
  if (t.is_variable())
    throw UserError({"the model keeps state between runs", name_,
                     "tensor '" + name + "' is a variable; recurrent operators are not supported yet",
                     "use a network without recurrent layers"});
  if (bytes.empty() && tensor_type(t).elements() != 0)
    throw UserError({"the model reads a tensor before it is made", name_,
                     "tensor '" + name + "' (" + std::to_string(index) + ")", kRepair});
  charge(tensor_type(t));
  value = patch_.add_constant(name, constant_tensor(t, bytes));
  named_.insert(value);
  return value;
}

ValueId Import::real_constant(std::int32_t index) {
  const ValueId original = value(index);
  const mote::Tensor* constant = patch_.constant(original);
  if (!constant || !constant->type().encoding.is_quantized()) return original;
  ValueId& real = dequantized_[static_cast<std::size_t>(index)];
  if (real.valid()) return real;
  charge({constant->type().shape, Encoding::real(), {}});
  real = patch_.add_constant(patch_.value_name(original), dequantized_constant(*constant));
  named_.insert(real);
  return real;
}

void Import::convert(std::size_t index) {
  const Operator* op = subgraph_.operators()->Get(static_cast<unsigned>(index));
  const std::string position = "operator " + std::to_string(index);
  if (!op || !model_.operator_codes() || op->opcode_index() >= model_.operator_codes()->size() ||
      !model_.operator_codes()->Get(op->opcode_index()))
    throw UserError(
        {"the model uses an operator code that it does not list", name_ + ", " + position, "", kRepair});
  const OperatorCode& code = *model_.operator_codes()->Get(op->opcode_index());
  // old files have the code in the deprecated 8-bit field, newer ones in both or in the wide one alone
  const int builtin = std::max<int>(code.builtin_code(), code.deprecated_builtin_code());
  const OperatorRow* row = find_row(builtin);
  std::string operator_name = row ? std::string(row->name) : "code " + std::to_string(builtin);
  if (row && row->name == "CUSTOM")
    operator_name = "custom operator " + (code.custom_code() ? code.custom_code()->str() : "without a name");
  const std::string where = name_ + ", " + position + " (" + operator_name + ")";
  if (!row || !row->read)
    throw UserError({"the model has an operator that is not supported", where,
                     operator_name + " has no conversion",
                     "replace the operator, or export the model without it"});
  Call call(*this, *op, lower(row->name) + "_" + std::to_string(index));
  try {
    row->read(call, row->function);
  } catch (const UserError& e) {
    const auto& parts = e.parts();
    throw UserError({parts.what,
                     where + (parts.where.empty() || parts.where == name_ ? "" : ", " + parts.where),
                     parts.why, parts.remedy});
  }
}

std::int32_t Call::tensor_index(const flatbuffers::Vector<std::int32_t>* list, std::size_t i) const {
  return list && i < list->size() ? list->Get(static_cast<unsigned>(i)) : -1;
}

bool Call::has_input(std::size_t i) const { return tensor_index(op_.inputs(), i) != -1; }

ValueId Call::input(std::size_t i) {
  if (!has_input(i)) refuse("its input " + std::to_string(i) + " is missing");
  const std::int32_t index = tensor_index(op_.inputs(), i);
  return output_count() > 0 && output_encoding().is_real() ? import_.real_constant(index)
                                                           : import_.value(index);
}

ValueId Call::optional_input(std::size_t i) { return has_input(i) ? input(i) : ValueId{}; }

std::vector<std::int64_t> Call::integers(std::size_t i) {
  if (!has_input(i)) refuse("its input " + std::to_string(i) + " is missing");
  const mote::Tensor* tensor = constant(import_.value(tensor_index(op_.inputs(), i)));
  if (!tensor)
    refuse("its input " + std::to_string(i) + " is computed at run time, it must be a constant",
           "export the model with fixed shapes");
  if (!tensor->type().encoding.is_integer() || tensor->type().elements() > 1024)
    refuse("its input " + std::to_string(i) + " is " + to_string(tensor->type()) +
           ", a short list of integers is expected");
  return widen(*tensor).integer;
}

std::int64_t Call::integer(std::size_t i) {
  const auto list = integers(i);
  if (list.size() != 1) refuse("its input " + std::to_string(i) + " must be one number");
  return list[0];
}

TensorType Call::declared_output(std::size_t k) const {
  if (k >= output_count()) refuse("its output " + std::to_string(k) + " is missing");
  return tensor_type(import_.tensor(tensor_index(op_.outputs(), k)));
}

std::vector<ValueId> Call::emit_all(OperatorPtr op, std::vector<ValueId> inputs) {
  InputTypes types;
  for (const ValueId v : inputs) types.push_back(v.valid() ? &type(v) : nullptr);
  auto outputs = op->infer(types);
  for (const TensorType& t : outputs) t.elements();  // throws when too large
  OutputTypes output_types;
  for (const TensorType& t : outputs) output_types.push_back(&t);
  op->check(types, output_types);
  if (auto folded = fold(op, inputs, outputs); !folded.empty()) return folded;
  return import_.patch_.add_node(std::move(op), std::move(inputs), std::move(outputs), node_name_);
}

ValueId Call::emit(OperatorPtr op, std::vector<ValueId> inputs) {
  return emit_all(std::move(op), std::move(inputs)).at(0);
}

ValueId Call::emit(OperatorPtr op, std::vector<ValueId> inputs, const Encoding& encoding) {
  InputTypes types;
  for (const ValueId v : inputs) types.push_back(v.valid() ? &type(v) : nullptr);
  auto outputs = op->infer(types);
  MOTE_CHECK(outputs.size() == 1, std::string(op->name()));
  outputs[0].encoding = encoding;
  outputs[0].elements();
  op->check(types, {&outputs[0]});
  if (auto folded = fold(op, inputs, outputs); !folded.empty()) return folded[0];
  return import_.patch_.add_node(std::move(op), std::move(inputs), std::move(outputs), node_name_)[0];
}

std::vector<ValueId> Call::fold(const OperatorPtr& op, const std::vector<ValueId>& inputs,
                                const std::vector<TensorType>& outputs) {
  std::int64_t elements = 0;
  InputTypes types;
  for (const ValueId v : inputs) {
    if (v.valid() && !constant(v)) return {};
    types.push_back(v.valid() ? &type(v) : nullptr);
    if (v.valid()) elements += type(v).elements();
  }
  OutputTypes output_types;
  for (const TensorType& t : outputs) {
    elements += t.elements();
    output_types.push_back(&t);
  }
  if (elements > kFoldElements || op->macs(types, output_types) > kFoldMacs) return {};
  std::vector<Array> arrays(inputs.size()), results(outputs.begin(), outputs.end());
  InputArrays sources;
  OutputArrays targets;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (inputs[i].valid()) arrays[i] = widen(*constant(inputs[i]));
    sources.push_back(inputs[i].valid() ? &arrays[i] : nullptr);
  }
  for (Array& a : results) targets.push_back(&a);
  op->evaluate(sources, targets);
  std::vector<ValueId> folded;
  for (const Array& a : results) folded.push_back(add_constant(narrow(a)));
  return folded;
}

ValueId Call::add_constant(mote::Tensor tensor) {
  import_.charge(tensor.type());
  return import_.patch_.add_constant(node_name_, std::move(tensor));
}

ValueId Call::reshape(ValueId x, Shape shape) {
  if (this->shape(x) == shape) return x;
  return emit(make<Reshape>([&](Reshape& op) { op.shape = std::move(shape); }), {x});
}

ValueId Call::recode(ValueId x, const Encoding& encoding) {
  const Encoding& from = type(x).encoding;
  if (from == encoding) return x;
  if (from.is_quantized() && encoding.is_quantized())
    return emit(std::make_shared<Requantize>(), {x}, encoding);
  // without scales on one side the integers are what counts
  if (from.is_integer() && encoding.is_integer() && from.bits() == encoding.bits() &&
      from.is_signed() == encoding.is_signed())
    return x;
  refuse("it makes " + to_string(from) + " where the model declares " + to_string(encoding));
}

void Call::finish(ValueId value, std::size_t k) {
  const TensorType declared = declared_output(k);
  const std::int32_t index = tensor_index(op_.outputs(), k);
  ValueId& slot = import_.values_[static_cast<std::size_t>(index)];
  if (slot.valid()) refuse("its output tensor " + std::to_string(index) + " exists already");
  value = recode(value, declared.encoding);
  slot = value;
  if (import_.named_.insert(value).second)
    import_.patch_.set_value_name(value, tensor_name(import_.tensor(index), static_cast<std::size_t>(index)));
}

void Call::refuse(const std::string& why, const std::string& remedy) const {
  throw UserError({"an operator of the model cannot be read", "", why, remedy});
}

std::int64_t normalized_axis(const Call& call, std::int64_t axis, std::size_t rank) {
  const auto count = static_cast<std::int64_t>(rank);
  if (axis < -count || axis >= count)
    call.refuse("axis " + std::to_string(axis) + " does not exist, the rank is " + std::to_string(count));
  return axis < 0 ? axis + count : axis;
}

}  // namespace mote::tflite
