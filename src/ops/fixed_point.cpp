#include "ops/fixed_point.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"

namespace mote {

Multiplier quantize_multiplier(double real) {
  MOTE_CHECK(std::isfinite(real) && real >= 0);
  if (real == 0) return {};
  int shift = 0;
  const double fraction = std::frexp(real, &shift);
  auto value = static_cast<std::int64_t>(std::round(fraction * (std::int64_t{1} << 31)));
  if (value == (std::int64_t{1} << 31)) {
    value /= 2;
    ++shift;
  }
  if (shift < -31) return {};
  if (shift > 30) return {std::numeric_limits<std::int32_t>::max(), 30};
  return {static_cast<std::int32_t>(value), shift};
}

std::int32_t saturating_rounding_doubling_high_mul(std::int32_t a, std::int32_t b) {
  if (a == b && a == std::numeric_limits<std::int32_t>::min())
    return std::numeric_limits<std::int32_t>::max();
  const std::int64_t product = static_cast<std::int64_t>(a) * b;
  const std::int64_t nudge = product >= 0 ? (1 << 30) : (1 - (1 << 30));
  return static_cast<std::int32_t>((product + nudge) / (std::int64_t{1} << 31));
}

std::int32_t rounding_divide_by_power_of_two(std::int32_t x, int exponent) {
  MOTE_CHECK(exponent >= 0 && exponent <= 31);
  const auto mask = static_cast<std::int32_t>((std::int64_t{1} << exponent) - 1);
  const std::int32_t remainder = x & mask;
  const std::int32_t threshold = (mask >> 1) + (x < 0 ? 1 : 0);
  return static_cast<std::int32_t>((static_cast<std::int64_t>(x) >> exponent) +
                                   (remainder > threshold ? 1 : 0));
}

std::int32_t multiply_by_multiplier(std::int32_t x, Multiplier m) {
  const int left = std::max(m.shift, 0);
  const int right = std::max(-m.shift, 0);
  const auto shifted = static_cast<std::int32_t>(static_cast<std::uint32_t>(x) << left);
  return rounding_divide_by_power_of_two(saturating_rounding_doubling_high_mul(shifted, m.value), right);
}

std::int32_t multiply_by_multiplier_64(std::int64_t x, Multiplier m) {
  const std::int32_t reduced = m.value < 0x7fff0000 ? (m.value + (1 << 15)) >> 16 : 0x7fff;
  const int shift = 15 - m.shift;
  return static_cast<std::int32_t>((x * reduced + (std::int64_t{1} << (shift - 1))) >> shift);
}

IntegerRange clamp_range(Clamp clamp, const Encoding& output) {
  const auto low = static_cast<double>(output.min());
  const auto high = static_cast<double>(output.max());
  if (!output.is_quantized())
    return {static_cast<std::int32_t>(low), static_cast<std::int32_t>(std::min(high, 2147483647.0))};
  const auto quantize = [&](float bound) {
    if (std::isinf(bound)) return bound < 0 ? low : high;
    const double q = output.zero_point() + static_cast<double>(std::round(bound / output.scale()));
    return std::clamp(q, low, high);
  };
  return {static_cast<std::int32_t>(quantize(clamp.min)), static_cast<std::int32_t>(quantize(clamp.max))};
}

}  // namespace mote
