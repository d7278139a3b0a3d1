#include "plan/float_scaling.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace mote {

namespace {

// What the law demands at one sum: a result of at least `step`, or one below it.
struct Demand {
  std::int64_t sum;
  std::int32_t step;
  bool reached;
};

class Law {
 public:
  Law(Multiplier multiplier, std::int32_t zero_point) : multiplier_(multiplier), zero_point_(zero_point) {}

  std::int64_t operator()(std::int64_t sum) const {
    return std::int64_t{multiply_by_multiplier(static_cast<std::int32_t>(sum), multiplier_)} + zero_point_;
  }
  double scale() const { return std::ldexp(static_cast<double>(multiplier_.value), multiplier_.shift - 31); }

  // The smallest sum of [least, largest] whose result is at least `step`; largest + 1 when there is none.
  std::int64_t first_sum(std::int32_t step, std::int64_t least, std::int64_t largest) const {
    std::int64_t low = least;
    std::int64_t high = largest + 1;
    const double guess = (step - zero_point_ - 0.5) / scale();
    if (guess > static_cast<double>(least) + 8 && guess < static_cast<double>(largest) - 8) {
      const auto near = static_cast<std::int64_t>(guess);
      if ((*this)(near - 4) < step) low = near - 3;
      if ((*this)(near + 4) >= step) high = near + 4;
    }
    while (low < high) {
      const std::int64_t middle = low + (high - low) / 2;
      if ((*this)(middle) >= step)
        high = middle;
      else
        low = middle + 1;
    }
    return low;
  }

 private:
  Multiplier multiplier_;
  std::int32_t zero_point_;
};

std::vector<Demand> demands_of(const Law& law, IntegerRange range, std::int64_t least, std::int64_t largest) {
  std::vector<Demand> demands;
  for (std::int32_t step = range.min + 1; step <= range.max; ++step) {
    const std::int64_t first = law.first_sum(step, least, largest);
    if (first <= largest) demands.push_back({first, step, true});
    if (first > least) demands.push_back({first - 1, step, false});
  }
  return demands;
}

bool meets(const FloatScaling& form, const Demand& demand, std::int64_t factor) {
  const auto sum = static_cast<float>(demand.sum * factor);
  const float result = std::nearbyint(std::fma(sum, form.scale, demand.sum < 0 ? form.below : form.above));
  return (result >= static_cast<float>(demand.step)) == demand.reached;
}

struct Interval {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
};

// Offsets that meet the demands of one sign, in exact arithmetic.
Interval offsets(const std::vector<Demand>& demands, bool negative, double scale) {
  Interval free;
  for (const Demand& d : demands) {
    if ((d.sum < 0) != negative) continue;
    const double edge = d.step - 0.5 - scale * static_cast<double>(d.sum);
    if (d.reached)
      free.low = std::max(free.low, edge);
    else
      free.high = std::min(free.high, edge);
  }
  return free;
}

// The middle of an interval that may be open.
double middle(const Interval& free, double otherwise) {
  if (std::isinf(free.low) && std::isinf(free.high)) return otherwise;
  if (std::isinf(free.low)) return std::min(free.high - 0.25, otherwise);
  if (std::isinf(free.high)) return std::max(free.low + 0.25, otherwise);
  return 0.5 * (free.low + free.high);
}

std::optional<FloatScaling> try_scale(const std::vector<Demand>& demands, float scale, std::int64_t factor,
                                      std::int32_t zero_point, bool one_offset) {
  const double exact = static_cast<double>(scale) * static_cast<double>(factor);
  Interval above = offsets(demands, false, exact);
  Interval below = offsets(demands, true, exact);
  if (one_offset) above = below = {std::max(above.low, below.low), std::min(above.high, below.high)};
  if (above.low >= above.high || below.low >= below.high) return std::nullopt;
  const FloatScaling form{scale, static_cast<float>(middle(above, zero_point)),
                          static_cast<float>(middle(below, zero_point))};
  if (form.below > form.above) return std::nullopt;  // it would descend at zero
  for (const Demand& d : demands)
    if (!meets(form, d, factor)) return std::nullopt;
  return form;
}

// Scales near the ideal one, nearest first.
std::optional<FloatScaling> try_scales(const std::vector<Demand>& demands, float ideal, std::int64_t factor,
                                       std::int32_t zero_point, bool one_offset) {
  constexpr int kTries = 41;
  float up = ideal;
  float down = ideal;
  for (int i = 0; i < kTries; ++i) {
    const float scale = i % 2 == 0 ? up : down;
    if (auto form = try_scale(demands, scale, factor, zero_point, one_offset)) return form;
    if (i % 2 == 0)
      down = std::nextafter(down, 0.0F);
    else
      up = std::nextafter(up, std::numeric_limits<float>::max());
  }
  return std::nullopt;
}

}  // namespace

std::optional<FloatScaling> prove_float_scaling(Multiplier multiplier, std::int32_t zero_point,
                                                IntegerRange range, std::int64_t least, std::int64_t largest,
                                                std::int64_t factor) {
  constexpr std::int64_t kLargest = std::numeric_limits<std::int32_t>::max();
  const std::int64_t reach = std::max(std::abs(least), std::abs(largest));
  if (reach > kLargest / factor || multiplier.value <= 0) return std::nullopt;
  if (multiplier.shift > 0 && reach > kLargest >> multiplier.shift) return std::nullopt;  // the law wraps
  const Law law(multiplier, zero_point);
  if (static_cast<double>(reach) * law.scale() > 1e9) return std::nullopt;  // so would the conversion
  const std::vector<Demand> demands = demands_of(law, range, least, largest);
  const auto ideal = static_cast<float>(law.scale() / static_cast<double>(factor));
  if (auto form = try_scales(demands, ideal, factor, zero_point, true)) return form;
  return try_scales(demands, ideal, factor, zero_point, false);
}

}  // namespace mote
