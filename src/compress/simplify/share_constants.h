// Constants of the same type and bytes become one.
#pragma once

#include "ir/graph.h"

namespace mote {

Graph share_constants(const Graph& graph);

}  // namespace mote
