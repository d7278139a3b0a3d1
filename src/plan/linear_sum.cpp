#include "plan/linear_sum.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace mote {

namespace {

// Results of the law for every pair, and which offsets let a pair of multipliers reproduce them.
class Pairs {
 public:
  Pairs(const BinaryLaw& law, const Encoding& a, const Encoding& b, Products products)
      : law_(law),
        is_cut_(products == Products::kHigh),
        shift_(is_cut_ ? LinearSum::kHighShift : LinearSum::kShift) {
    for (auto q = a.min(); q <= a.max(); ++q) a_.push_back(static_cast<std::int32_t>(q));
    for (auto q = b.min(); q <= b.max(); ++q) b_.push_back(static_cast<std::int32_t>(q));
    results_.reserve(a_.size() * b_.size());
    for (const std::int32_t qa : a_)
      for (const std::int32_t qb : b_) results_.push_back(law(qa, qb));
  }

  // An offset, if the result of every pair is floor((qa * ma + qb * mb + offset) / 2^shift) clamped.
  std::optional<std::int64_t> offset(std::int64_t ma, std::int64_t mb) const {
    std::int64_t low = std::numeric_limits<std::int64_t>::min();
    std::int64_t high = std::numeric_limits<std::int64_t>::max();
    auto result = results_.begin();
    for (const std::int32_t qa : a_) {
      const std::int64_t a_term = product(qa, ma);
      for (const std::int32_t qb : b_) {
        const std::int64_t start = (std::int64_t{*result} << shift_) - a_term - product(qb, mb);
        // at least the result, unless that is the lower bound; below the next one, unless it is the upper
        // bound
        if (*result != law_.range.min) low = std::max(low, start);
        if (*result != law_.range.max) high = std::min(high, start + (std::int64_t{1} << shift_) - 1);
        ++result;
      }
      if (low > high) return std::nullopt;
    }
    if (low == std::numeric_limits<std::int64_t>::min() || high == std::numeric_limits<std::int64_t>::max())
      return std::nullopt;  // every sum saturates on one side
    return low + (high - low) / 2;
  }

  // No sum leaves 32 bits.
  bool fits(std::int64_t ma, std::int64_t mb, std::int64_t offset) const {
    const std::int64_t reach_a =
        std::max(std::abs(product(a_.front(), ma)), std::abs(product(a_.back(), ma)));
    const std::int64_t reach_b =
        std::max(std::abs(product(b_.front(), mb)), std::abs(product(b_.back(), mb)));
    return reach_a + reach_b + std::abs(offset) <= std::numeric_limits<std::int32_t>::max();
  }

 private:
  std::int64_t product(std::int32_t q, std::int64_t m) const { return is_cut_ ? q * m >> 8 : q * m; }

  const BinaryLaw& law_;
  bool is_cut_;
  int shift_;
  std::vector<std::int32_t> a_, b_, results_;
};

}  // namespace

std::optional<LinearSum> prove_linear_sum(const BinaryLaw& law, const Encoding& a, const Encoding& b,
                                          const Encoding& output, Products products) {
  if (a.bits() > 8 || b.bits() > 8 || output.bits() > 8) return std::nullopt;
  const bool is_cut = products == Products::kHigh;
  const double unit =
      std::ldexp(1.0, is_cut ? LinearSum::kHighShift + 8 : LinearSum::kShift) / output.scale();
  const auto ma = static_cast<std::int64_t>(std::llround(std::min(a.scale() * unit, 1e12)));
  const auto mb =
      static_cast<std::int64_t>(std::llround(std::min(b.scale() * unit, 1e12))) * (law.subtract ? -1 : 1);
  constexpr std::int64_t kLargest = std::numeric_limits<std::int32_t>::max();
  if (std::max(std::abs(ma), std::abs(mb)) > (is_cut ? kLargest - 8 : kLargest / 128)) return std::nullopt;
  const Pairs pairs(law, a, b, products);
  constexpr int kReach = 8;  // multipliers tried on each side, nearest first
  for (int distance = 0; distance <= kReach; ++distance)
    for (int da = -distance; da <= distance; ++da)
      for (int db = -distance; db <= distance; ++db) {
        if (std::max(std::abs(da), std::abs(db)) != distance) continue;
        const auto offset = pairs.offset(ma + da, mb + db);
        if (offset && pairs.fits(ma + da, mb + db, *offset))
          return LinearSum{static_cast<std::int32_t>(ma + da), static_cast<std::int32_t>(mb + db),
                           static_cast<std::int32_t>(*offset)};
      }
  return std::nullopt;
}

}  // namespace mote
