#include "compress/simplify/channel_need.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "ops/accumulation.h"
#include "ops/binary.h"
#include "ops/concat.h"
#include "ops/conv2d.h"
#include "ops/depthwise_conv2d.h"
#include "ops/fully_connected.h"
#include "ops/pad.h"
#include "ops/pool.h"
#include "ops/prelu.h"
#include "ops/reduce.h"
#include "ops/requantize.h"
#include "ops/reshape.h"
#include "ops/resize.h"
#include "ops/slice.h"
#include "ops/transpose.h"
#include "ops/unary.h"

namespace mote {

namespace {

std::size_t index(std::int64_t i) { return static_cast<std::size_t>(i); }

// sources[c] = c * numerator / denominator, or c modulo `period`.
std::vector<std::int64_t> counted(std::int64_t channels, std::int64_t divisor = 1,
                                  std::int64_t period = std::numeric_limits<std::int64_t>::max()) {
  std::vector<std::int64_t> sources(index(channels));
  for (std::int64_t c = 0; c < channels; ++c) sources[index(c)] = c / divisor % period;
  return sources;
}

bool keeps_channels(const Node& node, const Shape& in) {
  const auto last = static_cast<std::int64_t>(in.size()) - 1;
  if (last < 0) return false;
  if (node.as<Unary>() || node.as<Requantize>() || node.as<Pool>() || node.as<Resize>()) return true;
  if (const auto* reduce = node.as<Reduce>())
    return std::find(reduce->axes.begin(), reduce->axes.end(), last) == reduce->axes.end();
  if (const auto* pad = node.as<Pad>()) return pad->before[index(last)] == 0 && pad->after[index(last)] == 0;
  if (const auto* slice = node.as<Slice>())
    return slice->starts[index(last)] == 0 && slice->steps[index(last)] == 1 &&
           slice->sizes[index(last)] == in[index(last)];
  if (const auto* transpose = node.as<Transpose>()) return transpose->permutation[index(last)] == last;
  return false;
}

std::vector<ChannelTie> concat_ties(const Graph& graph, const Node& node, const Concat& concat) {
  const Shape& y = graph.type(node.outputs[0]).shape;
  const bool along_channels = concat.axis + 1 == static_cast<std::int64_t>(y.size());
  std::vector<ChannelTie> ties;
  std::int64_t first = 0;
  for (const ValueId v : node.inputs) {
    if (graph.constant(v)) return {};
    const std::int64_t channels = channels_of(graph.type(v).shape);
    std::vector<std::int64_t> sources = counted(y.back());
    if (along_channels) {
      std::fill(sources.begin(), sources.end(), -1);
      std::iota(sources.begin() + first, sources.begin() + first + channels, 0);
      first += channels;
    }
    ties.push_back({v, node.outputs[0], std::move(sources)});
  }
  return ties;
}

// A constant operand follows; one that is broadcast over the channels must be constant or a single channel.
std::vector<ChannelTie> operand_ties(const Graph& graph, const Node& node) {
  const std::int64_t channels = channels_of(graph.type(node.outputs[0]).shape);
  std::vector<ChannelTie> ties;
  for (const ValueId v : node.inputs)
    if (!graph.constant(v) && channels_of(graph.type(v).shape) == channels)
      ties.push_back({v, node.outputs[0], counted(channels)});
  return ties;
}

// The extents after the last axis of the smaller side must fold into it: [.., C] to [.., n C].
std::vector<ChannelTie> reshape_ties(const Graph& graph, const Node& node) {
  const std::int64_t in = channels_of(graph.type(node.inputs[0]).shape);
  const std::int64_t out = channels_of(graph.type(node.outputs[0]).shape);
  if (graph.type(node.inputs[0]).shape.empty() || graph.type(node.outputs[0]).shape.empty() || out % in != 0)
    return {};
  return {{node.inputs[0], node.outputs[0], counted(out, 1, in)}};
}

bool is_s32(const Graph& graph, ValueId v) { return graph.type(v).encoding.bits() == 32; }

// The fixed point of: ties hold both ways, layers need what their needed outputs read.
class Need {
 public:
  Need(const Graph& graph, const std::vector<ChannelBounds>& bounds) : graph_(graph), bounds_(bounds) {
    for (const Value& v : graph.values()) {
      const bool fixed = v.constant || v.type.shape.empty();
      need_.emplace_back(index(channels_of(v.type.shape)), fixed);
    }
    for (const ValueId v : graph.inputs()) need_all(v);
    for (const ValueId v : graph.outputs()) need_all(v);
    for (const NodeId n : node_ids(graph)) {
      ties_.push_back(channel_ties(graph, n));
      reads_.push_back(reads_of(n));
    }
  }

