// Kernels for cores that multiply one pair of words at a time: 8-bit layers with two pixels in a word. How
// many products may be summed before the pixels are told apart follows from the actual weights, channel by
// channel.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <optional>

#include "plan/packed_filters.h"

namespace mote {

namespace {

enum class Isa { kPortable, kArmv7m };

// A form of the inner loop: products between which the words are taken apart, taps of a pass.
struct Loop {
  std::int64_t run, taps;

  std::int64_t passes(std::int64_t elements) const { return (elements + taps - 1) / taps; }
};

constexpr Loop kPortableLoops[] = {{2, 2}, {3, 3}, {4, 4}, {6, 6}, {8, 8}, {16, 16}};
constexpr Loop kArmv7mLoops[] = {{2, 4}, {2, 8}, {3, 6},  {3, 12}, {4, 4},
                                 {4, 8}, {6, 6}, {6, 12}, {8, 8},  {16, 16}};

std::span<const Loop> loops_of(Isa isa) {
  if (isa == Isa::kPortable) return kPortableLoops;
  return kArmv7mLoops;
}

struct Inputs {
  std::int64_t low, high;
};

Inputs inputs_of(const Encoding& x) { return {x.min() - byte_flip(x), x.max() - byte_flip(x)}; }

// Whether the sums of each run fit 16 bits.
bool run_fits(const Filters& f, std::int64_t channel, std::int64_t run, Inputs x) {
  for (std::int64_t k = 0; k < f.elements; k += run) {
    std::int64_t low = 0, high = 0;
    for (std::int64_t i = k; i < k + run; ++i) {
      const std::int64_t w = f.at(channel, i);
      low += w * (w > 0 ? x.low : x.high);
      high += w * (w > 0 ? x.high : x.low);
    }
    if (low < std::numeric_limits<std::int16_t>::min() || high > std::numeric_limits<std::int16_t>::max())
      return false;
  }
  return true;
}

// Instructions of a channel for four pixels, in halves.
std::int64_t loop_cost(const Loop& loop, std::int64_t elements) {
  return loop.passes(elements) * (7 * loop.taps + 8 * ((loop.taps + loop.run - 1) / loop.run) + 8);
}

constexpr std::size_t kSegments = 3;  // mote_pairs_segment of a layer

// The loops that a layer uses, and the one of each channel.
struct Choice {
  std::vector<Loop> loops;
  std::vector<std::size_t> of_channel;
  std::int64_t cost = std::numeric_limits<std::int64_t>::max();
};

class LoopChooser {
 public:
  LoopChooser(const Filters& f, Inputs x, std::span<const Loop> loops) : loops_(loops) {
    for (std::int64_t o = 0; o < f.channels; ++o) {
      std::vector<std::int64_t>& row = costs_.emplace_back();
      for (const Loop& loop : loops)
        row.push_back(run_fits(f, o, loop.run, x) ? loop_cost(loop, f.elements) : kNever);
    }
  }

  // Nothing where a channel has no loop.
  std::optional<Choice> best(std::size_t at_most) const {
    Choice best;
    std::vector<std::size_t> set;
    extend(set, 0, at_most, best);
    if (best.loops.empty()) return std::nullopt;
    return best;
  }

 private:
  static constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();
  static constexpr std::int64_t kLoopCost = 24;  // of one more for each four pixels, in halves

  void extend(std::vector<std::size_t>& set, std::size_t from, std::size_t at_most, Choice& best) const {
    if (!set.empty()) take(set, best);
    if (set.size() == at_most) return;
    for (std::size_t i = from; i < loops_.size(); ++i) {
      set.push_back(i);
      extend(set, i + 1, at_most, best);
      set.pop_back();
    }
  }

