// 8-bit convolution with two pixels in a word.
#include <fmt/format.h>

#include <algorithm>

#include "plan/low_bits.h"
#include "plan/pairs.h"

namespace mote {

namespace {

constexpr Loop kPortableLoops[] = {{2, 2}, {3, 3}, {4, 4}, {6, 6}, {8, 8}, {16, 16}};
constexpr Loop kArmv7mLoops[] = {{2, 4}, {2, 8}, {3, 6},  {3, 12}, {4, 4},
                                 {4, 8}, {6, 6}, {6, 12}, {8, 8},  {16, 16}};

constexpr Loop kArmv6mLoops[] = {{2, 4}, {2, 8}, {3, 12}, {4, 4}, {4, 8}, {6, 12}, {8, 8}, {16, 16}};

constexpr Loop kRv32mLoops[] = {{2, 2},  {2, 8}, {3, 3},  {3, 12}, {4, 4},
                                {4, 12}, {6, 6}, {6, 12}, {8, 8},  {16, 16}};

std::span<const Loop> loops_of(ScalarIsa isa) {
  switch (isa) {
    case ScalarIsa::kPortable: return kPortableLoops;
    case ScalarIsa::kArmv7m: return kArmv7mLoops;
    case ScalarIsa::kArmv6m: return kArmv6mLoops;
    case ScalarIsa::kRv32m: break;
  }
  return kRv32mLoops;
}

// Adds a segment to the call; its kernel too where there is one.
void add_segment(KernelCall& call, std::size_t index, const Loop& loop, std::int64_t channels,
                 std::int64_t taps, ScalarIsa isa, const PairsOutput& outputs) {
  const std::string prefix = fmt::format("segments[{}].", index);
  call.params.push_back({prefix + "channels", channels});
  call.params.push_back({prefix + "taps", taps});
  call.params.push_back({prefix + "run", loop.run});
  if (isa == ScalarIsa::kPortable) return;
  if (isa != ScalarIsa::kArmv7m) {
    const bool is_armv6m = isa == ScalarIsa::kArmv6m;
    const std::string symbol = fmt::format("pairs{}_{}", loop.run, loop.taps);
    call.assembly.push_back({is_armv6m ? "pairs_armv6m.S" : "pairs_rv32m.S",
                             is_armv6m ? "MOTE_PAIRS_V6" : "MOTE_PAIRS_RV32", symbol,
                             fmt::format("{}, {}", loop.run, loop.taps)});
    call.params.push_back({prefix + "kernel", Symbol{symbol, "mote_pairs_kernel"}});
    return;
  }
  add_pairs_kernel(call, prefix + "kernel", "mote_pairs_kernel", "pairs_armv7m.S", "MOTE_PAIRS",
                   fmt::format("pairs{}_{}", loop.run, loop.taps), fmt::format("{}, {}", loop.run, loop.taps),
                   outputs);
}

// Moves a channel of a loop that has an odd number of them to one with shorter runs that its own are made of:
// kernels take channels in twos.
void even_out(LoopChoice& choice) {
  const auto count = [&](std::size_t loop) {
    return std::count(choice.of_channel.begin(), choice.of_channel.end(), loop);
  };
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < choice.loops.size(); ++i) order.push_back(i);
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return choice.loops[a].run > choice.loops[b].run; });
  for (const std::size_t from : order)
    for (const std::size_t to : order)
      if (to != from && choice.loops[from].run % choice.loops[to].run == 0 && count(from) % 2 != 0)
        *std::find(choice.of_channel.begin(), choice.of_channel.end(), from) = to;
}

std::size_t most_loops(Optimize optimize) {
  return optimize == Optimize::kSpeed ? kMostLoops : optimize == Optimize::kSize ? 1 : 2;
}

// A tile holds whole words, so the next segment begins with a new one.
struct SegmentWeights {
  std::vector<std::vector<std::int32_t>> filters;
  std::int64_t taps = 0;
};

// Replaces the weights of the call by tiles of few bits that FUNCTION_low expands in front of the scratch.
std::string make_low_bits(KernelCall& call, const BindContext& context, const Convolution& c,
                          const std::vector<SegmentWeights>& segments) {
  LowTiles tiles;
  for (const SegmentWeights& s : segments) tiles.filter_bytes = std::max(tiles.filter_bytes, s.taps);
  tiles.channels = low_tile_channels(context.optimize, c.out_channels, tiles.filter_bytes, 2);
  const bool single = segments.size() == 1 && tiles.channels >= c.out_channels;
  set_low_rows(context, tiles, call, c.batches * c.rows.out, c.columns.out, single);
  std::vector<std::vector<std::int32_t>> parts;
  for (const SegmentWeights& s : segments)
    for (std::size_t o = 0; o < s.filters.size(); ++o) {
      if (o % static_cast<std::size_t>(tiles.channels) == 0) parts.emplace_back();
      parts.back().insert(parts.back().end(), s.filters[o].begin(), s.filters[o].end());
    }
  const LowBits low = pack_low_bits(parts);
  MOTE_CHECK(low.fits(), "an encoding of few bits");
  for (Parameter& p : call.params) p.name = "layer." + p.name;
  add_low_tiles(call.params, tiles, low, LowUnit::kByte);
  call.function += "_low";
  call.params_type = "conv2d_s8_pairs_low_params";
  call.scratch_bytes += 4 * tiles.words();
  return "; " + low_note(low, tiles.channels);
}