  ChannelNeed run() {
    do {
      changed_ = false;
      auto nodes = node_ids(graph_);
      std::reverse(nodes.begin(), nodes.end());
      for (const NodeId n : nodes) visit(n);
      for (auto& channels : need_)
        if (!channels.empty() && std::find(channels.begin(), channels.end(), true) == channels.end())
          set(channels, 0);
    } while (changed_);
    return std::move(need_);
  }

 private:
  // reads[o][c]: output channel o depends on input channel c in a way that a bias cannot express.
  using Reads = std::vector<std::vector<bool>>;

  void set(std::vector<bool>& channels, std::size_t c) {
    changed_ = changed_ || !channels[c];
    channels[c] = true;
  }
  void need_all(ValueId v) {
    auto& channels = need_[v.index];
    for (std::size_t c = 0; c < channels.size(); ++c) set(channels, c);
  }

  Reads reads_of(NodeId n) const {
    const auto layer = mixing_layer(graph_, n);
    if (!layer) return {};
    const Node& node = graph_.node(n);
    const Encoding& e = graph_.type(node.inputs[0]).encoding;
    const std::int64_t zero = e.is_quantized() ? e.zero_point() : 0;
    const ChannelBounds& x = bounds_[node.inputs[0].index];
    const Tensor& w = *graph_.constant(node.inputs[1]);
    const auto totals = tap_totals(w, *layer);
    const bool bias_fits = folded_bias_fits(node, totals, x, zero);
    Reads reads(totals.size(), std::vector<bool>(totals[0].size(), false));
    const auto centered_weights = centered(widen(w));
    for (std::size_t i = 0; i < centered_weights.size(); ++i) {
      const auto at = static_cast<std::int64_t>(i);
      const auto c = index(axis_index(w.type().shape, layer->input_axis, at));
      const bool folds = x[c].is_constant() && (x[c].low == zero || (!layer->pads && bias_fits));
      if (centered_weights[i] != 0 && !folds)
        reads[index(axis_index(w.type().shape, layer->output_axis, at))][c] = true;
    }
    return reads;
  }

  // Whatever constant channels are folded, every sum on the way stays within 32 bits.
  bool folded_bias_fits(const Node& node, const std::vector<std::vector<std::int64_t>>& totals,
                        const ChannelBounds& x, std::int64_t zero) const {
    const bool has_bias = node.inputs.size() > 2 && node.inputs[2].valid();
    for (std::size_t o = 0; o < totals.size(); ++o) {
      std::int64_t most =
          has_bias ? std::abs(graph_.constant(node.inputs[2])->integer_at(static_cast<std::int64_t>(o))) : 0;
      for (std::size_t c = 0; c < x.size(); ++c)
        if (x[c].is_constant()) most += std::abs(totals[o][c] * (x[c].low - zero));
      if (most > std::numeric_limits<std::int32_t>::max()) return false;
    }
    return true;
  }

  void visit(NodeId n) {
    const Node& node = graph_.node(n);
    for (const ChannelTie& tie : ties_[n.index]) {
      auto& in = need_[tie.in.index];
      auto& out = need_[tie.out.index];
      for (const bool upward : {true, false})  // all copies of one source agree at once
        for (std::size_t c = 0; c < out.size(); ++c) {
          if (tie.sources[c] < 0) continue;
          if (upward ? out[c] : in[index(tie.sources[c])])
            set(upward ? in : out, upward ? index(tie.sources[c]) : c);
        }
    }
    if (const Reads& reads = reads_[n.index]; !reads.empty()) {
      for (std::size_t o = 0; o < reads.size(); ++o)
        for (std::size_t c = 0; need_[node.outputs[0].index][o] && c < reads[o].size(); ++c)
          if (reads[o][c]) set(need_[node.inputs[0].index], c);
    }
    if (!ties_[n.index].empty()) {
      for (const ValueId v : node.inputs) need_untied(n, v);
      return;
    }
    for (const ValueId v : node.inputs)
      if (v.valid() && reads_[n.index].empty()) need_all(v);
    for (const ValueId v : node.outputs)
      if (reads_[n.index].empty()) need_all(v);
  }

