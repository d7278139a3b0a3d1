#include "compress/simplify/fold_batch_norm.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "compress/simplify/channel_affine.h"
#include "compress/simplify/rewiring.h"
#include "ops/batch_normalization.h"
#include "ops/conv2d.h"
#include "ops/conv_transpose2d.h"
#include "ops/depthwise_conv2d.h"
#include "ops/fully_connected.h"

namespace mote {

namespace {

const Tensor* real_constant(const Graph& graph, ValueId v) {
  const Tensor* tensor = graph.constant(v);
  return tensor && tensor->type().encoding.is_real() ? tensor : nullptr;
}

std::optional<ChannelAffine> unbounded_affine(const Graph& graph, NodeId n) {
  auto affine = channel_affine(graph, n);
  if (affine && (!std::isinf(affine->clamp.min) || !std::isinf(affine->clamp.max))) return std::nullopt;
  return affine;
}

// How the weights of a node are laid out.
struct Layer {
  std::int64_t outputs;  // channels
  std::int64_t groups;
  bool is_depthwise;
  bool has_padding;
  bool has_clamp;

  // output and input channel of weight element i
  std::int64_t output_of(std::int64_t i, std::int64_t elements) const {
    return is_depthwise ? i % outputs : i / (elements / outputs);
  }
  std::int64_t input_of(std::int64_t i, std::int64_t elements, const Shape& weights,
                        std::int64_t channels) const {
    if (is_depthwise) return i % outputs / (outputs / channels);
    return output_of(i, elements) / (outputs / groups) * weights.back() + i % weights.back();
  }
};

template <class Op>
Layer layer_from(const Op& op, std::int64_t outputs, std::int64_t groups) {
  Layer layer{outputs, groups, std::is_same_v<Op, DepthwiseConv2D>, false,
              !std::isinf(op.clamp_min) || !std::isinf(op.clamp_max)};
  if constexpr (requires { op.padding; })
    layer.has_padding =
        std::any_of(op.padding.begin(), op.padding.end(), [](std::int64_t p) { return p != 0; });
  return layer;
}

// The node as a layer with constant real weights and, if any, bias.
std::optional<Layer> layer_of(const Graph& graph, const Node& node) {
  if (node.inputs.size() < 2 || !real_constant(graph, node.inputs[1])) return std::nullopt;
  if (node.inputs.size() > 2 && node.inputs[2].valid() && !real_constant(graph, node.inputs[2]))
    return std::nullopt;
  const Shape& w = graph.type(node.inputs[1]).shape;
  if (const auto* op = node.as<Conv2D>()) return layer_from(*op, w[0], op->groups);
  if (const auto* op = node.as<DepthwiseConv2D>()) return layer_from(*op, w[3], 1);
  if (const auto* op = node.as<ConvTranspose2D>()) return layer_from(*op, w[0], op->groups);
  if (const auto* op = node.as<FullyConnected>()) return layer_from(*op, w[0], 1);
  return std::nullopt;
}

std::vector<double> bias_of(const Graph& graph, const Node& node, std::int64_t outputs) {
  std::vector<double> bias(static_cast<std::size_t>(outputs), 0.0);
  if (node.inputs.size() > 2 && node.inputs[2].valid()) {
    const auto values = graph.constant(node.inputs[2])->floats();
    std::copy(values.begin(), values.end(), bias.begin());
  }
  return bias;
}

// Gives the node new weights, w[i] * factor(i), and a new bias; `input` replaces its data operand.
void set_weights(const Graph& graph, Patch& patch, NodeId n, ValueId input,
                 const std::function<double(std::int64_t)>& factor, const std::vector<double>& bias) {
  const Node& node = graph.node(n);
  const Tensor& weights = *graph.constant(node.inputs[1]);
  const auto old = weights.floats();
  std::vector<float> values(old.size());
  for (std::size_t i = 0; i < old.size(); ++i)
    values[i] = static_cast<float>(old[i] * factor(static_cast<std::int64_t>(i)));
  const std::vector<float> shifts(bias.begin(), bias.end());
  const bool has_bias = node.inputs.size() > 2 && node.inputs[2].valid();
  const std::string bias_name =
      has_bias ? graph.value(node.inputs[2]).name : graph.value(node.inputs[1]).name + "_bias";
  const ValueId w =
      patch.add_constant(graph.value(node.inputs[1]).name, Tensor::reals(weights.type().shape, values));
  const ValueId b =
      patch.add_constant(bias_name, Tensor::reals({static_cast<std::int64_t>(shifts.size())}, shifts));
  patch.set_node_inputs(n, {input, w, b});
}

// layer -> affine
bool fold_into_producer(const Graph& graph, Patch& patch, NodeId n, const ChannelAffine& affine) {
  const NodeId producer = graph.value(affine.input).producer;
  if (!producer.valid() || !is_read_only_by(graph, affine.input, n)) return false;
  const Node& node = graph.node(producer);
  const auto layer = layer_of(graph, node);
  if (!layer || layer->has_clamp || layer->outputs != static_cast<std::int64_t>(affine.scale.size()))
    return false;
  auto bias = bias_of(graph, node, layer->outputs);
  for (std::size_t c = 0; c < bias.size(); ++c) bias[c] = affine.scale[c] * bias[c] + affine.shift[c];
  const std::int64_t elements = graph.type(node.inputs[1]).elements();
  set_weights(
      graph, patch, producer, node.inputs[0],
      [&](std::int64_t i) { return affine.scale[static_cast<std::size_t>(layer->output_of(i, elements))]; },
      bias);
  patch.set_node_outputs(producer, {graph.node(n).outputs[0]});
  patch.remove_node(n);
  return true;
}

// affine -> layer
bool fold_into_reader(const Graph& graph, Patch& patch, NodeId n, const ChannelAffine& affine) {
  const ValueId out = graph.node(n).outputs[0];
  const auto readers = graph.consumers(out);
  if (readers.size() != 1 || graph.is_output(out) || graph.constant(affine.input)) return false;
  const Node& node = graph.node(readers[0]);
  const auto layer = layer_of(graph, node);
  const bool shifts = std::any_of(affine.shift.begin(), affine.shift.end(), [](double t) { return t != 0; });
  if (!layer || node.as<ConvTranspose2D>() || node.inputs[0] != out || (shifts && layer->has_padding))
    return false;
  const TensorType& w = graph.type(node.inputs[1]);
  const auto channels = static_cast<std::int64_t>(affine.scale.size());
  const std::int64_t elements = w.elements();
  auto bias = bias_of(graph, node, layer->outputs);
  const auto old = graph.constant(node.inputs[1])->floats();
  const auto input_of = [&](std::int64_t i) {
    return static_cast<std::size_t>(layer->input_of(i, elements, w.shape, channels));
  };
  for (std::int64_t i = 0; i < elements; ++i)
    bias[static_cast<std::size_t>(layer->output_of(i, elements))] +=
        old[static_cast<std::size_t>(i)] * affine.shift[input_of(i)];
  set_weights(
      graph, patch, readers[0], affine.input, [&](std::int64_t i) { return affine.scale[input_of(i)]; },
      bias);
  patch.remove_node(n);
  return true;
}

// One round: every pair of neighbours that no other pair of the round has changed.
Graph fold_once(const Graph& graph, bool norms) {
  Patch patch(graph);
  bool changed = false;
  std::vector<bool> touched(graph.nodes().size(), false);
  const auto claim = [&](NodeId a, NodeId b) { touched[a.index] = touched[b.index] = changed = true; };
  for (const NodeId n : node_ids(graph)) {
    if (touched[n.index]) continue;
    const bool is_norm = graph.node(n).as<BatchNormalization>() != nullptr;
    const auto affine = is_norm && !norms ? std::nullopt : unbounded_affine(graph, n);
    if (!affine) continue;
    const NodeId before = graph.value(affine->input).producer;
    if (before.valid() && !touched[before.index] && fold_into_producer(graph, patch, n, *affine)) {
      claim(n, before);
      continue;
    }
    const auto readers = graph.consumers(graph.node(n).outputs[0]);
    if (is_norm && readers.size() == 1 && !touched[readers[0].index] &&
        fold_into_reader(graph, patch, n, *affine))
      claim(n, readers[0]);
  }
  return finish(graph, std::move(patch), changed);
}

Graph fold_all(const Graph& graph, bool norms) {
  for (Graph current = graph;;) {
    const Graph next = fold_once(current, norms);
    if (is_same(next, current)) return current;
    current = next;
  }
}

}  // namespace

Graph fold_batch_norm(const Graph& graph) { return fold_all(graph, true); }

Graph fold_channel_constants(const Graph& graph) { return fold_all(graph, false); }

}  // namespace mote
