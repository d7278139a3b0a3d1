#include "ir/graph.h"

#include <algorithm>

#include "base/hash.h"

namespace mote {

struct Graph::Body {
  Parts parts;
  std::vector<std::vector<NodeId>> consumers;  // by value
};

Graph::Graph() : Graph(Parts{}) {}

Graph::Graph(Parts parts) {
  auto body = std::make_shared<Body>();
  body->parts = std::move(parts);
  auto& p = body->parts;
  body->consumers.resize(p.values.size());
  for (Value& v : p.values) v.producer = NodeId{};
  for (std::uint32_t n = 0; n < p.nodes.size(); ++n) {
    for (const ValueId out : p.nodes[n].outputs) p.values.at(out.index).producer = NodeId{n};
    for (const ValueId in : p.nodes[n].inputs) {
      if (!in.valid()) continue;
      auto& readers = body->consumers.at(in.index);
      if (readers.empty() || readers.back() != NodeId{n}) readers.push_back(NodeId{n});
    }
  }
  body_ = std::move(body);
}

const std::string& Graph::name() const { return body_->parts.name; }
std::span<const Node> Graph::nodes() const { return body_->parts.nodes; }
std::span<const Value> Graph::values() const { return body_->parts.values; }
std::span<const ValueId> Graph::inputs() const { return body_->parts.inputs; }
std::span<const ValueId> Graph::outputs() const { return body_->parts.outputs; }
const Node& Graph::node(NodeId id) const { return body_->parts.nodes.at(id.index); }
const Value& Graph::value(ValueId id) const { return body_->parts.values.at(id.index); }
std::span<const NodeId> Graph::consumers(ValueId id) const { return body_->consumers.at(id.index); }
const Graph::Parts& Graph::parts() const { return body_->parts; }

const Tensor* Graph::constant(ValueId id) const {
  if (!id.valid()) return nullptr;
  const auto& constant = value(id).constant;
  return constant ? &*constant : nullptr;
}

bool Graph::is_output(ValueId id) const {
  const auto outs = outputs();
  return std::find(outs.begin(), outs.end(), id) != outs.end();
}

InputTypes Graph::input_types(NodeId id) const {
  InputTypes types;
  for (const ValueId v : node(id).inputs) types.push_back(v.valid() ? &type(v) : nullptr);
  return types;
}

OutputTypes Graph::output_types(NodeId id) const {
  OutputTypes types;
  for (const ValueId v : node(id).outputs) types.push_back(&type(v));
  return types;
}

std::string Graph::describe(NodeId id) const {
  const Node& n = node(id);
  std::string text(n.op->name());
  if (!n.name.empty()) text += " '" + n.name + "'";
  return text + " (node " + std::to_string(id.index) + ")";
}

bool Graph::operator==(const Graph& other) const {
  if (body_ == other.body_) return true;
  const Parts& a = parts();
  const Parts& b = other.parts();
  const auto same_node = [](const Node& x, const Node& y) {
    return x.inputs == y.inputs && x.outputs == y.outputs && x.name == y.name && *x.op == *y.op;
  };
  const auto same_value = [](const Value& x, const Value& y) {
    return x.name == y.name && x.type == y.type && x.constant == y.constant;
  };
  return a.name == b.name && a.inputs == b.inputs && a.outputs == b.outputs &&
         std::equal(a.nodes.begin(), a.nodes.end(), b.nodes.begin(), b.nodes.end(), same_node) &&
         std::equal(a.values.begin(), a.values.end(), b.values.begin(), b.values.end(), same_value);
}

std::vector<NodeId> node_ids(const Graph& graph) {
  std::vector<NodeId> ids(graph.nodes().size());
  for (std::uint32_t i = 0; i < ids.size(); ++i) ids[i] = NodeId{i};
  return ids;
}

}  // namespace mote
