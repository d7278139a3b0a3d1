#include "compress/quantize/quantizer_sites.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <numeric>
#include <optional>
#include <set>

#include "base/error.h"
#include "compress/quantize/weighted.h"
#include "ops/pool.h"
#include "ops/resize.h"
#include "ops/unary.h"

namespace mote {

namespace {

template <std::size_t N>
bool is_one_of(const Node& node, const std::array<std::string_view, N>& names) {
  return std::find(names.begin(), names.end(), node.op->name()) != names.end();
}

// Results are elements of the operands: on the same grid.
bool moves_elements(const Node& node) {
  if (const auto* resize = node.as<Resize>()) return resize->function == "nearest";
  return is_one_of(node, std::array<std::string_view, 12>{"MaxPool", "ReduceMax", "ReduceMin", "Pad", "Split",
                                                          "Slice", "Reshape", "Transpose", "Gather",
                                                          "DepthToSpace", "SpaceToDepth", "Concat"});
}

// Results lie between elements of the operand; the integer law rounds them to the operand's own encoding.
bool averages(const Graph& graph, const Node& node) {
  if (const auto* resize = node.as<Resize>()) return resize->function != "nearest";
  if (node.op->name() != "AveragePool") return false;
  const Shape& y = graph.type(node.outputs[0]).shape;
  return y[1] != 1 || y[2] != 1;  // a global one is a mean, which rescales
}

bool is_softmax(const Node& node) {
  return is_one_of(node, std::array<std::string_view, 2>{"Softmax", "LogSoftmax"});
}

std::optional<double> real_field(const Node& node, std::string_view wanted) {
  for (const auto& [name, value] : node.op->fields())
    if (name == wanted) return std::get<double>(value);
  return std::nullopt;
}

// An activation function that the layer before it can take as its clamp: the lower bound.
std::optional<double> clamp_bound(const Node& node) {
  const auto* unary = node.as<Unary>();
  if (!unary) return std::nullopt;
  if (unary->function == "Relu" || unary->function == "Relu6") return 0;
  if (unary->function == "Clip") return static_cast<double>(unary->alpha);
  return std::nullopt;
}

bool rectifies(const Node& node) {
  const auto bound = clamp_bound(node);
  return (bound && *bound >= 0) || real_field(node, "clamp_min").value_or(-1) >= 0;
}

class Finder {
 public:
  Finder(const Graph& graph, const QuantizerPolicy& policy)
      : graph_(graph), policy_(policy), parent_(graph.values().size()) {
    std::iota(parent_.begin(), parent_.end(), 0U);
  }

  QuantizerSites run() {
    check_overrides();
    find_weights();
    for (const NodeId n : node_ids(graph_)) connect(n);
    for (std::uint32_t v = 0; v < parent_.size(); ++v) add_source(ValueId{v});
    for (const NodeId n : node_ids(graph_)) add_reader(n);
    for (const ValueId v : graph_.outputs()) demand(v, policy_.other_bits);
    find_signs();
    place();
    return std::move(sites_);
  }

 private:
  struct Group {
    int bits = 0;
    bool averaged = false;
    bool bipolar_reader = false;
    std::vector<ValueId> sources;
  };

  bool is_real(ValueId v) const { return v.valid() && graph_.type(v).encoding.is_real(); }
  bool is_computed(ValueId v) const { return is_real(v) && !graph_.constant(v); }

  std::uint32_t root(ValueId v) {
    std::uint32_t r = v.index;
    while (parent_[r] != r) r = parent_[r] = parent_[parent_[r]];
    return r;
  }
  void join(ValueId a, ValueId b) { parent_[root(b)] = root(a); }

  void check_overrides() const {
    std::set<std::string> known;
    for (const NodeId n : layers_with_weights(graph_)) known.insert(layer_key(graph_, n));
    for (const auto& [name, bits] : policy_.layers)
      if (!known.contains(name))
        throw UserError({"no such layer", name, "widths are given for a layer that the network does not have",
                         "name a node with weights as mote inspect shows it"});
  }

  // Which values have a layer with weights before, and after them.
  std::pair<std::vector<bool>, std::vector<bool>> reach() const {
    std::vector<bool> before(parent_.size(), false);
    std::vector<bool> after(parent_.size(), false);
    const auto nodes = graph_.nodes();
    for (const NodeId n : node_ids(graph_)) {
      bool any = layer_bits_.contains(n);
      for (const ValueId v : nodes[n.index].inputs) any = any || (v.valid() && before[v.index]);
      for (const ValueId v : nodes[n.index].outputs) before[v.index] = any;
    }
    for (std::uint32_t i = static_cast<std::uint32_t>(nodes.size()); i-- > 0;) {
      bool any = layer_bits_.contains(NodeId{i});
      for (const ValueId v : nodes[i].outputs) any = any || after[v.index];
      for (const ValueId v : nodes[i].inputs)
        if (v.valid()) after[v.index] = after[v.index] || any;
    }
    return {before, after};
  }

