// From observed values to scales: which interval of the reals an integer encoding covers.
//
//   min-max     everything that was seen: no clipping, coarse steps where a few values lie far out
//   percentile  the given fraction of the values on each side
//   MSE         the interval with the least mean squared error of rounding plus clipping, by grid search
//   KL          the interval whose quantized distribution diverges least from the observed one, by grid
//   search
//               (S. Migacz, "8-bit Inference with TensorRT", GTC 2017); up to 8 bits
#pragma once

#include <string_view>

#include "compress/quantize/histogram.h"
#include "ir/tensor.h"

namespace mote {

enum class RangeMethod { kMinMax, kPercentile, kMse, kKl };

// "min-max", "percentile", "mse", "kl"; UserError for another word.
RangeMethod parse_range_method(std::string_view text);
std::string_view to_string(RangeMethod method);

struct RangeOptions {
  RangeMethod method = RangeMethod::kPercentile;
  double percentile = 0.9999;  // in (0.5, 1]
};

struct Range {
  double min = 0;  // <= 0
  double max = 0;  // >= 0
};

// The interval to cover with integers of `bits`. Always contains 0, and lies within what was seen otherwise.
// `symmetric`: 0 is its middle. An empty histogram gives {0, 0}.
Range choose_range(const Histogram& histogram, int bits, bool symmetric, const RangeOptions& options);

// Signed affine encoding whose integers cover the range, moved so that 0 is represented exactly. An empty
// range gets the scale 1.
Encoding affine_encoding(Range range, int bits);
// Zero point 0.
Encoding symmetric_encoding(Range range, int bits);

// Signed symmetric encoding of a constant of reals without its least integer ([-127, 127] for 8 bits), one
// scale per index of `axis`, or one in all when axis is -1. 2 to 8 bits, 16. Method min-max or MSE. Channels
// of zeros get the scale of the others.
Encoding weight_encoding(const Tensor& weights, int axis, int bits, RangeMethod method);

// round(x / scale) + zero_point, halves away from zero, clamped to the encoding's range, in double.
Tensor quantize_tensor(const Tensor& reals, const Encoding& encoding);

}  // namespace mote
