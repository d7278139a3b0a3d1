#include "ops/layer_normalization_law.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

namespace mote {

std::int64_t integer_square_root(std::int64_t x) {
  std::uint64_t rest = static_cast<std::uint64_t>(x);
  std::uint64_t root = 0;
  for (std::uint64_t bit = std::uint64_t{1} << 62; bit != 0; bit >>= 2) {
    if (rest >= root + bit) {
      rest -= root + bit;
      root = (root >> 1) + bit;
    } else {
      root >>= 1;
    }
  }
  return static_cast<std::int64_t>(root);
}

void LayerNormalizationLaw::operator()(std::span<const std::int64_t> in, std::span<const std::int64_t> gamma,
                                       std::span<const std::int64_t> beta,
                                       std::span<std::int64_t> out_row) const {
  const auto count = static_cast<std::int64_t>(in.size());
  std::int64_t sum = 0;
  std::int64_t squares = 0;
  for (const std::int64_t q : in) {
    sum += q;
    squares += q * q;
  }
  const std::int64_t spread = count * squares - sum * sum + epsilon;
  const int doublings = spread == 0 ? 0 : (std::countl_zero(static_cast<std::uint64_t>(spread)) - 1) / 2;
  const std::int64_t root = spread == 0 ? 1 : integer_square_root(spread << (2 * doublings));
  for (std::size_t i = 0; i < in.size(); ++i) {
    const std::int64_t deviation =
        (count * in[i] - sum) * (std::int64_t{1} << doublings) * (1 << kFractionBits);
    const std::int64_t magnitude = (std::abs(deviation) + root / 2) / root;
    const std::int64_t normalized = deviation < 0 ? -magnitude : magnitude;
    std::int64_t value = normalized;
    if (!gamma.empty()) value *= gamma[gamma.size() == 1 ? 0 : i] - gamma_zero;
    if (!beta.empty()) value += beta[beta.size() == 1 ? 0 : i];
    const auto held = static_cast<std::int32_t>(std::clamp<std::int64_t>(
        value, std::numeric_limits<std::int32_t>::min(), std::numeric_limits<std::int32_t>::max()));
    const std::int64_t y = std::int64_t{multiply_by_multiplier(held, out)} + out_zero;
    out_row[i] = std::clamp<std::int64_t>(y, range.min, range.max);
  }
}

LayerNormalizationLaw layer_normalization_law(float epsilon, std::int64_t count, const Encoding& input,
                                              const Encoding* gamma, const Encoding& output) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  LayerNormalizationLaw law;
  const double scale = input.scale();
  const double n = static_cast<double>(count);
  law.epsilon =
      static_cast<std::int64_t>(std::min(std::round(n * n * static_cast<double>(epsilon) / (scale * scale)),
                                         static_cast<double>(std::int64_t{1} << 61)));
  law.gamma_zero = gamma ? gamma->zero_point() : 0;
  law.out_zero = output.zero_point();
  law.out = quantize_multiplier(
      std::ldexp(gamma ? static_cast<double>(gamma->scale()) : 1.0, -LayerNormalizationLaw::kFractionBits) /
      output.scale());
  law.range = clamp_range({-kInfinity, kInfinity}, output);
  return law;
}

}  // namespace mote
