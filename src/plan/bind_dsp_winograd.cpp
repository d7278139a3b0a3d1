// Winograd's convolution on Arm cores with the DSP extension: where it needs fewer instructions than the
// matrix product over windows, and how many rows of tiles the scratch may hold.
#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "plan/gemm_dsp.h"

namespace mote {

namespace {

constexpr std::int64_t kMostChannels = 64;  // offsets of stores reach no further
constexpr std::int64_t kTiles = 4;          // in a group

struct Tiling {
  std::int64_t groups = 0, tile_rows = 1;
};

std::int64_t line_bytes(const Convolution& c, const Tiling& t) { return (8 * t.groups + 2) * c.in_channels; }

std::int64_t scratch_bytes(const Convolution& c, const Tiling& t) {
  const std::int64_t inputs = t.tile_rows * t.groups * 128 * c.in_channels;
  const std::int64_t aside = std::max(4 * line_bytes(c, t), 16 * c.out_channels);
  return inputs + 64 * c.in_channels + 512 + aside;
}

std::int64_t rows_of_tiles(const Convolution& c) { return (c.rows.out + 1) / 2; }

// Instructions for one image, nearly.
std::int64_t winograd_cost(const Convolution& c, const Tiling& t) {
  const std::int64_t stripes = (rows_of_tiles(c) + t.tile_rows - 1) / t.tile_rows;
  const std::int64_t groups = rows_of_tiles(c) * t.groups;
  const std::int64_t pairs = c.out_channels / 2;
  const bool partial = c.columns.out % 8 != 0 || c.rows.out % 2 != 0;
  const std::int64_t product = 16 * (11 * c.in_channels / 2 + 12), output = 560 + (partial ? 150 : 0);
  return stripes * pairs * 56 * c.in_channels + groups * pairs * (product + output) +
         groups * kTiles * 36 * c.in_channels;
}

std::int64_t direct_cost(const Convolution& c) {
  const std::int64_t blocks = (c.rows.out * c.columns.out + 3) / 4;
  return blocks * (9 * c.in_channels * 4 + 300 + c.out_channels / 2 * (11 * 9 * c.in_channels / 2 + 80));
}

// Bytes of the tensors that exist while each node runs, in the order of the graph and without any sharing.
std::vector<std::int64_t> live_bytes(const Graph& graph) {
  const auto& nodes = graph.nodes();
  std::vector<std::size_t> first(graph.values().size(), 0), last(graph.values().size(), 0);
  for (std::size_t n = 0; n < nodes.size(); ++n) {
    for (const ValueId v : nodes[n].outputs) first[v.index] = last[v.index] = n;
    for (const ValueId v : nodes[n].inputs)
      if (v.valid()) last[v.index] = n;
  }
  std::vector<std::int64_t> live(nodes.size(), 0);
  for (std::uint32_t v = 0; v < first.size(); ++v)
    if (!graph.constant(ValueId{v}))
      for (std::size_t n = first[v]; n <= last[v]; ++n) live[n] += graph.type(ValueId{v}).bytes();
  return live;
}

// More rows at a time transform the weights less often. The scratch shall hardly raise the peak of the
// network.
Tiling choose_tiling(const BindContext& context, const Convolution& c) {
  Tiling t{(c.columns.out + 2 * kTiles - 1) / (2 * kTiles), 1};
  const std::vector<std::int64_t> live = live_bytes(context.graph);
  const std::int64_t peak = *std::max_element(live.begin(), live.end());
  const std::int64_t limit = peak + peak / 8 - live[context.id.index];
  for (Tiling more = t; more.tile_rows < rows_of_tiles(c);) {
    ++more.tile_rows;
    if (scratch_bytes(c, more) > limit) break;
    if (winograd_cost(c, more) < winograd_cost(c, t)) t = more;
  }
  return t;
}

std::vector<std::int32_t> pack_taps(const Filters& f, std::int64_t depth) {
  std::vector<std::int8_t> bytes;
  for (std::int64_t o = 0; o < f.channels; ++o)
    for (std::int64_t c = 0; c < depth; c += 4)
      for (std::int64_t tap = 0; tap < 9; ++tap)
        for (std::int64_t i = 0; i < 4; ++i)
          bytes.push_back(static_cast<std::int8_t>(f.at(o, tap * depth + c + i)));
  std::vector<std::int32_t> words(bytes.size() / 4);
  std::memcpy(words.data(), bytes.data(), bytes.size());
  return words;
}

void add_function(KernelCall& call, const std::string& member, const std::string& macro,
                  const std::string& c_type, const std::string& symbol, const std::string& arguments) {
  call.assembly.push_back({"winograd_dsp.S", macro, symbol, arguments});
  call.params.push_back({member, Symbol{symbol, c_type}});
}

void add_functions(KernelCall& call, const Convolution& c, bool is_signed, const GemmOutput& output) {
  const std::int64_t depth = c.in_channels;
  const char* ext = is_signed ? "sxtb16" : "uxtb16";
  for (const auto& [member, op] : {std::pair{"subtract", "ssub16"}, std::pair{"add", "sadd16"}})
    add_function(call, member, "MOTE_WINOGRAD_INPUT", "mote_winograd_input",
                 fmt::format("winograd_{}_{}_{}", member, depth, ext),
                 fmt::format("{}, {}, {}", depth, op, ext));
  add_function(call, "expand", "MOTE_WINOGRAD_WEIGHTS", "mote_winograd_weights",
               fmt::format("winograd_weights_{}", depth), std::to_string(depth));
  std::int64_t chunk = 16;
  while (depth / 2 % chunk != 0) --chunk;
  add_function(call, "gemm", "MOTE_WINOGRAD_GEMM", "mote_winograd_gemm",
               fmt::format("winograd_gemm_{}", depth), fmt::format("{}, {}", depth, chunk));
  add_function(call, "output", "MOTE_WINOGRAD_OUTPUT", "mote_winograd_output",
               fmt::format("winograd_output_{}{}", c.out_channels, output.suffix()),
               fmt::format("{}, {}", c.out_channels, output.arguments()));
}

std::string winograd_refusal(const BindContext& context, const Convolution& c) {
  if (const std::string why = fast_refusal(context, c, true); !why.empty()) return why;
  const auto fits = [](const WindowAxis& a) {
    return a.taps == 3 && a.stride == 1 && a.step == 1 && a.offset <= 0;
  };
  if (!fits(c.rows) || !fits(c.columns)) return "not a 3x3 convolution with stride 1";
  if (has_low_bits(context.input(1).encoding)) return "weights of few bits: windows need fewer instructions";
  if (c.groups != 1) return "it has groups";
  if (!context.target.has("fpu")) return "the target lacks fpu";
  if (context.optimize != Optimize::kSpeed) return "it needs scratch and code";
  if (c.in_channels % 4 != 0 || c.out_channels % 2 != 0) return "channels are not in fours and twos";
  if (c.in_channels > kMostChannels || c.out_channels > 256) return "it has too many channels";
  return {};
}

}  // namespace

BindResult bind_conv2d_s8_winograd_dsp(const BindContext& context) {
  const Convolution c = convolution_of(context);
  if (const std::string why = winograd_refusal(context, c); !why.empty()) return Refusal{why};
  const Tiling tiling = choose_tiling(context, c);
  if (winograd_cost(c, tiling) >= direct_cost(c)) return Refusal{"windows need fewer instructions"};
  const Encoding& x = context.input(0).encoding;
  const Filters f = filters_of(context, c);
  if (!fits_bytes(f)) return Refusal{"counted from their zero points, the weights have more than 8 bits"};
  const GemmOutput output = gemm_output(context, c, f, {.fitted = true});
  if (output.form == GemmOutput::kSums) return Refusal{"the output stage is not simple"};
  KernelCall call{"conv2d_s8_winograd_dsp",
                  "conv2d_s8_winograd_dsp_params",
                  {},
                  {context.node().inputs[0]},
                  context.node().outputs};
  add_window(call.params, c);
  offer_row_ranges(call, c.batches * c.rows.in, 0, c.batches * c.rows.out);
  call.row_block = 2 * tiling.tile_rows;
  call.params.push_back({"x_zero", byte_zero(x) + byte_flip(x)});
  call.params.push_back({"groups", tiling.groups});
  call.params.push_back({"tile_rows", tiling.tile_rows});
  call.params.push_back({"constant_words", output.form == GemmOutput::kFitted ? 6 : 8});
  call.params.push_back({"weights", constant_array(pack_taps(f, c.in_channels))});
  call.params.push_back({"outputs", constant_array(output.constants(c.out_channels))});
  add_functions(call, c, x.is_signed(), output);
  call.scratch_bytes = scratch_bytes(c, tiling);
  return Bound{{std::move(call)},
               {},
               fmt::format("Winograd, {} rows of tiles at a time; {}", tiling.tile_rows, output.note())};
}

}  // namespace mote
