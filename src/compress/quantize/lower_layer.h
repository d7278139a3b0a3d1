// The integer constants of a layer whose real meaning is known per output channel.
#pragma once

#include <optional>
#include <vector>

#include "ir/tensor.h"
#include "ops/fixed_point.h"

namespace mote {

// y = factor[c] * (sum of w x) + shift[c] for output channel c: the layer's own bias, and what scales and
// shifts its channels behind it (batch normalization).
struct LayerMeaning {
  const Encoding& x;      // per tensor, at most 8 bits
  const Tensor& weights;  // quantized, at most 8 bits
  int output_axis;        // of the weights
  std::vector<double> factor, shift;
};

struct LoweredLayer {
  Tensor weights;  // signed, zero point 0, scales along the output axis (or one)
  Tensor bias;     // s32 with the scales of x times weights
};

// The factor goes into the scale of the channel's weights; a negative one turns the signs of its integers,
// which keep their width unless the least integer would leave it. Then, for an output `y`:
// - bipolar: the bias is floor(shift / scale), which makes the sign exact for every sum (S + t >= 0 for an
//   integer S if and only if S + floor(t) >= 0);
// - narrow: scale and bias of the channel are moved, by less than the distance of two sums, until every sum
//   gives the level that the real numbers round to (fit_thresholds.h);
// - none: the sums themselves are wanted, s32;
// - others: the bias is rounded, so that most likely sums give that level.
// Weights of few different integers become multiples of a power of two where that makes more sums agree: in
// flash they take as many bits (levels). A channel whose factor is 0, or whose bias would leave 31 bits, gets
// a coarser scale; its integers stay where that moves no result by more than a fiftieth of a step, else they
// are rounded. Nothing where the integers do not fit 8 bits.
std::optional<LoweredLayer> lower_layer(const LayerMeaning& layer, const Encoding* y, Clamp clamp);

}  // namespace mote
