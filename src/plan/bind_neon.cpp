// NEON kernels of 8-bit convolution, depthwise convolution and fully-connected layers.
#include <algorithm>

#include "plan/band.h"
#include "plan/packed_filters.h"

namespace mote {

namespace {

constexpr std::int64_t kChannelBlock = 8;

void add_output(std::vector<Parameter>& params, const BindContext& context, const Convolution& c, Filters f) {
  const auto padded = static_cast<std::size_t>(round_up(f.channels, kChannelBlock));
  const std::int64_t y_zero = byte_zero(context.output().encoding);
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

// The runs of a row of a window: neighbouring columns are one.
struct Runs {
  std::int64_t count, elements;
};
Runs runs_of(const Convolution& c) {
  if (c.columns.step == 1 || c.columns.taps == 1) return {1, c.columns.taps * c.in_channels};
  return {c.columns.taps, c.in_channels};
}

// For each block of channels, for each run, for each four elements, four weights of each channel.
std::vector<std::int8_t> pack_fours(const Filters& f, Runs runs) {
  std::vector<std::int8_t> packed;
  for (std::int64_t first = 0; first < f.channels; first += kChannelBlock)
    for (std::int64_t run = 0; run < f.elements; run += runs.elements)
      for (std::int64_t four = 0; four < runs.elements; four += 4)
        for (std::int64_t o = first; o < first + kChannelBlock; ++o)
          for (std::int64_t k = four; k < four + 4; ++k)
            packed.push_back(static_cast<std::int8_t>(k < runs.elements ? f.at(o, run + k) : 0));
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

// What the kernels have in common; `special` are the members between.
Bound call_of(const BindContext& context, const Convolution& c, const Filters& f, const std::string& function,
              const Band& band, std::int64_t more_scratch, std::vector<Parameter> special,
              std::vector<std::int8_t> weights) {
  KernelCall call{function,
                  function + "_params",
                  {},
                  {context.node().inputs[0]},
                  {context.node().outputs[0]},
                  band.scratch_bytes + more_scratch};
  add_window(call.params, c);
  offer_row_ranges(call, c.batches * c.rows.in, 0, c.batches * c.rows.out);
  call.params.push_back(band_parameter(band));
  for (Parameter& p : special) call.params.push_back(std::move(p));
  call.params.push_back({"careful", has_two_least_weights(f) ? 1 : 0});
  call.params.push_back({"x_flip", byte_flip(context.input(0).encoding)});
  call.params.push_back({"x_zero", byte_zero(context.input(0).encoding)});
  add_output(call.params, context, c, f);
  call.params.push_back({"weights", constant_array(weights)});
  return {{std::move(call)}, {}, "bands of " + std::to_string(band.rows) + " output rows"};
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
                 round_up(2 * pairs * 4, 16), {{"repeat", c.out_channels / c.in_channels}, {"pairs", pairs}},
                 pack_pairs_of_taps(f, pairs));
}

}  // namespace mote
