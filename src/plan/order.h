// Execution order: among all topological orders, one with a small largest live set.
#pragma once

#include <cstdint>
#include <vector>

#include "ir/graph.h"

namespace mote {

// Storage as the order sees it: values that share memory (aliases) are one buffer.
struct Buffers {
  std::vector<std::uint32_t> of_value;  // buffer of each value, kNone for constants
  std::vector<std::int64_t> bytes;      // by buffer
  static constexpr std::uint32_t kNone = 0xffffffffU;
};

// One buffer for each value that is not constant; an alias node's output shares its input's.
Buffers find_buffers(const Graph& graph);

// Exact by dynamic programming over the sets of executed nodes while there are at most `state_limit` of them
// (chains and small branchy graphs), else the graph's own order. Scratch and in-place sharing are not part of
// the model.
std::vector<NodeId> choose_order(const Graph& graph, const Buffers& buffers, std::size_t state_limit = 20000);

}  // namespace mote
