// NEON kernels of 8- and 16-bit convolution, depthwise convolution and fully-connected layers.
#include <algorithm>

#include "plan/band.h"
#include "plan/low_bits.h"
#include "plan/packed_filters.h"

namespace mote {

namespace {

constexpr std::int64_t kChannelBlock = 8;

void add_output(std::vector<Parameter>& params, const BindContext& context, const Convolution& c, Filters f) {
  const auto padded = static_cast<std::size_t>(round_up(f.channels, kChannelBlock));
  const std::int64_t y_zero = c.stage.zero_point - byte_flip(context.output().encoding);
  OutputConstants constants = output_constants(c, true);
  std::vector<std::int32_t> left;
  std::vector<std::int32_t> right;
  for (const std::int8_t shift : constants.shifts) {
    left.push_back(std::max<std::int32_t>(shift, 0));
    right.push_back(std::min<std::int32_t>(shift, 0));
  }
  for (auto* values : {&f.bias, &constants.multipliers, &left, &right}) values->resize(padded);
  params.push_back({"output.y_flip", byte_flip(context.output().encoding)});
  params.push_back({"output.y_zero", y_zero});
  params.push_back({"output.low", c.stage.range.min - c.stage.zero_point + y_zero});
  params.push_back({"output.high", c.stage.range.max - c.stage.zero_point + y_zero});
  const bool shifts_left = std::any_of(left.begin(), left.end(), [](auto s) { return s > 0; });
  params.push_back({"output.quick", !shifts_left && c.stage.range.min >= c.stage.zero_point ? 1 : 0});
  params.push_back({"output.bias", constant_array(f.bias)});
  params.push_back({"output.multipliers", constant_array(constants.multipliers)});
  params.push_back({"output.left_shifts", constant_array(left)});
  params.push_back({"output.right_shifts", constant_array(right)});
}

// Two products of bytes fit 16 bits unless both weights are -128 (and both inputs).
bool has_two_least_weights(const Filters& f) {
  for (std::int64_t o = 0; o < f.channels; ++o) {
    int count = 0;
    for (std::int64_t k = 0; k < f.elements; ++k)
      if (f.at(o, k) == -128 && ++count == 2) return true;
  }
  return false;
}

std::string refusal(const BindContext& context, const Convolution& c) {
  if (const std::string why = fast_refusal(context, c); !why.empty()) return why;
  const OutputConstants constants = output_constants(c, true);
  if (std::any_of(constants.multipliers.begin(), constants.multipliers.end(), [](auto m) { return m < 0; }))
    return "a multiplier is negative";
  return {};
}

// For each block of channels, for each run, for each four elements, four weights of each channel; absent
// channels repeat the last one, which brings no values of its own.
std::vector<std::int8_t> pack_fours(const Filters& f, Runs runs) {
  std::vector<std::int8_t> packed;
  for (std::int64_t first = 0; first < f.channels; first += kChannelBlock)
    for (std::int64_t run = 0; run < f.elements; run += runs.elements)
      for (std::int64_t four = 0; four < runs.elements; four += 4)
        for (std::int64_t o = first; o < first + kChannelBlock; ++o)
          for (std::int64_t k = four; k < four + 4; ++k)
            packed.push_back(
                static_cast<std::int8_t>(k < runs.elements ? f.at(std::min(o, f.channels - 1), run + k) : 0));
  return packed;
}

std::vector<std::int8_t> pack_pairs_of_taps(const Filters& f, std::int64_t pairs) {
  std::vector<std::int8_t> packed;
  for (std::int64_t first = 0; first < f.channels; first += kChannelBlock)
    for (std::int64_t tap = 0; tap < 2 * pairs; ++tap)
      for (std::int64_t o = first; o < first + kChannelBlock; ++o)
        packed.push_back(static_cast<std::int8_t>(f.at(o, tap)));
  return packed;
}

std::string note_of(const Band& band) { return "bands of " + std::to_string(band.rows) + " output rows"; }

// What the kernels of bytes have in common; `special` are the members between.
Bound call_of(const BindContext& context, const Convolution& c, const Filters& f, const std::string& function,
              const Band& band, std::int64_t more_scratch, std::vector<Parameter> special,
              std::vector<std::int8_t> weights) {
  KernelCall call = band_call(context, c, function, band, more_scratch);
  for (Parameter& p : special) call.params.push_back(std::move(p));
  call.params.push_back({"careful", has_two_least_weights(f) ? 1 : 0});
  call.params.push_back({"x_flip", byte_flip(context.input(0).encoding)});
  call.params.push_back({"x_zero", byte_zero(context.input(0).encoding)});
  add_output(call.params, context, c, f);
  const std::string low = c.depthwise ? std::string() : add_low_weights(call.params, context, weights);
  if (low.empty())
    call.params.push_back({"weights", constant_array(weights)});
  else
    call.scratch_bytes +=
        static_cast<std::int64_t>(weights.size()) / (round_up(f.channels, kChannelBlock) / kChannelBlock);
  return {{std::move(call)}, {}, low + note_of(band)};
}

}  // namespace

BindResult bind_conv2d_s8_neon(const BindContext& context) {
  const Convolution c = convolution_of(context);
  if (const std::string why = refusal(context, c); !why.empty()) return Refusal{why};
  if (c.groups != 1) return Refusal{"it has groups"};
  const Filters f = filters_of(context, c);
  const Runs runs = runs_of(c);
  const std::int64_t run = round_up(runs.elements, 4);
  return call_of(context, c, f, "conv2d_s8_neon", choose_band(context, c, c.in_channels, 4), 0,
                 {{"runs", runs.count}, {"run", run}, {"window_bytes", c.rows.taps * runs.count * run}},
                 pack_fours(f, runs));
}

BindResult bind_depthwise_conv2d_s8_neon(const BindContext& context) {
  const Convolution c = convolution_of(context);
  if (const std::string why = refusal(context, c); !why.empty()) return Refusal{why};
  const Filters f = filters_of(context, c);
  const std::int64_t pairs = round_up(f.elements, 2) / 2;
  return call_of(context, c, f, "depthwise_conv2d_s8_neon", choose_band(context, c, c.out_channels, 4),
                 tap_bytes(c), {{"repeat", c.out_channels / c.in_channels}, {"pairs", pairs}},
                 pack_pairs_of_taps(f, pairs));
}

namespace {

// Of 16-bit activations: why the kernels cannot take the layer, empty: they can.
std::string wide_refusal(const BindContext& context, const Convolution& c) {
  const std::string why = fast_words_refusal(context, c);
  return why.empty() && c.is_transposed() ? "it is transposed" : why;
}

Bound wide_call(const Convolution& c, Filters f, KernelCall call, const Band& band,
                const std::vector<std::int16_t>& weights) {
  WideConstants constants = wide_constants(c);
  const auto padded = static_cast<std::size_t>(round_up(f.channels, kChannelBlock));
  for (std::int32_t& shift : constants.right_shifts) shift = -shift;
  for (auto* values : {&f.bias, &constants.multipliers, &constants.right_shifts}) values->resize(padded);
  call.params.push_back({"output.low", std::int64_t{c.stage.range.min}});
  call.params.push_back({"output.high", std::int64_t{c.stage.range.max}});
  call.params.push_back({"output.bias", constant_array(f.bias)});
  call.params.push_back({"output.multipliers", constant_array(constants.multipliers)});
  call.params.push_back({"output.right_shifts", constant_array(constants.right_shifts)});
  call.params.push_back({"weights", constant_array(weights)});
  return {{std::move(call)}, {}, "sums of 32 bits, " + note_of(band)};
}

// For each block of channels, for each element of the runs, filled up to fours, the channels in turn.
std::vector<std::int16_t> pack_elements(const Filters& f, Runs runs) {
  std::vector<std::int16_t> packed;
  for (std::int64_t first = 0; first < f.channels; first += kChannelBlock)
    for (std::int64_t run = 0; run < f.elements; run += runs.elements)
      for (std::int64_t k = 0; k < round_up(runs.elements, 4); ++k)
        for (std::int64_t o = first; o < first + kChannelBlock; ++o)
          packed.push_back(static_cast<std::int16_t>(k < runs.elements ? f.at(o, run + k) : 0));
  return packed;
}

}  // namespace

BindResult bind_conv2d_s16_neon(const BindContext& context) {
  const Convolution c = convolution_of(context);
  if (const std::string why = wide_refusal(context, c); !why.empty()) return Refusal{why};
  if (c.groups != 1) return Refusal{"it has groups"};
  const Filters f = filters_of(context, c);
  if (!f.sums_fit()) return Refusal{"a sum could pass 32 bits"};
  const Band band = choose_band(context, c, 2 * c.in_channels, 4);
  const Runs runs = runs_of(c);
  const std::int64_t run = round_up(runs.elements, 4);
  KernelCall call = band_call(context, c, "conv2d_s16_neon", band, 0);
  call.params.push_back({"runs", runs.count});
  call.params.push_back({"run", run});
  call.params.push_back({"elements", c.rows.taps * runs.count * run});
  return wide_call(c, f, std::move(call), band, pack_elements(f, runs));
}

BindResult bind_depthwise_conv2d_s16_neon(const BindContext& context) {
  const Convolution c = convolution_of(context);
  if (const std::string why = wide_refusal(context, c); !why.empty()) return Refusal{why};
  const Filters f = filters_of(context, c);
  if (!f.sums_fit()) return Refusal{"a sum could pass 32 bits"};
  const Band band = choose_band(context, c, 2 * c.out_channels, 4);
  KernelCall call = band_call(context, c, "depthwise_conv2d_s16_neon", band, tap_bytes(c));
  call.params.push_back({"repeat", c.out_channels / c.in_channels});
  std::vector<std::int16_t> packed;
  for (std::int64_t first = 0; first < f.channels; first += kChannelBlock)
    for (std::int64_t tap = 0; tap < f.elements; ++tap)
      for (std::int64_t o = first; o < first + kChannelBlock; ++o)
        packed.push_back(static_cast<std::int16_t>(f.at(o, tap)));
  return wide_call(c, f, std::move(call), band, packed);
}

}  // namespace mote
