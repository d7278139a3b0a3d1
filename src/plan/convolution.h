// Convolution, depthwise and transposed convolution and fully-connected nodes as their kernels see them: one
// geometry, one form of accumulation, one set of output constants.
#pragma once

#include <optional>
#include <vector>

#include "ops/accumulation.h"
#include "plan/kernel.h"

namespace mote {

// As in kernels/c/window2d.h.
struct WindowAxis {
  std::int64_t in = 1, out = 1, taps = 1, stride = 1, step = 1, offset = 0, divisor = 1;
};

struct Convolution {
  Accumulation form;
  OutputStage stage;
  Clamp clamp;
  std::int64_t batches, in_channels, out_channels, groups;
  WindowAxis rows, columns;
  bool depthwise = false;

  std::int64_t depth() const { return in_channels / groups; }  // input channels per filter
  bool is_transposed() const;        // its taps are not those of a plain convolution
  bool reads_single_pixels() const;  // each output pixel reads the input pixel at its own place, no other
};

// Of a Conv2D, DepthwiseConv2D (groups 1 here), ConvTranspose2D or FullyConnected node.
Convolution convolution_of(const BindContext& context);

// Members of mote_window2d under the name `prefix`.
void add_window(std::vector<Parameter>& params, const Convolution& c, const std::string& prefix = "window");

// Multipliers and shifts of every channel (one that all share is repeated when `repeat`).
struct OutputConstants {
  std::vector<std::int32_t> multipliers;
  std::vector<std::int8_t> shifts;
};
OutputConstants output_constants(const Convolution& c, bool repeat);

// Kernels read unsigned bytes as signed ones with the top bit flipped: the flip, and a zero point as it
// counts then.
std::int64_t byte_flip(const Encoding& encoding);
std::int64_t byte_zero(const Encoding& encoding, std::size_t index = 0);

// Integers of a constant, or nothing when the input is absent or computed.
std::optional<std::vector<std::int32_t>> constant_integers(const BindContext& context, std::size_t input);

}  // namespace mote
