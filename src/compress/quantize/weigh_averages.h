// Averages and standing channel factors of the simulated stage as layers with weights.
#pragma once

#include "ir/graph.h"

namespace mote {

// An average pool whose result is quantized otherwise than its operand becomes a depthwise convolution with
// equal weights, and channel factors (batch normalization) of quantized images that follow no layer get a
// depthwise layer of one tap in front of them: the integer law then has one rounding, from the sum to the
// result. The weights stand as quantized constants, 64 steps each, so that the bias of the layer is finer
// than its operand.
Graph weigh_averages(const Graph& graph);

}  // namespace mote
