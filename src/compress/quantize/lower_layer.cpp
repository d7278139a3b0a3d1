#include "compress/quantize/lower_layer.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <set>

#include "compress/quantize/fit_thresholds.h"
#include "ops/accumulation.h"

namespace mote {

namespace {

constexpr double kTie = 1e-9;       // relative: what float arithmetic may have added to a whole number
constexpr double kHarmless = 0.02;  // steps of the output
constexpr double kLargestBias = 1 << 30;
constexpr std::int64_t kLargestRefined = 64;  // of the weights

double rounded_down(double t) {
  const double nearest = std::round(t);
  return std::abs(t - nearest) < kTie * std::max(1.0, std::abs(t)) ? nearest : std::floor(t);
}

struct Channel {
  std::vector<std::int64_t*> weights;
  double scale = 0;  // of the weights
  double shift = 0;  // real
  std::int64_t bias = 0;
};

class LayerLowering {
 public:
  LayerLowering(const LayerMeaning& layer, const Encoding* y, Clamp clamp)
      : layer_(layer), y_(y), x_scale_(static_cast<double>(layer.x.scale())) {
    if (y && !y->is_bipolar()) range_ = clamp_range(clamp, *y);
    const std::int64_t zero = layer.x.zero_point();
    largest_x_ = std::max(layer.x.max() - zero, zero - layer.x.min());
    const auto integers = centered(widen(layer.weights));
    integers_.assign(integers.begin(), integers.end());
    channels_.resize(layer.factor.size());
    const Encoding& w = layer.weights.type().encoding;
    for (std::size_t i = 0; i < integers_.size(); ++i)
      channels_[channel_of(i)].weights.push_back(&integers_[i]);
    for (std::size_t c = 0; c < channels_.size(); ++c)
      channels_[c].scale = static_cast<double>(w.scale(w.is_per_axis() ? c : 0));
  }

  std::optional<LoweredLayer> run() {
    for (std::size_t c = 0; c < channels_.size(); ++c) lower(channels_[c], layer_.factor[c], layer_.shift[c]);
    if (!y_ || !y_->is_bipolar()) choose_biases();
    return finish();
  }

 private:
  std::size_t channel_of(std::size_t i) const {
    return static_cast<std::size_t>(
        axis_index(layer_.weights.type().shape, layer_.output_axis, static_cast<std::int64_t>(i)));
  }

  // No sum of products has a larger magnitude.
  std::int64_t largest_sum(const Channel& c) const {
    std::int64_t sum = 0;
    for (const std::int64_t* w : c.weights) sum += std::abs(*w) * largest_x_;
    return sum;
  }

  // Of all sums.
  static std::int64_t common_divisor(const Channel& c) {
    std::int64_t common = 0;
    for (const std::int64_t* w : c.weights) common = std::gcd(common, *w);
    return std::max<std::int64_t>(common, 1);
  }

  void lower(Channel& c, double factor, double shift) {
    if (factor < 0)
      for (std::int64_t* w : c.weights) *w = -*w;
    fit_bytes(c);
    const double scale = c.scale * std::abs(factor);
    if (y_ && y_->is_bipolar()) return take_sign(c, scale, shift);
    coarsen(c, scale, shift);
    c.shift = shift;
  }

  bool is_narrow() const { return std::int64_t{range_.max} - range_.min <= kMaxThresholds; }

  // The weights of few different integers may become multiples of a power of two, which takes no more bits in
  // flash (levels) and makes the bias finer: the one by which most sums give the level that the real numbers
  // round to.
  void choose_biases() {
    const std::set<std::int64_t> seen(integers_.begin(), integers_.end());
    const std::int64_t largest = std::max(std::abs(*seen.begin()), std::abs(*seen.rbegin()));
    std::int64_t best = 1;
    std::int64_t fewest = y_ ? wrong(1) : 1;
    for (std::int64_t unit = 2; seen.size() <= Encoding::kMaxLevels && unit * largest <= kLargestRefined;
         unit *= 2) {
      const std::int64_t count = y_ ? wrong(unit) : 0;
      if (y_ && 10 * count >= 9 * fewest) continue;
      fewest = count;
      best = unit;
    }
    for (Channel& c : channels_) {
      const auto fitted = fit(c, best);
      c.bias = fitted ? fitted->bias : best_bias(c, best).value;
      c.scale = fitted ? fitted->multiplier * static_cast<double>(y_->scale()) / x_scale_
                       : c.scale / static_cast<double>(best);
      for (std::int64_t* w : c.weights) *w *= best;
    }
  }

