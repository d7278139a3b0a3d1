// The pipelines of passes, as readable lists.
#pragma once

#include <functional>
#include <span>
#include <string_view>

#include "ir/graph.h"

namespace mote {

// Called after a pass that changed the graph, with the pass's name: for --dump-after.
using PassObserver = std::function<void(std::string_view pass, const Graph& graph)>;

struct Pass {
  std::string_view name;
  Graph (*run)(const Graph&);
};

// The exact clean-up after import, in order; see simplify/.
std::span<const Pass> simplify_passes();

// Runs them again and again until none finds anything to do. Integer results stay bit for bit, real ones up
// to rounding. Every pass is followed by verify(); names of graph inputs and outputs stay.
Graph simplify(const Graph& graph, const PassObserver& observer = {});

}  // namespace mote
