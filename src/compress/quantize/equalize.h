// Cross-layer equalization: between two layers with a positively homogeneous activation, relu(s x) = s
// relu(x), so channel c of the first may be divided by any s_c > 0 when the second multiplies it again. s_c
// is chosen so that both layers' weights of the channel get the same range, which lets one scale per tensor
// serve all channels better, and evens out the ranges of activations. Nagel, van Baalen, Blankevoort and
// Welling, "Data-Free Quantization Through Weight Equalization and Bias Correction", ICCV 2019,
// arXiv:1906.04721, section 4.1.
#pragma once

#include "ir/graph.h"

namespace mote {

// Rescales chains of Conv2D, DepthwiseConv2D, ConvTranspose2D and FullyConnected whose joining value has one
// reader, repeatedly, until the scales are near 1. Between them nothing or Relu (fused or a node of its own);
// pairs joined by another activation (Relu6, Clip), by a branch or by a graph output are left alone. The
// graph computes the same function up to rounding.
Graph equalize(const Graph& graph);

}  // namespace mote
