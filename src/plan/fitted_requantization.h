// The output stage of a layer with ReLU as one multiplication.
//
// Where the zero point and the lower bound are both the least integer, -128, only results of positive numbers
// survive, and the two roundings of the 8-bit law are a staircase of 255 steps of equal height. A line that
// crosses every step at the same sum gives the same results:
//   y = saturate((offset + floor((sum + bias) * multiplier / 2^32)) >> shift)
// with saturation to signed bytes: two instructions of cores that multiply and accumulate high words. The
// nested roundings combine to floor(((sum + bias) * multiplier + offset * 2^32) / 2^(32 + shift)); the bias
// carries a correction, because the offset alone is too coarse. Every step that the sums can reach is
// checked.
#pragma once

#include <optional>

#include "plan/packed_filters.h"

namespace mote {

struct FittedRequantization {
  int shift;                              // 1 to 22, of all channels
  std::vector<std::int32_t> biases;       // added to sums of inputs times weights; zero points are folded in
  std::vector<std::int32_t> multipliers;  // not negative
  std::vector<std::int32_t> offsets;
};

// Nothing where the output is not of this kind or no line was found for some channel.
std::optional<FittedRequantization> fit_requantization(const BindContext& context, const Convolution& c,
                                                       const Filters& filters);

}  // namespace mote
