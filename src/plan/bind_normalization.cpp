// Kernels of softmax and of batch and layer normalization.
#include "ops/batch_normalization.h"
#include "ops/layer_normalization.h"
#include "ops/layer_normalization_law.h"
#include "ops/softmax.h"
#include "ops/softmax_law.h"
#include "plan/bind_elementwise.h"

namespace mote {

namespace {

using elementwise::Form;

Form form(const BindContext& context) {
  return elementwise::form_of(context.node().op->name(), {&context.input(0), &context.output()});
}

// outer, count and inner: the axis between what is before and behind it.
std::vector<Parameter> softmax_rows(const BindContext& context) {
  const Shape& shape = context.input(0).shape;
  const auto axis = static_cast<std::size_t>(context.node().as<Softmax>()->axis);
  return {integer("outer", movement::product(shape, 0, axis)), integer("count", shape[axis]),
          integer("inner", movement::product(shape, axis + 1, shape.size()))};
}

std::string softmax_name(const BindContext& context, const std::string& suffix) {
  return (context.node().op->name() == "LogSoftmax" ? "log_softmax_" : "softmax_") + suffix;
}

}  // namespace

BindResult bind_softmax_bytes(const BindContext& context) {
  if (nothing_to_do(context)) return Bound{};
  if (form(context) != Form::Int8) return Refusal{"not 8-bit numbers"};
  const auto& op = *context.node().as<Softmax>();
  const Encoding& x = context.input(0).encoding;
  const SoftmaxLaw8 law = softmax_law_8(op.function, op.beta, x, context.output().encoding);
  auto params = softmax_rows(context);
  params.push_back(integer("flip", byte_flip_from_least(x)));
  add_multiplier(params, "", law.scaling);
  params.push_back(integer("diff_min", law.diff_min));
  params.push_back(integer("bits", law.out_bits));
  params.push_back(integer("low", law.out_min));
  params.push_back(integer("high", law.out_max));
  add_multiplier(params, "reverse_", law.reverse);
  return elementwise_call(context, softmax_name(context, "bytes"), "softmax_bytes_params", std::move(params),
                          1);
}

BindResult bind_softmax_s16(const BindContext& context) {
  if (nothing_to_do(context)) return Bound{};
  if (form(context) != Form::Int16) return Refusal{"not 16-bit numbers"};
  const SoftmaxLaw16 law = softmax_law_16(context.node().as<Softmax>()->beta, context.input(0).encoding);
  auto params = softmax_rows(context);
  add_multiplier(params, "", law.scaling);
  params.push_back({"exp_table", constant_array(std::span<const std::int16_t>(SoftmaxLaw16::exp_table()))});
  params.push_back(
      {"reciprocal_table", constant_array(std::span<const std::int16_t>(SoftmaxLaw16::reciprocal_table()))});
  return elementwise_call(context, "softmax_s16", "softmax_s16_params", std::move(params), 1);
}

BindResult bind_softmax_f32(const BindContext& context) {
  if (nothing_to_do(context)) return Bound{};
  if (form(context) != Form::Real) return Refusal{"not floats"};
  auto params = softmax_rows(context);
  params.push_back({"beta", context.node().as<Softmax>()->beta});
  return elementwise_call(context, softmax_name(context, "f32"), "softmax_f32_params", std::move(params), 1);
}

BindResult bind_batch_normalization_f32(const BindContext& context) {
  if (nothing_to_do(context)) return Bound{};
  const std::int64_t channels = context.input(0).shape.back();
  return elementwise_call(context, "batch_normalization_f32", "batch_normalization_f32_params",
                          {integer("pixels", context.output().elements() / channels),
                           integer("channels", channels),
                           {"epsilon", context.node().as<BatchNormalization>()->epsilon}},
                          5);
}

namespace {

// groups, count, gamma_step and beta_step.
std::vector<Parameter> layer_groups(const BindContext& context) {
  const Shape& shape = context.input(0).shape;
  const auto axis = static_cast<std::size_t>(context.node().as<LayerNormalization>()->axis);
  const auto step = [&](std::size_t i) {
    return std::int64_t{context.has_input(i) && context.input(i).elements() > 1 ? 1 : 0};
  };
  return {integer("groups", movement::product(shape, 0, axis)),
          integer("count", movement::product(shape, axis, shape.size())), integer("gamma_step", step(1)),
          integer("beta_step", step(2))};
}

}  // namespace

BindResult bind_layer_normalization_f32(const BindContext& context) {
  if (nothing_to_do(context)) return Bound{};
  if (form(context) != Form::Real) return Refusal{"not floats"};
  auto params = layer_groups(context);
  params.push_back({"epsilon", context.node().as<LayerNormalization>()->epsilon});
  const std::string function = std::string("layer_normalization_") + (context.has_input(1) ? "gamma_" : "") +
                               (context.has_input(2) ? "beta_" : "") + "f32";
  Bound bound = elementwise_call(context, function, "layer_normalization_f32_params", std::move(params), 1);
  for (const std::size_t i : {std::size_t{1}, std::size_t{2}})
    if (context.has_input(i)) bound.calls[0].inputs.push_back(context.node().inputs[i]);
  return bound;
}

BindResult bind_layer_normalization_integer(const BindContext& context) {
  if (nothing_to_do(context)) return Bound{};
  if (form(context) == Form::Real) return Refusal{"not quantized"};
  const Tensor* gamma = context.constant(1);
  const Tensor* beta = context.constant(2);
  if ((context.has_input(1) && !gamma) || (context.has_input(2) && !beta))
    return Refusal{"gamma and beta must be constants"};
  auto params = layer_groups(context);
  const Encoding& y = context.output().encoding;
  const LayerNormalizationLaw law = layer_normalization_law(
      context.node().as<LayerNormalization>()->epsilon, std::get<std::int64_t>(params[1].value),
      context.input(0).encoding, gamma ? &gamma->type().encoding : nullptr, y);
  params.push_back(integer("epsilon", law.epsilon));
  params.push_back(integer("gamma_zero", law.gamma_zero));
  params.push_back(integer("y_zero", law.out_zero));
  add_multiplier(params, "", law.out);
  add_range(params, law.range, law.out_zero);
  if (gamma) {
    std::vector<std::int16_t> values;
    for (std::int64_t i = 0; i < gamma->type().elements(); ++i)
      values.push_back(static_cast<std::int16_t>(gamma->integer_at(i)));
    params.push_back({"gamma", constant_array(values)});
  }
  if (beta) params.push_back({"beta", constant_array(*beta)});
  const std::string function =
      "layer_normalization_" + element_suffix(context.input(0).encoding) + "_" + element_suffix(y);
  return elementwise_call(context, function, "layer_normalization_integer_params", std::move(params), 1);
}

}  // namespace mote
