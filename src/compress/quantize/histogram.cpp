#include "compress/quantize/histogram.h"

#include <algorithm>
#include <cmath>

namespace mote {

namespace {

// Bins need not be finer than float32 resolves the larger bound.
int least_exponent(float low, float high) {
  const float magnitude = std::max(std::abs(low), std::abs(high));
  return magnitude == 0 ? -126 : std::max(std::ilogb(magnitude) - 23, -126);
}

std::int64_t bin_at(double value, int exponent) {
  return static_cast<std::int64_t>(std::floor(std::ldexp(value, -exponent)));
}

}  // namespace

double Histogram::width() const { return std::ldexp(1.0, exponent_); }

double Histogram::lower_edge(std::size_t bin) const {
  return (static_cast<double>(first_) + static_cast<double>(bin)) * width();
}

// Widens bins and bounds so that [low, high] fits with everything counted so far, in bins of at least
// 2^at_least.
void Histogram::cover(float low, float high, int at_least) {
  const bool fresh = count_ == 0;
  min_ = fresh ? low : std::min(min_, low);
  max_ = fresh ? high : std::max(max_, high);
  int exponent = std::max(least_exponent(min_, max_), at_least);
  if (!fresh) exponent = std::max(exponent, exponent_);
  while (bin_at(max_, exponent) - bin_at(min_, exponent) >= kBins) ++exponent;
  const std::int64_t first = bin_at(min_, exponent);
  const std::int64_t last = bin_at(max_, exponent);
  const auto size = static_cast<std::size_t>(last - first + 1);
  if (!fresh && exponent == exponent_ && first == first_ && size == counts_.size()) return;
  std::vector<std::uint64_t> counts(size);
  for (std::size_t i = 0; i < counts_.size(); ++i)
    if (counts_[i] > 0) {
      const std::int64_t bin = (first_ + static_cast<std::int64_t>(i)) >> std::min(exponent - exponent_, 62);
      counts[static_cast<std::size_t>(bin - first)] += counts_[i];
    }
  exponent_ = exponent;
  first_ = first;
  counts_ = std::move(counts);
}

void Histogram::add(std::span<const float> values) {
  bool found = false;
  float low = 0;
  float high = 0;
  for (const float value : values) {
    if (!std::isfinite(value)) {
      ++not_finite_;
      continue;
    }
    low = found ? std::min(low, value) : value;
    high = found ? std::max(high, value) : value;
    found = true;
  }
  if (!found) return;
  cover(low, high, -126);
  const double inverse = std::ldexp(1.0, -exponent_);
  for (const float value : values)
    if (std::isfinite(value)) {
      ++counts_[static_cast<std::size_t>(static_cast<std::int64_t>(std::floor(value * inverse)) - first_)];
      ++count_;
    }
}

void Histogram::merge(const Histogram& other) {
  not_finite_ += other.not_finite_;
  if (other.empty()) return;
  if (empty()) {
    const std::uint64_t not_finite = not_finite_;
    *this = other;
    not_finite_ = not_finite;
    return;
  }
  cover(other.min_, other.max_, other.exponent_);
  for (std::size_t i = 0; i < other.counts_.size(); ++i)
    if (other.counts_[i] > 0) {
      const std::int64_t bin = (other.first_ + static_cast<std::int64_t>(i)) >> (exponent_ - other.exponent_);
      counts_[static_cast<std::size_t>(bin - first_)] += other.counts_[i];
    }
  count_ += other.count_;
}

}  // namespace mote
