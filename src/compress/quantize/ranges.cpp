#include "compress/quantize/ranges.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>

#include "base/error.h"

namespace mote {

namespace {

// The first name of a method is the one that is printed.
constexpr std::array<std::pair<std::string_view, RangeMethod>, 5> kMethods = {
    {{"min-max", RangeMethod::kMinMax},
     {"minmax", RangeMethod::kMinMax},
     {"percentile", RangeMethod::kPercentile},
     {"mse", RangeMethod::kMse},
     {"kl", RangeMethod::kKl}}};

Range with_zero(double low, double high, bool symmetric) {
  Range range{std::min(low, 0.0), std::max(high, 0.0)};
  if (symmetric) {
    range.max = std::max(-range.min, range.max);
    range.min = -range.max;
  }
  return range;
}

Range percentile_range(const Histogram& h, double fraction) {
  const auto counts = h.counts();
  const double outside = (1 - fraction) * static_cast<double>(h.count());
  std::size_t low = 0;
  std::size_t high = counts.size() - 1;
  for (double seen = static_cast<double>(counts[low]); seen <= outside && low < high; ++low)
    seen += static_cast<double>(counts[low + 1]);
  for (double seen = static_cast<double>(counts[high]); seen <= outside && high > low; --high)
    seen += static_cast<double>(counts[high - 1]);
  return {std::max<double>(h.lower_edge(low), h.min()),
          std::min<double>(h.lower_edge(high) + h.width(), h.max())};
}

// Mean squared error per value: uniform rounding noise inside (none beyond the value itself near 0, which is
// exact), clipping outside.
double squared_error(const Histogram& h, const Range& range, double steps) {
  const double step = (range.max - range.min) / steps;
  const double rounding = step * step / 12;
  const auto counts = h.counts();
  double sum = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] == 0) continue;
    const double x = h.center(i);
    const double beyond = x < range.min ? range.min - x : std::max(x - range.max, 0.0);
    const double error = beyond > 0 ? beyond * beyond : std::min(rounding, x * x);
    sum += error * static_cast<double>(counts[i]);
  }
  return sum / static_cast<double>(h.count());
}

// Kullback-Leibler divergence of the distribution clipped to the bins [low, high) from the same one rounded
// to `levels` steps. The clipped mass stands in the outermost bins of the first only, so that clipping costs.
double divergence(const std::vector<std::uint64_t>& counts, std::size_t low, std::size_t high,
                  std::size_t levels) {
  std::vector<double> p(high - low);
  for (std::size_t i = 0; i < counts.size(); ++i)
    p[std::clamp(i, low, high - 1) - low] += static_cast<double>(counts[i]);
  double clipped_total = 0;
  for (std::size_t i = low; i < high; ++i) clipped_total += static_cast<double>(counts[i]);
  if (clipped_total == 0) return std::numeric_limits<double>::infinity();
  const double total = std::accumulate(p.begin(), p.end(), 0.0);
  double sum = 0;
  for (std::size_t level = 0; level < levels; ++level) {
    const std::size_t begin = level * p.size() / levels;
    const std::size_t end = (level + 1) * p.size() / levels;
    double mass = 0;
    std::size_t filled = 0;
    for (std::size_t i = begin; i < end; ++i) {
      mass += static_cast<double>(counts[low + i]);
      filled += p[i] > 0 ? 1 : 0;
    }
    if (filled == 0) continue;
    const double q = std::max(mass / static_cast<double>(filled) / clipped_total, 1e-12);
    for (std::size_t i = begin; i < end; ++i)
      if (p[i] > 0) sum += p[i] / total * std::log(p[i] / total / q);
  }
  return sum;
}

// The range clipped to [min * low, max * high]; how good it is, less is better.
using Cost = std::function<double(const Range&)>;

// Grid search over the clipping of both sides, one after the other until neither moves.
Range search_range(const Range& whole, bool symmetric, const Cost& cost) {
  constexpr int kSteps = 64;
  const auto clipped = [&](int low, int high) {
    return Range{whole.min * low / kSteps, whole.max * (symmetric ? low : high) / kSteps};
  };
  std::array<int, 2> best{kSteps, kSteps};
  double least = cost(whole);
  for (int round = 0; round < 3; ++round) {
    const auto before = best;
    for (std::size_t side = 0; side < (symmetric ? 1 : 2); ++side) {
      if ((side == 0 ? whole.min : whole.max) == 0) continue;
      for (int step = 1; step <= kSteps; ++step) {
        auto candidate = best;
        candidate[side] = step;
        const double c = cost(clipped(candidate[0], candidate[1]));
        if (c < least) {
          least = c;
          best = candidate;
        }
      }
    }
    if (best == before) break;
  }
  return clipped(best[0], best[1]);
}

Range least_divergence(const Histogram& h, const Range& whole, int bits, bool symmetric) {
  const std::size_t levels = std::size_t{1} << bits;
  std::vector<std::uint64_t> counts(h.counts().begin(), h.counts().end());
  const auto bin = [&](double x) {
    const double position = (x - h.lower_edge(0)) / h.width();
    return static_cast<std::size_t>(std::clamp(position, 0.0, static_cast<double>(counts.size())));
  };
  if (counts.size() <= levels) return whole;  // finer than the bins: nothing to gain from clipping
  // Zeros are exact at any scale; the many that a Relu makes would only ask for the finest steps.
  const std::size_t zero = bin(0);
  if (zero < counts.size()) counts[zero] = zero + 1 < counts.size() ? counts[zero + 1] : 0;
  return search_range(whole, symmetric, [&](const Range& r) {
    const std::size_t low = bin(r.min);
    const std::size_t high = std::min(bin(r.max) + 1, counts.size());
    // fewer bins than levels would represent the distribution perfectly whatever was clipped
    if (high < low + levels) return std::numeric_limits<double>::infinity();
    return divergence(counts, low, high, levels);
  });
}

