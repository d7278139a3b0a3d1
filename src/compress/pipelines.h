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

// The part of it that a float network takes before it is trained: batch normalization keeps its statistics,
// and activation functions stay apart, so that quantizers can take their place.
Graph simplify_for_training(const Graph& graph, const PassObserver& observer = {});

// What proofs over the whole network allow besides, on integer graphs: dead and constant channels go, clamps
// that never bind, zero points of weights, duplicate constants. The same outputs bit for bit for every input,
// but the layers are no longer those of the model file: compiling and measuring run it, importing does not.
Graph simplify_by_proof(const Graph& graph, const PassObserver& observer = {});

}  // namespace mote
