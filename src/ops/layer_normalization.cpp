#include "ops/layer_normalization.h"

#include <algorithm>
#include <cmath>

#include "ops/elementwise.h"
#include "ops/layer_normalization_law.h"
#include "ops/movement.h"

namespace mote {

namespace {

using elementwise::Form;

const TensorType* optional_input(const InputTypes& inputs, std::size_t i) {
  return i < inputs.size() ? inputs[i] : nullptr;
}

std::int64_t group_size(const Shape& shape, std::int64_t axis) {
  return movement::product(shape, static_cast<std::size_t>(axis), shape.size());
}

// Element i of an optional array of one element or one per position.
double at(const Array* array, std::size_t i, double absent) {
  if (!array) return absent;
  return array->real[array->real.size() == 1 ? 0 : i];
}

void real_group(const Array* gamma, const Array* beta, double epsilon, std::span<const double> x,
                std::span<double> y) {
  double mean = 0;
  for (const double value : x) mean += value;
  mean /= static_cast<double>(x.size());
  double variance = 0;
  for (const double value : x) variance += (value - mean) * (value - mean);
  variance /= static_cast<double>(x.size());
  const double scale = 1 / std::sqrt(variance + epsilon);
  for (std::size_t i = 0; i < x.size(); ++i) y[i] = (x[i] - mean) * scale * at(gamma, i, 1) + at(beta, i, 0);
}

}  // namespace

std::vector<TensorType> LayerNormalization::infer(const InputTypes& inputs) const {
  movement::require(!inputs.empty() && inputs.size() <= 3 && inputs[0], kName,
                    "it has " + std::to_string(inputs.size()) + " inputs");
  const Shape& shape = inputs[0]->shape;
  movement::expect_axis(kName, axis, shape);
  const Shape group(shape.begin() + axis, shape.end());
  for (std::size_t i = 1; i < inputs.size(); ++i)
    if (inputs[i])
      movement::require(inputs[i]->shape == group || inputs[i]->elements() == 1, kName,
                        "gamma or beta is " + to_string(inputs[i]->shape) + ", the normalized axes are " +
                            to_string(group));
  return {{shape, inputs[0]->encoding, {}}};
}

void LayerNormalization::check(const InputTypes& inputs, const OutputTypes& outputs) const {
  const TensorType* gamma = optional_input(inputs, 1);
  const TensorType* beta = optional_input(inputs, 2);
  const Form form = elementwise::form_of(kName, {inputs[0], outputs[0]});
  movement::require(form != Form::Plain, kName, "it takes real or quantized numbers");
  if (form == Form::Real) {
    elementwise::form_of(kName, inputs, outputs);
    return;
  }
  movement::require(group_size(inputs[0]->shape, axis) <= 4096, kName,
                    "quantized groups have at most 4096 elements");
  if (gamma) {
    const Form gamma_form = elementwise::form_of(kName, {gamma});
    movement::require(gamma_form == Form::Int8 || gamma_form == Form::Int16, kName,
                      "its gamma is " + to_string(gamma->encoding) + ", not quantized per tensor");
  }
  if (!beta) return;
  const Encoding& b = beta->encoding;
  const float scale =
      std::ldexp(gamma ? gamma->encoding.scale() : 1.0F, -LayerNormalizationLaw::kFractionBits);
  movement::require(b.is_quantized() && !b.is_per_axis() && b.bits() == 32 && b.is_signed() &&
                        b.zero_point() == 0 && std::abs(b.scale() - scale) <= scale * 1e-6F,
                    kName, "its beta must be s32 with zero point 0 and scale " + std::to_string(scale));
}

void LayerNormalization::evaluate(const InputArrays& inputs, const OutputArrays& outputs) const {
  const Array& x = *inputs[0];
  Array& y = *outputs[0];
  const Array* gamma = inputs.size() > 1 ? inputs[1] : nullptr;
  const Array* beta = inputs.size() > 2 ? inputs[2] : nullptr;
  const auto group = static_cast<std::size_t>(group_size(x.shape(), axis));
  if (group == 0) return;
  const auto total = static_cast<std::size_t>(x.size());
  if (y.encoding().is_real()) {
    for (std::size_t i = 0; i < total; i += group)
      real_group(gamma, beta, epsilon, std::span(x.real).subspan(i, group),
                 std::span(y.real).subspan(i, group));
    return;
  }
  const LayerNormalizationLaw law =
      layer_normalization_law(epsilon, static_cast<std::int64_t>(group), x.encoding(),
                              gamma ? &gamma->encoding() : nullptr, y.encoding());
  const auto elements = [](const Array* array) {
    return array ? std::span<const std::int64_t>(array->integer) : std::span<const std::int64_t>();
  };
  for (std::size_t i = 0; i < total; i += group)
    law(std::span(x.integer).subspan(i, group), elements(gamma), elements(beta),
        std::span(y.integer).subspan(i, group));
}

Graph sample_layer_normalization(Rng& rng) {
  auto op = std::make_shared<LayerNormalization>();
  const TensorType x{elementwise::sample_shape(rng), elementwise::sample_encoding(rng), {}};
  op->axis = rng.integer(0, static_cast<std::int64_t>(x.shape.size()) - 1);
  op->epsilon = rng.chance(0.5) ? 1e-5F : 1e-3F;
  const Shape group = rng.chance(0.2) ? Shape{1} : Shape(x.shape.begin() + op->axis, x.shape.end());
  TensorType gamma{group, Encoding::real(), {}};
  TensorType beta = gamma;
  TensorType y = x;
  if (x.encoding.is_quantized()) {
    const Form form = x.encoding.bits() == 16 ? Form::Int16 : Form::Int8;
    gamma.encoding = elementwise::sample_quantized(rng, rng.chance(0.8) ? Form::Int8 : Form::Int16);
    y.encoding = elementwise::sample_quantized(rng, form);
    beta.encoding = Encoding::affine(
        32, true, std::ldexp(gamma.encoding.scale(), -LayerNormalizationLaw::kFractionBits), 0);
  }
  std::vector<elementwise::SampleOperand> operands{{x}, {gamma, true}};
  if (rng.chance(0.7)) operands.push_back({beta, true});
  return elementwise::sample_graph(rng, op, operands, y);
}

}  // namespace mote