  void find_weights() {
    for (const NodeId n : layers_with_weights(graph_)) layer_bits_[n] = policy_.bits;
    const auto [before, after] = reach();
    for (auto& [n, bits] : layer_bits_) {
      const Node& node = graph_.node(n);
      const bool first = !before[node.inputs[0].index];
      const bool last = !after[node.outputs[0].index];
      if (policy_.first_last_bits > 0 && (first || last)) bits.weights = policy_.first_last_bits;
      if (policy_.first_last_bits > 0 && last) bits.activations = policy_.first_last_bits;
      if (first) bits.activations = policy_.other_bits;  // what the network is given keeps its width
      if (const auto found = policy_.layers.find(layer_key(graph_, n)); found != policy_.layers.end())
        bits = found->second;
      const auto layer = weighted_layer(graph_, n);
      sites_.weights.push_back({n, 1, bits.weights, layer && policy_.per_axis ? layer->output_axis : -1});
    }
    for (const NodeId n : node_ids(graph_)) find_constant_operands(n);
  }

  // A tensor of constants in a sum or a product; scalars of Pow stay what they are.
  void find_constant_operands(NodeId n) {
    const Node& node = graph_.node(n);
    if (!is_one_of(
            node, std::array<std::string_view, 7>{"Add", "Sub", "Mul", "Div", "Minimum", "Maximum", "PRelu"}))
      return;
    for (std::size_t i = 0; i < node.inputs.size(); ++i)
      if (is_real(node.inputs[i]) && graph_.constant(node.inputs[i]))
        sites_.weights.push_back({n, i, policy_.other_bits, -1});
  }

  void connect(NodeId n) {
    const Node& node = graph_.node(n);
    if (!moves_elements(node) && !averages(graph_, node)) return;
    if (!is_real(node.inputs[0])) return;
    for (const ValueId v : node.outputs) join(node.inputs[0], v);
    if (node.op->name() == "Concat")
      for (const ValueId v : node.inputs) join(node.inputs[0], v);
  }

  // The producer can still take more into itself: the value itself needs no quantizer.
  bool is_deferred(ValueId v) const {
    if (!is_computed(v) || graph_.is_output(v) || graph_.consumers(v).size() != 1) return false;
    const NodeId producer = graph_.value(v).producer;
    if (!producer.valid()) return false;
    const Node& from = graph_.node(producer);
    const Node& reader = graph_.node(graph_.consumers(v)[0]);
    if (moves_elements(from)) {  // passes on what is before it: the question is the same there
      if (from.inputs.size() != 1 || !is_deferred(from.inputs[0])) return false;
    }
    if (moves_elements(reader))
      return reader.inputs[0] == v && reader.inputs.size() == 1 && reader.outputs.size() == 1 &&
             leads_to_clamp(reader.outputs[0]);
    if (reader.op->name() == "BatchNormalization") return layer_bits_.contains(producer);
    return clamp_bound(reader) && (moves_elements(from) || takes_clamp(producer));
  }
  bool leads_to_clamp(ValueId v) const {
    if (graph_.is_output(v) || graph_.consumers(v).size() != 1) return false;
    const Node& reader = graph_.node(graph_.consumers(v)[0]);
    if (clamp_bound(reader)) return true;
    return moves_elements(reader) && reader.inputs.size() == 1 && reader.outputs.size() == 1 &&
           leads_to_clamp(reader.outputs[0]);
  }
  bool takes_clamp(NodeId n) const {
    const Node& node = graph_.node(n);
    return real_field(node, "clamp_min").has_value() || node.op->name() == "BatchNormalization";
  }

  void add_source(ValueId v) {
    if (!is_computed(v)) return;
    const NodeId producer = graph_.value(v).producer;
    const auto is_real_constant = [&](ValueId i) { return is_real(i) && graph_.constant(i); };
    if (producer.valid()) {
      const Node& node = graph_.node(producer);
      if (moves_elements(node) && std::ranges::none_of(node.inputs, is_real_constant)) return;
      if (is_softmax(node)) {
        sites_.prescribed.push_back(v);
        return;
      }
      if (averages(graph_, node)) groups_[root(v)].averaged = true;
      if (is_deferred(v)) return;
    } else {
      demand(v, policy_.other_bits);  // an input of the network
    }
    groups_[root(v)].sources.push_back(v);
  }

  void demand(ValueId v, int bits) {
    Group& group = groups_[root(v)];
    group.bits = std::max(group.bits, bits);
    group.bipolar_reader = group.bipolar_reader || bits == 1;
  }

