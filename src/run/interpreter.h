// The oracle: runs a graph node by node through the operators' exact evaluation. Every backend is judged by
// it.
#pragma once

#include <functional>
#include <vector>

#include "ir/graph.h"

namespace mote {

// Called after each node, once per output: the node, which of its outputs, the value (reals rounded to
// float32).
using Observer = std::function<void(NodeId node, std::size_t output, const Tensor& value)>;

// Outputs of the graph for these inputs, in order. Between nodes reals stay in double, so a float graph gets
// a float64 evaluation; they are rounded to float32 where they leave. Values that no later node reads are
// freed. Throws UserError for a wrong number of inputs, and for an input of another shape, bit width or
// signedness than the graph's (scales may be missing: the graph's own are used).
std::vector<Tensor> interpret(const Graph& graph, const std::vector<Tensor>& inputs,
                              const Observer& observer = {});

}  // namespace mote
