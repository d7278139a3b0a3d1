// Removes changes of encoding that cost time and change nothing:
//   Requantize after Requantize           one Requantize, where it gives the same integers
//   Quantize after Dequantize             nothing (same encoding), or a Requantize that gives the same
//   integers Requantize after an operator          the operator writes the new encoding itself, where the
//   change is a mere shift of the
//                                         zero point with the range (s8 <-> u8)
// "The same integers" is tried out on every value of the encoding.
#pragma once

#include "ir/graph.h"

namespace mote {

Graph merge_requantize(const Graph& graph);

}  // namespace mote
