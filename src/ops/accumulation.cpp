#include "ops/accumulation.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace mote {

namespace {

bool is_narrow(const Encoding& e) { return e.is_integer() && e.bits() <= 8; }

std::int64_t zero_point_or_0(const Encoding& e, std::size_t index) {
  return e.is_quantized() ? e.zero_point(index) : 0;
}

// Largest |q - zero_point|.
std::int64_t magnitude(const Encoding& e) {
  if (e.is_bipolar()) return 1;
  const std::size_t count = e.is_per_axis() ? e.quantization().zero_points.size() : 1;
  std::int64_t largest = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const std::int64_t zero = zero_point_or_0(e, i);
    largest = std::max({largest, e.max() - zero, zero - e.min()});
  }
  return largest;
}

bool symmetric(const Encoding& e) {
  const auto& zeros = e.quantization().zero_points;
  return e.is_signed() && std::all_of(zeros.begin(), zeros.end(), [](std::int32_t z) { return z == 0; });
}

void check_bias(const AccumulationRule& rule, const TensorType* bias) {
  if (!bias) return;
  const Encoding& e = bias->encoding;
  const bool centered_at_zero = !e.is_quantized() || symmetric(e);
  if (!e.is_integer() || e.bits() != 32 || !e.is_signed() || !centered_at_zero)
    refuse(rule.op, "the bias of an integer layer must be s32 with zero point 0, it is " + to_string(e),
           "quantize the bias to 32 bits with the scale of input times weights");
}

void check_sum_scale(const AccumulationRule& rule, const AccumulationTypes& types) {
  const Encoding& y = types.y.encoding;
  if (!y.is_quantized()) return;
  const double input = types.x.encoding.is_quantized() ? types.x.encoding.scale() : 1.0;
  const bool by_channel = types.w.encoding.is_per_axis();
  const std::size_t count = by_channel ? types.w.encoding.quantization().scales.size() : 1;
  for (std::size_t i = 0; i < count; ++i) {
    const double product = input * (types.w.encoding.is_quantized() ? types.w.encoding.scale(i) : 1.0);
    if (y.zero_point(i) != 0 || std::abs(y.scale(i) - product) > 1e-3 * product)
      refuse(rule.op, "a 32-bit output must have the scale of input times weights and zero point 0",
             "requantize after the layer");
  }
}

}  // namespace

void refuse(std::string_view op, const std::string& why, const std::string& remedy) {
  throw UserError({std::string(op) + " cannot be evaluated", "", why, remedy});
}

Accumulation accumulation_form(const AccumulationRule& rule, const AccumulationTypes& types,
                               std::int64_t terms) {
  const Encoding& x = types.x.encoding;
  const Encoding& w = types.w.encoding;
  const Encoding& y = types.y.encoding;
  if (x.is_real() && w.is_real() && y.is_real() && (!types.bias || types.bias->encoding.is_real()))
    return Accumulation::Real;
  const std::string seen = to_string(x) + " x " + to_string(w) + " -> " + to_string(y);
  if (x.is_real() || w.is_real() || y.is_real())
    refuse(rule.op, "real and integer operands are mixed: " + seen, "insert Quantize or Dequantize nodes");
  check_bias(rule, types.bias);
  if (x.is_per_axis() || (y.is_per_axis() && y.bits() != 32))
    refuse(rule.op, "activations have scales per axis", "quantize activations per tensor");
  if (w.is_per_axis() && w.quantization().axis != rule.weight_axis)
    refuse(rule.op, "the weights have scales along axis " + std::to_string(w.quantization().axis),
           rule.weight_axis < 0 ? "quantize them per tensor" : "quantize them per output channel");
  if (is_narrow(x) && is_narrow(w) && (is_narrow(y) || (y.bits() == 32 && y.is_signed()))) {
    const std::int64_t product = magnitude(x) * magnitude(w);
    // a sign needs sums below 2^30, half of which the bias may take (docs/numerics.md, section 10)
    const std::int64_t limit =
        y.is_bipolar() ? std::int64_t{1} << 29 : std::numeric_limits<std::int32_t>::max();
    if (product > 0 && terms > limit / product)
      refuse(rule.op, std::to_string(terms) + " products per output may not fit a 32-bit sum",
             "split the layer");
    if (y.bits() == 32) {
      check_sum_scale(rule, types);
      return Accumulation::Sum;
    }
    if (x.is_quantized() && w.is_quantized() && y.is_quantized()) return Accumulation::Int8;
    refuse(rule.op, "a plain integer has no scale: " + seen,
           "give the operand a scale, or make the output s32");
  }
  const bool weights_fit = rule.wide_weights ? w.bits() == 16 : is_narrow(w);
  if (x.bits() == 16 && y.bits() == 16 && weights_fit && x.is_quantized() && w.is_quantized() &&
      y.is_quantized()) {
    if (!symmetric(x) || !symmetric(w) || !symmetric(y))
      refuse(rule.op, "16-bit activations and their weights must be signed with zero point 0: " + seen,
             "quantize symmetrically");
    return Accumulation::Int16;
  }
  refuse(rule.op, "no arithmetic is defined for " + seen,
         "use 8-bit weights with activations of 1 to 8 or 16 bits");
}

