// Folds what scales and shifts each channel into the weights and bias beside it: BatchNormalization, and Mul,
// Add or Sub of a constant per channel. After a Conv2D, DepthwiseConv2D, ConvTranspose2D or FullyConnected; a
// BatchNormalization also before a Conv2D, DepthwiseConv2D or FullyConnected, where exact: a shift does not
// pass padding. Real graphs only.
//
// With y = s (w * x + b) + t: w' = s w, b' = s b + t per output channel; with y = w * (s x + t) + b: w' = w s
// per input channel, b' = b + sum(w t). Jacob et al., CVPR 2018, section 3.2.
#pragma once

#include "ir/graph.h"

namespace mote {

Graph fold_batch_norm(const Graph& graph);

// Mul, Add and Sub alone: batch normalization stays, for training.
Graph fold_channel_constants(const Graph& graph);

}  // namespace mote
