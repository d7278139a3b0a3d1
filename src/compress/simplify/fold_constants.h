// Evaluates nodes whose inputs are all constant, up to a size limit. Dequantize and Quant on constants stay:
// they say how a weight is stored, which lowering and training need.
#pragma once

#include "ir/graph.h"

namespace mote {

Graph fold_constants(const Graph& graph);

}  // namespace mote
