// Kernels for Arm cores with the DSP extension: 8-bit convolution and fully-connected layers with weights
// packed two channels to a 16-bit lane. The packing proves for the actual weights that the lanes can be told
// apart.
#include <algorithm>
#include <cstdlib>

#include "plan/gemm_dsp.h"

namespace mote {

namespace {

constexpr std::int64_t kLargestScratchBytes = 32 * 1024;

// For each `pairs` pairs of channels, for each four elements, the two words of each pair in turn.
std::vector<std::int32_t> pack_lanes(const Filters& f, std::int64_t elements, std::int64_t pairs) {
  std::vector<std::int32_t> words;
  for (std::int64_t o = 0; o < f.channels; o += 2 * pairs)
    for (std::int64_t k = 0; k < elements; k += 4)
      for (std::int64_t pair = 0; pair < pairs; ++pair) {
        words.push_back(lane_word(f, o + 2 * pair, k, k + 2));
        words.push_back(lane_word(f, o + 2 * pair, k + 1, k + 3));
      }
  return words;
}

void add_output(std::vector<Parameter>& params, const BindContext& context, const Convolution& c,
                const Filters& f) {
  const Encoding& y = context.output().encoding;
  OutputConstants constants = output_constants(c, true);
  bool quick = f.largest_sum < (std::int64_t{1} << 30);
  for (std::size_t i = 0; i < constants.shifts.size(); ++i) {
    if (constants.multipliers[i] == 0) constants.shifts[i] = -1;
    if (constants.shifts[i] > -1 || constants.shifts[i] < -22) quick = false;
  }
  const bool full = c.stage.range.min - byte_flip(y) == -128 && c.stage.range.max - byte_flip(y) == 127;
  add_output_range(params, "output.", context, c);
  params.push_back({"output.quick", quick ? 1 : 0});
  params.push_back({"output.full", full ? 1 : 0});
  params.push_back({"output.bias", constant_array(f.bias)});
  params.push_back({"output.multipliers", constant_array(constants.multipliers)});
  params.push_back({"output.shifts", constant_array(constants.shifts)});
}

}  // namespace

BindResult bind_fully_connected_s8_dsp(const BindContext& context) {
  const Convolution c = convolution_of(context);
  if (const std::string why = fast_refusal(context, c); !why.empty()) return Refusal{why};
  if (c.rows.out >= 3 && c.in_channels % 4 == 0)
    return Refusal{"many rows: the convolution kernel is better"};
  const Filters f = filters_of(context, c);
  if (const std::string why = lane_problem(f, context.input(0).encoding); !why.empty()) return Refusal{why};
  const std::int64_t elements = round_up(f.elements, 8);
  if (2 * elements > kLargestScratchBytes) return Refusal{"the row is too large for the scratch"};
  KernelCall call{"fully_connected_s8_dsp",   "fully_connected_s8_dsp_params", {},
                  {context.node().inputs[0]}, context.node().outputs,          2 * elements};
  call.params.push_back({"rows", c.rows.out});
  call.params.push_back({"in_channels", c.in_channels});
  call.params.push_back({"out_channels", c.out_channels});
  call.params.push_back({"elements", elements});
  call.params.push_back({"x_flip", byte_flip(context.input(0).encoding)});
  add_output(call.params, context, c, f);
  call.params.push_back({"weights", constant_array(pack_lanes(f, elements, 2))});
  return Bound{{std::move(call)}, {}, "two channels per lane"};
}

}  // namespace mote
