// Fully-connected layers on Arm cores with the DSP extension.
#include "plan/gemm_dsp.h"

namespace mote {

BindResult bind_fully_connected_s8_dsp(const BindContext& context) {
  const Convolution c = convolution_of(context);
  if (const std::string why = fast_refusal(context, c, true); !why.empty()) return Refusal{why};
  if (c.rows.out >= 3) return Refusal{"many rows: the convolution kernel is better"};
  const Encoding& x = context.input(0).encoding;
  const Filters f = filters_of(context, c);
  const bool few_bits = has_low_bits(context.input(1).encoding);
  if (few_bits)
    if (std::string why = lane_problem(f, x); !why.empty()) return Refusal{std::move(why)};
  const GemmOutput output = gemm_output(context, c, f, {.common = !few_bits});
  const bool widened = few_bits || context.optimize == Optimize::kSpeed || c.in_channels % 8 != 0;
  KernelCall call{widened ? "fully_connected_s8_dsp" : "fully_connected_bytes_s8_dsp",
                  "fully_connected_s8_dsp_params",
                  {},
                  {context.node().inputs[0]},
                  context.node().outputs};
  if (output.form == GemmOutput::kSums) call.function += "_sums";
  offer_row_ranges(call, c.rows.in, 0, c.rows.out);
  call.params.push_back({"in_channels", c.in_channels});
  call.params.push_back({"out_channels", c.out_channels});
  if (widened) {
    const std::string symbol = x.is_signed() ? "widen" : "widen_u8";
    call.assembly.push_back(
        {"fully_connected_dsp.S", "MOTE_WIDEN", symbol, x.is_signed() ? "sxtb16" : "uxtb16"});
    call.params.push_back({"widen", Symbol{symbol, "mote_widen"}});
  }
  std::string note = output.note();
  if (few_bits && add_connected_fours(call, context, c, f, output))
    return Bound{{std::move(call)}, {}, note + "; 4 bits in flash, four channels in a lane"};
  add_fully_connected(call, context, c, f, output, widened);
  if (few_bits) {
    const std::int64_t elements = 2 * number_of(call, "stage.window_words");
    if (std::string why =
            make_low_bits(call, context, c, output, connected_lane_values(f, elements), 4, note);
        !why.empty())
      return Refusal{std::move(why)};
  }
  return Bound{{std::move(call)}, {}, note};
}

}  // namespace mote
