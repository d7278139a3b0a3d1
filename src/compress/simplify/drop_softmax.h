// On request: the Softmax or LogSoftmax that makes a graph output goes, and the output is its argument, the
// logits. The largest element stays the largest; the numbers and the encoding of the output change.
#pragma once

#include "ir/graph.h"

namespace mote {

// Softmax nodes whose only use is to be an output, directly or through Dequantize and Reshape.
Graph drop_softmax(const Graph& graph);

}  // namespace mote
