// AVX2 kernels: convolution and fully-connected layers of 8 and 16 bits with weights widened to 16 bits.
#include <algorithm>

#include "plan/byte_output.h"
#include "plan/low_bits.h"
#include "plan/strip.h"

namespace mote {

namespace {

constexpr std::int64_t kChannelBlock = 16;

// For each block of channels, for each pair of elements of their filters, the pairs of the channels in turn.
std::vector<std::int16_t> pack_pairs(const Filters& f, std::int64_t block, std::int64_t pairs) {
  std::vector<std::int16_t> packed;
  for (std::int64_t first = 0; first < f.channels; first += block)
    for (std::int64_t pair = 0; pair < pairs; ++pair)
      for (std::int64_t o = first; o < first + block; ++o)
        for (std::int64_t k = 2 * pair; k < 2 * pair + 2; ++k)
          packed.push_back(static_cast<std::int16_t>(f.at(o, k)));
  return packed;
}

// The multipliers of 64-bit scaling have 16 bits and one right shift, as in requantize.h.
void add_wide_output(std::vector<Parameter>& params, const Convolution& c, Filters f) {
  const auto padded = static_cast<std::size_t>(round_up(f.channels, kChannelBlock));
  WideConstants constants = wide_constants(c);
  for (auto* values : {&f.bias, &constants.multipliers, &constants.right_shifts}) values->resize(padded);
  params.push_back({"low", std::int64_t{c.stage.range.min}});
  params.push_back({"high", std::int64_t{c.stage.range.max}});
  params.push_back({"bias", constant_array(f.bias)});
  params.push_back({"multipliers", constant_array(constants.multipliers)});
  params.push_back({"right_shifts", constant_array(constants.right_shifts)});
}

// Weights as pack_pairs has them, run by run, each rounded up to whole pairs, channels in the order of the
// output stage; absent channels repeat the last one, which brings no values of its own.
std::vector<std::int16_t> pack_runs(const Filters& f, std::int64_t run) {
  std::vector<std::int16_t> packed;
  for (std::int64_t first = 0; first < f.channels; first += kChannelBlock)
    for (std::int64_t start = 0; start < f.elements; start += run)
      for (std::int64_t k = 0; k < run; k += 2)
        for (const int place : kPackedOrder)
          for (std::int64_t j = k; j < k + 2; ++j)
            packed.push_back(static_cast<std::int16_t>(
                j < run ? f.at(std::min(first + place, f.channels - 1), start + j) : 0));
  return packed;
}

}  // namespace

namespace {

std::string strip_kernel_refusal(const BindContext& context, const Convolution& c) {
  if (!context.target.has("fma")) return "the target has no fused multiply-add";
  return byte_strip_refusal(context, c);
}

}  // namespace

BindResult bind_conv2d_s8_avx2(const BindContext& context) {
  const Convolution c = convolution_of(context);
  if (const std::string why = strip_kernel_refusal(context, c); !why.empty()) return Refusal{why};
  const Filters f = filters_of(context, c);
  KernelCall call = strip_call(context, "conv2d_s8_avx2");
  const Strip strip = add_strip(call.params, context, c, {2, 2, 0});
  const std::string note = add_byte_output(call.params, context, c, f, {kPackedOrder});
  const std::vector<std::int16_t> weights = pack_runs(f, strip.run);
  call.scratch_bytes = strip.bytes + pixel_table_bytes(c, strip, 6);
  const std::string low =
      add_low_weights(call.params, context, std::vector<std::int8_t>(weights.begin(), weights.end()));
  if (low.empty())
    call.params.push_back({"weights", constant_array(weights)});
  else
    call.scratch_bytes +=
        2 * static_cast<std::int64_t>(weights.size()) / (round_up(f.channels, kChannelBlock) / kChannelBlock);
  return Bound{{std::move(call)}, {}, low + note};
}

namespace {

// The filter transform of kernels/c/conv2d_s8_winograd_avx2.h.
constexpr int kWinogradFilter[6][3] = {{6, 0, 0}, {-1, -1, -1}, {-1, 1, -1},
                                       {1, 2, 4}, {1, -2, 4},   {0, 0, 6}};

// Element [channel, point] of the transformed filters; in_channels of them for each output channel and point.
std::int16_t winograd_weight(const Filters& f, const Convolution& c, std::int64_t o, std::int64_t point,
                             std::int64_t channel) {
  int sum = 0;
  for (int y = 0; y < 3; ++y)
    for (int x = 0; x < 3; ++x)
      sum += kWinogradFilter[point / 6][y] * kWinogradFilter[point % 6][x] *
             f.at(o, (y * 3 + x) * c.in_channels + channel);
  return static_cast<std::int16_t>(sum);
}

std::vector<std::int16_t> pack_winograd(const Filters& f, const Convolution& c) {
  std::vector<std::int16_t> packed;
  for (std::int64_t first = 0; first < f.channels; first += kChannelBlock)
    for (std::int64_t point = 0; point < 36; ++point)
      for (std::int64_t channel = 0; channel < c.in_channels; channel += 2)
        for (const int place : kPackedOrder)
          for (std::int64_t j = 0; j < 2; ++j)
            packed.push_back(winograd_weight(f, c, first + place, point, channel + j));
  return packed;
}

std::string winograd_refusal(const BindContext& context, const Convolution& c) {
  if (const std::string why = strip_kernel_refusal(context, c); !why.empty()) return why;
  if (context.optimize != Optimize::kSpeed) return "its transformed weights are eight times as large";
  if (has_low_bits(context.input(1).encoding)) return "weights of few bits would stand transformed";
  const auto fits = [](const WindowAxis& a) {
    return a.taps == 3 && a.stride == 1 && a.step == 1 && a.out >= 3;
  };
  if (!fits(c.rows) || !fits(c.columns)) return "not 3x3 with stride 1, or too small";
  if (c.in_channels % 16 != 0) return "the number of input channels is not a multiple of 16";
  return {};
}

}  // namespace

BindResult bind_conv2d_s8_winograd_avx2(const BindContext& context) {
  const Convolution c = convolution_of(context);
  if (const std::string why = winograd_refusal(context, c); !why.empty()) return Refusal{why};
  const Filters f = filters_of(context, c);
  if (f.largest_sum >= std::int64_t{1} << 25) return Refusal{"64 times a sum could pass 32 bits"};
  const std::int64_t tiles = c.in_channels <= 32 ? 8 : 4;
  KernelCall call = strip_call(context, "conv2d_s8_winograd_avx2");
  const Strip strip = add_strip(call.params, context, c, {2, 16, 0, 4});
  call.params.push_back({"tiles", tiles});
  const std::string note = add_byte_output(call.params, context, c, f, {kPackedOrder, 0, 576, 36});
  call.params.push_back({"weights", constant_array(pack_winograd(f, c))});
  call.scratch_bytes = strip.bytes + 36 * tiles * (16 * 4 + c.in_channels * 2);
  call.row_block = 4;
  return Bound{{std::move(call)}, {}, "F(4x4, 3x3), " + note};
}

BindResult bind_conv2d_s16_avx2(const BindContext& context) {
  const Convolution c = convolution_of(context);
  if (const std::string why = fast_words_refusal(context, c); !why.empty()) return Refusal{why};
  if (c.groups != 1) return Refusal{"it has groups"};
  const Filters f = filters_of(context, c);
  if (!f.sums_fit()) return Refusal{"a sum could pass 32 bits"};
  const std::int64_t pairs = round_up(f.elements, 2) / 2;
  KernelCall call{"conv2d_s16_avx2",          "conv2d_s16_avx2_params", {},
                  {context.node().inputs[0]}, context.node().outputs,   16 * pairs};  // four windows
  add_window(call.params, c);
  call.params.push_back({"elements", f.elements});
  add_wide_output(call.params, c, f);
  call.params.push_back({"weights", constant_array(pack_pairs(f, kChannelBlock, pairs))});
  return Bound{{std::move(call)}, {}, "sums of 32 bits, weights widened to 16 bits"};
}

namespace {

// The layout of kernels/c/depthwise_3x3_s8_avx2.h.
std::vector<std::int16_t> pack_columns(const Filters& f) {
  std::vector<std::int16_t> packed;
  for (std::int64_t first = 0; first < f.channels; first += kChannelBlock)
    for (std::int64_t kx = 0; kx < 3; ++kx)
      for (std::int64_t half = 0; half < 16; half += 8)
        for (std::int64_t pair = 0; pair < 4; pair += 2)
          for (std::int64_t row = 0; row < 2; ++row)
            for (std::int64_t lane = half; lane < half + 8; ++lane)
              for (std::int64_t ky = pair - row; ky < pair - row + 2; ++ky) {
                const std::int64_t o = first + kPackedOrder[static_cast<std::size_t>(lane)];
                packed.push_back(static_cast<std::int16_t>(ky >= 0 && ky < 3 ? f.at(o, 3 * ky + kx) : 0));
              }
  return packed;
}

}  // namespace

BindResult bind_depthwise_3x3_s8_avx2(const BindContext& context) {
  const Convolution c = convolution_of(context);
  if (const std::string why = strip_kernel_refusal(context, c); !why.empty()) return Refusal{why};
  if (c.out_channels != c.in_channels) return Refusal{"it has several filters per channel"};
  const auto fits = [](const WindowAxis& a) { return a.taps == 3 && a.stride == 1 && a.step == 1; };
  if (!fits(c.rows) || !fits(c.columns)) return Refusal{"not 3x3 with stride 1"};
  const Filters f = filters_of(context, c);
  KernelCall call = strip_call(context, "depthwise_3x3_s8_avx2");
  const Strip strip = add_strip(call.params, context, c, {2, 16, 0, 2});
  const std::string note = add_byte_output(call.params, context, c, f, {kPackedOrder});
  call.params.push_back({"weights", constant_array(pack_columns(f))});
  call.scratch_bytes = strip.bytes;
  call.row_block = 2;
  return Bound{{std::move(call)}, {}, "two rows at once, " + note};
}

BindResult bind_depthwise_conv2d_s8_avx2(const BindContext& context) {
  const Convolution c = convolution_of(context);
  if (const std::string why = strip_kernel_refusal(context, c); !why.empty()) return Refusal{why};
  if (c.out_channels != c.in_channels) return Refusal{"it has several filters per channel"};
  const Filters f = filters_of(context, c);
  KernelCall call = strip_call(context, "depthwise_conv2d_s8_avx2");
  const Strip strip = add_strip(call.params, context, c, {2, 16, 0});
  const std::string note = add_byte_output(call.params, context, c, f, {kPackedOrder});
  call.params.push_back({"weights", constant_array(pack_runs(f, f.elements))});
  call.scratch_bytes = strip.bytes + pixel_table_bytes(c, strip, 4);
  return Bound{{std::move(call)}, {}, note};
}

}  // namespace mote
