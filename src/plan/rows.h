// Which rows of its inputs a node reads for a range of its output rows.
#pragma once

#include "plan/kernel.h"

namespace mote {

// Rows [begin, end).
struct RowRange {
  std::int64_t begin = 0, end = 0;
  bool empty() const { return begin >= end; }
};

// Rows of input `i` between the first and the last that `output` reads. Convolutions and pools read the rows
// of their windows that lie inside the image, elementwise operators the same rows of inputs of the output's
// shape; everything else is read whole. Monotone: later output rows never begin or end earlier.
RowRange rows_needed(const Graph& graph, NodeId node, std::size_t i, RowRange output);

// True for operators whose output elements depend on others than the same element of each input.
bool reads_windows(const Graph& graph, NodeId node);

}  // namespace mote
