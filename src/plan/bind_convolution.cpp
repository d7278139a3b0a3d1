// Portable kernels of convolution, depthwise and transposed convolution and fully-connected layers. Weights
// stay as they are in the graph and may be computed; so may the bias.
#include "plan/convolution.h"
#include "plan/low_bits.h"

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

// The weights of each tile, as they are in the graph, for conv2d_s8_low and depthwise_conv2d_s8_low.
std::vector<std::vector<std::int32_t>> tiles_of(const std::vector<std::int32_t>& values, const Convolution& c,
                                                std::int64_t tile) {
  std::vector<std::vector<std::int32_t>> tiles;
  const std::int64_t filter = static_cast<std::int64_t>(values.size()) / c.out_channels;
  for (std::int64_t o = 0; o < c.out_channels; o += tile) {
    auto& part = tiles.emplace_back();
    const std::int64_t end = std::min(o + tile, c.out_channels);
    if (c.depthwise) {
      for (std::int64_t tap = 0; tap < filter; ++tap)
        part.insert(part.end(), values.begin() + tap * c.out_channels + o,
                    values.begin() + tap * c.out_channels + end);
    } else {
      part.assign(values.begin() + o * filter, values.begin() + end * filter);
    }
  }
  return tiles;
}

// Moves the weights of the call, and a constant bias, into tiles of few bits.
Bound call_with_tiles(const BindContext& context, const Convolution& c, KernelCall call) {
  const std::vector<std::int32_t> values = constant_integers(context, 1).value();
  LowTiles tiles;
  tiles.filter_bytes = static_cast<std::int64_t>(values.size()) / c.out_channels;
  tiles.channels = low_tile_channels(context.optimize, c.out_channels, tiles.filter_bytes, 4);
  const bool single = tiles.channels >= c.out_channels;
  set_low_rows(context, tiles, call, c.batches * c.rows.out, c.columns.out, single);
  const LowBits low = pack_low_bits(tiles_of(values, c, tiles.channels));
  MOTE_CHECK(low.fits(), "an encoding of few bits");
  for (Parameter& p : call.params) p.name = "layer." + p.name;
  if (const Tensor* bias = context.constant(2)) call.params.push_back({"layer.bias", constant_array(*bias)});
  add_low_tiles(call.params, tiles, low, LowUnit::kByte);
  call.params_type = "conv2d_s8_low_params";
  call.scratch_bytes = 4 * tiles.words();
  call.inputs = {context.node().inputs[0]};
  call.outputs = {context.node().outputs[0]};
  return {{std::move(call)}, {}, low_note(low, tiles.channels)};
}

BindResult bind_bytes(const BindContext& context, bool few_bits) {
  const Convolution c = convolution_of(context);
  if (c.form != Accumulation::Int8 && c.form != Accumulation::Sum) return Refusal{"not an 8-bit layer"};
  if (few_bits && !has_low_bits(context.input(1).encoding)) return Refusal{"the weights have 8 bits"};
  if (few_bits && (!context.constant(1) || (context.has_input(2) && !context.constant(2))))
    return Refusal{"weights or bias are computed"};
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
    call.function = few_bits ? "conv2d_s8_low_s32" : "conv2d_s8_s32";
    return few_bits ? call_with_tiles(context, c, std::move(call)) : call_with_bias(context, std::move(call));
  }
  call.function = c.depthwise ? "depthwise_conv2d_s8" : general ? "conv2d_s8_any" : "conv2d_s8";
  call.params.push_back({"y_flip", byte_flip(y)});
  call.params.push_back({"y_zero", c.stage.zero_point - byte_flip(y)});
  call.params.push_back({"low", std::int64_t{c.stage.range.min} - c.stage.zero_point});
  call.params.push_back({"high", std::int64_t{c.stage.range.max} - c.stage.zero_point});
  add_output_constants(call.params, c);
  if (!few_bits) return call_with_bias(context, std::move(call));
  call.function = c.depthwise ? "depthwise_conv2d_s8_low" : "conv2d_s8_low";
  return call_with_tiles(context, c, std::move(call));
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
BindResult bind_conv2d_s8(const BindContext& context) { return bind_bytes(context, false); }
BindResult bind_conv2d_s8_low(const BindContext& context) { return bind_bytes(context, true); }
BindResult bind_conv2d_s16(const BindContext& context) { return bind_words(context, "conv2d_s16"); }
BindResult bind_depthwise_conv2d_f32(const BindContext& context) {
  return bind_real(context, "depthwise_conv2d_f32");
}
BindResult bind_depthwise_conv2d_s16(const BindContext& context) {
  return bind_words(context, "depthwise_conv2d_s16");
}

}  // namespace mote