  void take(const std::vector<std::size_t>& set, Choice& best) const {
    Choice choice;
    choice.cost = static_cast<std::int64_t>(set.size()) * kLoopCost;
    for (const auto& row : costs_) {
      std::size_t least = 0;
      for (std::size_t i = 1; i < set.size(); ++i)
        if (row[set[i]] < row[set[least]]) least = i;
      if (row[set[least]] == kNever) return;
      choice.cost += row[set[least]];
      choice.of_channel.push_back(least);
    }
    if (choice.cost >= best.cost) return;
    for (const std::size_t i : set) choice.loops.push_back(loops_[i]);
    best = std::move(choice);
  }

  std::span<const Loop> loops_;
  std::vector<std::vector<std::int64_t>> costs_;  // [channel][loop]
};

// The output stage: mote_pairs_output and four words for each channel.
struct Outputs {
  bool quick = true, relu = false;
  std::vector<std::array<std::int32_t, 4>> entries;
  std::string saturation;  // of Arm; empty where it is not that of a byte

  bool in_assembly() const { return quick && !saturation.empty(); }
};

Outputs outputs_of(const Convolution& c, const Filters& f) {
  Outputs outputs;
  OutputConstants constants = output_constants(c, true);
  outputs.quick = f.largest_sum < (std::int64_t{1} << 30);
  for (std::size_t o = 0; o < constants.shifts.size(); ++o) {
    if (constants.multipliers[o] == 0) constants.shifts[o] = -1;
    if (constants.shifts[o] > -1 || constants.shifts[o] < -22) outputs.quick = false;
  }
  outputs.relu = c.stage.zero_point == c.stage.range.min;
  if (c.stage.range.min == -128 && c.stage.range.max == 127) outputs.saturation = "ssat";
  if (c.stage.range.min == 0 && c.stage.range.max == 255) outputs.saturation = "usat";
  for (std::size_t o = 0; o < constants.shifts.size(); ++o) {
    const auto place = static_cast<std::int32_t>(o << 8);
    const std::int32_t shift = constants.shifts[o], multiplier = constants.multipliers[o];
    if (outputs.quick) {
      const std::int64_t round =
          (std::int64_t{1} << (-shift - 1)) + c.stage.zero_point * (std::int64_t{1} << -shift);
      outputs.entries.push_back({static_cast<std::int32_t>(static_cast<std::uint32_t>(f.bias[o]) << 1),
                                 multiplier, static_cast<std::int32_t>(round), place - shift});
    } else {
      outputs.entries.push_back({f.bias[o], multiplier, shift, place});
    }
  }
  return outputs;
}

void add_output(std::vector<Parameter>& params, const Convolution& c, const Outputs& outputs) {
  params.push_back({"output.quick", outputs.quick ? 1 : 0});
  params.push_back({"output.relu", outputs.relu ? 1 : 0});
  params.push_back({"output.zero", std::int64_t{c.stage.zero_point}});
  params.push_back({"output.low", std::int64_t{c.stage.range.min}});
  params.push_back({"output.high", std::int64_t{c.stage.range.max}});
}

// Adds a segment to the call; its kernel too where there is one.
void add_segment(KernelCall& call, std::size_t index, const Loop& loop, std::int64_t channels,
                 std::int64_t taps, Isa isa, const Outputs& outputs) {
  const std::string prefix = fmt::format("segments[{}].", index);
  call.params.push_back({prefix + "channels", channels});
  call.params.push_back({prefix + "taps", taps});
  call.params.push_back({prefix + "run", loop.run});
  if (isa == Isa::kPortable) return;
  const bool stage = outputs.in_assembly();
  const int form = !stage ? 2 : outputs.relu ? 1 : 0;
  const std::string sat = stage ? outputs.saturation : "ssat";
  const std::string symbol = fmt::format("pairs{}_{}_{}", loop.run, loop.taps,
                                         !stage         ? "sums"
                                         : outputs.relu ? "relu_" + sat
                                                        : sat);
  call.assembly.push_back({"pairs_armv7m.S", "MOTE_PAIRS", symbol,
                           fmt::format("{}, {}, {}, {}", loop.run, loop.taps, form, sat)});
  call.params.push_back({prefix + "kernel", Symbol{symbol, "mote_pairs_kernel"}});
}

std::size_t most_loops(Optimize optimize) {
  return optimize == Optimize::kSpeed ? kSegments : optimize == Optimize::kSize ? 1 : 2;
}

BindResult bind_pairs(const BindContext& context, Isa isa) {
  const Convolution c = convolution_of(context);
  if (const std::string why = fast_refusal(context, c); !why.empty()) return Refusal{why};
  if (c.rows.out * c.columns.out * c.batches < 2) return Refusal{"one pixel"};
  const Filters f = filters_of(context, c);
  const Encoding& x = context.input(0).encoding;
  const auto choice =
      LoopChooser(f, inputs_of(x), loops_of(isa)).best(c.groups == 1 ? most_loops(context.optimize) : 1);
  if (!choice) return Refusal{"the weights are too large for words of two pixels"};
  KernelCall call{
      "conv2d_s8_pairs", "conv2d_s8_pairs_params", {}, {context.node().inputs[0]}, context.node().outputs};
  add_window(call.params, c);
  offer_row_ranges(call, c.batches * c.rows.in, 0, c.batches * c.rows.out);
  call.params.push_back({"x_flip", byte_flip(x)});
  call.params.push_back({"x_zero", byte_zero(x) + byte_flip(x)});
  const Outputs outputs = outputs_of(c, f);
  const bool sums = isa != Isa::kPortable && !outputs.in_assembly();
  add_output(call.params, c, outputs);
  call.params.push_back({"sums", sums ? 1 : 0});
  std::vector<std::int8_t> weights;
  std::vector<std::int32_t> entries;
  std::int64_t most_taps = 0;
  std::string note = "two pixels per word, runs of";
  for (std::size_t i = 0; i < choice->loops.size(); ++i) {
    const Loop& loop = choice->loops[i];
    const std::int64_t taps = loop.passes(f.elements) * loop.taps;
    std::int64_t channels = 0;
    for (std::int64_t o = 0; o < f.channels; ++o) {
      if (choice->of_channel[static_cast<std::size_t>(o)] != i) continue;
      ++channels;
      for (std::int64_t k = 0; k < taps; ++k) weights.push_back(static_cast<std::int8_t>(f.at(o, k)));
      const auto& entry = outputs.entries[static_cast<std::size_t>(o)];
      entries.insert(entries.end(), entry.begin(), entry.end());
    }
    add_segment(call, i, loop, channels / c.groups, taps, isa, outputs);
    most_taps = std::max(most_taps, taps);
    note += fmt::format(" {}", loop.run);
  }
  call.params.push_back({"words", 2 * most_taps});
  call.params.push_back({"weights", constant_array(weights)});
  call.params.push_back({"outputs", constant_array(entries)});
  call.scratch_bytes = 8 * most_taps + (sums ? 16 * (c.out_channels / c.groups) : 0) + 4 * c.out_channels +
                       c.in_channels / c.groups;
  return Bound{{std::move(call)}, {}, note};
}

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
  if (context.optimize == Optimize::kSpeed && same_shape && c.batches == 1 && c.rows.stride == 1 &&
      c.columns.stride == 1 && 4 * whole.words(whole.lines.out) <= limit) {
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

// The longest run of each channel; empty where one has none.
std::vector<std::int8_t> longest_runs(const Filters& f, Inputs x) {
  std::vector<std::int8_t> runs;
  for (std::int64_t o = 0; o < f.channels; ++o) {
    std::int64_t run = std::min<std::int64_t>(f.elements, 127);
    while (run > 0 && !run_fits(f, o, run, x)) --run;
    if (run == 0) return {};
    runs.push_back(static_cast<std::int8_t>(run));
  }
  return runs;
}

constexpr Loop kDepthwiseLoops[] = {{2, 9}, {3, 9}, {5, 9}, {9, 9}};

// Kernels in assembly for 3x3 filters; false where they do not apply.
bool add_depthwise_kernels(KernelCall& call, const Planes& p, const Filters& f, Inputs x,
                           const Outputs& outputs) {
  if (p.lines.taps != 3 || p.along.taps != 3 || p.along.step != 1 || p.lines.step != 1 ||
      p.along.stride > 2 || p.along.out < 4 || !outputs.in_assembly())
    return false;
  const auto choice = LoopChooser(f, x, kDepthwiseLoops).best(kSegments);
  if (!choice) return false;
  for (std::size_t i = 0; i < choice->loops.size(); ++i) {
    const std::string form = (outputs.relu ? "relu_" : "") + outputs.saturation;
    const std::string symbol = fmt::format("depthwise{}_{}_{}", choice->loops[i].run, p.along.stride, form);
    call.assembly.push_back({"depthwise_pairs_armv7m.S", "MOTE_DEPTHWISE_PAIRS", symbol,
                             fmt::format("{}, {}, {}, {}", choice->loops[i].run, p.along.stride,
                                         outputs.relu ? 1 : 0, outputs.saturation)});
    call.params.push_back({fmt::format("kernel[{}]", i), Symbol{symbol, "mote_pairs_depthwise"}});
  }
  std::vector<std::int8_t> ways;
  for (const std::size_t way : choice->of_channel) ways.push_back(static_cast<std::int8_t>(way));
  call.params.push_back({"ways", constant_array(ways)});
  return true;
}

void add_axis(std::vector<Parameter>& params, const std::string& name, const WindowAxis& a) {
  params.push_back(
      {name, std::vector<std::int64_t>{a.in, a.out, a.taps, a.stride, a.step, a.offset, a.divisor}});
}

BindResult bind_depthwise_pairs(const BindContext& context, Isa isa) {
  const Convolution c = convolution_of(context);
  if (const std::string why = fast_refusal(context, c); !why.empty()) return Refusal{why};
  const Planes p = choose_planes(context, c);
  Filters f = filters_of(context, c);
  if (p.is_swapped) f = swap_axes(std::move(f), c);
  const Encoding& x = context.input(0).encoding;
  const auto runs = longest_runs(f, inputs_of(x));
  if (runs.empty()) return Refusal{"the weights are too large for words of two pixels"};
  const Outputs outputs = outputs_of(c, f);
  KernelCall call{p.is_whole ? "depthwise_conv2d_s8_pairs_whole" : "depthwise_conv2d_s8_pairs",
                  "depthwise_conv2d_s8_pairs_params",
                  {},
                  {context.node().inputs[0]},
                  context.node().outputs};
  if (isa != Isa::kArmv7m || !add_depthwise_kernels(call, p, f, inputs_of(x), outputs))
    call.params.push_back({"runs", constant_array(runs)});
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
  add_output(call.params, c, outputs);
  std::vector<std::int8_t> weights;
  for (const std::int32_t w : f.values) weights.push_back(static_cast<std::int8_t>(w));
  std::vector<std::int32_t> entries;
  for (const auto& entry : outputs.entries) entries.insert(entries.end(), entry.begin(), entry.end());
  call.params.push_back({"weights", constant_array(weights)});
  call.params.push_back({"outputs", constant_array(entries)});
  call.scratch_bytes = 4 * p.words(p.band) + p.waiting * c.columns.out * c.out_channels;
  std::vector<ValueId> in_place;
  if (p.is_whole) in_place.push_back(context.node().inputs[0]);
  return Bound{{std::move(call)},
               std::move(in_place),
               fmt::format("two outputs per word, planes of {} lines", p.band)};
}

}  // namespace

BindResult bind_depthwise_conv2d_s8_pairs(const BindContext& context) {
  return bind_depthwise_pairs(context, Isa::kPortable);
}
BindResult bind_depthwise_conv2d_s8_armv7m(const BindContext& context) {
  return bind_depthwise_pairs(context, Isa::kArmv7m);
}
BindResult bind_conv2d_s8_pairs(const BindContext& context) { return bind_pairs(context, Isa::kPortable); }
BindResult bind_conv2d_s8_armv7m(const BindContext& context) { return bind_pairs(context, Isa::kArmv7m); }

}  // namespace mote
