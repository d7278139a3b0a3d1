#include "format/onnx_reader.h"

#include <algorithm>
#include <array>
#include <limits>
#include <queue>
#include <set>

#include "base/file.h"
#include "format/onnx_import.h"
#include "ir/verify.h"
#include "ops/unary.h"

namespace mote {

namespace onnx_import {

namespace {

constexpr int kOldestOpset = 7;

[[noreturn]] void bad_file(const std::string& file, const std::string& why) {
  throw UserError({"the file is not a usable ONNX model", file, why, "repair or re-export the model"});
}

Convert find_conversion(std::string_view op_type) {
  static const auto rows = [] {
    std::map<std::string_view, Convert> table;
    for (const auto& family : {convolution_rows(), pool_rows(), elementwise_rows(), matrix_rows(),
                               normalization_rows(), reduction_rows(), movement_rows(), indexing_rows(),
                               resize_rows(), constant_rows(), quantization_rows()})
      for (const ConvertRow& row : family) table.emplace(row.op_type, row.convert);
    return table;
  }();
  const auto found = rows.find(op_type);
  return found == rows.end() ? nullptr : found->second;
}

bool is_known_domain(std::string_view domain) {
  constexpr std::array kDomains = {
      "", "ai.onnx", "com.microsoft", "qonnx.custom_op.general", "finn.custom_op.general", "onnx.brevitas"};
  return std::find(kDomains.begin(), kDomains.end(), domain) != kDomains.end();
}

// Positions of the nodes such that each comes after those it reads from. Files need not be sorted, but may
// not be cyclic.
std::vector<int> sorted_nodes(const onnx::GraphProto& graph, const std::string& file) {
  std::map<std::string, int> producer;
  for (int n = 0; n < graph.node_size(); ++n)
    for (const std::string& name : graph.node(n).output())
      if (!name.empty() && !producer.emplace(name, n).second)
        bad_file(file, "two nodes make the tensor \"" + name + "\"");
  std::vector<int> waiting(static_cast<std::size_t>(graph.node_size()), 0);
  std::vector<std::vector<int>> readers(waiting.size());
  std::priority_queue<int, std::vector<int>, std::greater<>> ready;
  for (int n = 0; n < graph.node_size(); ++n) {
    for (const std::string& name : graph.node(n).input()) {
      const auto found = producer.find(name);
      if (name.empty() || found == producer.end()) continue;
      readers[static_cast<std::size_t>(found->second)].push_back(n);
      ++waiting[static_cast<std::size_t>(n)];
    }
    if (waiting[static_cast<std::size_t>(n)] == 0) ready.push(n);
  }
  std::vector<int> order;
  while (!ready.empty()) {
    const int n = ready.top();
    ready.pop();
    order.push_back(n);
    for (const int r : readers[static_cast<std::size_t>(n)])
      if (--waiting[static_cast<std::size_t>(r)] == 0) ready.push(r);
  }
  if (order.size() != waiting.size()) bad_file(file, "its nodes form a cycle");
  return order;
}

}  // namespace

Import::Import(const onnx::ModelProto& model, std::string file, const OnnxReadOptions& options)
    : model_(model), file_(std::move(file)), options_(options) {
  for (const auto& set : model.opset_import())
    if (set.domain().empty() || set.domain() == "ai.onnx")
      opset_ = static_cast<int>(std::clamp<std::int64_t>(set.version(), 0, std::numeric_limits<int>::max()));
  if (opset_ == 0) bad_file(file_, "it does not say which operator set it uses");
  if (opset_ < kOldestOpset)
    throw UserError({"the ONNX operator set is too old", file_,
                     "the model uses opset " + std::to_string(opset_),
                     "convert the model to opset 7 or newer"});
  for (const auto& tensor : model.graph().initializer()) initializers_.emplace(tensor.name(), &tensor);
  elements_left_ = (std::int64_t{1} << 23) + 8 * static_cast<std::int64_t>(model.ByteSizeLong());
  for (const auto& node : model.graph().node())
    for (const std::string& name : node.input()) ++uses_[name];
  for (const auto& output : model.graph().output()) ++uses_[output.name()];
}

Graph Import::run() {
  const auto& graph = model_.graph();
  if (graph.output_size() == 0) bad_file(file_, "it has no graph with outputs");
  patch.set_name(graph.name());
  add_inputs();
  for (const int n : sorted_nodes(graph, file_)) convert(graph.node(n), n);
  add_outputs();
  Graph result = std::move(patch).apply();
  verify_import(result, file_);
  return result;
}

void Import::add_inputs() {
  for (const auto& input : model_.graph().input()) {
    const std::string& name = input.name();
    if (initializers_.contains(name)) continue;
    const std::string where = file_ + ": input '" + name + "'";
    if (!input.type().has_tensor_type())
      throw UserError({"a graph input is not a tensor", where,
                       "sequences, maps and optional values are not supported",
                       "export a model with tensor inputs"});
    const auto& row = onnx_element(input.type().tensor_type().elem_type(), where);
    if (const auto fixed = options_.fixed.find(name); fixed != options_.fixed.end()) {
      known_[name] = {patch.add_constant(name, fixed->second), row.element};
      continue;
    }
    Shape shape;
    for (const auto& dim : input.type().tensor_type().shape().dim()) {
      const bool is_fixed = dim.has_dim_value() && dim.dim_value() >= 0;
      if (!is_fixed && !shape.empty())
        throw UserError({"a graph input has an axis of unknown extent", where,
                         "axis " + std::to_string(shape.size()) + " is \"" + dim.dim_param() +
                             "\"; only the first may be symbolic",
                         "export the model with fixed extents"});
      shape.push_back(is_fixed ? dim.dim_value() : 1);
    }
    element_count(shape);  // refuses impossible extents here, where the input can be named
    const ValueId id = patch.add_input(name, {shape, carried_encoding(row), {}});
    inputs_.insert(id);
    if (!known_.emplace(name, Known{id, row.element}).second)
      bad_file(file_, "two inputs have the name \"" + name + "\"");
  }
}

void Import::add_outputs() {
  std::set<ValueId> seen;
  for (const auto& output : model_.graph().output()) {
    Known known = find(output.name(), file_);
    const bool shared = !seen.insert(known.id).second;
    if (shared || (patch.value_name(known.id) != output.name() && !patch.constant(known.id))) {
      Unary identity;
      identity.function = "Identity";
      known.id = patch.add(op_of(identity), {known.id}, {}, output.name());
      seen.insert(known.id);
    }
    patch.add_output(known.id);
  }
}

Known Import::find(const std::string& name, const std::string& where) {
  if (const auto found = known_.find(name); found != known_.end()) return found->second;
  const auto stored = initializers_.find(name);
  if (stored == initializers_.end())
    throw UserError({"a tensor of the ONNX file is never made", where, "nothing gives \"" + name + "\"",
                     "repair or re-export the model"});
  const onnx::TensorProto& proto = *stored->second;
  const std::string place = file_ + ": initializer '" + name + "'";
  const Known known{patch.add_constant(name, decode_tensor(proto, options_.folder, place)),
                    onnx_element(proto.data_type(), place).element};
  known_.emplace(name, known);
  return known;
}

bool Import::afford(std::int64_t elements, std::int64_t macs) {
  if (elements > elements_left_ || macs > macs_left_) return false;
  elements_left_ -= elements;
  macs_left_ -= macs;
  return true;
}

bool Import::relabel(ValueId id, const Encoding& encoding) {
  std::vector<ValueId> found{id};
  std::set<ValueId> seen{id};
  for (std::size_t i = 0; i < found.size(); ++i) {
    const Encoding& present = patch.type(found[i]).encoding;
    const auto sources = moved_from_.find(found[i]);
    const bool fits = !present.is_real() && (!present.is_quantized() || present == encoding);
    if (!fits || (sources == moved_from_.end() && !inputs_.contains(found[i]))) return false;
    if (sources == moved_from_.end()) continue;
    for (const ValueId v : sources->second)
      if (seen.insert(v).second) found.push_back(v);
  }
  if (encoding.is_per_axis() && found.size() > 1) return false;
  for (const ValueId v : found) {
    TensorType type = patch.type(v);
    type.encoding = encoding;
    patch.set_type(v, type);
  }
  return true;
}

void Import::name_value(ValueId id, const std::string& name) {
  if (!inputs_.contains(id) && named_.insert(id).second) patch.set_value_name(id, name);
}

void Import::convert(const onnx::NodeProto& node, int index) {
  NodeImport view(*this, node, index);
  const std::string& type = node.op_type();
  constexpr std::array kRecurrent = {"LSTM", "GRU", "RNN", "Scan", "Loop"};
  if (std::find(kRecurrent.begin(), kRecurrent.end(), type) != kRecurrent.end())
    throw UserError({"recurrent operators are not supported yet", view.where(), "the model contains " + type,
                     "use a feed-forward network"});
  const Convert conversion = is_known_domain(node.domain()) ? find_conversion(type) : nullptr;
  if (!conversion)
    throw UserError({"an operator is not supported", view.where(),
                     "the model contains " + (node.domain().empty() ? "" : node.domain() + ".") + type,
                     "export the model with operators of the supported list"});
  try {
    conversion(view);
  } catch (const OnnxNeedsConstant&) {
    throw;
  } catch (const UserError& e) {
    if (!e.parts().where.empty()) throw;
    auto parts = e.parts();
    parts.where = view.where();
    throw UserError(parts);
  }
}

}  // namespace onnx_import

namespace {

onnx::ModelProto parse_model(std::span<const std::byte> bytes, const std::string& name) {
  onnx::ModelProto model;
  if (bytes.size() > static_cast<std::size_t>(std::numeric_limits<int>::max()) ||
      !model.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) || !model.has_graph())
    throw UserError({"the file is not an ONNX model", name,
                     bytes.empty()
                         ? "it is empty"
                         : "its " + std::to_string(bytes.size()) + " bytes are not a complete ONNX message",
                     "give a complete .onnx file"});
  return model;
}

}  // namespace

