// The integers that a quantizer of the simulated stage stands for.
#pragma once

#include <optional>
#include <string>

#include "ir/graph.h"
#include "ops/fixed_point.h"

namespace mote {

struct QuantizerGrid {
  Encoding encoding;
  Clamp bounds;       // of the real result; infinite where the encoding has them itself
  double factor = 1;  // of x, before quantization
  double shift = 0;   // steps, added before rounding to the nearest
};

// Of a Quant, BipolarQuant or Trunc node, or nothing when no encoding is like it. Scales of activations must
// be one; those of constants may vary along one axis.
std::optional<QuantizerGrid> quantizer_grid(const Graph& graph, NodeId id);

}  // namespace mote
