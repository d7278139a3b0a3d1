#include "plan/fitted_requantization.h"

#include <algorithm>
#include <limits>

namespace mote {

namespace {

constexpr std::int64_t kSteps = 255;

std::int64_t floor_divide(std::int64_t a, std::int64_t b) {  // b > 0
  const std::int64_t q = a / b;
  return a % b < 0 ? q - 1 : q;
}
std::int64_t ceil_divide(std::int64_t a, std::int64_t b) { return -floor_divide(-a, b); }

struct Range {
  std::int64_t low, high;
};

// Of the sums of one channel with its bias.
Range reachable(const Filters& f, std::int64_t channel, Range input) {
  Range sum{f.bias[static_cast<std::size_t>(channel)], f.bias[static_cast<std::size_t>(channel)]};
  for (std::int64_t k = 0; k < f.elements; ++k) {
    const std::int64_t w = f.at(channel, k);
    sum.low += w * (w > 0 ? input.low : input.high);
    sum.high += w * (w > 0 ? input.high : input.low);
  }
  return sum;
}

struct Line {
  std::int64_t correction, multiplier, offset;
};

// One channel: where its staircase steps, and lines through it.
class Staircase {
 public:
  Staircase(Multiplier m, Range sums) : multiplier_(m.value), right_(-m.shift), sums_(sums) {
    if (multiplier_ == 0) return;
    for (std::int64_t step = 1; step <= kSteps; ++step) {
      const std::int64_t least = (step << right_) - (std::int64_t{1} << (right_ - 1));  // rounds to the step
      const std::int64_t start =
          ceil_divide(least * (std::int64_t{1} << 31) - (std::int64_t{1} << 30), multiplier_);
      if (start > sums_.low) starts_.push_back({step, std::min(start, sums_.high + 1)});
      if (start > sums_.high) break;  // the ones above follow
    }
    least_step_ = starts_.empty() ? kSteps : starts_.front().step - 1;
  }

  std::optional<Line> line(int shift) const {
    if (multiplier_ == 0) return Line{0, 0, -(std::int64_t{128} << shift)};
    const int left = shift + 1 - right_;
    if (left > 0) return std::nullopt;  // the multiplier would leave 31 bits
    const std::int64_t middle = (multiplier_ + (std::int64_t{1} << -left) / 2) >> -left;
    for (std::int64_t distance = 0; distance < 8; ++distance)
      for (const std::int64_t m : {middle + distance, middle - distance})
        if (m > 0 && m <= std::numeric_limits<std::int32_t>::max())
          if (const auto found = line(shift, m)) return found;
    return std::nullopt;
  }

 private:
  struct Start {
    std::int64_t step, sum;  // the least sum whose result is the step or more
  };

  // sum * m + d crosses step * 2^(32 + shift) between start - 1 and start: bounds of d, then d as
  // correction * m + offset * 2^32.
  std::optional<Line> line(int shift, std::int64_t m) const {
    constexpr std::int64_t kLowest = std::numeric_limits<std::int64_t>::min();
    constexpr std::int64_t kHighest = std::numeric_limits<std::int64_t>::max();
    const int unit = 32 + shift;
    // Nothing bounds from below where the least sums saturate, nothing from above where all sums do.
    std::int64_t low = least_step_ > 0 ? (least_step_ << unit) - sums_.low * m : kLowest;
    std::int64_t high = kHighest;
    for (const Start& s : starts_) {
      const std::int64_t at = (s.step << unit) - s.sum * m;
      if (s.sum <= sums_.high) low = std::max(low, at);
      high = std::min(high, at + m - 1);
    }
    if (low == kLowest) low = high - m;
    if (high == kHighest) high = low + m;
    for (std::int64_t k = 0; low <= high && k < (std::int64_t{1} << 16); ++k) {
      const std::int64_t offset = ceil_divide(low - k * m, std::int64_t{1} << 32);
      if (offset * (std::int64_t{1} << 32) <= high - k * m)
        return Line{k, m, offset - (std::int64_t{128} << shift)};
    }
    return std::nullopt;
  }

  std::int64_t multiplier_;
  int right_;
  Range sums_;
  std::vector<Start> starts_;
  std::int64_t least_step_ = 0;  // that all sums reach
};

}  // namespace

std::optional<FittedRequantization> fit_requantization(const BindContext& context, const Convolution& c,
                                                       const Filters& filters) {
  const Encoding& x = context.input(0).encoding;
  const Encoding& y = context.output().encoding;
  if (c.form != Accumulation::Int8 || !y.is_signed() || c.stage.zero_point != -128 ||
      c.stage.range.min != -128 || c.stage.range.max != 127 || filters.largest_sum >= (std::int64_t{1} << 29))
    return std::nullopt;
  const OutputConstants constants = output_constants(c, true);
  std::vector<Staircase> channels;
  int shift = 22;
  for (std::size_t o = 0; o < constants.multipliers.size(); ++o) {
    const Multiplier m{constants.multipliers[o], constants.shifts[o]};
    if (m.value != 0 && (m.shift > -2 || m.shift < -22)) return std::nullopt;
    if (m.value != 0) shift = std::min(shift, -m.shift - 1);
    channels.emplace_back(m, reachable(filters, static_cast<std::int64_t>(o),
                                       {x.min() - byte_flip(x), x.max() - byte_flip(x)}));
  }
  for (; shift >= 1; --shift) {
    FittedRequantization fitted{shift, filters.bias, {}, {}};
    for (std::size_t o = 0; o < channels.size(); ++o) {
      const auto line = channels[o].line(shift);
      if (!line) break;
      fitted.biases[o] += static_cast<std::int32_t>(line->correction);
      fitted.multipliers.push_back(static_cast<std::int32_t>(line->multiplier));
      fitted.offsets.push_back(static_cast<std::int32_t>(line->offset));
    }
    if (fitted.offsets.size() == channels.size()) return fitted;
  }
  return std::nullopt;
}

}  // namespace mote
