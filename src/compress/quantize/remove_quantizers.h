// The float network beneath simulated quantization.
#pragma once

#include "ir/graph.h"

namespace mote {

// Every Quant, BipolarQuant and Trunc passes on what it is given. The weights are those that training kept
// beneath their quantizers.
Graph remove_quantizers(const Graph& graph);

}  // namespace mote
