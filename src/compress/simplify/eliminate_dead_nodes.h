// Removes nodes that no graph output depends on. Graph inputs stay.
#pragma once

#include "ir/graph.h"

namespace mote {

Graph eliminate_dead_nodes(const Graph& graph);

}  // namespace mote
