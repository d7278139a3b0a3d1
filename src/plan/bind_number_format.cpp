// Kernels that change the number format: Quantize, Dequantize, Quant, Cast.
#include <algorithm>
#include <limits>

#include "ops/cast.h"
#include "ops/number_format.h"
#include "ops/qonnx_rounding.h"
#include "ops/quant.h"
#include "ops/trunc.h"
#include "plan/bind_elementwise.h"

namespace mote {

namespace {

// outer, channels, inner, scales and zero_points.
std::vector<Parameter> channel_params(const TensorType& type) {
  const Quantization& q = type.encoding.quantization();
  std::int64_t outer = 1;
  std::int64_t inner = type.elements();
  if (q.axis >= 0) {
    const auto axis = static_cast<std::size_t>(q.axis);
    outer = movement::product(type.shape, 0, axis);
    inner = movement::product(type.shape, axis + 1, type.shape.size());
  }
  return {integer("outer", outer),
          integer("channels", static_cast<std::int64_t>(q.scales.size())),
          integer("inner", inner),
          {"scales", constant_array(std::span<const float>(q.scales))},
          {"zero_points", constant_array(std::span<const std::int32_t>(q.zero_points))}};
}

// Of the kernel's element kinds: 0 float, then s8 u8 s16 u16 s32 u32.
std::int64_t element_kind(const Encoding& e) {
  if (e.is_real()) return 0;
  const std::int64_t width = e.container_bytes() == 1 ? 0 : e.container_bytes() == 2 ? 1 : 2;
  return 1 + 2 * width + (e.is_signed() ? 0 : 1);
}

}  // namespace

BindResult bind_quantize(const BindContext& context) {
  if (nothing_to_do(context)) return Bound{};
  const Encoding& e = context.output().encoding;
  auto params = channel_params(context.output());
  if (e.is_bipolar()) return one_call(context, "quantize_sign", "quantize_params", std::move(params));
  const bool wide = e.bits() == 32;  // whose kernels know their bounds
  params.push_back(integer("low", wide ? 0 : e.min()));
  params.push_back(integer("high", wide ? 0 : e.max()));
  return one_call(context, "quantize_" + element_suffix(e), "quantize_params", std::move(params));
}

BindResult bind_dequantize(const BindContext& context) {
  if (nothing_to_do(context)) return Bound{};
  return one_call(context, "dequantize_" + element_suffix(context.input(0).encoding), "quantize_params",
                  channel_params(context.input(0)));
}

BindResult bind_quant_f32(const BindContext& context) {
  if (nothing_to_do(context)) return Bound{};
  const auto& op = *context.node().as<Quant>();
  std::vector<Parameter> params;
  if (!add_broadcast(
          params, "shape",
          elementwise::broadcast(context.input(1).shape, context.input(2).shape, context.output().shape)))
    return Refusal{"more than 6 axes that do not merge"};
  params.push_back(integer("rounding", find_qonnx_rounding(op.rounding)->kind));
  params.push_back({"low", static_cast<float>(op.min_level())});
  params.push_back({"high", static_cast<float>(op.max_level())});
  Bound bound = one_call(context, "quant_f32", "quant_f32_params", std::move(params));
  bound.in_place_inputs = {context.node().inputs[0]};
  return bound;
}

BindResult bind_bipolar_quant_f32(const BindContext& context) {
  if (nothing_to_do(context)) return Bound{};
  std::vector<Parameter> params;
  const Shape& shape = context.output().shape;
  if (!add_broadcast(params, "shape", elementwise::broadcast(shape, context.input(1).shape, shape)))
    return Refusal{"more than 6 axes that do not merge"};
  Bound bound = one_call(context, "bipolar_quant_f32", "bipolar_quant_f32_params", std::move(params));
  bound.in_place_inputs = {context.node().inputs[0]};
  return bound;
}

BindResult bind_trunc_f32(const BindContext& context) {
  if (nothing_to_do(context)) return Bound{};
  const auto& op = *context.node().as<Trunc>();
  std::vector<Parameter> params;
  if (!add_broadcast(
          params, "shape",
          elementwise::broadcast(context.input(1).shape, context.input(2).shape, context.output().shape)))
    return Refusal{"more than 6 axes that do not merge"};
  params.push_back(integer("rounding", find_qonnx_rounding(op.rounding)->kind));
  params.push_back({"step", op.step()});
  params.push_back({"gain", op.gain()});
  params.push_back({"zero_step", op.zero_step()});
  params.push_back({"low", static_cast<float>(op.min_level())});
  params.push_back({"high", static_cast<float>(op.max_level())});
  Bound bound = one_call(context, "trunc_f32", "trunc_f32_params", std::move(params));
  bound.in_place_inputs = {context.node().inputs[0]};
  return bound;
}

BindResult bind_cast(const BindContext& context) {
  if (nothing_to_do(context)) return Bound{};
  const auto& op = *context.node().as<Cast>();
  const Encoding& to = context.output().encoding;
  const NumberFormat* format = find_number_format(op.to);
  const bool to_integer = to.is_integer();
  std::vector<Parameter> params{integer("count", context.output().elements()),
                                integer("from", element_kind(context.input(0).encoding)),
                                integer("to", element_kind(to)),
                                integer("truth", op.to == "bool" ? 1 : 0),
                                integer("unused", to_integer ? 64 - to.bits() : 0),
                                {"low", to_integer ? static_cast<float>(to.min()) : 0.0F},
                                {"high", to_integer ? static_cast<float>(to.max()) : 0.0F},
                                integer("mantissa_bits", format ? format->mantissa_bits : -1)};
  if (format) {
    params.push_back(integer("min_exponent", format->min_exponent));
    params.push_back({"largest", static_cast<float>(format->largest)});
    params.push_back(integer("overflow", format->saturates(op.saturate) ? 0 : format->has_infinity ? 1 : 2));
    params.push_back(integer("negative_zero", format->has_negative_zero ? 1 : 0));
  }
  return one_call(context, "cast_any", "cast_params", std::move(params));
}

}  // namespace mote