  void add_reader(NodeId n) {
    const Node& node = graph_.node(n);
    if (moves_elements(node) || averages(graph_, node)) return;
    const auto layer = layer_bits_.find(n);
    for (std::size_t i = 0; i < node.inputs.size(); ++i) {
      const ValueId v = node.inputs[i];
      if (!is_computed(v) || is_deferred(v)) continue;
      const bool as_layer = layer != layer_bits_.end() && i == 0;
      demand(v, as_layer ? layer->second.activations : policy_.other_bits);
    }
  }

  void find_signs() {
    not_negative_.assign(parent_.size(), false);
    for (const NodeId n : node_ids(graph_)) {
      const bool result = never_negative(graph_.node(n));
      for (const ValueId v : graph_.node(n).outputs) not_negative_[v.index] = result;
    }
  }
  bool operand_not_negative(ValueId v) const {
    if (!v.valid()) return false;
    const Tensor* constant = graph_.constant(v);
    if (!constant || !constant->type().encoding.is_real()) return not_negative_[v.index];
    return std::ranges::all_of(constant->floats(), [](float x) { return x >= 0; });
  }
  bool never_negative(const Node& node) const {
    if (rectifies(node)) return true;
    if (is_one_of(node, std::array<std::string_view, 7>{"Sigmoid", "HardSigmoid", "Softmax", "Softplus",
                                                        "Square", "Abs", "Exp"}))
      return true;
    if (moves_elements(node) && node.op->name() != "Concat") return operand_not_negative(node.inputs[0]);
    if (averages(graph_, node) ||
        is_one_of(node, std::array<std::string_view, 9>{"Concat", "Add", "Mul", "ReduceMean", "ReduceSum",
                                                        "AveragePool", "Minimum", "Sqrt", "Relu6"}))
      return std::ranges::all_of(node.inputs,
                                 [&](ValueId v) { return !is_real(v) || operand_not_negative(v); });
    return false;
  }

  void place() {
    for (auto& [r, group] : groups_) {
      if (group.sources.empty()) continue;
      if (group.bits == 0) group.bits = policy_.other_bits;
      if (group.bits == 1 && group.averaged) group.bits = policy_.other_bits;
      const bool is_signed = group.bits == 1 || !std::ranges::all_of(group.sources, [&](ValueId v) {
                               return not_negative_[v.index];
                             });
      group_signed_[r] = is_signed;
      for (const ValueId v : group.sources) {
        sites_.activations.push_back({v, r, group.bits, is_signed});
        const NodeId producer = graph_.value(v).producer;
        if (group.bipolar_reader && producer.valid() && rectifies(graph_.node(producer)))
          sites_.rectifiers.push_back(producer);
      }
    }
    std::map<std::pair<ValueId, int>, NarrowSite> narrow;
    for (const auto& [n, bits] : layer_bits_) {
      const ValueId x = graph_.node(n).inputs[0];
      const auto group = groups_.find(root(x));
      if (group == groups_.end() || group->second.sources.empty()) continue;
      if (bits.activations >= group->second.bits) continue;
      NarrowSite& site = narrow[{x, bits.activations}];
      site.value = x;
      site.bits = bits.activations;
      site.is_signed = bits.activations == 1 || group_signed_.at(root(x));
      site.readers.push_back(n);
    }
    for (auto& [key, site] : narrow) sites_.narrow.push_back(std::move(site));
  }

  const Graph& graph_;
  const QuantizerPolicy& policy_;
  std::vector<std::uint32_t> parent_;      // union-find over values
  std::map<std::uint32_t, Group> groups_;  // by root
  std::map<std::uint32_t, bool> group_signed_;
  std::map<NodeId, LayerBits> layer_bits_;  // layers with weights
  std::vector<bool> not_negative_;          // by value
  QuantizerSites sites_;
};

}  // namespace

const std::string& layer_key(const Graph& graph, NodeId id) {
  const Node& node = graph.node(id);
  return node.name.empty() ? graph.value(node.outputs.at(0)).name : node.name;
}

std::vector<NodeId> layers_with_weights(const Graph& graph) {
  std::vector<NodeId> layers;
  for (const NodeId n : node_ids(graph)) {
    const Node& node = graph.node(n);
    const bool product = node.op->name() == "MatMul" && graph.constant(node.inputs[1]) &&
                         !graph.constant(node.inputs[0]) && graph.type(node.inputs[1]).encoding.is_real();
    if (product || weighted_layer(graph, n)) layers.push_back(n);
  }
  return layers;
}

QuantizerSites find_quantizer_sites(const Graph& graph, const QuantizerPolicy& policy) {
  return Finder(graph, policy).run();
}

}  // namespace mote
