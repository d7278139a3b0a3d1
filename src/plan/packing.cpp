#include "plan/packing.h"

#include <algorithm>

#include "plan/plan.h"

namespace mote {

namespace {

class PackingSearch {
 public:
  PackingSearch(const Graph& graph, const FindRun& find_run)
      : graph_(graph), find_run_(find_run), packing_(graph) {}

  Packing run(Optimize optimize) {
    for (const NodeId n : node_ids(graph_))
      for (const ValueId v : graph_.node(n).outputs) packing_.set(v, packed_bits(graph_.type(v)) > 0);
    for (const ValueId v : graph_.inputs()) packing_.set(v, false);
    for (const ValueId v : graph_.outputs()) packing_.set(v, false);
    do {
      changed_ = false;
      for (const NodeId n : node_ids(graph_)) settle(n);
      if (!changed_ && optimize == Optimize::kSpeed) unpack_what_only_strips_have();
    } while (changed_);
    return packing_;
  }

 private:
  static bool any(const Packing& packing, const std::vector<ValueId>& values) {
    return std::any_of(values.begin(), values.end(), packing);
  }

  void settle(NodeId n) {
    const Node& node = graph_.node(n);
    if (!any(packing_, node.inputs) && !any(packing_, node.outputs)) return;
    if (is_alias(graph_, n)) {
      if (packing_(node.inputs[0]) != packing_(node.outputs[0]))
        unpack(packing_, {node.inputs[0], node.outputs[0]});
      return;
    }
    if (find_run_(n, packing_) != PackedRun::kNot) return;
    for (const auto& side : {node.outputs, node.inputs}) {
      if (!any(packing_, side)) continue;
      Packing tried = packing_;
      unpack(tried, side);
      if (!any(tried, node.inputs) && !any(tried, node.outputs)) continue;
      if (find_run_(n, tried) == PackedRun::kNot) continue;
      packing_ = tried;
      return;
    }
    unpack(packing_, node.inputs);
    unpack(packing_, node.outputs);
  }

  void unpack_what_only_strips_have() {
    std::vector<bool> native(graph_.values().size(), false);
    for (const NodeId n : node_ids(graph_)) {
      const Node& node = graph_.node(n);
      if (is_alias(graph_, n)) {  // in topological order: a producer's kernel counts for all shapes
        native[node.outputs[0].index] = native[node.inputs[0].index];
        continue;
      }
      if (!any(packing_, node.inputs) && !any(packing_, node.outputs)) continue;
      if (find_run_(n, packing_) != PackedRun::kNatively) continue;
      for (const auto& side : {node.inputs, node.outputs})
        for (const ValueId v : side)
          if (v.valid()) mark(native, v);
    }
    for (const NodeId n : node_ids(graph_))
      for (const ValueId v : graph_.node(n).outputs)
        if (!native[v.index]) unpack(packing_, {v});
  }

  // The value and what it is another shape of.
  void mark(std::vector<bool>& native, ValueId v) const {
    native[v.index] = true;
    const NodeId producer = graph_.value(v).producer;
    if (producer.valid() && is_alias(graph_, producer)) mark(native, graph_.node(producer).inputs[0]);
  }

  void unpack(Packing& packing, const std::vector<ValueId>& values) {
    for (const ValueId v : values)
      if (packing(v)) {
        packing.set(v, false);
        changed_ = true;
      }
  }

  const Graph& graph_;
  const FindRun& find_run_;
  Packing packing_;
  bool changed_ = false;
};

}  // namespace

int packed_bits(const TensorType& type) {
  const Encoding& e = type.encoding;
  if (!e.is_integer() || type.shape.empty() || (e.has_levels() && !e.is_bipolar())) return 0;
  const int bits = e.stored_bits();
  if (bits != 1 && bits != 2 && bits != 4) return 0;
  return type.shape.back() * bits % 8 == 0 ? bits : 0;
}

std::int64_t Packing::bytes(const Graph& graph, ValueId v) const {
  const TensorType& type = graph.type(v);
  return (*this)(v) ? type.elements() * packed_bits(type) / 8 : type.bytes();
}

Packing choose_packing(const Graph& graph, Optimize optimize, const FindRun& find_run) {
  return PackingSearch(graph, find_run).run(optimize);
}

std::vector<std::byte> pack(const Tensor& tensor) {
  const int bits = packed_bits(tensor.type());
  MOTE_CHECK(bits > 0, to_string(tensor.type()));
  const std::size_t per_byte = static_cast<std::size_t>(8 / bits);
  const auto elements = tensor.bytes();
  std::vector<std::byte> packed(elements.size() / per_byte);
  const bool bipolar = tensor.type().encoding.is_bipolar();
  for (std::size_t i = 0; i < elements.size(); ++i) {
    const auto element = static_cast<unsigned>(elements[i]);
    const unsigned code = bipolar ? ~element >> 1 & 1U : element & ((1U << bits) - 1);
    packed[i / per_byte] |= static_cast<std::byte>(code << (static_cast<unsigned>(bits) * (i % per_byte)));
  }
  return packed;
}

}  // namespace mote
