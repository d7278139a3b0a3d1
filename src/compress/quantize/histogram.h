// Histogram of real values whose bins are powers of two wide and aligned to multiples of their width. Two
// histograms therefore merge without loss of alignment, and the result does not depend on the order in which
// values and parts came: calibration on many threads gives the same figures as on one.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace mote {

class Histogram {
 public:
  static constexpr std::int64_t kBins = 2048;  // at most so many; the width doubles when values need more

  // Adds finite values; others are counted apart and enter neither bins nor bounds.
  void add(std::span<const float> values);
  void merge(const Histogram& other);

  bool empty() const { return count_ == 0; }
  std::uint64_t count() const { return count_; }
  std::uint64_t not_finite() const { return not_finite_; }
  float min() const { return min_; }  // exact bounds of the finite values; 0 while empty
  float max() const { return max_; }

  double width() const;  // of a bin
  std::span<const std::uint64_t> counts() const { return counts_; }
  double lower_edge(std::size_t bin) const;  // of counts()[bin]; the upper edge is width() more
  double center(std::size_t bin) const { return lower_edge(bin) + width() / 2; }

 private:
  void cover(float low, float high, int at_least);

  int exponent_ = 0;        // the width is 2^exponent
  std::int64_t first_ = 0;  // counts_[i] is of values in [first + i, first + i + 1) * width
  std::vector<std::uint64_t> counts_;
  std::uint64_t count_ = 0;
  std::uint64_t not_finite_ = 0;
  float min_ = 0;
  float max_ = 0;
};

}  // namespace mote
