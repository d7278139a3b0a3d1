// Fully-connected layers on Arm cores with the DSP extension.
#include "plan/gemm_dsp.h"

namespace mote {

BindResult bind_fully_connected_s8_dsp(const BindContext& context) {
  const Convolution c = convolution_of(context);
  if (const std::string why = fast_refusal(context, c, true); !why.empty()) return Refusal{why};
  if (c.rows.out >= 3) return Refusal{"many rows: the convolution kernel is better"};
  const Encoding& x = context.input(0).encoding;
  const Filters f = filters_of(context, c);
  const GemmOutput output = gemm_output(context, c, f, {.common = true});
  const bool widened = context.optimize == Optimize::kSpeed || c.in_channels % 8 != 0;
  KernelCall call{widened ? "fully_connected_s8_dsp" : "fully_connected_bytes_s8_dsp",
                  "fully_connected_s8_dsp_params",
                  {},
                  {context.node().inputs[0]},
                  context.node().outputs};
  if (output.form == GemmOutput::kSums) call.function += "_sums";
  offer_row_ranges(call, c.rows.in, 0, c.rows.out);
  call.params.push_back({"in_channels", c.in_channels});
  if (widened) {
    const std::string symbol = x.is_signed() ? "widen" : "widen_u8";
    call.assembly.push_back(
        {"fully_connected_dsp.S", "MOTE_WIDEN", symbol, x.is_signed() ? "sxtb16" : "uxtb16"});
    call.params.push_back({"widen", Symbol{symbol, "mote_widen"}});
  }
  add_fully_connected(call, context, c, f, output, widened);
  return Bound{{std::move(call)}, {}, output.note()};
}

}  // namespace mote
