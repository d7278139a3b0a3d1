#include "compress/simplify/remove_dead_channels.h"

#include <algorithm>
#include <cstring>

#include "compress/simplify/channel_need.h"
#include "compress/simplify/rewiring.h"
#include "ops/reshape.h"
#include "ops/slice.h"

namespace mote {

namespace {

using Channels = std::vector<std::int64_t>;

// The slices of a constant at these indices of one axis, scales along with them.
Tensor take(const Tensor& tensor, int axis, const Channels& indices) {
  const TensorType& from = tensor.type();
  const auto at = static_cast<std::size_t>(axis);
  TensorType to{from.shape, from.encoding, {}};
  to.shape[at] = static_cast<std::int64_t>(indices.size());
  if (from.encoding.is_per_axis() && from.encoding.quantization().axis == axis) {
    Quantization q{axis, {}, {}};
    for (const std::int64_t i : indices) {
      q.scales.push_back(from.encoding.scale(static_cast<std::size_t>(i)));
      q.zero_points.push_back(from.encoding.zero_point(static_cast<std::size_t>(i)));
    }
    to.encoding = from.encoding.with_quantization(std::move(q));
  }
  std::int64_t outer = 1, inner = from.encoding.container_bytes();
  for (std::size_t a = 0; a < at; ++a) outer *= from.shape[a];
  for (std::size_t a = at + 1; a < from.shape.size(); ++a) inner *= from.shape[a];
  std::vector<std::byte> bytes(static_cast<std::size_t>(to.bytes()));
  std::byte* target = bytes.data();
  for (std::int64_t o = 0; o < outer; ++o)
    for (const std::int64_t i : indices) {
      std::memcpy(target, tensor.bytes().data() + (o * from.shape[at] + i) * inner,
                  static_cast<std::size_t>(inner));
      target += inner;
    }
  return {std::move(to), std::move(bytes)};
}

class Removal {
 public:
  explicit Removal(const Graph& graph)
      : graph_(graph), bounds_(channel_bounds(graph)), need_(channel_need(graph, bounds_)), patch_(graph) {}

  Graph run() {
    bool changed = false;
    for (std::uint32_t v = 0; v < graph_.values().size(); ++v) {
      if (keeps_all(ValueId{v})) continue;
      TensorType type = graph_.type(ValueId{v});
      type.shape.back() = static_cast<std::int64_t>(kept(ValueId{v}).size());
      patch_.set_type(ValueId{v}, std::move(type));
      changed = true;
    }
    if (!changed) return graph_;
    for (const NodeId n : node_ids(graph_)) {
      const Node& node = graph_.node(n);
      if (const auto layer = mixing_layer(graph_, n))
        shrink_layer(n, *layer);
      else if (!node.outputs.empty() && !keeps_all(node.outputs[0]))
        shrink_tied(n);
    }
    return std::move(patch_).apply();
  }

 private:
  bool keeps_all(ValueId v) const {
    const auto& need = need_[v.index];
    return std::all_of(need.begin(), need.end(), [](bool needed) { return needed; });
  }

  Channels kept(ValueId v) const {
    Channels channels;
    for (std::size_t c = 0; c < need_[v.index].size(); ++c)
      if (need_[v.index][c]) channels.push_back(static_cast<std::int64_t>(c));
    return channels;
  }

  ValueId add_taken(ValueId constant, int axis, const Channels& channels) {
    return patch_.add_constant(graph_.value(constant).name, take(*graph_.constant(constant), axis, channels));
  }

  // What the constant channels that go add to each accumulator.
  std::vector<std::int64_t> moved_sums(const Node& node, const MixingLayer& layer) const {
    const ValueId x = node.inputs[0];
    const Encoding& e = graph_.type(x).encoding;
    const std::int64_t zero = e.is_quantized() ? e.zero_point() : 0;
    std::vector<std::int64_t> sums;
    for (const auto& row : tap_totals(*graph_.constant(node.inputs[1]), layer)) {
      std::int64_t sum = 0;
      for (std::size_t c = 0; c < row.size(); ++c)
        if (!need_[x.index][c] && bounds_[x.index][c].is_constant())
          sum += row[c] * (bounds_[x.index][c].low - zero);
      sums.push_back(sum);
    }
    return sums;
  }

  // Needed outputs only: their sums have been checked to fit.
  ValueId moved_bias(const Node& node, const std::vector<std::int64_t>& sums) {
    const bool has_bias = node.inputs.size() > 2 && node.inputs[2].valid();
    const Channels outputs = kept(node.outputs[0]);
    std::vector<std::int64_t> values;
    for (const std::int64_t o : outputs)
      values.push_back(sums[static_cast<std::size_t>(o)] +
                       (has_bias ? graph_.constant(node.inputs[2])->integer_at(o) : 0));
    if (has_bias) {
      const Tensor taken = take(*graph_.constant(node.inputs[2]), 0, outputs);
      return patch_.add_constant(graph_.value(node.inputs[2]).name, Tensor::integers(taken.type(), values));
    }
    if (std::all_of(values.begin(), values.end(), [](std::int64_t v) { return v == 0; })) return {};
    const TensorType type{{static_cast<std::int64_t>(values.size())}, Encoding::integer(32, true), {}};
    return patch_.add_constant(node.name + "/bias", Tensor::integers(type, values));
  }

  void shrink_layer(NodeId n, const MixingLayer& layer) {
    const Node& node = graph_.node(n);
    if (keeps_all(node.inputs[0]) && keeps_all(node.outputs[0])) return;
    Tensor weights = *graph_.constant(node.inputs[1]);
    if (!keeps_all(node.outputs[0])) weights = take(weights, layer.output_axis, kept(node.outputs[0]));
    if (!keeps_all(node.inputs[0])) weights = take(weights, layer.input_axis, kept(node.inputs[0]));
    std::vector<ValueId> inputs = {
        node.inputs[0], patch_.add_constant(graph_.value(node.inputs[1]).name, std::move(weights))};
    if (const ValueId bias = moved_bias(node, moved_sums(node, layer)); bias.valid()) inputs.push_back(bias);
    patch_.set_node_inputs(n, std::move(inputs));
  }

  // Elementwise, depthwise, movement: constants follow, attributes that hold the extent change.
  void shrink_tied(NodeId n) {
    const Node& node = graph_.node(n);
    const Channels channels = kept(node.outputs[0]);
    const auto old = static_cast<std::int64_t>(need_[node.outputs[0].index].size());
    const auto count = static_cast<std::int64_t>(channels.size());
    std::vector<ValueId> inputs = node.inputs;
    for (ValueId& v : inputs)
      if (graph_.constant(v) && channels_of(graph_.type(v).shape) == old && old > 1)
        v = add_taken(v, static_cast<int>(graph_.type(v).shape.size()) - 1, channels);
    patch_.set_node_inputs(n, std::move(inputs));
    if (const auto* reshape = node.as<Reshape>()) {
      auto op = std::make_shared<Reshape>(*reshape);
      op->shape.back() = count;
      patch_.set_operator(n, std::move(op));
    } else if (const auto* slice = node.as<Slice>()) {
      auto op = std::make_shared<Slice>(*slice);
      op->sizes.back() = count;
      patch_.set_operator(n, std::move(op));
    }
  }

  const Graph& graph_;
  std::vector<ChannelBounds> bounds_;
  ChannelNeed need_;
  Patch patch_;
};

}  // namespace

Graph remove_dead_channels(const Graph& graph) { return Removal(graph).run(); }

}  // namespace mote