  // With weights that are multiples of `unit`; nothing for wide outputs.
  std::optional<FittedChannel> fit(const Channel& c, std::int64_t unit) const {
    if (!y_ || !is_narrow()) return std::nullopt;
    const double step = c.scale * x_scale_ / static_cast<double>(unit);
    return fit_thresholds({step, c.shift, unit * largest_sum(c), unit * common_divisor(c)}, *y_, range_);
  }

  // The first of the two roundings of the law adds half of a sum on average, which the bias takes back.
  std::int64_t bias_of(const Channel& c, std::int64_t unit) const {
    const double step = c.scale * x_scale_ / static_cast<double>(unit);
    double bias = c.shift / step;
    double bound = kLargestBias;
    if (y_) {
      const double real = step / static_cast<double>(y_->scale());
      const Multiplier m = quantize_multiplier(real);
      if (m.shift < 0) bias -= std::ldexp(0.5, 31) / m.value;
      // beyond this the output is saturated anyway
      const double saturated = std::ldexp(4.0, y_->bits()) / real + 1;
      bound = std::min(bound, static_cast<double>(unit * largest_sum(c)) + saturated);
    }
    return static_cast<std::int64_t>(std::clamp(std::round(bias), -bound, bound));
  }

  // How many of some likely sums give another level than the real numbers round to.
  std::int64_t wrong(const Channel& c, std::int64_t unit, std::int64_t bias) const {
    constexpr std::int64_t kSums = 64;
    double squares = 0;
    for (const std::int64_t* w : c.weights) squares += static_cast<double>(*w * *w);
    const std::int64_t common = common_divisor(c);
    const auto likely = static_cast<std::int64_t>(2 * std::sqrt(squares) * static_cast<double>(largest_x_));
    const std::int64_t reach = std::min(largest_sum(c), likely);
    const double y_scale = static_cast<double>(y_->scale());
    const double step = c.scale * x_scale_ / y_scale;
    const Multiplier m = quantize_multiplier(step / static_cast<double>(unit));
    const auto held = [&](double steps) {
      return std::clamp(steps + y_->zero_point(), static_cast<double>(range_.min),
                        static_cast<double>(range_.max));
    };
    std::int64_t count = 0;
    for (std::int64_t i = -kSums; i <= kSums; ++i) {
      const std::int64_t sum = i * reach / kSums / common * common;
      const double real = static_cast<double>(sum) * step + c.shift / y_scale;
      const std::int32_t law = multiply_by_multiplier(static_cast<std::int32_t>(sum * unit + bias), m);
      count += held(std::nearbyint(real)) != held(law) ? 1 : 0;
    }
    return count;
  }

  struct Bias {
    std::int64_t value, wrong;
  };
  Bias best_bias(const Channel& c, std::int64_t unit) const {
    const std::int64_t middle = bias_of(c, unit);
    Bias best{middle, y_ ? wrong(c, unit, middle) : 0};
    for (const std::int64_t bias : {middle - 1, middle + 1})
      if (const std::int64_t count = best.wrong > 0 ? wrong(c, unit, bias) : 0; count < best.wrong)
        best = {bias, count};
    return best;
  }
  std::int64_t wrong(std::int64_t unit) const {
    std::int64_t count = 0;
    for (const Channel& c : channels_) {
      const auto fitted = fit(c, unit);
      count += fitted ? fitted->missed : best_bias(c, unit).wrong;
    }
    return count;
  }

