#include "ops/softmax_law.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

namespace mote {

namespace {

constexpr int kDiffBits = 5;
constexpr int kSumBits = 12;

std::int32_t largest(std::span<const std::int64_t> in, std::size_t count, std::size_t stride) {
  std::int64_t top = in[0];
  for (std::size_t i = 1; i < count; ++i) top = std::max(top, in[i * stride]);
  return static_cast<std::int32_t>(top);
}

int leading_zeros(std::int32_t x) { return std::countl_zero(static_cast<std::uint32_t>(x)); }

}  // namespace

void SoftmaxLaw8::operator()(std::span<const std::int64_t> in, std::span<std::int64_t> out, std::size_t count,
                             std::size_t stride) const {
  const std::int32_t top = largest(in, count, stride);
  const auto diff = [&](std::size_t i) { return static_cast<std::int32_t>(in[i * stride]) - top; };
  std::int32_t sum = 0;
  for (std::size_t i = 0; i < count; ++i)
    if (diff(i) >= diff_min)
      sum += rounding_divide_by_power_of_two(fixed_exp(multiply_by_multiplier(diff(i), scaling), kDiffBits),
                                             kSumBits);
  if (is_log) {
    const std::int32_t log_sum = fixed_log(sum);
    const std::int32_t lowest =
        multiply_by_multiplier(log_sum + std::numeric_limits<std::int32_t>::min(), reverse);
    const std::int32_t least = std::max(diff_min - 1, lowest);
    for (std::size_t i = 0; i < count; ++i) {
      std::int64_t y = out_min;
      if (diff(i) > least)
        y = std::int64_t{rounding_divide_by_power_of_two(multiply_by_multiplier(diff(i), scaling) - log_sum,
                                                         31 - kDiffBits - (out_bits - 4))} +
            out_max;
      out[i * stride] = std::clamp<std::int64_t>(y, out_min, out_max);
    }
    return;
  }
  const int zeros = leading_zeros(sum);
  const auto normalized =
      static_cast<std::int32_t>((static_cast<std::uint32_t>(sum) << zeros) - (std::uint32_t{1} << 31));
  const std::int32_t reciprocal = fixed_reciprocal_of_one_plus(normalized);
  const int exponent = kSumBits - zeros + 31 - out_bits;
  for (std::size_t i = 0; i < count; ++i) {
    std::int64_t y = out_min;
    if (diff(i) >= diff_min && exponent <= 31) {
      const std::int32_t e = fixed_exp(multiply_by_multiplier(diff(i), scaling), kDiffBits);
      y += rounding_divide_by_power_of_two(saturating_rounding_doubling_high_mul(reciprocal, e), exponent);
    }
    out[i * stride] = std::clamp<std::int64_t>(y, out_min, out_max);
  }
}

const Table16& SoftmaxLaw16::exp_table() {
  static const Table16 table =
      tabulate_16(10.0 / 65535, 32767, 2.0 / 65535, [](double x) { return std::exp(x); });
  return table;
}

const Table16& SoftmaxLaw16::reciprocal_table() {
  static const Table16 table =
      tabulate_16(1.0 / 65535, -32768, 2.0 / 65535, [](double x) { return 1 / (1 + x); });
  return table;
}

void SoftmaxLaw16::operator()(std::span<const std::int64_t> in, std::span<std::int64_t> out,
                              std::size_t count, std::size_t stride) const {
  const std::int32_t top = largest(in, count, stride);
  std::int32_t sum = 0;  // Q16.15
  for (std::size_t i = 0; i < count; ++i) {
    const std::int32_t steps =
        multiply_by_multiplier(static_cast<std::int32_t>(in[i * stride]) - top, scaling);
    const std::int32_t q = std::clamp(steps + 32767, -32768, 32767);
    out[i * stride] = look_up_16(exp_table(), q);
    sum += static_cast<std::int32_t>(out[i * stride]);
  }
  const int zeros = leading_zeros(sum);
  const auto mantissa = static_cast<std::int32_t>(((std::int64_t{sum} << (zeros - 1)) + (1 << 13)) >> 14);
  const std::int32_t q = std::clamp(mantissa - (1 << 15) - (1 << 16), -32768, 32767);
  const std::int64_t reciprocal = look_up_16(reciprocal_table(), q);
  const int shift = 31 - zeros;
  for (std::size_t i = 0; i < count; ++i) {
    const std::int64_t y = (out[i * stride] * reciprocal + (std::int64_t{1} << (shift - 1))) >> shift;
    out[i * stride] = std::clamp<std::int64_t>(y, 0, 32767);
  }
}

SoftmaxLaw8 softmax_law_8(std::string_view function, float beta, const Encoding& input,
                          const Encoding& output) {
  SoftmaxLaw8 law;
  const double real = static_cast<double>(beta) * input.scale() * (1 << (31 - kDiffBits));
  law.scaling = quantize_multiplier(std::min(real, 2147483647.0));
  law.diff_min = -input_radius(kDiffBits, law.scaling.shift);
  law.out_bits = output.bits();
  law.out_min = static_cast<std::int32_t>(output.min());
  law.out_max = static_cast<std::int32_t>(output.max());
  law.is_log = function == "LogSoftmax";
  if (law.is_log)
    law.reverse = quantize_multiplier(std::ldexp(1.0, 31 - law.scaling.shift) / law.scaling.value);
  return law;
}

SoftmaxLaw16 softmax_law_16(float beta, const Encoding& input) {
  return {quantize_multiplier(static_cast<double>(input.scale()) * beta / (10.0 / 65535))};
}

}  // namespace mote
