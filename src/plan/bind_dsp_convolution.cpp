// Convolutions on Arm cores with the DSP extension as matrix products over the windows of four pixels.
#include <fmt/format.h>

#include <algorithm>

#include "plan/gemm_dsp.h"

namespace mote {

namespace {

// Why no matrix product can be made of the layer.
std::string gemm_refusal(const BindContext& context, const Convolution& c) {
  if (const std::string why = fast_refusal(context, c, true); !why.empty()) return why;
  if (c.groups != 1) return "it has groups";
  if (c.rows.offset > 0 || c.columns.offset > 0) return "its padding is negative";
  if (has_low_bits(context.input(1).encoding))
    return lane_problem(filters_of(context, c), context.input(0).encoding);
  return {};
}

GemmOutputChoice output_choice(const BindContext& context) {
  const bool speed = context.optimize == Optimize::kSpeed;
  return {.fitted = speed, .common = !speed && !has_low_bits(context.input(1).encoding)};
}

// Members and the call that both kernels have in common.
KernelCall start_call(const BindContext& context, const Convolution& c, const std::string& function,
                      const GemmOutput& output) {
  KernelCall call{function, function + "_params", {}, {context.node().inputs[0]}, context.node().outputs};
  if (output.form == GemmOutput::kSums) call.function += "_sums";
  offer_row_ranges(call, c.batches * c.rows.in, 0, c.batches * c.rows.out);
  return call;
}

void add_padded_window(KernelCall& call, const BindContext& context, const Convolution& c) {
  const Encoding& x = context.input(0).encoding;
  add_window(call.params, c);
  call.params.push_back({"x_zero", byte_zero(x) + byte_flip(x)});
}

// How the windows are read from a padded image with rows of `pitch` bytes.
struct Gather {
  AssemblyFunction function;
  std::vector<LanePair> order;
  std::vector<std::int32_t> offsets;  // of a function with a list
};

// Rows of bytes in straight code: what each row leaves beside whole words shares words with the next one.
Gather unrolled_gather(const Convolution& c, std::int64_t pitch, bool is_signed) {
  const std::int64_t rows = c.rows.taps;
  const std::int64_t bytes = c.columns.taps * c.in_channels;
  const std::int64_t rest = bytes % 4;
  const std::int64_t none = rows * bytes;
  Gather g;
  const std::int64_t row_pitch = c.rows.step * pitch;
  g.function = {
      "gemm_dsp.S", "MOTE_GATHER4",
      fmt::format("gather_{}x{}_{}{}", rows, bytes, row_pitch, is_signed ? "" : "_u8"),
      fmt::format("{}, {}, {}, {}", is_signed ? "ldrsb, sxtb16" : "ldrb, uxtb16", rows, bytes, row_pitch)};
  for (std::int64_t ky = 0; ky < rows; ++ky)
    for (std::int64_t word = 0; word < (bytes + 1) / 4; ++word)
      for (std::int64_t i = 4 * word; i < 4 * word + 2; ++i)
        g.order.push_back({ky * bytes + i, i + 2 < bytes ? ky * bytes + i + 2 : none});
  if (rest == 1 || rest == 2)
    for (std::int64_t ky = 0; ky < rows; ky += 2)
      for (std::int64_t i = bytes - rest; i < bytes; ++i)
        g.order.push_back({ky * bytes + i, ky + 1 < rows ? (ky + 1) * bytes + i : none});
  return g;
}

// Words from a list of places; `run` bytes follow each other: a row, or a tap of dilated ones.
Gather listed_gather(const Convolution& c, std::int64_t pitch, bool is_signed) {
  const bool dense = c.columns.step == 1;
  const std::int64_t run = dense ? c.columns.taps * c.in_channels : c.in_channels;
  const std::int64_t none = c.rows.taps * c.columns.taps * c.in_channels;
  Gather g;
  g.function = {"gemm_dsp.S", "MOTE_GATHER4_LIST", is_signed ? "gather" : "gather_u8",
                is_signed ? "sxtb16" : "uxtb16"};
  std::int64_t element = 0;
  for (std::int64_t ky = 0; ky < c.rows.taps; ++ky)
    for (std::int64_t kx = 0; kx < (dense ? 1 : c.columns.taps); ++kx, element += run)
      for (std::int64_t i = 0; i < run; i += 4) {
        g.offsets.push_back(
            static_cast<std::int32_t>(ky * c.rows.step * pitch + kx * c.columns.step * c.in_channels + i));
        const auto at = [&](std::int64_t k) { return k < run ? element + k : none; };
        g.order.push_back({at(i), at(i + 2)});
        g.order.push_back({at(i + 1), at(i + 3)});
      }
  return g;
}

// Tiles of few bits where the weights have them. Returns why it cannot be.
std::string add_low_bits(KernelCall& call, const BindContext& context, const Convolution& c, const Filters& f,
                         const std::vector<LanePair>& order, const GemmOutput& output, std::string& note) {
  if (!has_low_bits(context.input(1).encoding)) return {};
  const std::int64_t words = number_of(call, "stage.layer.filter_bytes") / 4;
  return make_low_bits(call, context, c, output, lane_values(f, order, words), 2, note);
}

// Bytes of the padded band; more rows at a time copy fewer rows twice and leave fewer blocks incomplete.
std::int64_t band_limit(Optimize optimize) {
  switch (optimize) {
    case Optimize::kSpeed: return 2048;
    case Optimize::kBalanced:
    case Optimize::kSize: return 1024;
    case Optimize::kRam: return 256;
  }
  return 0;
}

}  // namespace

BindResult bind_conv2d_s8_dsp(const BindContext& context) {
  const Convolution c = convolution_of(context);
  if (const std::string why = gemm_refusal(context, c); !why.empty()) return Refusal{why};
  const bool points = c.reads_single_pixels();
  if (!points && c.in_channels % 4 != 0) return Refusal{"the depth is not a multiple of 4"};
  const Encoding& x = context.input(0).encoding;
  const Filters f = filters_of(context, c);
  const GemmOutput output = gemm_output(context, c, f, output_choice(context));
  KernelCall call = start_call(context, c, points ? "conv2d_s8_1x1_dsp" : "conv2d_s8_dsp", output);
  if (points) {
    call.params.push_back({"width", c.columns.in});
    call.params.push_back({"in_channels", c.in_channels});
    call.params.push_back({"out_channels", c.out_channels});
  } else {
    add_padded_window(call, context, c);
  }
  add_widen4(call, x);
  call.scratch_bytes =
      add_gemm(call, context, c, f, widened_order(f.elements), output) + round_up(c.in_channels, 4);
  std::string note = output.note();
  if (const std::string why = add_low_bits(call, context, c, f, widened_order(f.elements), output, note);
      !why.empty())
    return Refusal{why};
  const bool in_place = points && c.out_channels <= c.in_channels && call.row_block == 1;
  Bound bound{{std::move(call)}, {}, note};
  if (in_place) bound.in_place_inputs.push_back(context.node().inputs[0]);
  return bound;
}

BindResult bind_conv2d_s8_shallow_dsp(const BindContext& context) {
  const Convolution c = convolution_of(context);
  if (const std::string why = gemm_refusal(context, c); !why.empty()) return Refusal{why};
  const Encoding& x = context.input(0).encoding;
  const Filters f = filters_of(context, c);
  const std::int64_t pitch =
      ((c.columns.out - 1) * c.columns.stride + (c.columns.taps - 1) * c.columns.step + 1) * c.in_channels;
  const std::int64_t taps_reach = (c.rows.taps - 1) * c.rows.step + 1;
  const std::int64_t row_words = (c.columns.taps * c.in_channels + 3) / 4;
  constexpr std::int64_t kLargestUnrolledWords = 16;  // about 40 bytes of code each
  constexpr std::int64_t kLargestOffset = 4095;       // of loads
  const bool unrolled = context.optimize != Optimize::kSize && c.columns.step == 1 &&
                        c.rows.taps * row_words <= kLargestUnrolledWords &&
                        taps_reach * pitch <= kLargestOffset;
  const Gather gather =
      unrolled ? unrolled_gather(c, pitch, x.is_signed()) : listed_gather(c, pitch, x.is_signed());
  const std::int64_t most_lines = std::max(band_limit(context.optimize) / pitch, taps_reach);
  const std::int64_t band = std::min((most_lines - taps_reach) / c.rows.stride + 1, c.rows.out);
  const GemmOutput output = gemm_output(context, c, f, output_choice(context));
  KernelCall call = start_call(context, c, "conv2d_s8_shallow_dsp", output);
  add_padded_window(call, context, c);
  call.params.push_back({"pitch", pitch});
  call.params.push_back({"band", band});
  call.params.push_back({"words", static_cast<std::int64_t>(gather.offsets.size())});
  call.params.push_back({"offsets", constant_array(gather.offsets)});
  call.params.push_back({"gather", Symbol{gather.function.symbol, "mote_gather4"}});
  call.assembly.push_back(gather.function);
  constexpr std::int64_t kReadBehind = 3;
  call.scratch_bytes = add_gemm(call, context, c, f, gather.order, output) +
                       ((band - 1) * c.rows.stride + taps_reach) * pitch + kReadBehind;
  std::string note = output.note();
  if (const std::string why = add_low_bits(call, context, c, f, gather.order, output, note); !why.empty())
    return Refusal{why};
  return Bound{{std::move(call)}, {}, note};
}

}  // namespace mote