// The scale at which rounding and clipping of these weights err least; `largest` is their greatest magnitude.
double least_error_scale(const std::vector<double>& values, double largest, double top) {
  double best = largest / top;
  double least = std::numeric_limits<double>::infinity();
  for (int step = 80; step >= 20; --step) {
    const double scale = largest / top * step / 80;
    double error = 0;
    for (const double x : values) {
      const double difference = x - scale * std::clamp(std::round(x / scale), -top, top);
      error += difference * difference;
    }
    if (error < least) {
      least = error;
      best = scale;
    }
  }
  return best;
}

}  // namespace

RangeMethod parse_range_method(std::string_view text) {
  for (const auto& [name, method] : kMethods)
    if (name == text) return method;
  throw UserError({"unknown range method", std::string(text), "it is none of min-max, percentile, mse, kl",
                   "name one of them"});
}

std::string_view to_string(RangeMethod method) {
  for (const auto& [name, known] : kMethods)
    if (known == method) return name;
  fail_check("known method", __FILE__, __LINE__);
}

Range choose_range(const Histogram& histogram, int bits, bool symmetric, const RangeOptions& options) {
  if (histogram.empty()) return {};
  const Range whole = with_zero(histogram.min(), histogram.max(), symmetric);
  if (whole.min == whole.max) return whole;
  switch (options.method) {
    case RangeMethod::kMinMax: return whole;
    case RangeMethod::kPercentile: {
      if (!(options.percentile > 0.5 && options.percentile <= 1))
        throw UserError({"impossible percentile", std::to_string(options.percentile),
                         "it must be above 0.5 and at most 1", "give a fraction such as 0.9999"});
      const Range inner = percentile_range(histogram, options.percentile);
      return with_zero(inner.min, inner.max, symmetric);
    }
    case RangeMethod::kMse: {
      const double steps = std::ldexp(1.0, bits) - 1;
      return search_range(whole, symmetric,
                          [&](const Range& r) { return squared_error(histogram, r, steps); });
    }
    case RangeMethod::kKl: return bits <= 8 ? least_divergence(histogram, whole, bits, symmetric) : whole;
  }
  fail_check("known method", __FILE__, __LINE__);
}

Encoding affine_encoding(Range range, int bits) {
  const Encoding plain = Encoding::integer(bits, true);
  const auto low = static_cast<double>(plain.min());
  const auto high = static_cast<double>(plain.max());
  const Range r = with_zero(range.min, range.max, false);
  const auto scale = static_cast<float>((r.max - r.min) / (high - low));
  if (!(scale >= std::numeric_limits<float>::min())) return Encoding::affine(bits, true, 1.0F, 0);
  const double zero = std::clamp(std::round(low - r.min / static_cast<double>(scale)), low, high);
  return Encoding::affine(bits, true, scale, static_cast<std::int32_t>(zero));
}

Encoding symmetric_encoding(Range range, int bits) {
  const Range r = with_zero(range.min, range.max, true);
  const auto scale = static_cast<float>(r.max / static_cast<double>(Encoding::integer(bits, true).max()));
  return Encoding::affine(bits, true, scale >= std::numeric_limits<float>::min() ? scale : 1.0F, 0);
}

Encoding weight_encoding(const Tensor& weights, int axis, int bits, RangeMethod method) {
  MOTE_CHECK((bits >= 2 && bits <= 8) || bits == 16, std::to_string(bits));
  const Shape& shape = weights.type().shape;
  const auto channels = axis < 0 ? 1 : static_cast<std::size_t>(shape.at(static_cast<std::size_t>(axis)));
  std::vector<std::vector<double>> values(channels);
  const auto floats = weights.floats();
  for (std::size_t i = 0; i < floats.size(); ++i)
    values[axis < 0 ? 0 : static_cast<std::size_t>(axis_index(shape, axis, static_cast<std::int64_t>(i)))]
        .push_back(floats[i]);
  const auto top = static_cast<double>(Encoding::integer(bits, true).max());
  std::vector<float> scales(channels, 0);
  for (std::size_t c = 0; c < channels; ++c) {
    double largest = 0;
    for (const double x : values[c]) largest = std::max(largest, std::abs(x));
    const double scale = method == RangeMethod::kMse && largest > 0
                             ? least_error_scale(values[c], largest, top)
                             : largest / top;
    scales[c] = static_cast<float>(scale);
  }
  const float greatest = *std::max_element(scales.begin(), scales.end());
  for (float& scale : scales)
    if (!(scale >= std::numeric_limits<float>::min()))
      scale = greatest >= std::numeric_limits<float>::min() ? greatest : 1.0F;
  if (axis < 0) return Encoding::affine(bits, true, scales[0], 0);
  return Encoding::per_axis(bits, true, axis, std::move(scales), std::vector<std::int32_t>(channels, 0));
}

Tensor quantize_tensor(const Tensor& reals, const Encoding& encoding) {
  const Shape& shape = reals.type().shape;
  Array result(TensorType{shape, encoding, reals.type().sparsity});
  const auto values = reals.floats();
  const auto low = static_cast<double>(encoding.min());
  const auto high = static_cast<double>(encoding.max());
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::size_t channel = encoding.is_per_axis()
                                    ? static_cast<std::size_t>(axis_index(shape, encoding.quantization().axis,
                                                                          static_cast<std::int64_t>(i)))
                                    : 0;
    const double q =
        std::round(static_cast<double>(values[i]) / static_cast<double>(encoding.scale(channel)));
    result.integer[i] = static_cast<std::int64_t>(std::clamp(q + encoding.zero_point(channel), low, high));
  }
  return narrow(result);
}

}  // namespace mote
