#include "compress/quantize/fit_thresholds.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace mote {

namespace {

constexpr double kTie = 1e-9;       // relative: what float arithmetic may have added to a tie
constexpr double kMargin = 1e-6;    // relative: of a multiplier, more than float32 scales round
constexpr std::int64_t kReach = 2;  // how far from the rounded bias to look

// From `sum` on, the level is at least zero_point + steps + 1/2 rounded up.
struct Threshold {
  std::int64_t sum, before;  // and the next smaller one that can be
  double steps;              // half-way points, relative to the zero point: ..., -0.5, 0.5, 1.5, ...
};

std::vector<Threshold> thresholds_of(const RealChannel& channel, const Encoding& y, IntegerRange range) {
  std::vector<Threshold> thresholds;
  for (std::int64_t level = std::int64_t{range.min} + 1; level <= range.max; ++level) {
    const double steps = static_cast<double>(level - y.zero_point()) - 0.5;
    const double sum = (steps * static_cast<double>(y.scale()) - channel.shift) / channel.step;
    if (!(std::abs(sum) <= static_cast<double>(channel.most) + 2)) continue;  // never crossed
    const double count = sum / static_cast<double>(channel.common), nearest = std::round(count);
    const bool tie = std::abs(count - nearest) < kTie * std::max(1.0, std::abs(count));
    const auto first =
        static_cast<std::int64_t>(tie ? nearest : std::ceil(count)) + (tie && level % 2 != 0 ? 1 : 0);
    thresholds.push_back({first * channel.common, (first - 1) * channel.common, steps});
  }
  return thresholds;
}

// Multipliers m with (sum + bias) m >= steps > (before + bias) m.
struct Interval {
  double low = 0;
  double high = std::numeric_limits<double>::infinity();
};

Interval interval_of(const Threshold& t, std::int64_t bias) {
  Interval interval;
  const auto above = static_cast<double>(t.sum + bias);
  const auto below = static_cast<double>(t.before + bias);
  const auto raise = [&](double bound) { interval.low = std::max(interval.low, bound); };
  const auto lower = [&](double bound) { interval.high = std::min(interval.high, bound); };
  if (above > 0) raise(t.steps / above);
  if (above < 0) lower(t.steps / above);
  if (above == 0 && t.steps > 0) lower(0);
  if (below > 0) lower(t.steps / below);
  if (below < 0) raise(t.steps / below);
  if (below == 0 && t.steps <= 0) lower(0);
  return interval;
}

// Within the interval with some margin, as near to `wish` as that allows.
double within(const Interval& interval, double wish) {
  if (std::isinf(interval.high)) return std::max(wish, interval.low * (1 + kMargin));
  const double margin = std::min(kMargin * interval.high, (interval.high - interval.low) / 2);
  return std::clamp(wish, interval.low + margin, interval.high - margin);
}

std::size_t agreeing(const std::vector<Threshold>& thresholds, std::int64_t bias, double multiplier) {
  const Multiplier m = quantize_multiplier(multiplier);
  const auto steps = [&](std::int64_t sum) {
    return multiply_by_multiplier(static_cast<std::int32_t>(sum + bias), m);
  };
  return static_cast<std::size_t>(
      std::count_if(thresholds.begin(), thresholds.end(),
                    [&](const Threshold& t) { return steps(t.sum) > t.steps && steps(t.before) < t.steps; }));
}

}  // namespace

std::optional<FittedChannel> fit_thresholds(const RealChannel& channel, const Encoding& y,
                                            IntegerRange range) {
  if (std::int64_t{range.max} - range.min > kMaxThresholds) return std::nullopt;
  const double wish = channel.step / static_cast<double>(y.scale());
  const double bias = std::round(channel.shift / channel.step);
  if (!(std::abs(bias) + static_cast<double>(channel.most) < std::ldexp(1.0, 28)) || !(wish < 2))
    return std::nullopt;
  const auto thresholds = thresholds_of(channel, y, range);
  FittedChannel best{wish, static_cast<std::int64_t>(bias), 0};
  std::size_t most = agreeing(thresholds, best.bias, best.multiplier);
  const auto consider = [&](std::int64_t b, double m) {
    if (!(m > 0) || !(m < 4) || most == thresholds.size()) return;
    const std::size_t count = agreeing(thresholds, b, m);
    if (count <= most) return;
    most = count;
    best = {m, b, 0};
  };
  for (std::int64_t away = 0; away <= 2 * kReach; ++away) {  // 0, -1, 1, -2, 2
    const std::int64_t b = static_cast<std::int64_t>(bias) + (away % 2 == 0 ? away / 2 : -(away + 1) / 2);
    Interval all;
    std::vector<Interval> each;
    for (const Threshold& t : thresholds) {
      each.push_back(interval_of(t, b));
      all = {std::max(all.low, each.back().low), std::min(all.high, each.back().high)};
    }
    if (all.low < all.high) consider(b, within(all, wish));
  }
  for (std::int64_t b = static_cast<std::int64_t>(bias) - kReach;
       b <= static_cast<std::int64_t>(bias) + kReach; ++b)
    for (const Threshold& t : thresholds)
      if (const Interval one = interval_of(t, b); one.low < one.high) {
        consider(b, one.low * (1 + kMargin));
        if (std::isfinite(one.high)) consider(b, one.high * (1 - kMargin));
      }
  best.missed = static_cast<std::int64_t>(thresholds.size() - most);
  return best;
}

}  // namespace mote
