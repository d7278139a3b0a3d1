// 8-bit fully-connected layers with two inputs and two weights in a word.
#include <fmt/format.h>

#include <algorithm>

#include "plan/low_bits.h"
#include "plan/pairs.h"

namespace mote {

namespace {

// Whether the sums of each run of `fours` times four products fit 16 bits, and so do those in the lower
// halves.
bool dot_fits(const Filters& f, std::int64_t channel, std::int64_t fours, InputBounds x) {
  for (std::int64_t k = 0; k < f.elements; k += 4 * fours) {
    std::int64_t low = 0, high = 0, lower_low = 0, lower_high = 0;
    for (std::int64_t i = k; i < k + 4 * fours; ++i) {
      const std::int64_t w = f.at(channel, i);
      const std::int64_t least = w * (w > 0 ? x.low : x.high), most = w * (w > 0 ? x.high : x.low);
      low += least;
      high += most;
      if (i % 4 >= 2) continue;
      lower_low += least;
      lower_high += most;
    }
    if (!fits_16_bits(low, high) || !fits_16_bits(lower_low, lower_high)) return false;
  }
  return true;
}

// Channels that runs of so many fours are exact for, then the others.
struct Split {
  std::int64_t fours = 0, cost = 0;
  std::vector<std::int64_t> channels, plain;
};

Split choose_split(const Filters& f, InputBounds x) {
  Split best;
  for (const std::int64_t fours : {1, 2, 4}) {
    Split split{fours, 0, {}, {}};
    for (std::int64_t o = 0; o < f.channels; ++o)
      (dot_fits(f, o, fours, x) ? split.channels : split.plain).push_back(o);
    if (split.channels.size() % 2 != 0) split.channels.push_back(split.channels.back());
    const std::int64_t runs = round_up(f.elements, 4 * fours) / (4 * fours);
    split.cost = static_cast<std::int64_t>(split.channels.size()) * runs * (5 * fours + 3) +
                 static_cast<std::int64_t>(split.plain.size()) * f.elements * 5;
    if (best.fours == 0 || split.cost < best.cost) best = std::move(split);
  }
  return best;
}

// [channels / 2][inputs / 4][2], 128 added to each byte.
std::vector<std::int32_t> masked_weights(const Filters& f, const Split& split, std::int64_t elements) {
  std::vector<std::int32_t> words;
  for (std::size_t o = 0; o < split.channels.size(); o += 2)
    for (std::int64_t k = 0; k < elements; k += 4)
      for (std::size_t i = o; i < o + 2; ++i) {
        std::uint32_t word = 0;
        for (std::int64_t b = 0; b < 4; ++b)
          word |= static_cast<std::uint32_t>(f.at(split.channels[i], k + b) + 128) << (8 * b);
        words.push_back(static_cast<std::int32_t>(word));
      }
  return words;
}

// Replaces the weights of the call by tiles of few bits that FUNCTION_low expands in front of the scratch.
std::string make_low_bits(KernelCall& call, const BindContext& context, const Filters& f, const Split& split,
                          std::int64_t elements) {
  const auto channels = static_cast<std::int64_t>(split.channels.size());
  LowTiles tiles;
  tiles.filter_bytes = elements;
  tiles.channels = low_tile_channels(context.optimize, channels, elements, 2);
  std::vector<std::vector<std::int32_t>> parts;
  for (std::int64_t o = 0; o < channels; o += 2) {
    if (o % tiles.channels == 0) parts.emplace_back();
    for (std::int64_t k = 0; k < elements; k += 4)
      for (std::int64_t i = o; i < o + 2; ++i)
        for (std::int64_t b = 0; b < 4; ++b)
          parts.back().push_back(f.at(split.channels[static_cast<std::size_t>(i)], k + b));
  }
  const LowBits low = pack_low_bits(parts);
  MOTE_CHECK(low.fits(), "an encoding of few bits");
  for (Parameter& p : call.params) p.name = "layer." + p.name;
  add_low_tiles(call.params, tiles, low, LowUnit::kOffsetByte);
  call.function += "_low";
  call.params_type = "fully_connected_s8_pairs_low_params";
  call.scratch_bytes += 4 * tiles.words();
  return "; " + low_note(low, tiles.channels);
}

// One row, or a window that is the whole image.
bool is_connected(const Convolution& c) {
  const auto whole = [](const WindowAxis& a) {
    return a.out == 1 && a.offset == 0 && a.step == 1 && a.in == a.taps;
  };
  return c.groups == 1 && whole(c.rows) && whole(c.columns);
}

constexpr std::int64_t kMostRows = 3;  // from here on pixels in words are better

BindResult bind_connected_pairs(const BindContext& context, ScalarIsa isa) {
  const Convolution c = convolution_of(context);
  if (const std::string why = fast_refusal(context, c); !why.empty()) return Refusal{why};
  const bool is_window = context.node().op->name() == "Conv2D";
  if (is_window && !is_connected(c)) return Refusal{"the window is not the whole image"};
  const std::int64_t rows = is_window ? c.batches : c.rows.out;
  if (rows > kMostRows) return Refusal{"many rows: the convolution kernel is better"};
  const Filters f = filters_of(context, c);
  const Encoding& x = context.input(0).encoding;
  const Split split = choose_split(f, input_bounds(x));
  const bool few_bits = has_low_bits(context.input(1).encoding);
  if (few_bits && !split.plain.empty()) return Refusal{"some channels need short sums"};
  const PairsOutput output = pairs_output(context, c, f);
  const std::int64_t elements = round_up(f.elements, 4 * split.fours);
  const std::int64_t runs = elements / (4 * split.fours), words = runs * (2 * split.fours + 1);
  const auto channels = static_cast<std::int64_t>(split.channels.size());
  const bool in_assembly = isa != ScalarIsa::kPortable;
  const bool sums = in_assembly && !output.in_assembly();
  KernelCall call{
      "fully_connected_s8_pairs", "fully_connected_s8_pairs_params",    {}, {context.node().inputs[0]},
      context.node().outputs,     4 * words + (sums ? 4 * channels : 0)};
  const std::pair<const char*, std::int64_t> numbers[] = {
      {"rows", rows},
      {"in_channels", f.elements},
      {"x_flip", byte_flip(x)},
      {"fours", split.fours},
      {"runs", runs},
      {"channels", channels},
      {"plain", static_cast<std::int64_t>(split.plain.size())},
      {"stride", c.out_channels},
      {"sums", sums ? 1 : 0}};
  for (const auto& [name, value] : numbers) call.params.push_back({name, value});
  add_pairs_output(call.params, c, output);
  if (in_assembly) {
    call.function += "_assembly";
    add_pairs_kernel(call, "kernel", "mote_pairs_kernel", "fully_connected_pairs_armv7m.S", "MOTE_DOT",
                     fmt::format("dot{}", split.fours), std::to_string(split.fours), output);
  }
  std::vector<std::int8_t> plain;
  std::vector<std::int32_t> entries;
  for (const std::int64_t o : split.channels)
    entries.insert(entries.end(), output.entries[static_cast<std::size_t>(o)].begin(),
                   output.entries[static_cast<std::size_t>(o)].end());
  for (const std::int64_t o : split.plain) {
    for (std::int64_t k = 0; k < f.elements; ++k) plain.push_back(static_cast<std::int8_t>(f.at(o, k)));
    entries.insert(entries.end(), output.entries[static_cast<std::size_t>(o)].begin(),
                   output.entries[static_cast<std::size_t>(o)].end());
  }
  if (!few_bits) call.params.push_back({"weights", constant_array(masked_weights(f, split, elements))});
  call.params.push_back({"plain_weights", constant_array(plain)});
  call.params.push_back({"outputs", constant_array(entries)});
  std::string note = fmt::format("two inputs per word, runs of {}", 4 * split.fours);
  if (few_bits) note += make_low_bits(call, context, f, split, elements);
  return Bound{{std::move(call)}, {}, note};
}

}  // namespace

BindResult bind_fully_connected_s8_pairs(const BindContext& context) {
  return bind_connected_pairs(context, ScalarIsa::kPortable);
}
BindResult bind_fully_connected_s8_armv7m(const BindContext& context) {
  return bind_connected_pairs(context, ScalarIsa::kArmv7m);
}

}  // namespace mote
