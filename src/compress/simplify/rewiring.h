// What the passes share: matching and replacing values without losing the names of graph outputs.
#pragma once

#include <optional>
#include <vector>

#include "ir/patch.h"

namespace mote {

// The node that makes the value as the concrete operator Op, or nullptr.
template <class Op>
const Op* producer_as(const Graph& graph, ValueId value) {
  if (!value.valid() || !graph.value(value).producer.valid()) return nullptr;
  return graph.node(graph.value(value).producer).as<Op>();
}

// True when `reader` is the only node that reads the value and it is no graph output: it may change or
// vanish.
bool is_read_only_by(const Graph& graph, ValueId value, NodeId reader);

// Lets every reader of `old` read `replacement`; a graph output keeps its name. When the replacement cannot
// take the name (it is a graph input, a constant, or an output itself), an Identity node carries it.
void replace_value(const Graph& graph, Patch& patch, ValueId old, ValueId replacement);

// The patched graph, or the very same graph when nothing changed, so that callers can tell.
inline Graph finish(const Graph& graph, Patch&& patch, bool changed) {
  return changed ? std::move(patch).apply() : graph;
}

// True when both graphs are the same object: a pass found nothing to do.
inline bool is_same(const Graph& a, const Graph& b) { return &a.parts() == &b.parts(); }

// Evaluates an operator with one output on one input.
Array evaluate_unary(const Operator& op, const Array& input, const TensorType& output);
// Every integer of an encoding of at most 16 bits, in order, as a vector; for proofs by exhaustion.
std::optional<Array> every_integer(const Encoding& encoding);

}  // namespace mote
