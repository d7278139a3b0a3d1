// Removes bounds that never bind, on integer graphs: the fused clamp of a layer whose integers already stay
// within it (by the encoding's range), and Relu, Relu6 and Clip nodes that keep every integer their input can
// have (bounds.h).
#pragma once

#include "ir/graph.h"

namespace mote {

Graph remove_idle_clamps(const Graph& graph);

}  // namespace mote
