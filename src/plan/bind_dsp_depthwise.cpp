// Depthwise convolution for Arm cores with the DSP extension: how many lines of 16-bit planes stand in the
// scratch at once, which way the lines run, and the cheapest output stage that is exact.
#include <fmt/format.h>

#include <algorithm>

#include "plan/fitted_requantization.h"
#include "plan/gemm_dsp.h"

namespace mote {

namespace {

// As in kernels/c/depthwise_dsp.S; kAny is the C kernel.
enum class Form { kFitted = 0, kPositive = 1, kSigned = 2, kAny = 3 };

struct Budget {
  std::int64_t whole;    // planes of a whole image, for the sake of computing in place
  std::int64_t band;     // planes of a band
  std::int64_t waiting;  // outputs of a band aside
};

Budget budget_of(Optimize optimize) {
  switch (optimize) {
    case Optimize::kSpeed: return {6144, 4096, 2048};
    case Optimize::kBalanced:
    case Optimize::kSize: return {3072, 2048, 1024};
    case Optimize::kRam: break;
  }
  return {0, 384, 0};
}

// Which lines run how, and how many stand in the scratch.
struct Layout {
  WindowAxis lines, along;
  bool is_whole = false;    // one band, in place
  bool is_swapped = false;  // lines are columns
  std::int64_t band = 1, waiting = 0;
  std::int64_t pitch = 0, plane = 0, used = 0;  // samples
};

bool is_3x3(const Convolution& c) {
  const auto fits = [](const WindowAxis& a) { return a.taps == 3 && a.step == 1; };
  return fits(c.rows) && fits(c.columns);
}

bool assembly_runs_along(const WindowAxis& along) { return along.stride == 1 || along.stride == 2; }

std::int64_t extent(const WindowAxis& a, std::int64_t outputs) {
  return (outputs - 1) * a.stride + (a.taps - 1) * a.step + 1;
}

void set_line(Layout& l) {
  const WindowAxis& a = l.along;
  l.used = std::min(a.in, extent(a, a.out) + a.offset);
  // the assembly computes pairs of outputs from whole words
  const std::int64_t read = a.stride == 1 ? round_up(a.out, 2) + 2 : a.stride * a.out + 2;
  l.pitch = round_up(std::max({extent(a, a.out), l.used - a.offset, read}), 2);
}

// Instructions for one channel, nearly.
std::int64_t cost(const WindowAxis& lines, const WindowAxis& along, bool in_assembly) {
  if (!in_assembly)
    return lines.out * round_up(along.out, 4) * (15 + lines.taps * (2 + round_up(along.taps, 2) * 3 / 2));
  return lines.out * (12 + along.out / 2 * 24 + along.out % 2 * 17);
}

Layout layout_of(const BindContext& context, const Convolution& c, bool in_assembly) {
  const Budget budget = budget_of(context.optimize);
  Layout l{c.rows, c.columns};
  const bool in_place = context.input(0).shape == context.output().shape && c.rows.stride == 1 &&
                        c.columns.stride == 1 && !context.any_packed();
  // the assembly knows one stride along lines
  l.is_swapped = c.batches == 1 && !context.any_packed() &&
                 (!in_assembly || c.rows.stride == c.columns.stride) &&
                 cost(c.columns, c.rows, in_assembly) < cost(c.rows, c.columns, in_assembly);
  if (l.is_swapped) std::swap(l.lines, l.along);
  set_line(l);
  l.plane = extent(l.lines, l.lines.out) * l.pitch;
  if ((in_place || l.is_swapped) && 8 * l.plane <= budget.whole) {
    l.is_whole = true;
    l.band = l.lines.out;
    return l;
  }
  l = Layout{c.rows, c.columns};
  set_line(l);
  while (l.band < l.lines.out && 8 * l.pitch * extent(l.lines, l.band + 1) <= budget.band) ++l.band;
  l.plane = extent(l.lines, l.band) * l.pitch;
  const std::int64_t row_bytes = c.columns.out * c.out_channels;
  if (c.in_channels > 4) l.waiting = std::clamp<std::int64_t>(budget.waiting / row_bytes, 1, l.band);
  return l;
}

// Of the output stage in assembly; kAny where it does not apply.
Form form_of(const Convolution& c, bool quick) {
  if (!is_3x3(c) || !quick || !saturation_of(c.stage.range)) return Form::kAny;
  return c.stage.zero_point == c.stage.range.min ? Form::kPositive : Form::kSigned;
}

constexpr std::int64_t kNoTap = -1;

// The taps of a channel, row by row of the filter, in the order of the bytes that the kernel reads.
std::vector<std::int64_t> tap_order(const Layout& l, bool in_assembly, std::int64_t tap_words) {
  const auto tap = [&](std::int64_t line, std::int64_t at) {
    if (at >= l.along.taps) return kNoTap;
    return l.is_swapped ? at * l.lines.taps + line : line * l.along.taps + at;
  };
  std::vector<std::int64_t> order;
  if (in_assembly && l.along.stride == 1) {  // bytes 0 and 2, 1 and 3 become (w0, w1), (w1, w2)
    for (std::int64_t i = 0; i < 3; ++i)
      for (const std::int64_t k : {0, 1, 1, 2}) order.push_back(tap(i, k));
    return order;
  }
  if (in_assembly)  // (w0, w1) of each line; (w2 of line 0, w2 of line 1), (w2 of line 2, 0)
    return {tap(0, 0), tap(0, 2), tap(0, 1), tap(1, 2), tap(1, 0), tap(2, 2),
            tap(1, 1), kNoTap,    tap(2, 0), kNoTap,    tap(2, 1), kNoTap};
  for (std::int64_t i = 0; i < l.lines.taps; ++i)
    for (std::int64_t k = 0; k < tap_words; ++k) {
      order.push_back(tap(i, l.along.step == 1 ? 2 * k : k));
      order.push_back(l.along.step == 1 ? tap(i, 2 * k + 1) : kNoTap);
    }
  order.resize(static_cast<std::size_t>(round_up(static_cast<std::int64_t>(order.size()), 4)), kNoTap);
  return order;
}

struct Output {
  Form form;
  bool quick = true;  // every shift is 1 to 22 to the right and |sum + bias| < 2^30
  int shift = 0;      // kFitted
  std::vector<std::int32_t> biases, multipliers, thirds;  // thirds: offsets or shifts
};

Output output_of(const BindContext& context, const Convolution& c, const Filters& f) {
  OutputConstants constants = output_constants(c, true);
  Output o{Form::kAny, f.largest_sum < (std::int64_t{1} << 30), 0, f.bias, constants.multipliers, {}};
  for (std::size_t i = 0; i < constants.shifts.size(); ++i) {
    if (constants.multipliers[i] == 0) constants.shifts[i] = -1;
    if (constants.shifts[i] > -1 || constants.shifts[i] < -22) o.quick = false;
  }
  o.form = assembly_runs_along(c.columns) ? form_of(c, o.quick) : Form::kAny;
  // under other aims the layers share an instance
  if (o.form == Form::kPositive && context.optimize == Optimize::kSpeed)
    if (auto fitted = fit_requantization(context, c, f))
      return {Form::kFitted,
              true,
              fitted->shift,
              std::move(fitted->biases),
              std::move(fitted->multipliers),
              std::move(fitted->offsets)};
  for (const std::int8_t shift : constants.shifts) o.thirds.push_back(o.quick ? -shift : shift);
  if (o.form != Form::kAny)
    for (std::int32_t& bias : o.biases) bias *= 2;  // the assembly doubles its sums
  return o;
}

// Weights (of few bits: none) and constants of each channel.
std::vector<std::int32_t> records_of(const Filters& f, const Output& o,
                                     const std::vector<std::int64_t>& order, bool few_bits) {
  std::vector<std::int32_t> words;
  for (std::size_t i = 0; i < o.biases.size(); ++i) {
    for (std::size_t at = 0; !few_bits && at < order.size(); at += 4) {
      std::uint32_t word = 0;
      for (std::size_t b = 0; b < 4; ++b)
        if (order[at + b] != kNoTap)
          word |= (static_cast<std::uint32_t>(f.at(static_cast<std::int64_t>(i), order[at + b])) & 0xffU)
                  << (8 * b);
      words.push_back(static_cast<std::int32_t>(word));
    }
    words.insert(words.end(), {o.biases[i], o.multipliers[i], o.thirds[i]});
  }
  return words;
}

// Replaces the weights of the call by tiles of few bits that FUNCTION_low expands in front of the scratch,
// and records that it makes of them.
std::string make_low_bits(KernelCall& call, const Convolution& c, const Filters& f,
                          const std::vector<std::int64_t>& order, std::int64_t record) {
  constexpr std::int64_t kChannels = 32;  // so that tiles of any filter are whole blocks
  const std::int64_t unit = 4 * (c.out_channels / c.in_channels);
  LowTiles tiles;
  tiles.filter_bytes = f.elements;
  tiles.channels = std::min(round_up(kChannels, unit), round_up(f.channels, unit));
  tiles.rows = 1;
  std::vector<std::vector<std::int32_t>> parts;
  for (std::int64_t o = 0; o < f.channels; ++o) {
    if (o % tiles.channels == 0) parts.emplace_back();
    for (std::int64_t k = 0; k < f.elements; ++k) parts.back().push_back(f.at(o, k));
  }
  const LowBits low = pack_low_bits(parts);
  MOTE_CHECK(low.fits(), "an encoding of few bits");
  for (Parameter& p : call.params) p.name = "layer." + p.name;
  add_low_tiles(call.params, tiles, low, LowUnit::kByte);
  ConstantArray places{"uint8_t", {}};
  for (const std::int64_t tap : order)
    places.bytes.push_back(static_cast<std::byte>(tap == kNoTap ? 255 : tap));
  call.params.push_back({"order", std::move(places)});
  const std::size_t rows = call.function.find("_rows");
  call.function.insert(std::min(rows, call.function.size()), "_low");
  call.params_type = "depthwise_conv2d_s8_dsp_low_params";
  call.scratch_bytes += 4 * (tiles.words() + unit * record);
  return "; " + low_note(low, tiles.channels);
}

void add_assembly(KernelCall& call, const Layout& l, const Output& o, Saturation saturation,
                  std::int64_t y_step, Optimize optimize) {
  const std::int64_t pitch = 2 * l.pitch;
  // instances of a shape save instructions where the offsets fit them
  const bool own = optimize == Optimize::kSpeed && 2 * pitch + 8 <= 1020 && 2 * y_step <= 4095 &&
                   2 * l.along.stride * l.along.out <= 4095;
  std::string arguments = fmt::format("{}, {}, {}", l.along.stride, static_cast<int>(o.form), o.shift);
  std::string symbol =
      fmt::format("depthwise_3x3_{}_{}_{}", l.along.stride, static_cast<int>(o.form), o.shift);
  if (own) {
    arguments += fmt::format(", {}, {}, {}", l.along.out, pitch, y_step);
    symbol += fmt::format("_{}_{}_{}", l.along.out, pitch, y_step);
  } else if (optimize == Optimize::kSize) {
    arguments += ", unroll=1";
  }
  if (!saturation.is_signed || saturation.bits != 8) {
    arguments += fmt::format(", signed={}, bits={}", saturation.is_signed ? 1 : 0, saturation.bits);
    symbol += fmt::format("_{}{}", saturation.is_signed ? "s" : "u", saturation.bits);
  }
  call.assembly.push_back({"depthwise_dsp.S", "DEPTHWISE_3X3_DSP", symbol, arguments});
  call.params.push_back({"filter", Symbol{symbol, "mote_depthwise_3x3"}});
}

void add_axis(std::vector<Parameter>& params, const std::string& name, const WindowAxis& a) {
  params.push_back({name, std::vector<std::int64_t>{a.in, a.out, a.taps, a.stride, a.step, a.offset}});
}

// Geometry, layout and constants.
std::vector<Parameter> parameters_of(const BindContext& context, const Convolution& c, const Layout& l,
                                     const Output& o, std::int64_t tap_words, std::int64_t record,
                                     const std::vector<std::int32_t>& records) {
  const Encoding& x = context.input(0).encoding;
  const std::int64_t x_row = c.columns.in * c.in_channels;
  const std::int64_t y_row = c.columns.out * c.out_channels;
  const std::pair<const char*, std::int64_t> numbers[] = {{"channels", c.in_channels},
                                                          {"multiplier", c.out_channels / c.in_channels},
                                                          {"x_line", l.is_swapped ? c.in_channels : x_row},
                                                          {"x_step", l.is_swapped ? x_row : c.in_channels},
                                                          {"y_line", l.is_swapped ? c.out_channels : y_row},
                                                          {"y_step", l.is_swapped ? y_row : c.out_channels},
                                                          {"x_slots", c.batches * l.lines.in},
                                                          {"y_slots", c.batches * l.lines.out},
                                                          {"band", l.band},
                                                          {"waiting", l.waiting},
                                                          {"pitch", l.pitch},
                                                          {"plane", l.plane},
                                                          {"used", l.used},
                                                          {"x_zero", byte_zero(x)},
                                                          {"x_flip", byte_flip(x)},
                                                          {"quick", o.quick ? 1 : 0},
                                                          {"tap_words", tap_words},
                                                          {"record", record}};
  std::vector<Parameter> params;
  add_axis(params, "lines", l.lines);
  add_axis(params, "along", l.along);
  for (const auto& [name, value] : numbers) params.push_back({name, value});
  add_output_range(params, "", context, c);
  if (o.form != Form::kAny)  // outputs are saturated as they are
    for (Parameter& p : params)
      if (p.name == "y_zero") p.value = std::int64_t{c.stage.zero_point};
  params.push_back({"records", constant_array(records)});
  return params;
}

// Sizes that the kernel keeps in 16 bits.
bool is_small(const Convolution& c, const Layout& l) {
  constexpr std::int64_t kLargest = 32767;
  return std::max({c.rows.in, c.columns.in, c.rows.out, c.columns.out, c.out_channels, l.pitch,
                   c.rows.taps * c.columns.taps}) <= kLargest;
}

}  // namespace

BindResult bind_depthwise_conv2d_s8_dsp(const BindContext& context) {
  const Convolution c = convolution_of(context);
  if (const std::string why = fast_refusal(context, c); !why.empty()) return Refusal{why};
  const Filters f = filters_of(context, c);
  const Output o = output_of(context, c, f);
  const bool in_assembly = o.form != Form::kAny;
  if (c.in_channels == 1 && !in_assembly) return Refusal{"one channel: the convolution is better"};
  const Layout l = layout_of(context, c, in_assembly);
  if (l.used < 1) return Refusal{"no window meets the image"};
  const std::int64_t tap_words = l.along.step == 1 ? (l.along.taps + 1) / 2 : l.along.taps;
  const std::int64_t row_bytes = c.columns.out * c.out_channels;
  const std::int64_t scratch =
      8 * l.plane + 4 + (in_assembly ? 0 : 4 * l.lines.taps * tap_words) + l.waiting * row_bytes;
  if (scratch > 64 * 1024 || !is_small(c, l)) return Refusal{"the lines are too long for the scratch"};
  const bool few_bits = has_low_bits(context.input(1).encoding);
  if (few_bits && f.elements > 254) return Refusal{"weights of few bits and more than 254 taps"};
  const auto order = tap_order(l, in_assembly, tap_words);
  const std::int64_t record = static_cast<std::int64_t>(order.size()) / 4 + 3;
  const auto records = records_of(f, o, order, few_bits);
  const bool fours = c.in_channels % 4 == 0 && context.optimize != Optimize::kSize;  // else one for all
  KernelCall call{std::string(!in_assembly ? "depthwise_any"
                              : fours      ? "depthwise_3x3_fours"
                                           : "depthwise_3x3") +
                      (l.is_whole ? "_dsp" : "_dsp_rows"),
                  "depthwise_conv2d_s8_dsp_params",
                  parameters_of(context, c, l, o, tap_words, record, records),
                  {context.node().inputs[0]},
                  context.node().outputs,
                  scratch};
  call.row_ranges = !l.is_whole;
  const bool is_signed = context.input(0).encoding.is_signed();
  const std::string widen = is_signed ? "depthwise_widen_s8" : "depthwise_widen_u8";
  call.assembly.push_back({"depthwise_dsp.S", "DEPTHWISE_WIDEN_DSP", widen, is_signed ? "0" : "1"});
  call.params.push_back({"widen", Symbol{widen, "mote_depthwise_widen"}});
  if (!in_assembly) {
    call.assembly.push_back({"depthwise_dsp.S", "DEPTHWISE_SUMS_DSP", "depthwise_sums", ""});
    call.params.push_back({"sums", Symbol{"depthwise_sums", "mote_depthwise_sums"}});
  }
  if (in_assembly)
    add_assembly(call, l, o, *saturation_of(c.stage.range), l.is_swapped ? row_bytes : c.out_channels,
                 context.optimize);
  std::string few_note;
  if (few_bits) few_note = make_low_bits(call, c, f, order, record);
  constexpr const char* kNotes[] = {"one multiplication per output", "rounding of positive results",
                                    "rounding of both signs", "any filter"};
  Bound bound{{std::move(call)},
              {},
              fmt::format("{}, planes of {} lines{}", kNotes[static_cast<int>(o.form)], l.band, few_note)};
  if (l.is_whole && context.input(0).shape == context.output().shape)
    bound.in_place_inputs = {context.node().inputs[0]};
  return bound;
}

}  // namespace mote
