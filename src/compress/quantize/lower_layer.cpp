#include "compress/quantize/lower_layer.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "compress/quantize/fit_thresholds.h"
#include "ops/accumulation.h"

namespace mote {

namespace {

constexpr double kTie = 1e-9;       // relative: what float arithmetic may have added to a whole number
constexpr double kHarmless = 0.02;  // steps of the output
constexpr double kLargestBias = 1 << 30;
constexpr double kFineSteps = 1.0 / 64;       // of the output, for one more in a sum
constexpr std::int64_t kLargestRefined = 64;  // of the weights

double rounded_down(double t) {
  const double nearest = std::round(t);
  return std::abs(t - nearest) < kTie * std::max(1.0, std::abs(t)) ? nearest : std::floor(t);
}

struct Channel {
  std::vector<std::int64_t*> weights;
  double scale = 0;  // of the weights
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
    refine();
    for (std::size_t c = 0; c < channels_.size(); ++c) lower(channels_[c], layer_.factor[c], layer_.shift[c]);
    return finish();
  }

 private:
  std::size_t channel_of(std::size_t i) const {
    return static_cast<std::size_t>(
        axis_index(layer_.weights.type().shape, layer_.output_axis, static_cast<std::int64_t>(i)));
  }

  // Where one more in a sum is a large part of a step of the output, a whole bias is too coarse: the few
  // integers of the weights become multiples of a power of two, which takes no more bits in flash (levels)
  // and makes the bias finer. Not where both operands are bipolar: their kernels count bits.
  void refine() {
    if (y_ && (y_->is_bipolar() || std::int64_t{range_.max} - range_.min <= kMaxThresholds)) return;
    const std::set<std::int64_t> seen(integers_.begin(), integers_.end());
    if (seen.empty() || seen.size() > Encoding::kMaxLevels || (layer_.x.is_bipolar() && seen.size() <= 2))
      return;
    double largest_step = 0;  // of the output
    for (std::size_t c = 0; c < channels_.size(); ++c)
      largest_step = std::max(
          largest_step, channels_[c].scale * std::abs(layer_.factor[c]) * x_scale_ /
                            (y_ ? static_cast<double>(y_->scale()) : std::numeric_limits<double>::min()));
    std::int64_t unit = 1;
    const std::int64_t largest = std::max(std::abs(*seen.begin()), std::abs(*seen.rbegin()));
    while (largest_step > kFineSteps * static_cast<double>(unit) && 2 * unit * largest <= kLargestRefined)
      unit *= 2;
    for (std::int64_t& w : integers_) w *= unit;
    for (Channel& c : channels_) c.scale /= static_cast<double>(unit);
  }

  // No sum of products has a larger magnitude.
  std::int64_t largest_sum(const Channel& c) const {
    std::int64_t sum = 0;
    for (const std::int64_t* w : c.weights) sum += std::abs(*w) * largest_x_;
    return sum;
  }

  void lower(Channel& c, double factor, double shift) {
    if (factor < 0)
      for (std::int64_t* w : c.weights) *w = -*w;
    fit_bytes(c);
    const double scale = c.scale * std::abs(factor);
    if (y_ && y_->is_bipolar()) return take_sign(c, scale, shift);
    coarsen(c, scale, shift);
    const double step = c.scale * x_scale_;
    const double most = static_cast<double>(largest_sum(c));
    if (y_)
      if (const auto fitted = fit_thresholds({step, shift, largest_sum(c)}, *y_, range_)) {
        c.scale = fitted->multiplier * static_cast<double>(y_->scale()) / x_scale_;
        c.bias = fitted->bias;
        return;
      }
    // beyond these the output is saturated anyway
    const double bound =
        y_ ? most + 1024 * static_cast<double>(y_->scale()) * std::ldexp(1.0, y_->bits() - 8) / step + 1
           : kLargestBias;
    c.bias = static_cast<std::int64_t>(
        std::clamp(std::round(shift / step), -std::min(bound, kLargestBias), std::min(bound, kLargestBias)));
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