  // An operand that is broadcast over the channels.
  void need_untied(NodeId n, ValueId v) {
    const auto& ties = ties_[n.index];
    if (v.valid() && std::none_of(ties.begin(), ties.end(), [&](const ChannelTie& t) { return t.in == v; }))
      need_all(v);
  }

  const Graph& graph_;
  const std::vector<ChannelBounds>& bounds_;
  ChannelNeed need_;
  std::vector<std::vector<ChannelTie>> ties_;
  std::vector<Reads> reads_;
  bool changed_ = false;
};

}  // namespace

std::vector<ChannelTie> channel_ties(const Graph& graph, NodeId n) {
  const Node& node = graph.node(n);
  if (node.outputs.size() != 1 || node.inputs.empty() || !node.inputs[0].valid()) return {};
  const ValueId x = node.inputs[0], y = node.outputs[0];
  const TensorType& out = graph.type(y);
  for (const ValueId v : {x, y}) {
    const Encoding& e = graph.type(v).encoding;
    if (!e.is_integer() || e.is_per_axis() || graph.type(v).elements() == 0) return {};
  }
  if (out.shape.empty()) return {};
  if (const auto* concat = node.as<Concat>()) return concat_ties(graph, node, *concat);
  if (node.as<Binary>() || node.as<PRelu>()) return operand_ties(graph, node);
  if (node.as<Reshape>()) return graph.constant(x) ? std::vector<ChannelTie>{} : reshape_ties(graph, node);
  const auto is_fixed = [&](std::size_t i) {
    return node.inputs.size() <= i || !node.inputs[i].valid() || graph.constant(node.inputs[i]);
  };
  if (node.as<DepthwiseConv2D>() && is_fixed(1) && is_fixed(2)) {
    const std::int64_t multiplier = out.shape[3] / graph.type(x).shape[3];
    return {{x, y, counted(out.shape[3], multiplier)}};
  }
  if (keeps_channels(node, graph.type(x).shape)) return {{x, y, counted(out.shape.back())}};
  return {};
}

std::optional<MixingLayer> mixing_layer(const Graph& graph, NodeId n) {
  const Node& node = graph.node(n);
  const auto* conv = node.as<Conv2D>();
  if ((!conv || conv->groups != 1) && !node.as<FullyConnected>()) return std::nullopt;
  const bool has_bias = node.inputs.size() > 2 && node.inputs[2].valid();
  if (graph.constant(node.inputs[0]) || !graph.constant(node.inputs[1]) ||
      (has_bias && !graph.constant(node.inputs[2])))
    return std::nullopt;
  const bool is_integer = graph.type(node.inputs[0]).encoding.is_integer() &&
                          graph.type(node.outputs[0]).encoding.is_integer() &&
                          !is_s32(graph, node.outputs[0]) && graph.type(node.inputs[0]).elements() > 0;
  if (!is_integer) return std::nullopt;
  if (!conv) return MixingLayer{0, 1, false};
  const bool pads =
      std::any_of(conv->padding.begin(), conv->padding.end(), [](std::int64_t p) { return p != 0; });
  return MixingLayer{0, 3, pads};
}

std::vector<std::vector<std::int64_t>> tap_totals(const Tensor& weights, const MixingLayer& layer) {
  const Shape& shape = weights.type().shape;
  std::vector<std::vector<std::int64_t>> totals(
      index(shape[index(layer.output_axis)]),
      std::vector<std::int64_t>(index(shape[index(layer.input_axis)]), 0));
  const auto values = centered(widen(weights));
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto at = static_cast<std::int64_t>(i);
    totals[index(axis_index(shape, layer.output_axis, at))][index(axis_index(shape, layer.input_axis, at))] +=
        values[i];
  }
  return totals;
}

ChannelNeed channel_need(const Graph& graph, const std::vector<ChannelBounds>& bounds) {
  return Need(graph, bounds).run();
}

}  // namespace mote
