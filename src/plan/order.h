// Execution order: among all topological orders, one with a small largest live set.
#pragma once

#include <cstdint>
#include <vector>

#include "ir/graph.h"
#include "plan/storage.h"

namespace mote {

// Exact by dynamic programming over the sets of executed nodes while there are at most `state_limit` of them
// (chains and small branchy graphs), else the graph's own order. Scratch and in-place sharing are not part of
// the model.
std::vector<NodeId> choose_order(const Graph& graph, const Buffers& buffers, std::size_t state_limit = 20000);

// The first `limit` topological orders that differ, in the order of a depth-first search; the graph's own is
// among them.
std::vector<std::vector<NodeId>> list_orders(const Graph& graph, std::size_t limit);

}  // namespace mote
