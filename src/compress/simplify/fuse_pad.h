// Moves a constant Pad of image borders into the padding of the convolutions and pools that read it: zeros
// (zero points) into Conv2D and DepthwiseConv2D, zeros into an AveragePool that counts its padding, the least
// value into a MaxPool.
#pragma once

#include "ir/graph.h"

namespace mote {

Graph fuse_pad(const Graph& graph);

}  // namespace mote
