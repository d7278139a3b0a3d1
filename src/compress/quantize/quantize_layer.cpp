#include "compress/quantize/quantize_layer.h"

#include <algorithm>
#include <cmath>

#include "compress/quantize/bias_correction.h"

namespace mote {

namespace {

constexpr double kLargestBias = 1 << 30;  // leaves as much again for the sum of products

// Weight scales that hold each bias within kLargestBias.
Encoding widened_for_bias(const Encoding& weights, double input_scale, const std::vector<double>& bias) {
  Quantization q = weights.quantization();
  for (std::size_t c = 0; c < bias.size(); ++c) {
    float& scale = q.scales[q.axis < 0 ? 0 : c];
    scale = std::max(scale, static_cast<float>(std::abs(bias[c]) / (input_scale * kLargestBias)));
  }
  return weights.with_quantization(std::move(q));
}

Tensor quantize_bias(const std::vector<double>& bias, double input_scale, const Encoding& weights) {
  Quantization q{weights.is_per_axis() ? 0 : -1, {}, {}};
  for (const float scale : weights.quantization().scales) {
    q.scales.push_back(static_cast<float>(input_scale * static_cast<double>(scale)));
    q.zero_points.push_back(0);
  }
  std::vector<std::int64_t> integers;
  for (std::size_t c = 0; c < bias.size(); ++c)
    integers.push_back(std::llround(bias[c] / (input_scale * static_cast<double>(weights.scale(c)))));
  const TensorType type{{static_cast<std::int64_t>(bias.size())},
                        Encoding::integer(32, true).with_quantization(std::move(q)),
                        {}};
  return Tensor::integers(type, integers);
}

}  // namespace

IntegerLayer quantize_layer(const FloatLayer& given, const Encoding& input, const QuantizeOptions& options) {
  const Shape& shape = given.weights.type().shape;
  const auto channels = static_cast<std::size_t>(shape.at(static_cast<std::size_t>(given.layer.output_axis)));
  const auto input_scale = static_cast<double>(input.scale());
  std::vector<double> bias(channels, 0);
  if (given.bias) {
    const auto floats = given.bias->floats();
    MOTE_CHECK(floats.size() == channels);
    bias.assign(floats.begin(), floats.end());
  }
  const RangeMethod method =
      options.weight_ranges.value_or(options.weight_bits < 8 ? RangeMethod::kMse : RangeMethod::kMinMax);
  Encoding encoding = weight_encoding(given.weights, options.per_axis ? given.layer.output_axis : -1,
                                      options.weight_bits, method);
  encoding = widened_for_bias(encoding, input_scale, bias);
  const Tensor weights = quantize_tensor(given.weights, encoding);
  if (options.correct_bias) {
    const auto correction = bias_correction(given.op, given.x, given.mean, given.weights, weights);
    for (std::size_t c = 0; c < channels; ++c) bias[c] += correction[c];
  }
  if (!given.bias && !options.correct_bias) return {weights, std::nullopt};
  return {weights, quantize_bias(bias, input_scale, encoding)};
}

}  // namespace mote
