// Float convolution and fully-connected layers with packed weights, and the float kernels that use AVX2,
// AVX-512 or NEON.
#include "plan/band.h"
#include "plan/packed_filters.h"
#include "plan/strip.h"

namespace mote {

namespace {

// Of a microcontroller's RAM, for gathered windows.
constexpr std::int64_t kLargestScratchBytes = 32 * 1024;

// Why no packed float kernel takes the layer, empty: they can.
std::string packing_refusal(const BindContext& context, const Convolution& c) {
  if (c.form != Accumulation::Real) return "not a float layer";
  if (has_computed_weights(context)) return "weights or bias are computed";
  return {};
}

std::vector<float> reals(const Tensor& tensor) {
  const Array array = widen(tensor);
  return {array.real.begin(), array.real.end()};
}

// For each block of channels, for each element of their filters, the channels in turn.
std::vector<float> pack_blocks(const std::vector<float>& filters, std::int64_t channels,
                               std::int64_t elements, std::int64_t block) {
  std::vector<float> packed(static_cast<std::size_t>(round_up(channels, block) * elements));
  for (std::int64_t o = 0; o < channels; ++o)
    for (std::int64_t k = 0; k < elements; ++k)
      packed[static_cast<std::size_t>((o / block * elements + k) * block + o % block)] =
          filters[static_cast<std::size_t>(o * elements + k)];
  return packed;
}

// FUNCTION_direct where the windows are the pixels, else FUNCTION with room for `pixels` windows.
BindResult bind_packed(const BindContext& context, const std::string& function, std::int64_t block,
                       std::int64_t pixels) {
  const Convolution c = convolution_of(context);
  if (const std::string why = packing_refusal(context, c); !why.empty()) return Refusal{why};
  if (c.groups != 1) return Refusal{"it has groups"};
  const std::int64_t elements = c.rows.taps * c.columns.taps * c.depth();
  const bool direct = c.reads_single_pixels();
  const std::int64_t scratch = direct ? 0 : pixels * elements * static_cast<std::int64_t>(sizeof(float));
  if (scratch > 0 && context.optimize == Optimize::kSize) return Refusal{"its windows would need RAM"};
  if (scratch > kLargestScratchBytes && context.target.bare_metal())
    return Refusal{"its windows are too large for the scratch"};
  KernelCall call{direct ? function + "_direct" : function,
                  function + "_params",
                  {},
                  {context.node().inputs[0]},
                  context.node().outputs,
                  scratch};
  std::vector<float> bias = context.constant(2) ? reals(*context.constant(2)) : std::vector<float>();
  bias.resize(static_cast<std::size_t>(round_up(c.out_channels, block)));
  add_window(call.params, c);
  call.params.push_back({"elements", elements});
  call.params.push_back({"low", c.clamp.min});
  call.params.push_back({"high", c.clamp.max});
  call.params.push_back({"bias", constant_array(bias)});
  call.params.push_back(
      {"weights", constant_array(pack_blocks(reals(*context.constant(1)), c.out_channels, elements, block))});
  return Bound{{std::move(call)}, {}, "weights in blocks of " + std::to_string(block) + " channels"};
}

}  // namespace

BindResult bind_conv2d_f32_packed(const BindContext& context) {
  return bind_packed(context, "conv2d_f32_packed", 4, 4);
}

BindResult bind_conv2d_f32_avx2(const BindContext& context) {
  if (!context.target.has("fma")) return Refusal{"the target has no fused multiply-add"};
  return bind_packed(context, "conv2d_f32_avx2", 16, 6);
}

BindResult bind_depthwise_conv2d_f32_avx2(const BindContext& context) {
  if (!context.target.has("fma")) return Refusal{"the target has no fused multiply-add"};
  const Convolution c = convolution_of(context);
  if (const std::string why = packing_refusal(context, c); !why.empty()) return Refusal{why};
  if (c.out_channels != c.in_channels) return Refusal{"it has several filters per channel"};
  KernelCall call{"depthwise_conv2d_f32_avx2",
                  "depthwise_conv2d_f32_avx2_params",
                  {},
                  {context.node().inputs[0]},
                  context.node().outputs,
                  0};
  add_window(call.params, c);
  call.params.push_back({"low", c.clamp.min});
  call.params.push_back({"high", c.clamp.max});
  if (const Tensor* bias = context.constant(2)) call.params.push_back({"bias", constant_array(*bias)});
  call.params.push_back({"weights", constant_array(*context.constant(1))});
  return Bound{{std::move(call)}, {}, "eight channels at once"};
}

namespace {

constexpr std::int64_t kNeonBlock = 8;  // of channels

std::string plain_refusal(const BindContext& context, const Convolution& c) {
  if (const std::string why = packing_refusal(context, c); !why.empty()) return why;
  if (c.is_transposed()) return "it is transposed";
  return {};
}

Bound neon_call(const BindContext& context, const Convolution& c, KernelCall call, const Band& band,
                const std::vector<float>& filters, std::int64_t elements) {
  std::vector<float> bias = context.constant(2) ? reals(*context.constant(2)) : std::vector<float>();
  bias.resize(static_cast<std::size_t>(round_up(c.out_channels, kNeonBlock)));
  call.params.push_back({"low", c.clamp.min});
  call.params.push_back({"high", c.clamp.max});
  call.params.push_back({"bias", constant_array(bias)});
  call.params.push_back(
      {"weights", constant_array(pack_blocks(filters, c.out_channels, elements, kNeonBlock))});
  return {{std::move(call)}, {}, "bands of " + std::to_string(band.rows) + " output rows"};
}

}  // namespace

BindResult bind_conv2d_f32_neon(const BindContext& context) {
  const Convolution c = convolution_of(context);
  if (const std::string why = plain_refusal(context, c); !why.empty()) return Refusal{why};
  if (c.groups != 1) return Refusal{"it has groups"};
  const Band band = choose_band(context, c, 4 * c.in_channels, 4);
  const Runs runs = runs_of(c);
  const std::int64_t elements = c.rows.taps * runs.count * runs.elements;
  KernelCall call = band_call(context, c, "conv2d_f32_neon", band, 0);
  call.params.push_back({"runs", runs.count});
  call.params.push_back({"run", runs.elements});
  call.params.push_back({"elements", elements});
  return neon_call(context, c, std::move(call), band, reals(*context.constant(1)), elements);
}

BindResult bind_depthwise_conv2d_f32_neon(const BindContext& context) {
  const Convolution c = convolution_of(context);
  if (const std::string why = plain_refusal(context, c); !why.empty()) return Refusal{why};
  const Band band = choose_band(context, c, 4 * c.out_channels, 4);
  KernelCall call = band_call(context, c, "depthwise_conv2d_f32_neon", band, tap_bytes(c));
  call.params.push_back({"repeat", c.out_channels / c.in_channels});
  const std::int64_t taps = c.rows.taps * c.columns.taps;
  const std::vector<float> taps_first = reals(*context.constant(1));
  std::vector<float> filters(taps_first.size());
  for (std::int64_t tap = 0; tap < taps; ++tap)
    for (std::int64_t o = 0; o < c.out_channels; ++o)
      filters[static_cast<std::size_t>(o * taps + tap)] =
          taps_first[static_cast<std::size_t>(tap * c.out_channels + o)];
  return neon_call(context, c, std::move(call), band, filters, taps);
}

// ---- AVX-512

namespace {

std::string strip_float_refusal(const BindContext& context, const Convolution& c) {
  if (const std::string why = plain_refusal(context, c); !why.empty()) return why;
  return strip_refusal(c);
}

void add_clamp_and_bias(std::vector<Parameter>& params, const BindContext& context, const Convolution& c) {
  std::vector<float> bias = context.constant(2) ? reals(*context.constant(2)) : std::vector<float>();
  bias.resize(static_cast<std::size_t>(round_up(c.out_channels, 16)));
  params.push_back({"low", c.clamp.min});
  params.push_back({"high", c.clamp.max});
  params.push_back({"bias", constant_array(bias)});
}

}  // namespace

BindResult bind_conv2d_f32_avx512(const BindContext& context) {
  const Convolution c = convolution_of(context);
  if (const std::string why = strip_float_refusal(context, c); !why.empty()) return Refusal{why};
  KernelCall call = strip_call(context, "conv2d_f32_avx512");
  const Strip strip = add_strip(call.params, context, c, {4, 1, 0});
  // several groups of channels read every pixel again, after the first has written its rows: from a copy
  const bool one_group = kVectorBlock * group_blocks(c.out_channels) >= c.out_channels;
  call.params.push_back({"in_place", c.reads_single_pixels() && one_group ? 1 : 0});
  add_clamp_and_bias(call.params, context, c);
  const std::vector<float> filters = reals(*context.constant(1));
  const std::int64_t elements = c.rows.taps * c.columns.taps * c.depth();
  std::vector<float> packed;
  std::int64_t channels = 0;
  for (std::int64_t first = 0; first < c.out_channels; first += channels) {
    channels = kVectorBlock * group_blocks(c.out_channels - first);
    const auto last = std::min(first + channels, c.out_channels);
    const auto group = pack_blocks({filters.begin() + first * elements, filters.begin() + last * elements},
                                   last - first, elements, channels);
    packed.insert(packed.end(), group.begin(), group.end());
  }
  call.params.push_back({"weights", constant_array(packed)});
  call.scratch_bytes = strip.bytes + pixel_table_bytes(c, strip, 8);
  return Bound{{std::move(call)}, {}, "weights in blocks of up to 64 channels"};
}

BindResult bind_depthwise_conv2d_f32_avx512(const BindContext& context) {
  const Convolution c = convolution_of(context);
  if (const std::string why = strip_float_refusal(context, c); !why.empty()) return Refusal{why};
  if (c.out_channels != c.in_channels) return Refusal{"it has several filters per channel"};
  KernelCall call = strip_call(context, "depthwise_conv2d_f32_avx512");
  const Strip strip = add_strip(call.params, context, c, {4, kVectorBlock, 0});
  call.params.push_back({"taps", c.rows.taps * c.columns.taps});
  add_clamp_and_bias(call.params, context, c);
  std::vector<float> weights = reals(*context.constant(1));
  weights.resize(weights.size() + kVectorBlock);
  call.params.push_back({"weights", constant_array(weights)});
  call.scratch_bytes = strip.bytes + pixel_table_bytes(c, strip, 8);
  return Bound{{std::move(call)}, {}, "sixteen channels at once"};
}

}  // namespace mote
