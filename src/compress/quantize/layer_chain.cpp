#include "compress/quantize/layer_chain.h"

#include <algorithm>
#include <cmath>

#include "compress/quantize/weighted.h"
#include "compress/simplify/channel_affine.h"
#include "ops/unary.h"

namespace mote {

namespace {

Clamp joined(Clamp first, Clamp second) {
  return {std::min(std::max(first.min, second.min), second.max),
          std::min(std::max(first.max, second.min), second.max)};
}

// The chain with its only reader, if that can join.
std::optional<LayerChain> longer(const Graph& graph, const LayerChain& chain) {
  if (graph.is_output(chain.y) || graph.consumers(chain.y).size() != 1) return std::nullopt;
  const NodeId reader = graph.consumers(chain.y)[0];
  const Node& node = graph.node(reader);
  LayerChain next = chain;
  next.nodes.push_back(reader);
  next.y = node.outputs[0];
  if (const auto clamp = activation_clamp(*node.op)) {
    next.clamp = joined(chain.clamp, *clamp);
    return next;
  }
  const auto affine = is_bounded(chain.clamp) ? std::nullopt : channel_affine(graph, reader);
  if (!affine || affine->input != chain.y || affine->scale.size() != chain.factor.size()) return std::nullopt;
  for (std::size_t c = 0; c < chain.factor.size(); ++c) {
    next.factor[c] = chain.factor[c] * affine->scale[c];
    next.shift[c] = chain.shift[c] * affine->scale[c] + affine->shift[c];
  }
  next.clamp = affine->clamp;
  next.has_factors = true;
  return next;
}

}  // namespace

bool is_bounded(Clamp clamp) { return !std::isinf(clamp.min) || !std::isinf(clamp.max); }

std::optional<Clamp> activation_clamp(const Operator& op) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const auto* unary = dynamic_cast<const Unary*>(&op);
  if (!unary) return std::nullopt;
  if (unary->function == "Relu") return Clamp{0, kInfinity};
  if (unary->function == "Relu6") return Clamp{0, 6};
  if (unary->function == "Clip" && unary->alpha <= unary->beta) return Clamp{unary->alpha, unary->beta};
  return std::nullopt;
}

std::vector<LayerChain> layer_chains(const Graph& graph, NodeId layer) {
  const Node& node = graph.node(layer);
  const Shape& weights = graph.type(node.inputs[1]).shape;
  const auto channels =
      static_cast<std::size_t>(node.op->name() == "DepthwiseConv2D" ? weights[3] : weights[0]);
  std::vector<LayerChain> chains{{node.outputs[0],
                                  {},
                                  std::vector<double>(channels, 1.0),
                                  std::vector<double>(channels, 0.0),
                                  fused_clamp(*node.op)}};
  while (auto next = longer(graph, chains.back())) chains.push_back(std::move(*next));
  return chains;
}

}  // namespace mote
