#include "plan/gemm_dsp.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <limits>

#include "plan/fitted_requantization.h"

namespace mote {

namespace {

constexpr std::int64_t kLargestHighSum = (std::int64_t{1} << 23) - 1;  // b comes back from 24 bits

// How a filter's words go through the registers: `chunk` at a time.
struct Chunks {
  std::int64_t chunk, words;
  bool loop;
};

// Instructions for four pixels and two channels, nearly.
std::int64_t cost(const Chunks& c) {
  constexpr std::int64_t kStep = 11, kLoop = 5, kOutputs = 65;
  return kStep * c.words + (c.loop ? kLoop * (c.words / c.chunk) : 0) + kOutputs;
}

// `words` are those of a filter of two channels.
Chunks choose_chunks(std::int64_t words, const BindContext& context, bool exact) {
  if (exact) {  // zeros would take more bits
    std::int64_t chunk = 16;
    while (words % chunk != 0) chunk -= 2;
    return {chunk, words, chunk < words};
  }
  if (context.optimize == Optimize::kSize) return {4, round_up(words, 4), true};
  // a body of 16 words has 700 bytes, so it stays in the instruction caches of 1 KB that stand before slow
  // flash
  constexpr std::int64_t kLargest = 16;
  Chunks best{2, words, true};
  for (std::int64_t chunk = 2; chunk <= kLargest; chunk += 2) {
    const Chunks tried{chunk, round_up(words, chunk), chunk < words};
    if (cost(tried) < cost(best)) best = tried;
  }
  if (context.optimize == Optimize::kSpeed) return best;
  for (const std::int64_t chunk : {16, 8, 4}) {  // that layers may share
    const Chunks shared{chunk, round_up(words, chunk), true};
    if (100 * cost(shared) <= 106 * cost(best)) return shared;
  }
  return best;
}

// Of sums of the inputs as they are read: unsigned ones without the flip that `f` counts with.
std::vector<std::int32_t> raw_bias(const BindContext& context, const Filters& f) {
  std::vector<std::int32_t> bias = f.bias;
  const std::int64_t flip = byte_flip(context.input(0).encoding);
  for (std::int64_t o = 0; o < f.channels; ++o)
    for (std::int64_t k = 0; k < f.elements; ++k)
      bias[static_cast<std::size_t>(o)] -= static_cast<std::int32_t>(flip * f.at(o, k));
  return bias;
}

// mote_gemm_stage.general: any shifts and bounds.
std::vector<std::int32_t> general_output(const BindContext& context, const Convolution& c, const Filters& f) {
  const Encoding& y = context.output().encoding;
  std::vector<std::int32_t> words{
      static_cast<std::int32_t>(c.stage.zero_point - byte_flip(y)), c.stage.range.min - c.stage.zero_point,
      c.stage.range.max - c.stage.zero_point, static_cast<std::int32_t>(byte_flip(y))};
  const OutputConstants constants = output_constants(c, true);
  const std::vector<std::int32_t> bias = raw_bias(context, f);
  for (std::size_t o = 0; o < bias.size(); ++o)
    words.insert(words.end(), {bias[o], constants.multipliers[o], constants.shifts[o]});
  return words;
}

// The least and the largest sum of a channel with its bias.
std::pair<std::int64_t, std::int64_t> sum_range(const BindContext& context, const Filters& f, std::size_t o) {
  const Encoding& x = context.input(0).encoding;
  const std::int64_t flip = byte_flip(x);
  std::pair<std::int64_t, std::int64_t> range{f.bias[o], f.bias[o]};
  for (std::int64_t k = 0; k < f.elements; ++k) {
    const std::int64_t a = (x.min() - flip) * f.at(static_cast<std::int64_t>(o), k);
    const std::int64_t b = (x.max() - flip) * f.at(static_cast<std::int64_t>(o), k);
    range.first += std::min(a, b);
    range.second += std::max(a, b);
  }
  return range;
}

// What the channel gives for all sums, where that is one number.
std::optional<std::int64_t> constant_output(const BindContext& context, const Convolution& c,
                                            const Filters& f, std::size_t o) {
  const Multiplier m = c.stage.multipliers[c.stage.multipliers.size() == 1 ? 0 : o];
  if (m.value == 0) return c.stage(0, o);
  const auto [low, high] = sum_range(context, f, o);
  constexpr std::int64_t kLargest = std::numeric_limits<std::int32_t>::max();
  if (m.shift > 0 || low < -kLargest || high > kLargest) return std::nullopt;  // sums may wrap
  const std::int64_t value = c.stage(low, o);
  if (value != c.stage(high, o)) return std::nullopt;
  return value;
}

}  // namespace

bool fits_bytes(const Filters& f) {
  return std::all_of(f.values.begin(), f.values.end(), [](std::int32_t w) { return w >= -128 && w <= 127; });
}

std::string lane_problem(const Filters& f, const Encoding& x) {
  if (!fits_bytes(f)) return "counted from their zero points, the weights have more than 8 bits";
  const std::int64_t largest_input = x.is_signed() ? 128 : 255;
  for (std::int64_t o = 1; o < f.channels; o += 2) {
    std::int64_t magnitude = 0;
    for (std::int64_t k = 0; k < f.elements; ++k) {
      magnitude += std::abs(f.at(o, k));
      if (f.at(o, k) == -128 && f.at(o - 1, k) < 0) return "a weight is -128 beside a negative one";
    }
    if (magnitude * largest_input > kLargestHighSum)
      return "the weights of a channel are too large for shared lanes";
  }
  return {};
}

namespace {

std::int32_t pair_word(std::int32_t first, std::int32_t second) {
  return static_cast<std::int32_t>((static_cast<std::uint32_t>(first) & 0xffffU) |
                                   (static_cast<std::uint32_t>(second) << 16));
}

}  // namespace

std::int32_t lane_word(const Filters& f, std::int64_t channel, std::int64_t first, std::int64_t second) {
  const auto lane = [&](std::int64_t k) { return 256 * f.at(channel + 1, k) + f.at(channel, k); };
  return pair_word(lane(first), lane(second));
}

std::vector<LanePair> widened_order(std::int64_t elements) {
  std::vector<LanePair> order;
  for (std::int64_t k = 0; k < elements; k += 4) {
    order.push_back({k, k + 2});
    order.push_back({k + 1, k + 3});
  }
  return order;
}

namespace {

// {2 bias, multiplier, round, shift} of a channel; empty where the roundings do not fit one multiplication.
std::vector<std::int32_t> quick_constants(const BindContext& context, const Convolution& c, const Filters& f,
                                          Multiplier m, std::int32_t bias, std::size_t o) {
  const auto [low, high] = sum_range(context, f, o);
  std::int64_t zero = c.stage.zero_point;
  if (m.shift > -1 || m.shift < -22 || std::max(-low, high) >= std::int64_t{1} << 30) {
    const auto constant = constant_output(context, c, f, o);
    if (!constant) return {};
    zero = *constant;
    m = {0, -1};
  }
  const std::int64_t round = (std::int64_t{1} << (-m.shift - 1)) + zero * (std::int64_t{1} << -m.shift);
  return {static_cast<std::int32_t>(static_cast<std::uint32_t>(bias) << 1), m.value,
          static_cast<std::int32_t>(round), -m.shift};
}

// Takes out what all channels have in common.
void share_constants(GemmOutput& output) {
  const auto rest = [](const std::vector<std::int32_t>& words) {
    return std::vector<std::int32_t>(words.begin() + 1, words.end());
  };
  output.common = rest(output.channels[0]);
  for (const auto& words : output.channels)
    if (rest(words) != output.common) return output.common.clear();
  for (auto& words : output.channels) words.resize(1);
  output.form = output.form == GemmOutput::kRelu ? GemmOutput::kReluCommon : GemmOutput::kSignedCommon;
}

}  // namespace

std::optional<Saturation> saturation_of(const IntegerRange& range) {
  const auto is_power = [](std::int64_t v) { return v > 0 && (v & (v - 1)) == 0; };
  if (!is_power(std::int64_t{range.max} + 1) || range.max > 255) return std::nullopt;
  if (range.min != 0 && range.min != -range.max - 1) return std::nullopt;
  const bool is_signed = range.min != 0;
  int bits = is_signed ? 1 : 0;
  while ((std::int64_t{1} << (bits - (is_signed ? 1 : 0))) <= range.max) ++bits;
  return Saturation{is_signed, bits};
}

GemmOutput gemm_output(const BindContext& context, const Convolution& c, const Filters& f,
                       GemmOutputChoice choice) {
  GemmOutput output;
  const auto saturation = saturation_of(c.stage.range);
  if (!saturation) return output;
  output.saturation = *saturation;
  const std::vector<std::int32_t> bias = raw_bias(context, f);
  if (const auto fitted = choice.fitted ? fit_requantization(context, c, f) : std::nullopt) {
    for (std::size_t o = 0; o < bias.size(); ++o)
      output.channels.push_back(
          {bias[o] + (fitted->biases[o] - f.bias[o]), fitted->multipliers[o], fitted->offsets[o]});
    output.form = GemmOutput::kFitted;
    output.shift = fitted->shift;
    return output;
  }
  const OutputConstants constants = output_constants(c, true);
  for (std::size_t o = 0; o < bias.size(); ++o) {
    auto words = quick_constants(context, c, f, {constants.multipliers[o], constants.shifts[o]}, bias[o], o);
    if (words.empty()) {
      output.channels.clear();
      return output;
    }
    output.channels.push_back(std::move(words));
  }
  // Under size all layers share a function.
  output.form = c.stage.zero_point == c.stage.range.min && context.optimize != Optimize::kSize
                    ? GemmOutput::kRelu
                    : GemmOutput::kSigned;
  if (choice.common) share_constants(output);
  return output;
}

std::vector<std::int32_t> GemmOutput::constants(std::int64_t count) const {
  std::vector<std::int32_t> words = common;
  for (std::int64_t o = 0; o < count; ++o) {
    const auto channel = std::min(static_cast<std::size_t>(o ^ 1), channels.size() - 1);
    if (!channels.empty()) words.insert(words.end(), channels[channel].begin(), channels[channel].end());
  }
  return words;
}

std::string GemmOutput::note() const {
  switch (form) {
    case kSigned:
    case kSignedCommon: return "both roundings in one multiplication";
    case kRelu:
    case kReluCommon: return "both roundings in one multiplication, negatives clamped away";
    case kFitted: return "one rounding, proved equal to two";
    case kSums: break;
  }
  return "general output stage";
}

std::string GemmOutput::suffix() const {
  const std::string range = fmt::format("_{}{}", saturation.is_signed ? "ssat" : "usat", saturation.bits);
  switch (form) {
    case kSigned: return range;
    case kRelu: return "_relu" + range;
    case kSignedCommon: return "_common" + range;
    case kReluCommon: return "_common_relu" + range;
    case kFitted: return fmt::format("_fit{}{}", shift, range);
    case kSums: break;
  }
  return "_sums";
}

std::string GemmOutput::arguments() const {
  return fmt::format("{}, {}, {}, {}", static_cast<int>(form), shift, saturation.is_signed ? "ssat" : "usat",
                     saturation.bits);
}

namespace {

// Members of mote_gemm_stage but the function, with `channels` rounded up.
void add_stage(KernelCall& call, const BindContext& context, const Convolution& c, const Filters& f,
               const GemmOutput& output, const std::vector<std::int32_t>& weights, std::int64_t channels,
               std::int64_t filter_words) {
  call.params.push_back({"stage.layer.weights", constant_array(weights)});
  call.params.push_back({"stage.layer.outputs", constant_array(output.constants(channels))});
  call.params.push_back({"stage.layer.filter_bytes", 4 * filter_words});
  call.params.push_back({"stage.layer.channels", channels});
  call.params.push_back({"stage.layer.stride", channels});
  call.params.push_back({"stage.channels", c.out_channels});
  if (output.form == GemmOutput::kSums)
    call.params.push_back({"stage.general", constant_array(general_output(context, c, f))});
}

void add_function(KernelCall& call, const GemmOutput& output, const std::string& member,
                  AssemblyFunction function) {
  function.symbol += output.suffix();
  function.arguments += ", " + output.arguments();
  call.params.push_back({member, Symbol{function.symbol, "mote_gemm"}});
  call.assembly.push_back(std::move(function));
}

}  // namespace

std::int64_t add_gemm(KernelCall& call, const BindContext& context, const Convolution& c, const Filters& f,
                      const std::vector<LanePair>& order, const GemmOutput& output) {
  const bool shared = lane_problem(f, context.input(0).encoding).empty();
  const std::int64_t steps = round_up(static_cast<std::int64_t>(order.size()), 2);
  const bool exact =
      has_low_bits(context.input(1).encoding) && std::count(f.values.begin(), f.values.end(), 0) == 0;
  const Chunks chunks = choose_chunks(shared ? steps : 2 * steps, context, exact);
  std::vector<std::int32_t> weights;
  for (std::int64_t o = 0; o < f.channels; o += 2) {
    const std::size_t end = weights.size() + static_cast<std::size_t>(chunks.words);
    for (const LanePair& pair : order)
      if (shared) {
        weights.push_back(lane_word(f, o, pair.first, pair.second));
      } else {
        weights.push_back(pair_word(f.at(o, pair.first), f.at(o, pair.second)));
        weights.push_back(pair_word(f.at(o + 1, pair.first), f.at(o + 1, pair.second)));
      }
    weights.resize(end, 0);
  }
  const std::int64_t channels = round_up(c.out_channels, 2);
  add_stage(call, context, c, f, output, weights, channels, chunks.words);
  const int fpu = context.target.has("fpu") ? 1 : 0;
  const char* lanes = shared ? "shared" : "own";
  add_function(call, output, "stage.gemm",
               {"gemm_dsp.S", "MOTE_GEMM",
                fmt::format("gemm{}{}{}", shared ? "" : "w", chunks.chunk, chunks.loop ? "n" : ""),
                fmt::format("{}, {}, {}, {}", lanes, chunks.chunk, chunks.loop ? 1 : 0, fpu)});
  const std::int64_t pixels = c.batches * c.rows.out * c.columns.out;
  if (context.optimize != Optimize::kSize && (pixels % 4 == 1 || c.columns.out % 4 == 1))
    add_function(call, output, "stage.gemm1",
                 {"gemm_dsp.S", "MOTE_GEMM1", shared ? "gemm_pixel" : "gemmw_pixel", lanes});
  const std::int64_t window_words = 4 * (shared ? chunks.words : chunks.words / 2);
  call.params.push_back({"stage.window_words", window_words});
  return 4 * window_words + (output.form == GemmOutput::kSums ? 16 : 4) * channels;
}

void add_fully_connected(KernelCall& call, const BindContext& context, const Convolution& c, const Filters& f,
                         const GemmOutput& output, bool widened) {
  constexpr std::int64_t kStep = 8;  // inputs
  std::int64_t unroll = context.optimize == Optimize::kSize ? 1 : 4;
  while (unroll > 1 && round_up(f.elements, kStep) % (kStep * unroll) != 0) unroll /= 2;
  const std::int64_t elements = round_up(f.elements, kStep * unroll);
  const bool shared = lane_problem(f, context.input(0).encoding).empty();
  std::vector<std::int32_t> weights;
  for (std::int64_t o = 0; o < f.channels; o += 4)
    for (std::int64_t k = 0; k < elements; k += kStep)
      for (std::int64_t channel = o; channel < o + 4; channel += shared ? 2 : 1)
        for (const std::int64_t i : {k, k + 1, k + 4, k + 5})
          weights.push_back(shared ? lane_word(f, channel, i, i + 2)
                                   : pair_word(f.at(channel, i), f.at(channel, i + 2)));
  const std::int64_t channels = round_up(c.out_channels, 4);
  add_stage(call, context, c, f, output, weights, channels, shared ? elements : 2 * elements);
  call.params.push_back({"stage.window_words", elements / 2});
  const std::string ext = widened ? "wide" : context.input(0).encoding.is_signed() ? "sxtb16" : "uxtb16";
  add_function(call, output, "stage.gemm",
               {"fully_connected_dsp.S", "MOTE_FULLY_CONNECTED",
                fmt::format("connected{}{}_{}", shared ? "" : "w", unroll, ext),
                fmt::format("{}, {}, {}", shared ? "shared" : "own", unroll, ext)});
  const std::int64_t aside = output.form == GemmOutput::kSums ? 4 * channels
                             : channels != c.out_channels     ? channels
                                                              : 0;
  call.scratch_bytes = std::max<std::int64_t>((widened ? 2 * elements : 0) + aside, 4);
}

std::vector<std::int32_t> lane_values(const Filters& f, const std::vector<LanePair>& order,
                                      std::int64_t words) {
  std::vector<std::int32_t> values;
  for (std::int64_t o = 0; o < f.channels; o += 2) {
    const std::size_t end = values.size() + static_cast<std::size_t>(4 * words);
    const std::int64_t b = std::min(o + 1, f.channels - 1);
    for (const LanePair& pair : order)
      values.insert(values.end(),
                    {f.at(o, pair.first), f.at(b, pair.first), f.at(o, pair.second), f.at(b, pair.second)});
    values.resize(end, 0);
  }
  return values;
}

std::vector<std::int32_t> connected_lane_values(const Filters& f, std::int64_t elements) {
  std::vector<std::int32_t> values;
  const auto at = [&](std::int64_t o, std::int64_t k) { return f.at(std::min(o, f.channels - 1), k); };
  for (std::int64_t o = 0; o < f.channels; o += 4)
    for (std::int64_t k = 0; k < elements; k += 8)
      for (const std::int64_t a : {o, o + 2})
        for (const std::int64_t i : {k, k + 1, k + 4, k + 5})
          values.insert(values.end(), {at(a, i), at(a + 1, i), at(a, i + 2), at(a + 1, i + 2)});
  return values;
}

std::int64_t number_of(const KernelCall& call, std::string_view name) {
  for (const Parameter& p : call.params)
    if (p.name == name) return std::get<std::int64_t>(p.value);
  fail_check("a parameter of the call", __FILE__, __LINE__, std::string(name));
}

namespace {

// The general output stage of each tile: the four words that all channels share, then those of its own.
std::vector<std::int32_t> split_general(const std::vector<std::int32_t>& general, std::int64_t tile) {
  std::vector<std::int32_t> words;
  const auto step = static_cast<std::size_t>(3 * tile);
  for (std::size_t at = 4; at < general.size(); at += step) {
    words.insert(words.end(), general.begin(), general.begin() + 4);
    words.insert(words.end(), general.begin() + static_cast<std::ptrdiff_t>(at),
                 general.begin() + static_cast<std::ptrdiff_t>(std::min(at + step, general.size())));
  }
  return words;
}

}  // namespace

std::string make_low_bits(KernelCall& call, const BindContext& context, const Convolution& c,
                          const GemmOutput& output, const std::vector<std::int32_t>& values,
                          std::int64_t unit, std::string& note) {
  const std::int64_t channels = round_up(c.out_channels, unit);
  LowTiles tiles;
  tiles.filter_bytes = static_cast<std::int64_t>(values.size()) / channels;
  tiles.channels = low_tile_channels(context.optimize, c.out_channels, tiles.filter_bytes, unit);
  const bool single = tiles.channels >= c.out_channels;
  set_low_rows(context, tiles, call, c.batches * c.rows.out, c.columns.out, single);
  tiles.output_words = output.channel_words();
  std::vector<std::vector<std::int32_t>> parts;
  const std::int64_t part = tiles.channels * tiles.filter_bytes;
  for (auto at = values.begin(); at != values.end();) {
    const auto end = at + std::min<std::ptrdiff_t>(part, values.end() - at);
    parts.emplace_back(at, end);
    at = end;
  }
  const LowBits low = pack_low_bits(parts);
  if (!low.fits()) return "counted from their zero points, the weights have too many bits";
  std::erase_if(call.params, [](const Parameter& p) { return p.name == "stage.layer.weights"; });
  for (Parameter& p : call.params) {
    if (p.name == "stage.general") {
      const auto& words = std::get<ConstantArray>(p.value).bytes;
      std::vector<std::int32_t> general(words.size() / 4);
      std::memcpy(general.data(), words.data(), words.size());
      p.value = constant_array(split_general(general, tiles.channels));
    }
    p.name = "layer." + p.name;
  }
  add_low_tiles(call.params, tiles, low, LowUnit::kLanes);
  call.function = call.params_type.substr(0, call.params_type.size() - 7) + "_low";  // less "_params"
  call.params_type = call.function + "_params";
  if (output.form == GemmOutput::kSums) call.function += "_sums";
  call.scratch_bytes += 4 * tiles.words();
  note += "; " + low_note(low, tiles.channels);
  return {};
}

namespace {

// Whether weights from `low` to `low` + 15 can share lanes by fours: sums of the codes, shifted, fit 32 bits.
bool fours_fit(const Filters& f, std::int32_t low, std::int64_t largest_input) {
  if (low > 0 || low < -15) return false;  // what is beyond a filter has weight 0
  for (std::int64_t o = 0; o < round_up(f.channels, 4); ++o) {
    const int place = static_cast<int>(o % 4);
    std::int64_t magnitude = 0;
    for (std::int64_t k = 0; k < f.elements; ++k)
      magnitude += std::abs(f.at(o, k) - low - (place == 3 ? 8 : 0));
    if ((magnitude * largest_input) << (4 * place) > std::numeric_limits<std::int32_t>::max()) return false;
  }
  return true;
}

std::uint32_t fours_lane(const Filters& f, std::int64_t o, std::int64_t k, std::int32_t low) {
  std::uint32_t lane = 0;
  for (std::int64_t i = 0; i < 4; ++i)
    lane |= (static_cast<std::uint32_t>(f.at(o + i, k) - low - (i == 3 ? 8 : 0)) & 15U) << (4 * i);
  return lane;
}

}  // namespace

bool add_connected_fours(KernelCall& call, const BindContext& context, const Convolution& c, const Filters& f,
                         const GemmOutput& output) {
  const LowBits form = pack_low_bits({f.values});
  const std::int64_t largest_input = context.input(0).encoding.is_signed() ? 128 : 255;
  if (form.bits != 4 || form.step != 0 || !form.table.empty()) return false;
  const std::int32_t low = std::min(form.low, 0);
  if (!fours_fit(f, low, largest_input)) return false;
  constexpr std::int64_t kStep = 8;  // inputs
  std::int64_t unroll = context.optimize == Optimize::kSize ? 1 : 4;
  while (unroll > 1 && round_up(f.elements, kStep) % (kStep * unroll) != 0) unroll /= 2;
  const std::int64_t elements = round_up(f.elements, kStep);
  std::vector<std::int32_t> weights;
  for (std::int64_t o = 0; o < f.channels; o += 4)
    for (std::int64_t k = 0; k < elements; k += kStep)
      for (const std::int64_t i : {k, k + 1, k + 4, k + 5})
        weights.push_back(
            static_cast<std::int32_t>(fours_lane(f, o, i, low) | fours_lane(f, o, i + 2, low) << 16));
  const std::int64_t channels = round_up(c.out_channels, 4);
  add_stage(call, context, c, f, output, weights, channels, elements / 2);
  call.params.push_back({"stage.window_words", elements / 2});
  add_function(call, output, "stage.gemm",
               {"fully_connected_dsp.S", "MOTE_FULLY_CONNECTED", fmt::format("connected_fours{}", unroll),
                fmt::format("four, {}, wide", unroll)});
  for (Parameter& p : call.params) p.name = "layer." + p.name;
  call.params.push_back({"low", std::int64_t{low}});
  call.function = output.form == GemmOutput::kSums ? "fully_connected_s4_dsp_sums" : "fully_connected_s4_dsp";
  call.params_type = "fully_connected_s4_dsp_params";
  call.scratch_bytes = 8 + 2 * elements + (output.form == GemmOutput::kSums ? 4 : 1) * channels;
  return true;
}

void add_widen4(KernelCall& call, const Encoding& x) {
  const std::string symbol = x.is_signed() ? "widen4" : "widen4_u8";
  call.assembly.push_back({"gemm_dsp.S", "MOTE_WIDEN4", symbol, x.is_signed() ? "sxtb16" : "uxtb16"});
  call.params.push_back({"widen", Symbol{symbol, "mote_widen4"}});
}

}  // namespace mote
