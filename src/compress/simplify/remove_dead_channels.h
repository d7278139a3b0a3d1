// Removes the channels of integer graphs that no output depends on: channels that nothing reads, and channels
// that interval analysis (bounds.h) proves constant, whose contribution moves into the biases of the layers
// that read them. Which may go is told in channel_need.h. Convolutions, depthwise and fully-connected layers
// get smaller weights and biases, the operators between them smaller tensors. The outputs stay bit for bit,
// for every input.
#pragma once

#include "ir/graph.h"

namespace mote {

Graph remove_dead_channels(const Graph& graph);

}  // namespace mote
