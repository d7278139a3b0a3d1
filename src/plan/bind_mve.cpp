// Kernels for Arm cores with vector instructions (MVE, Armv8.1-M).
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <limits>

#include "plan/bind_elementwise.h"
#include "plan/gemm_mve.h"

namespace mote {

namespace {

constexpr std::int64_t kLargestScratchBytes = 32 * 1024;

// A depthwise layer of one channel is a convolution.
std::string gemm_refusal(const BindContext& context, const Convolution& c) {
  if (const std::string why = fast_refusal(context, c); !why.empty()) return why;
  if (c.groups != 1) return "it has groups";
  return {};
}

KernelCall start_call(const BindContext& context, const std::string& function) {
  return {function, function + "_params", {}, {context.node().inputs[0]}, context.node().outputs};
}

bool reads_points(const WindowAxis& a) {
  return a.taps == 1 && a.offset == 0 && (a.out - 1) * a.stride < a.in;
}

// How the windows are read from lines of the input with its padding.
struct Lines {
  std::int64_t reach, bytes, left, skip, used;
  std::int64_t runs, run_bytes, run_step;
};

Lines lines_of(const Convolution& c) {
  const WindowAxis& a = c.columns;
  const std::int64_t columns = (a.out - 1) * a.stride + (a.taps - 1) * a.step + 1;
  const std::int64_t left = std::clamp<std::int64_t>(-a.offset, 0, columns);
  const std::int64_t skip = std::clamp<std::int64_t>(a.offset, 0, a.in);
  Lines l{};
  l.reach = (c.rows.taps - 1) * c.rows.step + 1;
  l.bytes = columns * c.in_channels;
  l.left = left * c.in_channels;
  l.skip = skip * c.in_channels;
  l.used = std::min(a.in - skip, columns - left) * c.in_channels;
  const bool dense = a.step == 1 || a.taps == 1;
  l.runs = dense ? 1 : a.taps;
  l.run_bytes = (dense ? a.taps : 1) * c.in_channels;
  l.run_step = a.step * c.in_channels;
  return l;
}

// Instructions per pixel of reading runs in place less those of gathering whole windows first.
std::int64_t gain_of_gathering(const Convolution& c, const Lines& l) {
  const std::int64_t runs = c.rows.taps * l.runs;
  const std::int64_t run_chunks = round_up(l.run_bytes, 16) / 16;
  const std::int64_t window_chunks = round_up(runs * l.run_bytes, 16) / 16;
  const std::int64_t per_chunk = 7 * round_up(c.out_channels, 8) / 4;
  constexpr std::int64_t kPerCopy = 2, kPerPixel = 3;
  const std::int64_t per_segment = 5 * (runs - 1) / 2;
  return (runs * run_chunks - window_chunks) * per_chunk + per_segment -
         (kPerCopy * runs * run_chunks + kPerPixel);
}

// Whether four pixels at a time, which share the columns of three taps, take fewer instructions than pairs
// do.
bool suits_fours(const Convolution& c, const Lines& l, const MveOutput& output, Optimize optimize) {
  constexpr std::int64_t kMostChannels = 80;  // within reach of addresses
  constexpr std::int64_t kMostChunks = 12;    // of code, 144 bytes each
  constexpr std::int64_t kFour = 36, kTwoPairs = 42;
  if (optimize == Optimize::kSize || output.form == 2) return false;
  if (c.columns.taps != 3 || l.runs != 1 || c.columns.stride != 1) return false;
  if (c.in_channels % 16 != 0 || c.in_channels > kMostChannels || c.out_channels % 2 != 0) return false;
  if (c.rows.taps * c.in_channels / 16 > kMostChunks || 4 * c.out_channels > 65535) return false;
  return c.columns.out >= 4 && round_up(c.columns.out, 4) * kFour < round_up(c.columns.out, 2) * kTwoPairs;
}

std::int64_t windows_at_a_time(const Convolution& c, std::int64_t window_bytes, Optimize optimize) {
  const std::int64_t most = optimize == Optimize::kSpeed ? 1024 : optimize == Optimize::kRam ? 64 : 256;
  const std::int64_t pixels = c.batches * c.rows.out * c.columns.out;
  return std::min(std::clamp<std::int64_t>(most / window_bytes & ~1, 2, 32), round_up(pixels, 2));
}

// The function that gathers windows, where one can be made: its addressing reaches 127 bytes.
void add_windows_function(KernelCall& call, const BindContext& context, std::int64_t runs, const Lines& l,
                          std::int64_t step, std::int64_t window_bytes) {
  constexpr std::int64_t kMostRuns = 11, kReach = 127;
  const std::int64_t behind = window_bytes - (runs - 1) * l.run_bytes;
  if (context.optimize == Optimize::kSize || runs > kMostRuns) return;
  if (std::max({l.run_bytes, step, behind}) > kReach) return;
  const std::string symbol = fmt::format("windows_{}x{}_{}_{}", runs, l.run_bytes, step, window_bytes);
  call.assembly.push_back({"gemm_mve.S", "MOTE_WINDOWS_MVE", symbol,
                           fmt::format("{}, {}, {}, {}", runs, l.run_bytes, step, window_bytes)});
  call.params.push_back({"gather", Symbol{symbol, "mote_mve_windows"}});
}

}  // namespace

BindResult bind_conv2d_1x1_s8_mve(const BindContext& context) {
  const Convolution c = convolution_of(context);
  if (const std::string why = gemm_refusal(context, c); !why.empty()) return Refusal{why};
  if (!reads_points(c.rows) || !reads_points(c.columns)) return Refusal{"windows of more than one element"};
  if (!context.input(0).encoding.is_signed()) return Refusal{"the input is unsigned"};
  const Filters f = filters_of(context, c);
  const MveOutput output = mve_output(context, c, f);
  // Long pixels in parts of equal length: less code.
  MveSegments segments{1, c.in_channels};
  for (std::int64_t chunks = 16; chunks >= 8 && segments.count == 1; --chunks)
    if (c.in_channels > 256 && c.in_channels % (16 * chunks) == 0)
      segments = {c.in_channels / (16 * chunks), 16 * chunks};
  KernelCall call = start_call(context, "conv2d_1x1_s8_mve");
  add_window(call.params, c);
  offer_row_ranges(call, c.batches * c.rows.in, 0, c.batches * c.rows.out);
  if (c.columns.out % 2 != 0 && c.rows.stride == 1 && c.columns.stride == 1) call.row_block = 2;
  call.params.push_back({"segments", segments.count});
  call.params.push_back({"segment_bytes", segments.bytes});
  add_mve_gemm(call, context, f, output, segments, true);
  call.scratch_bytes = mve_pairs_bytes(segments.count);
  return Bound{{std::move(call)}, {}, output.note()};
}

BindResult bind_fully_connected_s8_mve(const BindContext& context) {
  const Convolution c = convolution_of(context);
  if (const std::string why = gemm_refusal(context, c); !why.empty()) return Refusal{why};
  if (c.batches * c.rows.out * c.columns.out != 1 || c.rows.taps * c.columns.taps != 1)
    return Refusal{"more than one row"};
  if (c.rows.offset != 0 || c.columns.offset != 0) return Refusal{"it is padded"};
  const Filters f = filters_of(context, c);
  const MveOutput output = mve_output(context, c, f);
  const std::int64_t flip = byte_flip(context.input(0).encoding);
  KernelCall call = start_call(context, "fully_connected_s8_mve");
  call.params.push_back({"x_flip", flip});
  call.params.push_back({"in_channels", c.in_channels});
  add_mve_gemv(call, context, f, output);
  call.scratch_bytes = mve_pairs_bytes(1) + (flip != 0 ? round_up(c.in_channels, 16) : 0);
  return Bound{{std::move(call)}, {}, output.note()};
}

BindResult bind_conv2d_s8_mve(const BindContext& context) {
  const Convolution c = convolution_of(context);
  if (const std::string why = gemm_refusal(context, c); !why.empty()) return Refusal{why};
  const Filters f = filters_of(context, c);
  const MveOutput output = mve_output(context, c, f);
  const Lines l = lines_of(c);
  const bool fours = suits_fours(c, l, output, context.optimize);
  const bool whole = !fours && gain_of_gathering(c, l) > 0;
  const std::int64_t runs = c.rows.taps * l.runs;
  const MveSegments segments = whole ? MveSegments{1, runs * l.run_bytes} : MveSegments{runs, l.run_bytes};
  const std::int64_t window_bytes = round_up(segments.bytes, 16);
  const std::int64_t windows = whole ? windows_at_a_time(c, window_bytes, context.optimize) : 0;
  const std::int64_t zeros_bytes = whole ? l.bytes : (fours ? 2 : 1) * l.run_bytes;
  KernelCall call = start_call(context, "conv2d_s8_mve");
  add_window(call.params, c);
  offer_row_ranges(call, c.batches * c.rows.in, 0, c.batches * c.rows.out);
  call.params.push_back({"x_flip", byte_flip(context.input(0).encoding)});
  call.params.push_back({"x_zero", byte_zero(context.input(0).encoding)});
  call.params.push_back({"reach", l.reach});
  call.params.push_back({"line_bytes", l.bytes});
  call.params.push_back({"line_left", l.left});
  call.params.push_back({"line_skip", l.skip});
  call.params.push_back({"line_used", std::max<std::int64_t>(l.used, 0)});
  call.params.push_back({"runs", l.runs});
  call.params.push_back({"run_bytes", l.run_bytes});
  call.params.push_back({"run_step", l.run_step});
  call.params.push_back({"zeros_bytes", zeros_bytes});
  call.params.push_back({"windows", windows});
  call.params.push_back({"window_bytes", window_bytes});
  call.params.push_back({"fours", fours ? 1 : 0});
  if (whole) add_windows_function(call, context, runs, l, c.columns.stride * c.in_channels, window_bytes);
  // The products read whole vectors, up to 15 bytes behind a run, and so does gathering, which writes as
  // much.
  constexpr std::int64_t kBehind = 16;
  const std::int64_t lines_at = mve_pairs_bytes(runs + 2);
  const std::int64_t zeros_at = lines_at + l.reach * l.bytes;
  const std::int64_t windows_at = zeros_at + zeros_bytes + kBehind;
  call.params.push_back({"lines_at", lines_at});
  call.params.push_back({"zeros_at", zeros_at});
  call.params.push_back({"windows_at", windows_at});
  if (fours)
    add_mve_conv3(call, f, output, c.rows.taps, c.in_channels);
  else
    add_mve_gemm(call, context, f, output, segments, false);
  call.scratch_bytes = windows_at + (whole ? windows * window_bytes + kBehind : 0);
  if (call.scratch_bytes > kLargestScratchBytes) return Refusal{"the lines are too large for the scratch"};
  return Bound{{std::move(call)}, {}, output.note()};
}

BindResult bind_conv2d_s16_mve(const BindContext& context) {
  const Convolution c = convolution_of(context);
  if (const std::string why = fast_words_refusal(context, c); !why.empty()) return Refusal{why};
  if (c.groups != 1) return Refusal{"it has groups"};
  const Filters f = filters_of(context, c);
  if (!f.sums_fit()) return Refusal{"a sum could pass 32 bits"};
  const bool direct = c.reads_single_pixels();
  std::vector<std::int8_t> weights;
  for (std::int64_t o = 0; o < f.channels; o += 4)
    for (std::int64_t k = 0; k < f.elements; k += 8)
      for (std::int64_t channel = o; channel < o + 4; ++channel)
        for (std::int64_t i = k; i < k + 8; ++i)
          weights.push_back(static_cast<std::int8_t>(f.at(channel, i)));
  const OutputConstants constants = output_constants(c, true);
  KernelCall call = start_call(context, "conv2d_s16_mve");
  add_window(call.params, c);
  call.params.push_back({"direct", direct ? 1 : 0});
  call.params.push_back({"elements", f.elements});
  call.params.push_back({"low", std::int64_t{c.stage.range.min}});
  call.params.push_back({"high", std::int64_t{c.stage.range.max}});
  call.params.push_back({"bias", constant_array(f.bias)});
  call.params.push_back({"multipliers", constant_array(constants.multipliers)});
  call.params.push_back({"shifts", constant_array(constants.shifts)});
  call.params.push_back({"weights", constant_array(weights)});
  call.scratch_bytes = (direct ? 0 : 4 * round_up(f.elements, 2)) + 8 * round_up(f.channels, 4);
  if (call.scratch_bytes > kLargestScratchBytes) return Refusal{"the windows are too large for the scratch"};
  return Bound{{std::move(call)}, {}, "sums of 32 bits"};
}

// The same form, its result after two rounding shifts, which add 2^15 and 2^21.
BindResult bind_add_s8_mve(const BindContext& context) {
  BindResult result = bind_add_s8(context);
  auto* bound = std::get_if<Bound>(&result);
  if (!bound || bound->calls.empty()) return result;
  KernelCall& call = bound->calls[0];
  std::int64_t reach = 0;
  for (Parameter& p : call.params) {
    auto* value = std::get_if<std::int64_t>(&p.value);
    if (p.name == "offset") *value -= (1 << 15) + (1 << 21);
    if (p.name == "offset") reach += std::abs(*value);
    if (p.name == "a_multiplier" || p.name == "b_multiplier") reach += 128 * std::abs(*value);
  }
  if (reach > std::numeric_limits<std::int32_t>::max()) return Refusal{"a sum may leave 32 bits"};
  call.function = "add_s8_mve";
  return result;
}

// Runs of neighbours, or one element against a run; ranges of rows where both operands have the output's
// shape.
BindResult bind_binary_bytes_mve(const BindContext& context) {
  BindResult result = bind_binary_integer(context);
  auto* bound = std::get_if<Bound>(&result);
  if (!bound || bound->calls.empty()) return result;
  KernelCall& call = bound->calls[0];
  constexpr std::string_view kBytes = "_bytes";
  if (!call.function.ends_with(kBytes)) return Refusal{"not bytes"};
  call.function.resize(call.function.size() - kBytes.size());
  for (Parameter& p : call.params) {
    if (p.name == "shape.a_steps" || p.name == "shape.b_steps")
      if (std::get<std::vector<std::int64_t>>(p.value).back() > 1) return Refusal{"an operand has strides"};
    p.name = "law." + p.name;
  }
  const Shape& shape = context.output().shape;
  const bool alike = context.input(0).shape == shape && context.input(1).shape == shape;
  const std::int64_t rows = row_count(context.output());
  call.function += alike ? "_rows_mve" : "_bytes_mve";
  call.params_type = "binary_bytes_mve_params";
  call.params.push_back(
      integer("row_elements", context.output().elements() / std::max<std::int64_t>(rows, 1)));
  if (alike) offer_row_ranges(call, rows, rows, rows);
  return result;
}

}  // namespace mote
