// Constant weights with zero points become symmetric where 8 bits hold the differences: integers and zero
// point move together, the products stay. An unsigned weight with zero point 128 so becomes a signed one with
// 0, the form that kernels are made for.
#pragma once

#include "ir/graph.h"

namespace mote {

Graph center_weights(const Graph& graph);

}  // namespace mote
