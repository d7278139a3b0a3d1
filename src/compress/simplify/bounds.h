// Interval analysis of integer graphs: for every channel (index of the last axis) of every value, integers
// that no element can lie outside of, whatever the input. It follows the law of docs/numerics.md with the
// actual weights, biases, multipliers and clamps, so what it says is a proof, not an observation:
//
//   accumulations  per output channel the least and greatest sum, from the bounds of each input channel;
//   positions
//                  at the border, which see fewer taps, are bounded apart. Scaling is monotone, so the two
//                  sums give the two outputs; where a 32-bit step could wrap, the encoding's range stands.
//   functions of one element  evaluated on every integer of the interval.
//   Add, Sub, Mul, Minimum, Maximum  monotone or bilinear: the corners.
//   movement, pools, means  as they move or average.
//   everything else  the range of the encoding.
//
// Sums take the operands as independent, so bounds may be wide, never wrong.
#pragma once

#include <cstdint>
#include <vector>

#include "ir/graph.h"

namespace mote {

struct Interval {
  std::int64_t low, high;
  bool is_constant() const { return low == high; }
  void include(const Interval& other);
  bool operator==(const Interval&) const = default;
};

// One interval per index of the last axis (a scalar has one channel).
using ChannelBounds = std::vector<Interval>;

// By value. Empty: nothing is claimed (reals, per-axis activations, empty tensors).
std::vector<ChannelBounds> channel_bounds(const Graph& graph);

// The extent of the last axis; 1 for a scalar.
std::int64_t channels_of(const Shape& shape);

// For channel_bounds: of a Conv2D, DepthwiseConv2D or FullyConnected with constant weights;
// empty when the node is none of these, or nothing is known about its input.
ChannelBounds accumulation_bounds(const Graph& graph, NodeId n, const std::vector<ChannelBounds>& bounds);

}  // namespace mote
