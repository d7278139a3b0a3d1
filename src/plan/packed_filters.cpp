#include "plan/packed_filters.h"

#include <algorithm>
#include <cstdlib>
#include <limits>

namespace mote {

bool has_computed_weights(const BindContext& context) {
  return !context.constant(1) || (context.has_input(2) && !context.constant(2));
}

bool Filters::sums_fit() const { return largest_sum <= std::numeric_limits<std::int32_t>::max(); }

std::string fast_words_refusal(const BindContext& context, const Convolution& c) {
  if (c.form != Accumulation::Int16) return "not a layer with 16-bit activations";
  if (has_computed_weights(context)) return "weights or bias are computed";
  return {};
}

std::string fast_refusal(const BindContext& context, const Convolution& c, bool takes_weight_zeros) {
  if (c.form != Accumulation::Int8) return "not an 8-bit layer";
  if (has_computed_weights(context)) return "weights or bias are computed";
  if (c.is_transposed()) return "it is transposed";
  if (takes_weight_zeros) return {};
  const Encoding& w = context.input(1).encoding;
  if (!w.is_signed()) return "the weights are unsigned";
  const auto& zeros = w.quantization().zero_points;
  if (std::any_of(zeros.begin(), zeros.end(), [](std::int32_t z) { return z != 0; }))
    return "weights have zero points";
  return {};
}

Filters filters_of(const BindContext& context, const Convolution& c) {
  Filters f;
  f.channels = c.out_channels;
  f.elements = c.rows.taps * c.columns.taps * c.depth();
  f.values = constant_integers(context, 1).value();
  if (c.depthwise) {
    const auto taps_first = f.values;
    for (std::size_t i = 0; i < taps_first.size(); ++i) {
      const auto channels = static_cast<std::size_t>(f.channels);
      f.values[i % channels * static_cast<std::size_t>(f.elements) + i / channels] = taps_first[i];
    }
  }
  if (const Encoding& w = context.input(1).encoding; w.is_quantized())
    for (std::size_t i = 0; i < f.values.size(); ++i)
      f.values[i] -= w.zero_point(w.is_per_axis() ? i / static_cast<std::size_t>(f.elements) : 0);
  f.bias =
      constant_integers(context, 2).value_or(std::vector<std::int32_t>(static_cast<std::size_t>(f.channels)));
  const std::int64_t zero = byte_zero(context.input(0).encoding);
  const std::int64_t largest_input = context.input(0).encoding.bits() > 8 ? 32768 : 128;
  for (std::int64_t o = 0; o < f.channels; ++o) {
    std::int64_t sum = 0;
    std::int64_t magnitude = 0;
    for (std::int64_t k = 0; k < f.elements; ++k) {
      sum += f.at(o, k);
      magnitude += std::abs(f.at(o, k));
    }
    const std::int64_t folded = f.bias[static_cast<std::size_t>(o)] - zero * sum;
    f.bias[static_cast<std::size_t>(o)] = static_cast<std::int32_t>(folded);
    f.largest_sum = std::max(f.largest_sum, std::abs(folded) + largest_input * magnitude);
  }
  return f;
}

WideConstants wide_constants(const Convolution& c) {
  const OutputConstants constants = output_constants(c, true);
  WideConstants wide;
  for (const std::int32_t m : constants.multipliers)
    wide.multipliers.push_back(m < 0x7fff0000 ? (m + 0x8000) >> 16 : 0x7fff);
  for (const std::int8_t shift : constants.shifts) wide.right_shifts.push_back(15 - shift);
  return wide;
}

void add_output_range(std::vector<Parameter>& params, const std::string& prefix, const BindContext& context,
                      const Convolution& c) {
  const Encoding& y = context.output().encoding;
  params.push_back({prefix + "y_flip", byte_flip(y)});
  params.push_back({prefix + "y_zero", c.stage.zero_point - byte_flip(y)});
  params.push_back({prefix + "low", std::int64_t{c.stage.range.min} - c.stage.zero_point});
  params.push_back({prefix + "high", std::int64_t{c.stage.range.max} - c.stage.zero_point});
}

}  // namespace mote
