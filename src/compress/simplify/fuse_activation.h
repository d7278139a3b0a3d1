// Moves Relu, Relu6 and Clip into the clamp of the operator before them. Real graphs: always. Integer graphs:
// where both encodings are the same and the activation equals the clamp on every integer, which is tried out.
#pragma once

#include "ir/graph.h"

namespace mote {

Graph fuse_activation(const Graph& graph);

}  // namespace mote
