// What scales and shifts each channel of a real value: BatchNormalization, and Mul, Add or Sub of a constant
// that varies along the last axis at most.
#pragma once

#include <limits>
#include <optional>
#include <vector>

#include "ir/graph.h"
#include "ops/fixed_point.h"

namespace mote {

// input -> clamp(scale[c] * input + shift[c]), c along the last axis.
struct ChannelAffine {
  std::vector<double> scale, shift;
  ValueId input;
  Clamp clamp{-std::numeric_limits<float>::infinity(), std::numeric_limits<float>::infinity()};
};

// The node as such, when it is real and its constants are known.
std::optional<ChannelAffine> channel_affine(const Graph& graph, NodeId id);

}  // namespace mote
