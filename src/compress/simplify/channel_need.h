// Which channels (indices of the last axis) of each value of an integer graph have to exist.
//
// A convolution or fully-connected layer does not need an input channel whose weights are all zero, nor one
// that channel_bounds() proves constant and whose contribution is the same at every position: no padding, or
// a constant equal to the zero point that padding stands for. Elementwise operators, depthwise convolutions,
// pools, Concat along the channels, Reshape and the like tie their inputs' channels to their outputs': both
// exist or neither. Everything else, graph inputs and graph outputs need all.
#pragma once

#include <cstdint>
#include <vector>

#include "compress/simplify/bounds.h"

namespace mote {

// By value and channel. At least one channel of every value is needed: no tensor becomes empty.
using ChannelNeed = std::vector<std::vector<bool>>;
ChannelNeed channel_need(const Graph& graph, const std::vector<ChannelBounds>& bounds);

// Channel sources[c] of `in` and channel c of `out` exist together; -1: channel c comes from elsewhere.
struct ChannelTie {
  ValueId in, out;
  std::vector<std::int64_t> sources;
};
// The ties of a node that works channel by channel; empty for all others.
std::vector<ChannelTie> channel_ties(const Graph& graph, NodeId n);

// A layer that adds up its input channels: where its weights have output and input channels.
struct MixingLayer {
  int output_axis, input_axis;
  bool pads;  // some position sees cells outside the image
};
// Only with constant weights and bias.
std::optional<MixingLayer> mixing_layer(const Graph& graph, NodeId n);

// Sum over the taps of (w - zero point) [output channel][input channel]; multiplied with (constant - zero
// point) it is what a constant channel adds to every accumulator.
std::vector<std::vector<std::int64_t>> tap_totals(const Tensor& weights, const MixingLayer& layer);

}  // namespace mote
