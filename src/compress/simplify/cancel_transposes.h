// Makes transposes vanish, above all the pairs that come from reading a channels-first file: they sink
// through the operators that do not care about the order of axes until they meet their inverse, rise from
// below where that removes more than it adds, disappear into MatMul's flags and into the weights of a
// FullyConnected behind a flattening Reshape, and merge. When all that does not reduce the elements that
// transposes move, the graph comes back as it was.
#pragma once

#include "ir/graph.h"

namespace mote {

Graph cancel_transposes(const Graph& graph);

// Elements that Transpose nodes on non-constant values move in one run.
std::int64_t transposed_elements(const Graph& graph);

}  // namespace mote