BindResult bind_pairs(const BindContext& context, ScalarIsa isa) {
  const Convolution c = convolution_of(context);
  if (const std::string why = fast_refusal(context, c); !why.empty()) return Refusal{why};
  const bool few_bits = has_low_bits(context.input(1).encoding);
  if (few_bits && c.groups != 1) return Refusal{"weights of few bits and groups"};
  const Filters f = filters_of(context, c);
  const Encoding& x = context.input(0).encoding;
  std::vector<Loop> loops;
  const bool exact =
      few_bits && std::count(f.values.begin(), f.values.end(), 0) == 0;  // zeros would take more bits
  for (const Loop& loop : loops_of(isa))
    if (!exact || f.elements % loop.taps == 0) loops.push_back(loop);
  auto choice = choose_loops(f, input_bounds(x), loops, loop_costs(isa),
                             c.groups == 1 ? most_loops(context.optimize) : 1);
  if (!choice) return Refusal{"the weights are too large for words of two pixels"};
  if (isa == ScalarIsa::kRv32m && c.groups == 1) even_out(*choice);
  KernelCall call{
      "conv2d_s8_pairs", "conv2d_s8_pairs_params", {}, {context.node().inputs[0]}, context.node().outputs};
  add_window(call.params, c);
  offer_row_ranges(call, c.batches * c.rows.in, 0, c.batches * c.rows.out);
  call.params.push_back({"x_flip", byte_flip(x)});
  call.params.push_back({"x_zero", byte_zero(x) + byte_flip(x)});
  const PairsOutput outputs = pairs_output(context, c, f);
  const bool sums = isa != ScalarIsa::kPortable && (isa != ScalarIsa::kArmv7m || !outputs.in_assembly());
  call.function = isa == ScalarIsa::kPortable ? "conv2d_s8_pairs"
                  : sums                      ? "conv2d_s8_pairs_sums"
                                              : "conv2d_s8_pairs_outputs";
  add_pairs_output(call.params, c, outputs);
  std::vector<std::int8_t> weights;
  std::vector<SegmentWeights> tiled;
  std::vector<std::int32_t> entries;
  std::int64_t most_taps = 0;
  std::string note = "two pixels per word, runs of";
  std::size_t segments = 0;
  for (std::size_t i = 0; i < choice->loops.size(); ++i) {
    const Loop& loop = choice->loops[i];
    const std::int64_t taps = loop.passes(f.elements) * loop.taps;
    std::int64_t channels = 0;
    SegmentWeights segment{{}, taps};
    for (std::int64_t o = 0; o < f.channels; ++o) {
      if (choice->of_channel[static_cast<std::size_t>(o)] != i) continue;
      ++channels;
      auto& filter = segment.filters.emplace_back();
      for (std::int64_t k = 0; k < taps; ++k) filter.push_back(f.at(o, k));
      weights.insert(weights.end(), filter.begin(), filter.end());
      const auto& entry = outputs.entries[static_cast<std::size_t>(o)];
      entries.insert(entries.end(), entry.begin(), entry.end());
    }
    if (channels == 0) continue;
    tiled.push_back(std::move(segment));
    add_segment(call, segments++, loop, channels / c.groups, taps, isa, outputs);
    most_taps = std::max(most_taps, taps);
    note += fmt::format(" {}", loop.run);
  }
  call.params.push_back({"words", 2 * most_taps});
  if (!few_bits) call.params.push_back({"weights", constant_array(weights)});
  call.params.push_back({"outputs", constant_array(entries)});
  call.scratch_bytes = 8 * most_taps + (sums ? 16 * (c.out_channels / c.groups + 1) : 0) +
                       4 * c.out_channels + c.in_channels / c.groups;
  if (few_bits) note += make_low_bits(call, context, c, tiled);
  return Bound{{std::move(call)}, {}, note};
}

}  // namespace

BindResult bind_conv2d_s8_pairs(const BindContext& context) {
  return bind_pairs(context, ScalarIsa::kPortable);
}
BindResult bind_conv2d_s8_rv32m(const BindContext& context) { return bind_pairs(context, ScalarIsa::kRv32m); }
BindResult bind_conv2d_s8_armv6m(const BindContext& context) {
  return bind_pairs(context, ScalarIsa::kArmv6m);
}
BindResult bind_conv2d_s8_armv7m(const BindContext& context) {
  return bind_pairs(context, ScalarIsa::kArmv7m);
}

}  // namespace mote
