#include "format/onnx_writer.h"

#include <algorithm>
#include <limits>

#include "base/error.h"
#include "base/file.h"
#include "format/onnx_export.h"
#include "ops/fixed_point.h"
#include "ops/transpose.h"
#include "ops/trunc.h"

namespace mote {

namespace onnx_export {

namespace {

std::size_t index(Layout layout) { return static_cast<std::size_t>(layout); }
Layout other(Layout layout) { return layout == Layout::kPlain ? Layout::kChannelsFirst : Layout::kPlain; }

std::map<std::string_view, WriteRow> all_rows() {
  std::map<std::string_view, WriteRow> table;
  for (const auto& family : {layer_rows(), elementwise_rows(), movement_rows()})
    for (const WriteRow& row : family) table.emplace(row.name, row);
  return table;
}

const WriteRow& find_row(const Graph& graph, NodeId n) {
  static const auto table = all_rows();
  const auto found = table.find(graph.node(n).op->name());
  if (found == table.end())
    throw UserError({"an operator cannot be written as ONNX", graph.describe(n),
                     "ONNX has no operator for it", "choose another format"});
  return found->second;
}

int opset_of(const Encoding& e) {
  if (!e.is_integer() || e.bits() == 8 || e.bits() == 32 || e.bits() == 1) return 13;
  return e.bits() == 2 ? 25 : 21;
}

template <class T>
Tensor vector_tensor(const std::vector<T>& values, bool scalar, const Encoding& encoding) {
  const Shape shape = scalar ? Shape{} : Shape{static_cast<std::int64_t>(values.size())};
  if constexpr (std::is_same_v<T, float>)
    return Tensor::reals(shape, values);
  else
    return Tensor::integers({shape, encoding, {}}, {values.begin(), values.end()});
}

onnx::AttributeProto& new_attribute(onnx::NodeProto& node, std::string_view name, int type) {
  auto& a = *node.add_attribute();
  a.set_name(std::string(name));
  a.set_type(type);
  return a;
}

}  // namespace

bool is_plain_integer(const Encoding& encoding) { return encoding.is_integer() && !encoding.is_quantized(); }

void set_integer(onnx::NodeProto& node, std::string_view name, std::int64_t value) {
  new_attribute(node, name, 2).set_i(value);
}
void set_integers(onnx::NodeProto& node, std::string_view name, const Numbers& values) {
  auto& a = new_attribute(node, name, 7);
  for (const std::int64_t v : values) a.add_ints(v);
}
void set_real(onnx::NodeProto& node, std::string_view name, float value) {
  new_attribute(node, name, 1).set_f(value);
}
void set_text(onnx::NodeProto& node, std::string_view name, std::string_view value) {
  new_attribute(node, name, 3).set_s(std::string(value));
}

std::int64_t file_axis(std::int64_t axis, Layout layout) {
  if (layout == Layout::kPlain) return axis;
  return axis == 0 ? 0 : axis == 3 ? 1 : axis + 1;
}

Numbers file_order(const Numbers& values, Layout layout) {
  if (layout == Layout::kPlain) return values;
  return {values[0], values[3], values[1], values[2]};
}

Export::Export(const Graph& graph)
    : graph_(graph), stored_(graph.values().size()), real_(graph.values().size()) {
  for (const NodeId n : node_ids(graph)) {
    opset_ = std::max(opset_, find_row(graph, n).opset);
    const auto* trunc = graph.node(n).as<Trunc>();
    if (graph.node(n).op->simulates_quantization())
      qonnx_version_ = std::max(qonnx_version_, trunc ? static_cast<int>(trunc->version) : 1);
  }
  for (const Value& v : graph.values()) {
    opset_ = std::max(opset_, opset_of(v.type.encoding));
    if (!v.constant) element_of(v.type.encoding, "value '" + v.name + "'");
  }
}

onnx::ModelProto Export::run() {
  model_.set_ir_version(opset_ <= 18 ? 8 : opset_ <= 20 ? 9 : 10);
  model_.set_producer_name("mote");
  auto& set = *model_.add_opset_import();
  set.set_domain("");
  set.set_version(opset_);
  if (qonnx_version_ > 0) {
    auto& qonnx = *model_.add_opset_import();
    qonnx.set_domain("qonnx.custom_op.general");
    qonnx.set_version(qonnx_version_);
  }
  model_.mutable_graph()->set_name(graph_.name().empty() ? "model" : graph_.name());
  add_interface();
  for (const NodeId n : node_ids(graph_)) write_node(n);
  node_name_.clear();
  for (const ValueId v : graph_.outputs())
    if (const std::string name = stored(v); name != graph_.value(v).name)
      add("Identity", {name}, {graph_.value(v).name});
  return std::move(model_);
}

void Export::add_interface() {
  const auto describe = [&](ValueId v, onnx::ValueInfoProto& info) {
    const Value& value = graph_.value(v);
    info.set_name(value.name);
    auto& tensor = *info.mutable_type()->mutable_tensor_type();
    tensor.set_elem_type(static_cast<int>(element_of(value.type.encoding, "value '" + value.name + "'")));
    auto& shape = *tensor.mutable_shape();
    for (const std::int64_t extent : value.type.shape) shape.add_dim()->set_dim_value(extent);
    used_.insert(value.name);
  };
  auto& graph = *model_.mutable_graph();
  for (const ValueId v : graph_.inputs()) {
    describe(v, *graph.add_input());
    stored_[v.index][0] = graph_.value(v).name;
  }
  for (const ValueId v : graph_.outputs()) describe(v, *graph.add_output());
}

void Export::write_node(NodeId n) {
  const Node& node = graph_.node(n);
  node_name_ = node.name;
  find_row(graph_, n).write(*this, node);
}

std::string Export::fresh(const std::string& wish) {
  std::string name = wish.empty() ? "t" : wish;
  for (int i = 1; !used_.insert(name).second; ++i) name = wish + "_" + std::to_string(i);
  return name;
}

std::string Export::name_for(ValueId v, Layout layout) {
  const std::string& name = graph_.value(v).name;
  if (layout == Layout::kChannelsFirst) return fresh(name + "_nchw");
  // an output's name is reserved for it
  const bool reserved = graph_.is_output(v) && stored_[v.index][0].empty();
  return reserved ? name : fresh(name);
}

// The node's own name for the operator itself; what stands around it gets a suffix, and nothing twice.
std::string Export::node_name(std::string_view op_type) {
  if (node_name_.empty()) return {};
  constexpr std::array<std::string_view, 5> kAround = {"Transpose", "DequantizeLinear", "QuantizeLinear",
                                                       "Clip", "Reshape"};
  const bool around = std::find(kAround.begin(), kAround.end(), op_type) != kAround.end();
  const std::string wish = around ? node_name_ + "/" + std::string(op_type) : node_name_;
  std::string name = wish;
  for (int i = 1; !used_nodes_.insert(name).second; ++i) name = wish + "_" + std::to_string(i);
  return name;
}

onnx::NodeProto& Export::add(std::string_view op_type, const std::vector<std::string>& inputs,
                             const std::vector<std::string>& outputs) {
  auto& node = *model_.mutable_graph()->add_node();
  node.set_op_type(std::string(op_type));
  node.set_name(node_name(op_type));
  for (const auto& name : inputs) node.add_input(name);
  while (node.input_size() > 0 && node.input(node.input_size() - 1).empty())
    node.mutable_input()->RemoveLast();
  for (const auto& name : outputs) node.add_output(name);
  return node;
}

std::string Export::apply(std::string_view op_type, const std::vector<std::string>& inputs) {
  const std::string result = fresh((inputs.empty() ? "" : inputs[0]) + "_" + std::string(op_type));
  add(op_type, inputs, {result});
  return result;
}

std::string Export::transpose(const std::string& x, const Numbers& permutation) {
  if (std::is_sorted(permutation.begin(), permutation.end())) return x;
  const std::string result = fresh(x + "_transposed");
  set_integers(add("Transpose", {x}, {result}), "perm", permutation);
  return result;
}

std::string Export::initializer(const std::string& wish, const Tensor& tensor, OnnxElement element) {
  const std::string name = fresh(wish);
  *model_.mutable_graph()->add_initializer() = encode_tensor(name, tensor, element);
  return name;
}

std::string Export::numbers(const Numbers& values) {
  const std::string name = fresh("shape");
  auto& proto = *model_.mutable_graph()->add_initializer();
  proto.set_name(name);
  proto.set_data_type(static_cast<int>(OnnxElement::kInt64));
  proto.add_dims(static_cast<std::int64_t>(values.size()));
  for (const std::int64_t v : values) proto.add_int64_data(v);
  return name;
}

std::string Export::number(float value) {
  return initializer("value", Tensor::reals({}, {value}), OnnxElement::kFloat);
}

std::pair<std::string, std::string> Export::quantization(const Encoding& encoding, const std::string& wish) {
  const Quantization& q = encoding.quantization();
  const bool scalar = q.axis < 0;
  const Encoding plain = Encoding::integer(encoding.bits(), encoding.is_signed());
  const OnnxElement element = element_of(encoding, wish);
  return {initializer(wish + "_scale", vector_tensor(q.scales, scalar, {}), OnnxElement::kFloat),
          initializer(wish + "_zero_point", vector_tensor(q.zero_points, scalar, plain), element)};
}

std::string Export::dequantize(const std::string& x, const Encoding& encoding, const std::string& wish) {
  const auto [scale, zero] = quantization(encoding, x);
  const std::string result = fresh(wish);
  auto& node = add("DequantizeLinear", {x, scale, zero}, {result});
  if (encoding.is_per_axis()) set_integer(node, "axis", encoding.quantization().axis);
  return result;
}

std::string Export::quantize(const std::string& x, const Encoding& encoding, const std::string& result) {
  const auto [scale, zero] = quantization(encoding, result);
  auto& node = add("QuantizeLinear", {x, scale, zero}, {result});
  if (encoding.is_per_axis()) set_integer(node, "axis", encoding.quantization().axis);
  return result;
}

bool Export::exists(ValueId v, Layout layout) const {
  return graph_.constant(v) || !stored_[v.index][index(layout)].empty() ||
         !real_[v.index][index(layout)].empty();
}

Layout Export::natural_layout(ValueId v) const {
  return exists(v, Layout::kPlain) || !exists(v, Layout::kChannelsFirst) ? Layout::kPlain
                                                                         : Layout::kChannelsFirst;
}

std::string Export::constant(ValueId v, Layout layout) {
  const Value& value = graph_.value(v);
  const OnnxElement element = element_of(value.type.encoding, value.name);
  if (layout == Layout::kPlain) return initializer(value.name, *value.constant, element);
  // broadcasting aligns axes at the end: missing ones come first
  TensorType padded = value.type;
  padded.shape.insert(padded.shape.begin(), 4 - padded.shape.size(), 1);
  const Array source = widen(value.constant->with_type(padded));
  Transpose op;
  op.permutation.assign(std::begin(kToChannelsFirst), std::end(kToChannelsFirst));
  Array result(op.infer({&padded})[0]);
  op.evaluate({&source}, {&result});
  return initializer(value.name + "_nchw", narrow(result), element);
}

std::string Export::stored(ValueId v, Layout layout) {
  if (!v.valid()) return {};
  std::string& name = stored_[v.index][index(layout)];
  if (!name.empty()) return name;
  if (graph_.constant(v)) return name = constant(v, layout);
  const bool first = layout == Layout::kChannelsFirst;
  const Numbers permutation = first ? Numbers(std::begin(kToChannelsFirst), std::end(kToChannelsFirst))
                                    : Numbers(std::begin(kToChannelsLast), std::end(kToChannelsLast));
  const std::string source = stored(v, other(layout));
  const std::string result = name_for(v, layout);
  set_integers(add("Transpose", {source}, {result}), "perm", permutation);
  return stored_[v.index][index(layout)] = result;
}

std::string Export::real(ValueId v, Layout layout) {
  if (!v.valid()) return {};
  if (is_real(v)) return stored(v, layout);
  std::string& name = real_[v.index][index(layout)];
  if (!name.empty()) return name;
  const std::string source = stored(v, layout);
  Encoding encoding = type(v).encoding;
  if (!encoding.is_quantized())
    throw UserError({"a graph cannot be written as ONNX", "value '" + graph_.value(v).name + "'",
                     "a plain integer is used as a number with a scale", "quantize the model again"});
  if (encoding.is_per_axis() && layout == Layout::kChannelsFirst) {
    Quantization q = encoding.quantization();
    q.axis = static_cast<int>(file_axis(q.axis, layout));
    encoding = encoding.with_quantization(std::move(q));
  }
  return real_[v.index][index(layout)] = dequantize(source, encoding, source + "_real");
}

void Export::define_stored(ValueId v, const std::string& name, Layout layout) {
  stored_[v.index][index(layout)] = name;
}

void Export::define_real(ValueId v, const std::string& name, Layout layout) {
  if (is_real(v)) return define_stored(v, name, layout);
  Encoding encoding = type(v).encoding;
  if (!encoding.is_quantized())
    throw UserError({"a graph cannot be written as ONNX", "value '" + graph_.value(v).name + "'",
                     "its plain 32-bit sums have no scale", "let the layer requantize its result"});
  if (encoding.is_per_axis() && layout == Layout::kChannelsFirst) {
    Quantization q = encoding.quantization();
    q.axis = static_cast<int>(file_axis(q.axis, layout));
    encoding = encoding.with_quantization(std::move(q));
  }
  if (encoding.is_bipolar())
    throw UserError({"a graph cannot be written as ONNX", "value '" + graph_.value(v).name + "'",
                     "QuantizeLinear has no signs", "write the network as it was before lowering"});
  stored_[v.index][index(layout)] = quantize(name, encoding, name_for(v, layout));
}

std::string Export::operand(ValueId v, Layout layout) {
  return is_plain_integer(type(v).encoding) ? stored(v, layout) : real(v, layout);
}

void Export::define(ValueId v, const std::string& name, Layout layout) {
  if (is_plain_integer(type(v).encoding)) return define_stored(v, name, layout);
  define_real(v, name, layout);
}

std::string Export::weights(ValueId v, const Numbers& permutation) {
  const Tensor* tensor = graph_.constant(v);
  if (!tensor) return transpose(real(v), permutation);
  Transpose op;
  op.permutation = permutation;
  Array result(op.infer({&tensor->type()})[0]);
  const Array source = widen(*tensor);
  op.evaluate({&source}, {&result});
  const std::string& name = graph_.value(v).name;
  const Encoding& encoding = result.type.encoding;
  const std::string constant = initializer(name, narrow(result), element_of(encoding, name));
  return encoding.is_real() ? constant : dequantize(constant, encoding, constant + "_real");
}

std::string Export::clamped(const std::string& x, const Operator& op, const Encoding& result) {
  float low = -std::numeric_limits<float>::infinity();
  float high = -low;
  for (const auto& [name, value] : op.fields()) {
    if (name == "clamp_min") low = static_cast<float>(std::get<double>(value));
    if (name == "clamp_max") high = static_cast<float>(std::get<double>(value));
  }
  if (result.is_quantized() && !result.is_per_axis() && result.bits() <= 16) {
    const IntegerRange range = clamp_range({low, high}, result);
    if (range.min == result.min() && range.max == result.max()) return x;
  }
  const bool bounded_below = low > -std::numeric_limits<float>::infinity();
  const bool bounded_above = high < std::numeric_limits<float>::infinity();
  if (!bounded_below && !bounded_above) return x;
  if (low == 0 && !bounded_above) return apply("Relu", {x});
  return apply("Clip", {x, bounded_below ? number(low) : "", bounded_above ? number(high) : ""});
}

}  // namespace onnx_export

std::vector<std::byte> write_onnx(const Graph& graph) {
  const onnx::ModelProto model = onnx_export::Export(graph).run();
  std::vector<std::byte> bytes(model.ByteSizeLong());
  MOTE_CHECK(model.SerializeToArray(bytes.data(), static_cast<int>(bytes.size())));
  return bytes;
}

void write_onnx(const Graph& graph, const std::filesystem::path& path) {
  write_file(path, write_onnx(graph));
}

}  // namespace mote
