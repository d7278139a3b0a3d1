#include "compress/simplify/batch_norm_to_depthwise.h"

#include <array>
#include <cmath>

#include "compress/simplify/rewiring.h"
#include "ops/batch_normalization.h"
#include "ops/depthwise_conv2d.h"

namespace mote {

namespace {

bool replace(const Graph& graph, Patch& patch, NodeId n) {
  const Node& node = graph.node(n);
  const auto* op = node.as<BatchNormalization>();
  if (!op || graph.type(node.inputs[0]).shape.size() != 4) return false;
  std::array<std::span<const float>, 4> parts;  // gamma, beta, mean, variance
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const Tensor* tensor = graph.constant(node.inputs.at(i + 1));
    if (!tensor || !tensor->type().encoding.is_real()) return false;
    parts[i] = tensor->floats();
  }
  std::vector<float> weights;
  std::vector<float> bias;
  for (std::size_t c = 0; c < parts[0].size(); ++c) {
    const double scale =
        parts[0][c] / std::sqrt(static_cast<double>(parts[3][c]) + static_cast<double>(op->epsilon));
    weights.push_back(static_cast<float>(scale));
    bias.push_back(static_cast<float>(parts[1][c] - scale * parts[2][c]));
  }
  const auto channels = static_cast<std::int64_t>(weights.size());
  const ValueId w =
      patch.add_constant(graph.value(node.inputs[1]).name, Tensor::reals({1, 1, 1, channels}, weights));
  const ValueId b = patch.add_constant(graph.value(node.inputs[2]).name, Tensor::reals({channels}, bias));
  patch.set_operator(n, std::make_shared<DepthwiseConv2D>());
  patch.set_node_inputs(n, {node.inputs[0], w, b});
  return true;
}

}  // namespace

Graph batch_norm_to_depthwise(const Graph& graph) {
  Patch patch(graph);
  bool changed = false;
  for (const NodeId n : node_ids(graph)) changed |= replace(graph, patch, n);
  return finish(graph, std::move(patch), changed);
}

}  // namespace mote
