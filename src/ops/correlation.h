// The one loop nest behind convolution, depthwise and transposed convolution and fully-connected layers: for
// each output position the window of inputs is gathered, then multiplied with the filters of each output
// channel.
#pragma once

#include <string_view>
#include <vector>

#include "ops/accumulation.h"

namespace mote {

// Which input index each tap of each output position reads along one axis; -1: none (padding, or a gap of a
// transposed stride).
struct TapTable {
  std::int64_t outputs = 1;
  std::int64_t taps = 1;
  std::vector<std::int64_t> source{0};  // [outputs, taps]
};

// Tap k of output o reads o*stride + k*dilation - before.
TapTable forward_taps(std::int64_t input, std::int64_t kernel, std::int64_t stride, std::int64_t dilation,
                      std::int64_t before, std::int64_t outputs);
// Tap k of output o reads (o + before - k*dilation) / stride where that divides.
TapTable transposed_taps(std::int64_t input, std::int64_t kernel, std::int64_t stride, std::int64_t dilation,
                         std::int64_t before, std::int64_t outputs);

struct Correlation {
  std::int64_t batches = 1, in_h = 1, in_w = 1, in_channels = 1, out_channels = 1, groups = 1;
  TapTable rows, columns;
};

// y [batches, rows.outputs, columns.outputs, out_channels] from x [batches, in_h, in_w, in_channels] and
// w [out_channels, rows.taps, columns.taps, in_channels/groups] (any shape with that order of elements) and
// an optional bias.
void correlate(const Correlation& c, const AccumulationRule& rule, const Array& x, const Array& w,
               const Array* bias, Clamp clamp, Array& y);

// Attributes common to the windowed operators; lists of the wrong length, zero strides and the like are
// UserErrors.
struct WindowFields {
  std::string_view op;
  const std::vector<std::int64_t>& stride;
  const std::vector<std::int64_t>& dilation;
  const std::vector<std::int64_t>& padding;
};
void check_window_fields(const WindowFields& fields);
// Positions of a window on `padded` elements, rounded down; throws when it does not fit once.
std::int64_t window_extent(std::string_view op, std::int64_t padded, std::int64_t kernel, std::int64_t stride,
                           std::int64_t dilation);
// Inputs of an operator that takes x, w and an optional bias, none of the first two absent; ranks; bias
// [channels].
void check_operands(std::string_view op, const InputTypes& inputs, std::size_t x_rank, std::size_t w_rank);
void check_bias_shape(std::string_view op, const InputTypes& inputs, std::int64_t channels);
// Throws UserError about impossible shapes.
[[noreturn]] void refuse_shape(std::string_view op, const std::string& why);

}  // namespace mote
