// The layers with constant weights (Conv2D, DepthwiseConv2D, ConvTranspose2D, FullyConnected) as quantization
// sees them.
#pragma once

#include <optional>

#include "ir/graph.h"
#include "ops/fixed_point.h"

namespace mote {

// Inputs 0, 1, 2: x, constant real weights, optional constant bias.
struct WeightedLayer {
  int output_axis;  // of the weights: one slice per output channel
  std::optional<int>
      input_axis;          // of the weights: one slice per input channel; none where channels are grouped
  bool depthwise = false;  // output channel c reads input channel c / multiplier only
};

// Nothing when the node is another operator, or its weights are computed.
std::optional<WeightedLayer> weighted_layer(const Graph& graph, NodeId id);

// The fused activation of such a layer; {-inf, inf} for operators without one.
Clamp fused_clamp(const Operator& op);
OperatorPtr without_clamp(const Operator& op);

}  // namespace mote
