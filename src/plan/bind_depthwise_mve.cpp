// Depthwise convolution for Arm cores with vector instructions (MVE, Armv8.1-M).
#include <fmt/format.h>

#include <algorithm>

#include "plan/gemm_mve.h"

namespace mote {

namespace {

constexpr std::int64_t kLargestScratchBytes = 32 * 1024;
constexpr std::int64_t kLargestScatter = 65535;

// The rows of a layer as the kernels interleave them.
struct Words {
  std::int64_t patch_rows, patch_columns;  // 4x4 patches that cover a filter
  std::int64_t left, skip, used, right;    // bytes of a row
  std::int64_t group_bytes;
  std::int64_t patches() const { return patch_rows * patch_columns; }
};

Words words_of(const Convolution& c) {
  const WindowAxis& a = c.columns;
  Words w{};
  w.patch_rows = round_up(c.rows.taps, 4) / 4;
  w.patch_columns = round_up(a.taps, 4) / 4;
  const std::int64_t needed = (a.out - 1) * a.stride + (a.taps - 1) * a.step + 1;
  // patches reach behind the filter
  const std::int64_t columns = (a.out - 1) * a.stride + (4 * w.patch_columns - 1) * a.step + 1;
  const std::int64_t left = std::clamp<std::int64_t>(-a.offset, 0, needed);
  const std::int64_t skip = std::clamp<std::int64_t>(a.offset, 0, a.in);
  const std::int64_t used = std::min(a.in - skip, needed - left);
  w.left = left * c.in_channels;
  w.skip = skip * c.in_channels;
  w.used = used * c.in_channels;
  w.right = (needed - left - used) * c.in_channels;
  constexpr std::int64_t kBehind = 64;  // interleaving writes whole vectors
  w.group_bytes = 4 * columns * c.in_channels + kBehind;
  return w;
}

// What depthwise_mve.S reads: for each filter of a channel, for each channel.
std::vector<std::int32_t> pack_stream(const Convolution& c, const Filters& f, const MveOutput& o,
                                      const Words& w) {
  std::vector<std::int32_t> stream;
  const std::int64_t filters = c.out_channels / c.in_channels;
  const auto tap = [&](std::int64_t channel, std::int64_t ky, std::int64_t kx) {
    const bool inside = ky < c.rows.taps && kx < c.columns.taps;
    return inside ? static_cast<std::uint32_t>(f.at(channel, ky * c.columns.taps + kx)) & 0xffU : 0U;
  };
  for (std::int64_t filter = 0; filter < filters; ++filter)
    for (std::int64_t channel = filter; channel < c.out_channels; channel += filters) {
      for (std::int64_t ky = 0; ky < 4 * w.patch_rows; ky += 4)
        for (std::int64_t kx = 0; kx < 4 * w.patch_columns; ++kx)
          stream.push_back(static_cast<std::int32_t>(tap(channel, ky, kx) | tap(channel, ky + 1, kx) << 8 |
                                                     tap(channel, ky + 2, kx) << 16 |
                                                     tap(channel, ky + 3, kx) << 24));
      const auto i = static_cast<std::size_t>(channel);
      stream.push_back(o.bias[i]);
      if (o.form == 2) stream.push_back(std::max(o.shifts[i], 0));
      stream.push_back(o.multipliers[i]);
      stream.push_back(std::min(o.shifts[i], 0));
      if (o.form != 0) stream.push_back(o.shifts[i] < 0 ? 1 : 0);
      stream.push_back(static_cast<std::int32_t>(o.zero));
    }
  return stream;
}

std::string refusal(const BindContext& context, const Convolution& c) {
  if (const std::string why = fast_refusal(context, c); !why.empty()) return why;
  if (c.columns.out == 0 || c.rows.out == 0) return "it has no output";
  return {};
}

// Members that both kernels have in common.
KernelCall start_call(const BindContext& context, const std::string& function, const Convolution& c,
                      const Filters& f, const MveOutput& output, const Words& w) {
  const Encoding& x = context.input(0).encoding;
  KernelCall call{
      function, "depthwise_conv2d_s8_mve_params", {}, {context.node().inputs[0]}, context.node().outputs};
  const auto stream = pack_stream(c, f, output, w);
  add_window(call.params, c);
  offer_row_ranges(call, c.batches * c.rows.in, 0, c.batches * c.rows.out);
  call.params.push_back({"x_flip", byte_flip(x)});
  call.params.push_back({"x_zero", byte_zero(x)});
  call.params.push_back({"stream", constant_array(stream)});
  call.params.push_back(
      {"stream_words", static_cast<std::int64_t>(stream.size()) * c.in_channels / c.out_channels});
  call.params.push_back({"low", output.low});
  call.params.push_back({"high", output.high});
  call.params.push_back({"patch_columns", w.patch_columns});
  call.params.push_back({"groups", w.patch_rows});
  call.params.push_back({"group_bytes", w.group_bytes});
  call.params.push_back({"left", w.left});
  call.params.push_back({"skip", w.skip});
  call.params.push_back({"used", w.used});
  call.params.push_back({"right", w.right});
  const std::int64_t words_at = round_up(100 + 4 * w.patches(), 16);
  const std::int64_t zeros_at = words_at + w.patch_rows * w.group_bytes;
  call.params.push_back({"words_at", words_at});
  call.params.push_back({"zeros_at", zeros_at});
  call.scratch_bytes = zeros_at + w.used;
  return call;
}

void add_function(KernelCall& call, const std::string& member, const std::string& macro,
                  const std::string& prefix, const std::string& arguments) {
  const std::string symbol = mve_symbol(prefix, arguments);
  call.assembly.push_back({"depthwise_mve.S", macro, symbol, arguments});
  call.params.push_back({member, Symbol{symbol, "mote_mve_depthwise_function"}});
}

}  // namespace

BindResult bind_depthwise_conv2d_3x3_s8_mve(const BindContext& context) {
  const Convolution c = convolution_of(context);
  if (const std::string why = refusal(context, c); !why.empty()) return Refusal{why};
  if (c.rows.taps > 3 || c.columns.taps > 3) return Refusal{"the filter is larger than 3x3"};
  if (c.rows.stride != 1 || c.columns.stride != 1) return Refusal{"it has strides"};
  if ((c.rows.step != 1 && c.rows.taps > 1) || (c.columns.step != 1 && c.columns.taps > 1))
    return Refusal{"it is dilated"};
  if (c.rows.out % 2 != 0 && c.batches > 1) return Refusal{"a pair of rows may lie in two images"};
  const std::int64_t rows = c.batches * c.rows.out;
  if ((rows - 1) * c.columns.out * c.out_channels + 3 * c.out_channels > kLargestScatter)
    return Refusal{"rows of a ring may be too far apart to be written together"};
  const Filters f = filters_of(context, c);
  const MveOutput output = mve_output(context, c, f);
  const Words w = words_of(c);
  KernelCall call = start_call(context, "depthwise_conv2d_3x3_s8_mve", c, f, output, w);
  if (call.scratch_bytes > kLargestScratchBytes) return Refusal{"the lines are too large for the scratch"};
  const auto arguments = [&](int single) {
    return fmt::format("{}, {}, {}, {}, {}", std::min<std::int64_t>(c.columns.out / 4, 2), c.columns.out % 4,
                       output.form, output.finish(), single);
  };
  add_function(call, "run", "MOTE_DEPTHWISE_3X3_MVE", "depthwise3x3", arguments(0));
  add_function(call, "run_single", "MOTE_DEPTHWISE_3X3_MVE", "depthwise3x3",
               arguments(c.rows.out % 2 != 0 ? 1 : 0));
  call.row_block = 2;
  return Bound{{std::move(call)}, {}, "3x3 taps in lanes, " + output.note()};
}

BindResult bind_depthwise_conv2d_s8_mve(const BindContext& context) {
  const Convolution c = convolution_of(context);
  if (const std::string why = refusal(context, c); !why.empty()) return Refusal{why};
  if (7 * c.out_channels > kLargestScatter) return Refusal{"it has too many channels"};
  const Words w = words_of(c);
  constexpr std::int64_t kMostPatches = 16;  // 12 bytes of code for each of up to 15 columns
  if (w.patches() > kMostPatches) return Refusal{"the filter is too large"};
  const Filters f = filters_of(context, c);
  const MveOutput output = mve_output(context, c, f);
  KernelCall call = start_call(context, "depthwise_conv2d_s8_mve", c, f, output, w);
  if (call.scratch_bytes > kLargestScratchBytes) return Refusal{"the lines are too large for the scratch"};
  add_function(call, "run", "MOTE_DEPTHWISE_MVE", "depthwise",
               fmt::format("{}, {}, {}, {}, {}", w.patches(), std::min<std::int64_t>(c.columns.out / 8, 2),
                           c.columns.out % 8, output.form, output.finish()));
  return Bound{{std::move(call)}, {}, "taps in lanes, " + output.note()};
}

}  // namespace mote
