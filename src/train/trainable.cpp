#include "train/trainable.h"

#include "ops/batch_normalization.h"
#include "ops/conv2d.h"
#include "ops/conv_transpose2d.h"
#include "ops/depthwise_conv2d.h"
#include "ops/fully_connected.h"
#include "ops/gather.h"
#include "ops/layer_normalization.h"
#include "ops/mat_mul.h"
#include "ops/prelu.h"

namespace mote::train {

namespace {

struct Use {
  Role role;
  std::int64_t fan_in = 0;
};

bool is_quantizer(const Node& node) {
  return node.op->name() == "Quant" || node.op->name() == "BipolarQuant";
}

bool follows_layer(const Graph& graph, ValueId value) {
  const NodeId producer = graph.value(value).producer;
  if (!producer.valid()) return false;
  const Node& node = graph.node(producer);
  return node.as<MatMul>() || node.as<FullyConnected>() || node.as<Conv2D>() || node.as<DepthwiseConv2D>() ||
         node.as<ConvTranspose2D>();
}

std::optional<Use> layer_use(const Node& node, std::size_t input, const Shape& shape) {
  const auto weights_or_bias = [&](std::int64_t filters) -> std::optional<Use> {
    if (input == 1) return Use{Role::Weight, element_count(shape) / filters};
    if (input == 2) return Use{Role::Bias};
    return {};
  };
  if (node.as<Conv2D>() || node.as<ConvTranspose2D>() || node.as<FullyConnected>())
    return weights_or_bias(shape[0]);
  if (node.as<DepthwiseConv2D>()) return weights_or_bias(shape.back());
  if (const auto* op = node.as<MatMul>()) {
    const bool sums_along_last = input == 0 ? !op->transpose_a : op->transpose_b;
    const std::size_t from_end = sums_along_last ? 1 : 2;
    return Use{Role::Weight, shape[shape.size() - from_end]};
  }
  return {};
}

// What the constant is to this node, reading it as input number `input`.
std::optional<Use> use_of(const Graph& graph, const Node& node, std::size_t input, const Shape& shape) {
  if (const auto use = layer_use(node, input, shape)) return use;
  const bool parameter = input == 1 || input == 2;
  if ((node.as<BatchNormalization>() || node.as<LayerNormalization>()) && parameter)
    return Use{Role::Normalization};
  if (node.as<PRelu>() && input == 1) return Use{Role::Normalization};
  if (node.as<Gather>() && input == 0) return Use{Role::Weight};
  if (node.op->name() == "Add" && follows_layer(graph, node.inputs[1 - input])) return Use{Role::Bias};
  return {};
}

std::optional<Use> find_use(const Graph& graph, ValueId value) {
  for (const NodeId consumer : graph.consumers(value)) {
    const Node& node = graph.node(consumer);
    for (std::size_t i = 0; i < node.inputs.size(); ++i) {
      if (node.inputs[i] != value) continue;
      const auto use = is_quantizer(node) ? (i == 0 ? find_use(graph, node.outputs[0]) : std::nullopt)
                                          : use_of(graph, node, i, graph.type(value).shape);
      if (use) return use;
    }
  }
  return {};
}

}  // namespace

std::vector<Trainable> find_trainable(const Graph& graph) {
  std::vector<Trainable> result;
  for (std::uint32_t i = 0; i < graph.values().size(); ++i) {
    const ValueId value{i};
    const Tensor* constant = graph.constant(value);
    if (!constant || !constant->type().encoding.is_real()) continue;
    if (const auto use = find_use(graph, value)) result.push_back({value, use->role, use->fan_in});
  }
  return result;
}

std::vector<RunningStatistics> find_running_statistics(const Graph& graph) {
  std::vector<RunningStatistics> result;
  for (const Node& node : graph.nodes())
    if (node.as<BatchNormalization>() && graph.constant(node.inputs[3]) && graph.constant(node.inputs[4]))
      result.push_back({node.inputs[3], node.inputs[4]});
  return result;
}

}  // namespace mote::train
