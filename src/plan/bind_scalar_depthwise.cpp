// 8-bit depthwise convolution with two outputs in a word.
#include <fmt/format.h>

#include <algorithm>

#include "plan/low_bits.h"
#include "plan/pairs.h"

namespace mote {

namespace {

// Depthwise: lines of the image and the words of a plane.
struct Planes {
  WindowAxis lines, along;
  bool is_swapped = false;  // lines are columns
  bool is_whole = false;    // one band, in place
  std::int64_t band = 1, waiting = 0, pitch = 0;

  std::int64_t words(std::int64_t output_lines) const {
    return ((output_lines - 1) * lines.stride + (lines.taps - 1) * lines.step + 1) * pitch;
  }
};

Planes planes_along(const WindowAxis& lines, const WindowAxis& along) {
  Planes p{lines, along};
  p.pitch = (round_up(along.out, 4) - 2) * along.stride + (along.taps - 1) * along.step + 1;
  return p;
}

std::int64_t plane_limit_bytes(Optimize optimize) {
  return optimize == Optimize::kSpeed ? 4096 : optimize == Optimize::kRam ? 1024 : 2048;
}

Planes choose_planes(const BindContext& context, const Convolution& c) {
  const std::int64_t limit = plane_limit_bytes(context.optimize);
  Planes whole = planes_along(c.rows, c.columns);
  if (c.rows.out * round_up(c.columns.out, 4) > c.columns.out * round_up(c.rows.out, 4)) {
    whole = planes_along(c.columns, c.rows);
    whole.is_swapped = true;
  }
  const bool same_shape = context.input(0).shape == context.output().shape;
  if (context.optimize == Optimize::kSpeed && !context.any_packed() && same_shape && c.batches == 1 &&
      c.rows.stride == 1 && c.columns.stride == 1 && 4 * whole.words(whole.lines.out) <= limit) {
    whole.is_whole = true;
    whole.band = whole.lines.out;
    return whole;
  }
  Planes p = planes_along(c.rows, c.columns);
  while (p.band < p.lines.out && 4 * p.words(p.band + 1) <= limit) ++p.band;
  const std::int64_t row_bytes = c.columns.out * c.out_channels;
  if (c.in_channels > 1) p.waiting = std::clamp<std::int64_t>(limit / 2 / row_bytes, 1, p.band);
  return p;
}

Filters swap_axes(Filters f, const Convolution& c) {
  const std::vector<std::int32_t> values = f.values;
  for (std::int64_t o = 0, i = 0; o < f.channels; ++o)
    for (std::int64_t x = 0; x < c.columns.taps; ++x)
      for (std::int64_t y = 0; y < c.rows.taps; ++y, ++i)
        f.values[static_cast<std::size_t>(i)] =
            values[static_cast<std::size_t>(o * f.elements + y * c.columns.taps + x)];
  return f;
}

bool is_3x3(const Planes& p) {
  return p.lines.taps == 3 && p.along.taps == 3 && p.along.step == 1 && p.lines.step == 1;
}

constexpr Loop kLoops3x3[] = {{9, 9}, {5, 9}, {3, 9}, {2, 9}};

// The longest run of each channel; empty where one has none.
std::vector<std::int8_t> longest_runs(const Filters& f, InputBounds x, bool is_3x3) {
  std::vector<std::int64_t> lengths;
  if (is_3x3)
    for (const Loop& loop : kLoops3x3) lengths.push_back(loop.run);
  else
    for (std::int64_t run = std::min<std::int64_t>(f.elements, 127); run > 0; --run) lengths.push_back(run);
  std::vector<std::int8_t> runs;
  for (std::int64_t o = 0; o < f.channels; ++o) {
    const auto longest = std::find_if(lengths.begin(), lengths.end(),
                                      [&](std::int64_t run) { return run_fits(f, o, run, x); });
    if (longest == lengths.end()) return {};
    runs.push_back(static_cast<std::int8_t>(*longest));
  }
  return runs;
}

enum class Way { kAny, k3x3, kLines, kWhole };  // mote_pairs_depthwise_way

Way choose_way(const Planes& p, ScalarIsa isa, const PairsOutput& output) {
  if (!is_3x3(p)) return Way::kAny;
  if (isa == ScalarIsa::kArmv7m && p.along.stride <= 2 && p.along.out >= 4 && output.in_assembly())
    return Way::kWhole;
  if (isa == ScalarIsa::kArmv6m && p.along.stride <= 2) return Way::kLines;
  return Way::k3x3;
}

// Kernels for 3x3 filters, and which of them each channel uses.
std::vector<std::int8_t> add_kernels(KernelCall& call, const Planes& p, Way way, const LoopChoice& choice,
                                     const PairsOutput& output) {
  for (std::size_t i = 0; i < choice.loops.size(); ++i) {
    const std::string name = fmt::format("depthwise{}_{}", choice.loops[i].run, p.along.stride);
    const std::string arguments = fmt::format("{}, {}", choice.loops[i].run, p.along.stride);
    if (way == Way::kWhole) {
      add_pairs_kernel(call, fmt::format("kernel[{}]", i), "mote_pairs_depthwise", "depthwise_pairs_armv7m.S",
                       "MOTE_DEPTHWISE_PAIRS", name, arguments, output);
    } else {
      call.assembly.push_back({"depthwise_pairs_armv6m.S", "MOTE_DEPTHWISE_PAIRS_V6", name, arguments});
      call.params.push_back({fmt::format("line_kernel[{}]", i), Symbol{name, "mote_pairs_depthwise_line"}});
    }
  }
  std::vector<std::int8_t> kernels;
  for (const std::size_t loop : choice.of_channel) kernels.push_back(static_cast<std::int8_t>(loop));
  return kernels;
}

void add_axis(std::vector<Parameter>& params, const std::string& name, const WindowAxis& a) {
  params.push_back(
      {name, std::vector<std::int64_t>{a.in, a.out, a.taps, a.stride, a.step, a.offset, a.divisor}});
}

// Replaces the weights of the call by tiles of few bits that FUNCTION_low expands in front of the scratch.
std::string make_low_bits(KernelCall& call, const Filters& f, std::int64_t filter) {
  LowTiles tiles;
  tiles.filter_bytes = filter;
  tiles.channels = std::min<std::int64_t>(32, f.channels);
  tiles.rows = 1;
  std::vector<std::vector<std::int32_t>> parts;
  for (std::int64_t o = 0; o < f.channels; ++o) {
    if (o % tiles.channels == 0) parts.emplace_back();
    for (std::int64_t k = 0; k < filter; ++k) parts.back().push_back(f.at(o, k));
  }
  const LowBits low = pack_low_bits(parts);
  MOTE_CHECK(low.fits(), "an encoding of few bits");
  for (Parameter& p : call.params) p.name = "layer." + p.name;
  add_low_tiles(call.params, tiles, low, LowUnit::kByte);
  const std::size_t whole = call.function.find("_whole");
  call.function.insert(std::min(whole, call.function.size()), "_low");
  call.params_type = "depthwise_conv2d_s8_pairs_low_params";
  call.scratch_bytes += 4 * tiles.words();
  return "; " + low_note(low, tiles.channels);
}

BindResult bind_depthwise_pairs(const BindContext& context, ScalarIsa isa) {
  const Convolution c = convolution_of(context);
  if (const std::string why = fast_refusal(context, c); !why.empty()) return Refusal{why};
  const Planes p = choose_planes(context, c);
  Filters f = filters_of(context, c);
  if (p.is_swapped) f = swap_axes(std::move(f), c);
  const Encoding& x = context.input(0).encoding;
  std::vector<std::int8_t> runs = longest_runs(f, input_bounds(x), is_3x3(p));
  if (runs.empty()) return Refusal{"the weights are too large for words of two pixels"};
  const PairsOutput outputs = pairs_output(context, c, f);
  const Way way = choose_way(p, isa, outputs);
  const char* const functions[] = {"depthwise_conv2d_s8_pairs", "depthwise_conv2d_3x3_s8_pairs",
                                   "depthwise_conv2d_3x3_s8_pairs_sums",
                                   "depthwise_conv2d_3x3_s8_pairs_outputs"};
  KernelCall call{functions[static_cast<int>(way)],
                  "depthwise_conv2d_s8_pairs_params",
                  {},
                  {context.node().inputs[0]},
                  context.node().outputs};
  if (way == Way::kLines || way == Way::kWhole)
    runs = add_kernels(call, p, way,
                       choose_loops(f, input_bounds(x), kLoops3x3, loop_costs(isa), kMostLoops).value(),
                       outputs);
  call.params.push_back({"runs", constant_array(runs)});
  if (p.is_whole) call.function += "_whole";
  add_axis(call.params, "lines", p.lines);
  add_axis(call.params, "along", p.along);
  std::int64_t x_line = c.columns.in * c.in_channels, x_step = c.in_channels;
  std::int64_t y_line = c.columns.out * c.out_channels, y_step = c.out_channels;
  if (p.is_swapped) {
    std::swap(x_line, x_step);
    std::swap(y_line, y_step);
  }
  if (p.is_whole) {
    call.params.push_back({"x_slots", p.lines.in});
    call.params.push_back({"y_slots", p.lines.out});
  } else {
    offer_row_ranges(call, c.batches * c.rows.in, 0, c.batches * c.rows.out);
  }
  const std::pair<const char*, std::int64_t> numbers[] = {{"channels", c.in_channels},
                                                          {"multiplier", c.out_channels / c.in_channels},
                                                          {"x_line", x_line},
                                                          {"x_step", x_step},
                                                          {"y_line", y_line},
                                                          {"y_step", y_step},
                                                          {"band", p.band},
                                                          {"waiting", p.waiting},
                                                          {"pitch", p.pitch},
                                                          {"plane", p.words(p.band)},
                                                          {"x_flip", byte_flip(x)},
                                                          {"x_zero", byte_zero(x) + byte_flip(x)}};
  for (const auto& [name, value] : numbers) call.params.push_back({name, value});
  add_pairs_output(call.params, c, outputs);
  std::vector<std::int8_t> weights;
  const std::int64_t filter = way == Way::kLines ? 12 : f.elements;  // whole words
  for (std::int64_t o = 0; o < f.channels; ++o)
    for (std::int64_t k = 0; k < filter; ++k) weights.push_back(static_cast<std::int8_t>(f.at(o, k)));
  call.params.push_back({"filter", filter});
  std::vector<std::int32_t> entries;
  for (const auto& entry : outputs.entries) entries.insert(entries.end(), entry.begin(), entry.end());
  const bool few_bits = has_low_bits(context.input(1).encoding);
  if (!few_bits) call.params.push_back({"weights", constant_array(weights)});
  call.params.push_back({"outputs", constant_array(entries)});
  call.scratch_bytes = 4 * p.words(p.band) + (way == Way::kWhole ? 0 : 4 * round_up(p.along.out, 4)) +
                       p.waiting * c.columns.out * c.out_channels;
  std::string note = fmt::format("two outputs per word, planes of {} lines", p.band);
  if (few_bits) note += make_low_bits(call, f, filter);
  std::vector<ValueId> in_place;
  if (p.is_whole) in_place.push_back(context.node().inputs[0]);
  return Bound{{std::move(call)}, std::move(in_place), note};
}

}  // namespace

BindResult bind_depthwise_conv2d_s8_pairs(const BindContext& context) {
  return bind_depthwise_pairs(context, ScalarIsa::kPortable);
}
BindResult bind_depthwise_conv2d_s8_armv6m(const BindContext& context) {
  return bind_depthwise_pairs(context, ScalarIsa::kArmv6m);
}
BindResult bind_depthwise_conv2d_s8_armv7m(const BindContext& context) {
  return bind_depthwise_pairs(context, ScalarIsa::kArmv7m);
}
}  // namespace mote