Graph read_onnx(std::span<const std::byte> bytes, const std::string& name, const OnnxReadOptions& options) {
  const auto model = parse_model(bytes, name);
  return onnx_import::Import(model, name, options).run();
}

Graph read_onnx(const std::filesystem::path& path, OnnxReadOptions options) {
  options.folder = path.parent_path();
  const auto bytes = read_file(path);
  return read_onnx(bytes, path.filename().string(), options);
}

OnnxTensor read_onnx_tensor(std::span<const std::byte> bytes, const std::string& name) {
  onnx::TensorProto proto;
  if (bytes.size() > static_cast<std::size_t>(std::numeric_limits<int>::max()) ||
      !proto.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
    throw UserError({"the file is not an ONNX tensor", name, "its bytes are not a complete ONNX message",
                     "give a complete .pb file"});
  return {proto.name(), decode_tensor(proto, {}, name)};
}

std::vector<std::string> onnx_input_names(std::span<const std::byte> bytes, const std::string& name) {
  const auto model = parse_model(bytes, name);
  std::set<std::string> stored;
  for (const auto& tensor : model.graph().initializer()) stored.insert(tensor.name());
  std::vector<std::string> names;
  for (const auto& input : model.graph().input())
    if (!stored.contains(input.name())) names.push_back(input.name());
  return names;
}

}  // namespace mote