  // 128 has no place in a byte: a coarser scale for this channel.
  void fit_bytes(Channel& c) const {
    std::int64_t largest = 0;
    for (const std::int64_t* w : c.weights) largest = std::max(largest, *w < 0 ? -*w - 1 : *w);
    if (largest <= 127) return;
    const double ratio = 127.0 / static_cast<double>(largest);
    for (std::int64_t* w : c.weights) *w = std::llround(static_cast<double>(*w) * ratio);
    c.scale /= ratio;
  }

  // S scale + shift >= 0; a channel that is constant keeps its weights and gets a bias that they cannot turn.
  void take_sign(Channel& c, double scale, double shift) const {
    const std::int64_t most = largest_sum(c);
    const double limit = static_cast<double>(most + 1);
    const double t = scale > 0 ? rounded_down(shift / (scale * x_scale_)) : shift >= 0 ? limit : -limit;
    c.bias = static_cast<std::int64_t>(std::clamp(t, -limit, limit));
    if (scale > std::numeric_limits<float>::min()) c.scale = scale;
  }

  // The wanted scale, or one that keeps the bias within its bits and is not 0.
  void coarsen(Channel& c, double scale, double shift) const {
    const double unit = y_ ? static_cast<double>(y_->scale()) : std::max(std::abs(shift), 1e-6);
    const double least =
        std::max({std::abs(shift) / (x_scale_ * kLargestBias), unit * std::ldexp(1.0, -40) / x_scale_,
                  static_cast<double>(std::numeric_limits<float>::min())});
    if (scale >= least) {
      c.scale = scale;
      return;
    }
    c.scale = least;
    if (static_cast<double>(largest_sum(c)) * x_scale_ * (least - scale) <= kHarmless * unit && y_) return;
    for (std::int64_t* w : c.weights) *w = std::llround(static_cast<double>(*w) * scale / least);
  }

  int weight_bits() const {
    const Encoding& e = layer_.weights.type().encoding;
    int bits = e.is_signed() ? e.bits() : 2;
    for (const std::int64_t w : integers_)
      while (w < -(std::int64_t{1} << (bits - 1)) || w >= std::int64_t{1} << (bits - 1)) ++bits;
    return bits;
  }

  std::optional<LoweredLayer> finish() const {
    const Encoding& before = layer_.weights.type().encoding;
    const int bits = weight_bits();
    if (bits > 8) return std::nullopt;
    const bool one =
        !before.is_per_axis() && std::all_of(channels_.begin(), channels_.end(),
                                             [&](const Channel& c) { return c.scale == channels_[0].scale; });
    Quantization q{one ? -1 : layer_.output_axis, {}, {}};
    Quantization bias_q{one ? -1 : 0, {}, {}};
    std::vector<std::int64_t> bias;
    for (const Channel& c : channels_) {
      bias.push_back(c.bias);
      if (one && !q.scales.empty()) continue;
      q.scales.push_back(static_cast<float>(c.scale));
      bias_q.scales.push_back(layer_.x.scale() * q.scales.back());
    }
    q.zero_points.assign(q.scales.size(), 0);
    bias_q.zero_points = q.zero_points;
    const Encoding weights = Encoding::integer(bits, true).with_quantization(std::move(q));
    const Encoding words = Encoding::integer(32, true).with_quantization(std::move(bias_q));
    return LoweredLayer{Tensor::integers({layer_.weights.type().shape, weights, {}}, integers_),
                        Tensor::integers({{static_cast<std::int64_t>(bias.size())}, words, {}}, bias)};
  }

  const LayerMeaning& layer_;
  const Encoding* y_;
  IntegerRange range_{};
  double x_scale_;
  std::int64_t largest_x_ = 0;
  std::vector<std::int64_t> integers_;  // weights without zero points
  std::vector<Channel> channels_;
};

}  // namespace

std::optional<LoweredLayer> lower_layer(const LayerMeaning& layer, const Encoding* y, Clamp clamp) {
  return LayerLowering(layer, y, clamp).run();
}

}  // namespace mote
