// Convolutions of 16-bit activations for Arm cores with the DSP extension.
#include <cstring>
#include <limits>

#include "plan/packed_filters.h"

namespace mote {

namespace {

constexpr std::int64_t kLargestScratchBytes = 32 * 1024;

bool is_point(const WindowAxis& a) {
  return a.taps == 1 && a.stride == 1 && a.offset == 0 && a.divisor == 1 && a.in == a.out;
}

}  // namespace

BindResult bind_conv2d_s16_dsp(const BindContext& context) {
  const Convolution c = convolution_of(context);
  if (c.form != Accumulation::Int16) return Refusal{"not a layer with 16-bit activations"};
  if (!context.constant(1) || (context.has_input(2) && !context.constant(2)))
    return Refusal{"weights or bias are computed"};
  if (c.groups != 1) return Refusal{"it has groups"};
  const Filters f = filters_of(context, c);
  if (f.largest_sum > std::numeric_limits<std::int32_t>::max()) return Refusal{"a sum could pass 32 bits"};
  const std::int64_t elements = round_up(f.elements, 4);
  const bool direct = is_point(c.rows) && is_point(c.columns) && elements == f.elements;
  std::vector<std::int8_t> weights;
  for (std::int64_t o = 0; o < f.channels; o += 2)
    for (std::int64_t k = 0; k < elements; k += 4)
      for (std::int64_t channel = o; channel < o + 2; ++channel)
        for (const std::int64_t i : {0, 2, 1, 3})
          weights.push_back(static_cast<std::int8_t>(f.at(channel, k + i)));
  std::vector<std::int32_t> words(weights.size() / 4);
  std::memcpy(words.data(), weights.data(), weights.size());
  const OutputConstants constants = output_constants(c, true);
  KernelCall call{"conv2d_s16_dsp",           "conv2d_s16_dsp_params", {},
                  {context.node().inputs[0]}, context.node().outputs,  direct ? 16 : 4 * elements};
  add_window(call.params, c);
  call.params.push_back({"direct", direct ? 1 : 0});
  call.params.push_back({"elements", elements});
  call.params.push_back({"low", std::int64_t{c.stage.range.min}});
  call.params.push_back({"high", std::int64_t{c.stage.range.max}});
  call.params.push_back({"bias", constant_array(f.bias)});
  call.params.push_back({"multipliers", constant_array(constants.multipliers)});
  call.params.push_back({"shifts", constant_array(constants.shifts)});
  call.params.push_back({"weights", constant_array(words)});
  if (call.scratch_bytes > kLargestScratchBytes) return Refusal{"the windows are too large for the scratch"};
  return Bound{{std::move(call)}, {}, "sums of 32 bits"};
}

}  // namespace mote
