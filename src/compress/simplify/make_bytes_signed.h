// Unsigned 8-bit activations become signed ones: every number and its zero point 128 less, the same real
// values. Kernels of most cores multiply signed bytes at once and unsigned ones only after a flip.
//
// A value changes where its producer and all its readers count from the zero point (convolutions, sums,
// products, scalings) or carry numbers on unchanged together with their other operands. Graph inputs and
// outputs stay, and so do operators that round the numbers themselves (average pools: halves of a number and
// of the same number less 128 round apart).
#pragma once

#include "ir/graph.h"

namespace mote {

Graph make_bytes_signed(const Graph& graph);

}  // namespace mote
