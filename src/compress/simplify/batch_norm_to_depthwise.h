// Makes a BatchNormalization of an image that stands alone (in front of a rectifier, behind an Add or a
// Concat, as in pre-activation networks) a 1x1 DepthwiseConv2D, which has an integer form and takes a fused
// activation: w[c] = gamma / sqrt(variance + epsilon), b[c] = beta - w[c] mean. Where fold_batch_norm can
// fold one, it should come first. Real graphs only.
#pragma once

#include "ir/graph.h"

namespace mote {

Graph batch_norm_to_depthwise(const Graph& graph);

}  // namespace mote
