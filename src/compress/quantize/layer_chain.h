// A layer with weights and the nodes behind it that can become part of it.
#pragma once

#include <optional>
#include <vector>

#include "ir/graph.h"
#include "ops/fixed_point.h"

namespace mote {

// y = clamp(factor[c] * layer + shift[c]), c the output channel; `layer` without its own fused activation.
struct LayerChain {
  ValueId y;
  std::vector<NodeId> nodes;  // behind the layer, in order
  std::vector<double> factor, shift;
  Clamp clamp;
  bool has_factors = false;  // more than an activation follows
};

bool is_bounded(Clamp clamp);
// The least and the greatest value of Relu, Relu6 and Clip.
std::optional<Clamp> activation_clamp(const Operator& op);

// Of a Conv2D, DepthwiseConv2D, ConvTranspose2D or FullyConnected: the layer alone first, then with one node
// more each, as far as every value has one reader: channel factors (simplify/channel_affine.h), then
// activations.
std::vector<LayerChain> layer_chains(const Graph& graph, NodeId layer);

}  // namespace mote
