// Scale and bias of a channel by which an integer layer gives the very levels that real numbers round to.
#pragma once

#include <cstdint>
#include <optional>

#include "ops/fixed_point.h"

namespace mote {

// The real law of a channel: level = clamp(round((sum * step + shift) / y.scale + y.zero_point)), halves to
// even.
struct RealChannel {
  double step;  // > 0: one more in the sum
  double shift;
  std::int64_t most;        // sums are within -most .. most
  std::int64_t common = 1;  // and multiples of this
};

// The integer law: level = clamp(zero_point + scale32(sum + bias, multiplier)).
struct FittedChannel {
  double multiplier;
  std::int64_t bias;
  std::int64_t missed;  // thresholds at which the laws disagree
};

// Looks for a bias near shift / step and a multiplier near step / y.scale that agree with the real law on
// every sum, and takes those that agree at most thresholds where there are none. Nothing when the range has
// more than kMaxThresholds steps: then the distance between two sums is small against a step.
inline constexpr std::int64_t kMaxThresholds = 31;
std::optional<FittedChannel> fit_thresholds(const RealChannel& channel, const Encoding& y,
                                            IntegerRange range);

}  // namespace mote
