#include "ir/patch.h"

#include <algorithm>
#include <functional>
#include <queue>

namespace mote {

namespace {

ValueId append(std::vector<Value>& values, Value value) {
  values.push_back(std::move(value));
  return ValueId{static_cast<std::uint32_t>(values.size() - 1)};
}

}  // namespace

ValueId Patch::add_input(std::string name, TensorType type) {
  const ValueId id = append(parts_.values, {std::move(name), std::move(type), {}, {}});
  parts_.inputs.push_back(id);
  return id;
}

ValueId Patch::add_constant(std::string name, Tensor tensor) {
  TensorType type = tensor.type();
  return append(parts_.values, {std::move(name), std::move(type), {}, std::move(tensor)});
}

std::vector<ValueId> Patch::add_node(OperatorPtr op, std::vector<ValueId> inputs,
                                     std::vector<TensorType> outputs, std::string node_name,
                                     std::vector<std::string> output_names) {
  Node node{std::move(op), std::move(inputs), {}, std::move(node_name)};
  output_names.resize(outputs.size());
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    if (output_names[i].empty()) output_names[i] = "v" + std::to_string(parts_.values.size());
    node.outputs.push_back(
        append(parts_.values, {std::move(output_names[i]), std::move(outputs[i]), {}, {}}));
  }
  parts_.nodes.push_back(node);
  removed_.push_back(false);
  if (!readers_.empty()) note_reader(static_cast<std::uint32_t>(parts_.nodes.size() - 1));
  return node.outputs;
}

ValueId Patch::add(OperatorPtr op, std::vector<ValueId> inputs, std::string node_name,
                   std::string output_name) {
  InputTypes types;
  for (const ValueId v : inputs) types.push_back(v.valid() ? &type(v) : nullptr);
  auto outputs = op->infer(types);
  MOTE_CHECK(outputs.size() == 1, std::string(op->name()));
  return add_node(std::move(op), std::move(inputs), std::move(outputs), std::move(node_name),
                  {std::move(output_name)})[0];
}

const Tensor* Patch::constant(ValueId id) const {
  if (!id.valid()) return nullptr;
  const auto& constant = parts_.values.at(id.index).constant;
  return constant ? &*constant : nullptr;
}

void Patch::set_type(ValueId id, TensorType type) {
  Value& v = parts_.values.at(id.index);
  if (v.constant) v.constant = v.constant->with_type(type);
  v.type = std::move(type);
}

void Patch::set_constant(ValueId id, Tensor tensor) {
  Value& v = parts_.values.at(id.index);
  v.type = tensor.type();
  v.constant = std::move(tensor);
}

void Patch::set_node_outputs(NodeId id, std::vector<ValueId> outputs) {
  parts_.nodes.at(id.index).outputs = std::move(outputs);
}

void Patch::set_node_inputs(NodeId id, std::vector<ValueId> inputs) {
  parts_.nodes.at(id.index).inputs = std::move(inputs);
  if (!readers_.empty()) note_reader(id.index);
}

void Patch::note_reader(std::uint32_t node) {
  readers_.resize(parts_.values.size());
  for (const ValueId v : parts_.nodes[node].inputs)
    if (v.valid()) readers_.at(v.index).push_back(node);
}

void Patch::replace_uses(ValueId old, ValueId replacement, NodeId except) {
  if (readers_.empty())
    for (std::uint32_t n = 0; n < parts_.nodes.size(); ++n) note_reader(n);
  readers_.resize(parts_.values.size());
  const auto readers = readers_.at(old.index);  // a copy: the list of the replacement may be the same one
  for (const std::uint32_t n : readers) {
    if (NodeId{n} == except) continue;
    auto& inputs = parts_.nodes[n].inputs;
    if (std::find(inputs.begin(), inputs.end(), old) == inputs.end()) continue;
    std::replace(inputs.begin(), inputs.end(), old, replacement);
    if (replacement.valid()) readers_.at(replacement.index).push_back(n);
  }
  std::replace(parts_.outputs.begin(), parts_.outputs.end(), old, replacement);
}

std::vector<std::uint32_t> Patch::topological_order() const {
  constexpr std::uint32_t kNone = ValueId::kNone;
  std::vector<std::uint32_t> producer(parts_.values.size(), kNone);
  for (std::uint32_t n = 0; n < parts_.nodes.size(); ++n)
    if (!removed_[n])
      for (const ValueId v : parts_.nodes[n].outputs) producer[v.index] = n;
  std::vector<std::uint32_t> waiting(parts_.nodes.size(), 0);
  std::vector<std::vector<std::uint32_t>> readers(parts_.nodes.size());
  std::size_t alive = 0;
  // a min-heap keeps the original order wherever the edges allow it
  std::priority_queue<std::uint32_t, std::vector<std::uint32_t>, std::greater<>> ready;
  for (std::uint32_t n = 0; n < parts_.nodes.size(); ++n) {
    if (removed_[n]) continue;
    ++alive;
    for (const ValueId v : parts_.nodes[n].inputs) {
      if (!v.valid() || producer[v.index] == kNone) continue;
      readers[producer[v.index]].push_back(n);
      ++waiting[n];
    }
    if (waiting[n] == 0) ready.push(n);
  }
  std::vector<std::uint32_t> order;
  while (!ready.empty()) {
    const std::uint32_t n = ready.top();
    ready.pop();
    order.push_back(n);
    for (const std::uint32_t r : readers[n])
      if (--waiting[r] == 0) ready.push(r);
  }
  if (order.size() != alive)
    throw UserError({"the graph has a cycle", "",
                     std::to_string(alive - order.size()) + " nodes wait for each other",
                     "export the model without feedback edges"});
  return order;
}

Graph Patch::apply() && {
  const auto order = topological_order();
  std::vector<bool> defined(parts_.values.size(), false);
  std::vector<bool> used(parts_.values.size(), false);
  for (const ValueId v : parts_.inputs) defined[v.index] = used[v.index] = true;
  for (std::size_t v = 0; v < parts_.values.size(); ++v)
    defined[v] = defined[v] || parts_.values[v].constant.has_value();
  for (const std::uint32_t n : order)
    for (const ValueId v : parts_.nodes[n].outputs) defined[v.index] = used[v.index] = true;
  const auto use = [&](ValueId v) {
    if (!v.valid()) return;
    used[v.index] = true;
    if (!defined[v.index])
      throw UserError({"a value is used but never made", parts_.values[v.index].name,
                       "no node, input or constant defines it", "repair the model file"});
  };
  for (const std::uint32_t n : order)
    for (const ValueId v : parts_.nodes[n].inputs) use(v);
  for (const ValueId v : parts_.outputs) use(v);

  Graph::Parts result;
  result.name = std::move(parts_.name);
  std::vector<ValueId> renamed(parts_.values.size());
  for (std::size_t v = 0; v < parts_.values.size(); ++v)
    if (used[v]) renamed[v] = append(result.values, std::move(parts_.values[v]));
  const auto rename = [&](std::vector<ValueId> ids) {
    for (ValueId& v : ids)
      if (v.valid()) v = renamed[v.index];
    return ids;
  };
  for (const std::uint32_t n : order) {
    Node node = std::move(parts_.nodes[n]);
    node.inputs = rename(std::move(node.inputs));
    node.outputs = rename(std::move(node.outputs));
    result.nodes.push_back(std::move(node));
  }
  result.inputs = rename(std::move(parts_.inputs));
  result.outputs = rename(std::move(parts_.outputs));
  return Graph(std::move(result));
}

}  // namespace mote
