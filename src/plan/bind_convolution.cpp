// Portable kernels of convolution, depthwise and transposed convolution and fully-connected layers. Weights
// stay as they are in the graph and may be computed; so may the bias.
#include "plan/convolution.h"

namespace mote {

namespace {

// The call with x, w, maybe bias and y; a constant bias is a parameter, a computed one an operand of
// FUNCTION_bias.
Bound call_with_bias(const BindContext& context, KernelCall call) {
  const auto& inputs = context.node().inputs;
  call.inputs = {inputs[0], inputs[1]};
  call.outputs = {context.node().outputs[0]};
  if (const Tensor* bias = context.constant(2)) {
    call.params.push_back({"bias", constant_array(*bias)});
  } else if (context.has_input(2)) {
    call.inputs.push_back(inputs[2]);
    call.function += "_bias";
  }
  return {{std::move(call)}, {}, {}};
}

BindResult bind_real(const BindContext& context, const std::string& function) {
  const Convolution c = convolution_of(context);
  if (c.form != Accumulation::Real) return Refusal{"not a float layer"};
  KernelCall call{function, function + "_params", {}, {}, {}, 0};
  add_window(call.params, c);
  call.params.push_back({"low", c.clamp.min});
  call.params.push_back({"high", c.clamp.max});
  return call_with_bias(context, std::move(call));
}

void add_output_constants(std::vector<Parameter>& params, const Convolution& c) {
  const OutputConstants constants = output_constants(c, false);
  params.push_back({"channel_step", constants.multipliers.size() > 1 ? 1 : 0});
  params.push_back({"multipliers", constant_array(constants.multipliers)});
  params.push_back({"shifts", constant_array(constants.shifts)});
}

bool has_weight_zeros(const Encoding& w) {
  if (!w.is_quantized()) return false;
  for (const std::int32_t zero : w.quantization().zero_points)
    if (zero != 0) return true;
  return false;
}

void add_weight_zeros(std::vector<Parameter>& params, const Encoding& w) {
  if (!w.is_per_axis()) {
    params.push_back({"w_zero", byte_zero(w)});
    return;
  }
  std::vector<std::int32_t> zeros;
  for (std::size_t i = 0; i < w.quantization().zero_points.size(); ++i)
    zeros.push_back(static_cast<std::int32_t>(byte_zero(w, i)));
  params.push_back({"w_zeros", constant_array(zeros)});
}

BindResult bind_bytes(const BindContext& context) {
  const Convolution c = convolution_of(context);
  if (c.form != Accumulation::Int8 && c.form != Accumulation::Sum) return Refusal{"not an 8-bit layer"};
  const Encoding& x = context.input(0).encoding;
  const Encoding& w = context.input(1).encoding;
  const Encoding& y = context.output().encoding;
  const bool general = !x.is_signed() || !w.is_signed() || !y.is_signed() || has_weight_zeros(w) ||
                       (context.has_input(2) && !context.constant(2));
  KernelCall call{"", "conv2d_s8_params", {}, {}, {}, 0};
  add_window(call.params, c);
  call.params.push_back({"x_flip", byte_flip(x)});
  call.params.push_back({"w_flip", byte_flip(w)});
  call.params.push_back({"x_zero", byte_zero(x)});
  add_weight_zeros(call.params, w);
  offer_row_ranges(call, c.batches * c.rows.in, 0, c.batches * c.rows.out);
  if (c.form == Accumulation::Sum) {
    call.function = "conv2d_s8_s32";
    return call_with_bias(context, std::move(call));
  }
  call.function = c.depthwise ? "depthwise_conv2d_s8" : general ? "conv2d_s8_any" : "conv2d_s8";
  call.params.push_back({"y_flip", byte_flip(y)});
  call.params.push_back({"y_zero", byte_zero(y)});
  call.params.push_back({"low", std::int64_t{c.stage.range.min} - c.stage.zero_point});
  call.params.push_back({"high", std::int64_t{c.stage.range.max} - c.stage.zero_point});
  add_output_constants(call.params, c);
  return call_with_bias(context, std::move(call));
}

BindResult bind_words(const BindContext& context, const std::string& function) {
  const Convolution c = convolution_of(context);
  if (c.form != Accumulation::Int16) return Refusal{"not a layer with 16-bit activations"};
  KernelCall call{function, "conv2d_s16_params", {}, {}, {}, 0};
  add_window(call.params, c);
  call.params.push_back({"low", std::int64_t{c.stage.range.min}});
  call.params.push_back({"high", std::int64_t{c.stage.range.max}});
  add_output_constants(call.params, c);
  return call_with_bias(context, std::move(call));
}

}  // namespace

BindResult bind_conv2d_f32(const BindContext& context) { return bind_real(context, "conv2d_f32"); }
BindResult bind_conv2d_s8(const BindContext& context) { return bind_bytes(context); }
BindResult bind_conv2d_s16(const BindContext& context) { return bind_words(context, "conv2d_s16"); }
BindResult bind_depthwise_conv2d_f32(const BindContext& context) {
  return bind_real(context, "depthwise_conv2d_f32");
}
BindResult bind_depthwise_conv2d_s16(const BindContext& context) {
  return bind_words(context, "depthwise_conv2d_s16");
}

}  // namespace mote
