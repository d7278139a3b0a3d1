// Removes nodes that change nothing: Identity; Reshape, Pad, Slice, Resize, Cast and Requantize to what is
// already there; Concat and Split of one; a pool of one cell. A Transpose that only moves axes of extent 1
// becomes a Reshape; of two Reshapes in a row one remains.
#pragma once

#include "ir/graph.h"

namespace mote {

Graph remove_identity(const Graph& graph);

}  // namespace mote