OutputStage output_stage(const AccumulationRule& rule, const AccumulationTypes& types, Accumulation form,
                         Clamp clamp) {
  OutputStage stage;
  stage.form = form;
  if (form == Accumulation::Sum || form == Accumulation::Real) return stage;
  const Encoding& x = types.x.encoding;
  const Encoding& w = types.w.encoding;
  const Encoding& y = types.y.encoding;
  if (y.has_levels()) {
    if (!y.is_bipolar() || clamp.min != -clamp.max || !std::isinf(clamp.max))
      refuse(rule.op, "an output with levels is a sign, -1 or +1, without an activation", "quantize again");
    return {form, {kSignMultiplier}, kSignZeroPoint, {-1, 1}};
  }
  stage.zero_point = y.zero_point();
  stage.range = clamp_range(clamp, y);
  const std::size_t count = w.is_per_axis() ? w.quantization().scales.size() : 1;
  for (std::size_t i = 0; i < count; ++i) {
    double product = static_cast<double>(x.scale()) * static_cast<double>(w.scale(i));
    if (rule.float_scale_product && !w.is_per_axis()) product = static_cast<double>(x.scale() * w.scale());
    const double real = product / static_cast<double>(y.scale());
    if (!std::isfinite(real) || real < 0)
      refuse(rule.op, "the scales give no finite multiplier", "quantize again");
    stage.multipliers.push_back(quantize_multiplier(real));
    if (form == Accumulation::Int16 && stage.multipliers.back().shift > 7)
      refuse(rule.op, "the output scale is too small for 16-bit arithmetic", "quantize again");
  }
  return stage;
}

std::int64_t OutputStage::operator()(std::int64_t sum, std::size_t channel) const {
  if (form == Accumulation::Sum) return static_cast<std::int32_t>(sum);
  const Multiplier m = multipliers[multipliers.size() == 1 ? 0 : channel];
  const std::int32_t scaled = form == Accumulation::Int16
                                  ? multiply_by_multiplier_64(sum, m)
                                  : multiply_by_multiplier(static_cast<std::int32_t>(sum), m);
  const std::int64_t q = std::int64_t{scaled} + zero_point;
  return std::clamp<std::int64_t>(q, range.min, range.max);
}

std::vector<std::int32_t> centered(const Array& array) {
  const Encoding& e = array.encoding();
  std::vector<std::int32_t> result(array.integer.size());
  for (std::size_t i = 0; i < result.size(); ++i) {
    const std::size_t channel = e.is_per_axis()
                                    ? static_cast<std::size_t>(axis_index(
                                          array.shape(), e.quantization().axis, static_cast<std::int64_t>(i)))
                                    : 0;
    result[i] = static_cast<std::int32_t>(array.integer[i] - zero_point_or_0(e, channel));
  }
  return result;
}

}  // namespace mote
