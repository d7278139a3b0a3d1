#include "ops/unary_law.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "ops/elementwise.h"

namespace mote {

namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

// frexp(-x) mirrors frexp(x), so a negative slope is the negated multiplier of its magnitude.
Multiplier signed_multiplier(double slope) {
  Multiplier m = quantize_multiplier(std::abs(slope));
  if (slope < 0) m.value = -m.value;
  return m;
}

std::optional<PiecewiseLaw> piecewise(const Unary& op, const Encoding& input, const Encoding& output) {
  Clamp clamp{-kInfinity, kInfinity};
  float negative = 1;
  float positive = 1;
  if (op.function == "Relu") {
    clamp.min = 0;
  } else if (op.function == "Relu6") {
    clamp = {0, 6};
  } else if (op.function == "Clip") {
    clamp = {op.alpha, op.beta};
  } else if (op.function == "LeakyRelu") {
    negative = op.alpha;
  } else if (op.function == "Abs") {
    negative = -1;
  } else if (op.function == "Neg") {
    negative = positive = -1;
  } else if (op.function != "Identity") {
    return std::nullopt;
  }
  // The published kernels divide the scales in float32 here.
  const float ratio = input.scale() / output.scale();
  const float negative_ratio = input.scale() * negative / output.scale();
  return PiecewiseLaw{input.zero_point(), output.zero_point(), signed_multiplier(negative_ratio),
                      signed_multiplier(positive * ratio), clamp_range(clamp, output)};
}

// Sigmoid and Tanh in fixed point, where the output has the natural scale of the function (equations 26 to
// 29).
std::optional<TableLaw> logistic_or_tanh(const Unary& op, const Encoding& input, const Encoding& output) {
  const bool is_tanh = op.function == "Tanh";
  if (!is_tanh && op.function != "Sigmoid") return std::nullopt;
  const int fraction_bits = is_tanh ? output.bits() - 1 : output.bits();
  const std::int64_t natural_zero = is_tanh && !output.is_signed() ? (output.max() + 1) / 2
                                    : is_tanh                      ? 0
                                                                   : output.min();
  if (output.scale() != std::ldexp(1.0F, -fraction_bits) || output.zero_point() != natural_zero)
    return std::nullopt;
  constexpr int kIntegerBits = 4;
  const double to_q4 = static_cast<double>(input.scale()) * (1 << (31 - kIntegerBits));
  const Multiplier multiplier = quantize_multiplier(to_q4);
  if (multiplier.shift < 0) return std::nullopt;  // a scale below 2^-27
  const std::int32_t radius = input_radius(kIntegerBits, multiplier.shift);
  TableLaw law{input.min(), {}};
  for (std::int64_t q = input.min(); q <= input.max(); ++q) {
    const auto d = static_cast<std::int32_t>(q - input.zero_point());
    std::int64_t y = 0;
    if (d <= -radius) {
      y = output.min();
    } else if (d >= radius) {
      y = output.max();
    } else {
      const std::int32_t x = multiply_by_multiplier(d, multiplier);
      const std::int32_t q0 = is_tanh ? fixed_tanh(x) : fixed_logistic(x);
      y = std::int64_t{rounding_divide_by_power_of_two(q0, 31 - fraction_bits)} + natural_zero;
    }
    law.outputs.push_back(static_cast<std::int32_t>(std::clamp(y, output.min(), output.max())));
  }
  return law;
}

std::int16_t saturate_16(std::int32_t x) {
  return static_cast<std::int16_t>(std::clamp<std::int32_t>(x, std::numeric_limits<std::int16_t>::min(),
                                                            std::numeric_limits<std::int16_t>::max()));
}

// round(a * b / 2^15) with saturation, and the same truncated: 16-bit forms of equation 6.
std::int16_t rounding_high_mul_16(std::int16_t a, std::int16_t b) {
  return saturate_16((static_cast<std::int32_t>(a) * b + (1 << 14)) >> 15);
}
std::int16_t truncating_high_mul_16(std::int16_t a, std::int16_t b) {
  return saturate_16(static_cast<std::int32_t>(a) * b / (1 << 15));
}

// The multiplier in 16 bits.
std::int16_t reduced(Multiplier m) {
  return saturate_16(static_cast<std::int32_t>((std::int64_t{m.value} + (1 << 15)) >> 16));
}

// HardSwish in 16-bit fixed point (equation 33).
std::optional<TableLaw> hard_swish(const Unary& op, const Encoding& input, const Encoding& output) {
  if (op.function != "HardSwish") return std::nullopt;
  const float fine_scale = (1.0F / 128.0F) * input.scale();
  const float reluish_scale = 3.0F / 32768.0F;
  const Multiplier to_output = quantize_multiplier(static_cast<double>(fine_scale / output.scale()));
  const Multiplier to_reluish = quantize_multiplier(static_cast<double>(fine_scale / reluish_scale));
  if (to_output.shift > 0) return std::nullopt;
  TableLaw law{input.min(), {}};
  for (std::int64_t q = input.min(); q <= input.max(); ++q) {
    const auto fine = static_cast<std::int16_t>((q - input.zero_point()) * 128);
    const std::int16_t on_output_scale = rounding_high_mul_16(fine, reduced(to_output));
    std::int16_t reluish = fine;
    if (to_reluish.shift > 0)
      reluish = saturate_16(saturating_shift(reluish, std::min(to_reluish.shift - 1, 16)));
    reluish = rounding_high_mul_16(reluish, reduced(to_reluish));
    if (to_reluish.shift > 0) reluish = saturate_16(reluish * 2);
    if (to_reluish.shift < 0)
      reluish = static_cast<std::int16_t>(rounding_divide_by_power_of_two(reluish, -to_reluish.shift));
    const auto half_gate = static_cast<std::int16_t>((reluish + (1 << 15)) >> 1);
    const std::int16_t product = truncating_high_mul_16(half_gate, on_output_scale);
    const std::int64_t y =
        std::int64_t{rounding_divide_by_power_of_two(product, -to_output.shift)} + output.zero_point();
    law.outputs.push_back(static_cast<std::int32_t>(std::clamp(y, output.min(), output.max())));
  }
  return law;
}

}  // namespace

std::int32_t PiecewiseLaw::operator()(std::int32_t q) const {
  const std::int32_t d = q - in_zero;
  const std::int64_t value = std::int64_t{multiply_by_multiplier(d, d >= 0 ? positive : negative)} + out_zero;
  return static_cast<std::int32_t>(std::clamp<std::int64_t>(value, range.min, range.max));
}

UnaryLaw tabulated_law(const std::function<double(double)>& function, const Encoding& input,
                       const Encoding& output) {
  if (output.bits() == 16)
    return InterpolationLaw{tabulate_16(input.scale(), input.zero_point(), output.scale(), function)};
  TableLaw law{input.min(), {}};
  for (std::int64_t q = input.min(); q <= input.max(); ++q) {
    const double x = static_cast<double>(input.scale()) * static_cast<double>(q - input.zero_point());
    law.outputs.push_back(static_cast<std::int32_t>(elementwise::quantize(function(x), output)));
  }
  return law;
}

UnaryLaw unary_law(const Unary& op, const Encoding& input, const Encoding& output) {
  if (const auto law = piecewise(op, input, output)) return *law;
  if (output.bits() <= 8) {
    if (const auto law = logistic_or_tanh(op, input, output)) return *law;
    if (const auto law = hard_swish(op, input, output)) return *law;
  }
  return tabulated_law([&](double x) { return op.apply(x); }, input, output);
}

}  // namespace mote
