// Convolutions and depthwise convolutions of 16-bit activations for Arm cores with the DSP extension.
#include <algorithm>
#include <cstring>

#include "plan/packed_filters.h"

namespace mote {

namespace {

constexpr std::int64_t kLargestScratchBytes = 32 * 1024;

// The law multiplies by 16 bits, adds half and shifts to the right by 15 - shift: by 16 to 32 bits that is a
// rounded high product with the multiplier moved up.
void add_output(std::vector<Parameter>& params, const Convolution& c, const Filters& f) {
  const OutputConstants constants = output_constants(c, true);
  const bool quick = std::all_of(constants.shifts.begin(), constants.shifts.end(),
                                 [](std::int8_t shift) { return shift <= -1 && shift >= -17; });
  std::vector<std::int32_t> multipliers = constants.multipliers;
  for (std::size_t i = 0; quick && i < multipliers.size(); ++i) {
    const std::int64_t reduced =
        multipliers[i] < 0x7fff0000 ? (std::int64_t{multipliers[i]} + 0x8000) >> 16 : 0x7fff;
    multipliers[i] = static_cast<std::int32_t>(reduced << (17 + constants.shifts[i]));
  }
  params.push_back({"output.low", std::int64_t{c.stage.range.min}});
  params.push_back({"output.high", std::int64_t{c.stage.range.max}});
  params.push_back({"output.quick", quick ? 1 : 0});
  params.push_back({"output.bias", constant_array(f.bias)});
  params.push_back({"output.multipliers", constant_array(multipliers)});
  params.push_back({"output.shifts", constant_array(constants.shifts)});
}

}  // namespace

BindResult bind_conv2d_s16_dsp(const BindContext& context) {
  const Convolution c = convolution_of(context);
  if (const std::string why = fast_words_refusal(context, c); !why.empty()) return Refusal{why};
  if (c.groups != 1) return Refusal{"it has groups"};
  const Filters f = filters_of(context, c);
  if (!f.sums_fit()) return Refusal{"a sum could pass 32 bits"};
  const std::int64_t elements = round_up(f.elements, 4);
  const bool direct = c.reads_single_pixels() && elements == f.elements;
  std::vector<std::int8_t> weights;
  for (std::int64_t o = 0; o < f.channels; o += 2)
    for (std::int64_t k = 0; k < elements; k += 4)
      for (std::int64_t channel = o; channel < o + 2; ++channel)
        for (const std::int64_t i : {0, 2, 1, 3})
          weights.push_back(static_cast<std::int8_t>(f.at(channel, k + i)));
  std::vector<std::int32_t> words(weights.size() / 4);
  std::memcpy(words.data(), weights.data(), weights.size());
  KernelCall call{"conv2d_s16_dsp",           "conv2d_s16_dsp_params", {},
                  {context.node().inputs[0]}, context.node().outputs,  direct ? 16 : 4 * elements};
  add_window(call.params, c);
  call.params.push_back({"direct", direct ? 1 : 0});
  call.params.push_back({"elements", elements});
  add_output(call.params, c, f);
  call.params.push_back({"weights", constant_array(words)});
  if (call.scratch_bytes > kLargestScratchBytes) return Refusal{"the windows are too large for the scratch"};
  return Bound{{std::move(call)}, {}, "sums of 32 bits"};
}

BindResult bind_depthwise_conv2d_s16_dsp(const BindContext& context) {
  const Convolution c = convolution_of(context);
  if (const std::string why = fast_words_refusal(context, c); !why.empty()) return Refusal{why};
  if (c.in_channels != c.out_channels) return Refusal{"it has several filters per channel"};
  const Filters f = filters_of(context, c);
  if (!f.sums_fit()) return Refusal{"a sum could pass 32 bits"};
  const std::int64_t channels = round_up(c.in_channels, 4);
  std::vector<std::int8_t> weights;
  for (std::int64_t tap = 0; tap < f.elements; ++tap)
    for (std::int64_t o = 0; o < channels; o += 4)
      for (const std::int64_t i : {0, 2, 1, 3}) weights.push_back(static_cast<std::int8_t>(f.at(o + i, tap)));
  KernelCall call{"depthwise_conv2d_s16_dsp",
                  "depthwise_conv2d_s16_dsp_params",
                  {},
                  {context.node().inputs[0]},
                  context.node().outputs};
  add_window(call.params, c);
  call.params.push_back({"channels", channels});
  add_output(call.params, c, f);
  call.params.push_back({"weights", constant_array(weights)});
  return Bound{{std::move(call)}, {}, "sums of 32 bits"};
}

}  // namespace mote
