#include "plan/gemm_dsp.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

namespace mote {

namespace {

constexpr const char* kFile = "gemm_dsp.S";

constexpr std::int64_t kLargestHighSum = (std::int64_t{1} << 23) - 1;  // b comes back from 24 bits

// How a filter's words go through the registers: `chunk` at a time.
struct Chunks {
  std::int64_t chunk, words;
  bool loop() const { return chunk < words; }
};

Chunks choose_chunks(std::int64_t words, const BindContext& context) {
  if (context.optimize == Optimize::kSize) return {4, round_up(words, 4)};
  const std::int64_t largest = context.optimize == Optimize::kSpeed ? 32 : 16;
  constexpr std::int64_t kStep = 11, kLoop = 5;  // instructions of a word, of another chunk
  Chunks best{2, words};
  std::int64_t least = 0;
  for (std::int64_t chunk = 2; chunk <= largest; chunk += 2) {
    const Chunks tried{chunk, round_up(words, chunk)};
    const std::int64_t cost = kStep * tried.words + (tried.loop() ? kLoop * (tried.words / chunk) : 0);
    if (least == 0 || cost < least) {
      best = tried;
      least = cost;
    }
  }
  return best;
}

// Words of constants for each channel, in pairs with the second first.
std::vector<std::int32_t> pair_up(const std::vector<std::vector<std::int32_t>>& channels) {
  std::vector<std::int32_t> words;
  for (std::size_t o = 0; o < channels.size(); o += 2) {
    const auto& a = channels[o];
    const auto& b = channels[std::min(o + 1, channels.size() - 1)];
    words.insert(words.end(), b.begin(), b.end());
    words.insert(words.end(), a.begin(), a.end());
  }
  return words;
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

// mote_dsp_output: any shifts and bounds.
void add_general_output(std::vector<Parameter>& params, const BindContext& context, const Convolution& c,
                        const Filters& f) {
  OutputConstants constants = output_constants(c, true);
  bool quick = f.largest_sum < (std::int64_t{1} << 30);
  for (std::size_t i = 0; i < constants.shifts.size(); ++i) {
    if (constants.multipliers[i] == 0) constants.shifts[i] = -1;
    if (constants.shifts[i] > -1 || constants.shifts[i] < -22) quick = false;
  }
  const std::string prefix = "stage.general.";
  add_output_range(params, prefix, context, c);
  params.push_back({prefix + "quick", quick ? 1 : 0});
  params.push_back({prefix + "bias", constant_array(raw_bias(context, f))});
  params.push_back({prefix + "multipliers", constant_array(constants.multipliers)});
  params.push_back({prefix + "shifts", constant_array(constants.shifts)});
}

}  // namespace

std::string lane_problem(const Filters& f, const Encoding& x) {
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

std::int32_t lane_word(const Filters& f, std::int64_t channel, std::int64_t first, std::int64_t second) {
  const auto lane = [&](std::int64_t k) {
    return static_cast<std::uint32_t>(256 * f.at(channel + 1, k) + f.at(channel, k));
  };
  return static_cast<std::int32_t>((lane(first) & 0xffffU) | (lane(second) << 16));
}

std::vector<LanePair> widened_order(std::int64_t elements) {
  std::vector<LanePair> order;
  for (std::int64_t k = 0; k < elements; k += 4) {
    order.push_back({k, k + 2});
    order.push_back({k + 1, k + 3});
  }
  return order;
}

GemmOutput gemm_output(const BindContext& context, const Convolution& c, const Filters& f) {
  GemmOutput output;
  const auto range = c.stage.range;
  const auto is_power = [](std::int64_t v) { return v > 0 && (v & (v - 1)) == 0; };
  if (!is_power(std::int64_t{range.max} + 1) || range.max > 255) return output;
  if (range.min != 0 && range.min != -range.max - 1) return output;
  output.is_signed = range.min != 0;
  output.bits = output.is_signed ? 1 : 0;
  while ((std::int64_t{1} << (output.bits - (output.is_signed ? 1 : 0))) <= range.max) ++output.bits;
  if (f.largest_sum >= (std::int64_t{1} << 30)) return output;
  const OutputConstants constants = output_constants(c, true);
  const std::vector<std::int32_t> bias = raw_bias(context, f);
  std::vector<std::vector<std::int32_t>> channels;
  for (std::size_t o = 0; o < bias.size(); ++o) {
    int right = -constants.shifts[o];
    std::int32_t multiplier = constants.multipliers[o];
    // Products below half of the last place round to 0.
    if (right > 22 && f.largest_sum < (std::int64_t{1} << (right - 2))) multiplier = 0;
    if (multiplier == 0) right = 1;
    if (right < 1 || right > 22) return output;
    const std::int64_t round =
        (std::int64_t{1} << (right - 1)) + c.stage.zero_point * (std::int64_t{1} << right);
    channels.push_back({static_cast<std::int32_t>(static_cast<std::uint32_t>(bias[o]) << 1), multiplier,
                        static_cast<std::int32_t>(round), right});
  }
  output.form = c.stage.zero_point == range.min && context.optimize != Optimize::kSize ? GemmOutput::kRelu
                                                                                       : GemmOutput::kSigned;
  output.constants = pair_up(channels);
  return output;
}

std::string GemmOutput::note() const {
  const std::string lanes = "two channels per lane, ";
  switch (form) {
    case kSigned: return lanes + "both roundings in one multiplication";
    case kRelu: return lanes + "both roundings in one multiplication, negatives clamped away";
    case kFitted: return lanes + "one rounding, proved equal to two";
    case kSums: break;
  }
  return lanes + "general output stage";
}

std::int64_t add_gemm(KernelCall& call, const BindContext& context, const Convolution& c, const Filters& f,
                      const std::vector<LanePair>& order, const GemmOutput& output) {
  const Chunks chunks = choose_chunks(round_up(static_cast<std::int64_t>(order.size()), 2), context);
  std::vector<std::int32_t> weights;
  for (std::int64_t o = 0; o < f.channels; o += 2) {
    for (const LanePair& pair : order) weights.push_back(lane_word(f, o, pair.first, pair.second));
    weights.resize(weights.size() + static_cast<std::size_t>(chunks.words) - order.size(), 0);
  }
  const std::int64_t channels = round_up(c.out_channels, 2);
  call.params.push_back({"stage.layer.weights", constant_array(weights)});
  call.params.push_back({"stage.layer.outputs", constant_array(output.constants)});
  call.params.push_back({"stage.layer.filter_bytes", 4 * chunks.words});
  call.params.push_back({"stage.layer.channels", channels});
  call.params.push_back({"stage.layer.stride", channels});
  call.params.push_back({"stage.channels", c.out_channels});
  if (output.form == GemmOutput::kSums) add_general_output(call.params, context, c, f);
  const bool fpu = context.target.has("fpu");
  const char* sat = output.is_signed ? "ssat" : "usat";
  std::string symbol = fmt::format("gemm{}{}_", chunks.chunk, chunks.loop() ? "n" : "");
  switch (output.form) {
    case GemmOutput::kSums: symbol += "sums"; break;
    case GemmOutput::kFitted: symbol += fmt::format("fit{}_{}{}", output.shift, sat, output.bits); break;
    case GemmOutput::kRelu: symbol += fmt::format("relu_{}{}", sat, output.bits); break;
    case GemmOutput::kSigned: symbol += fmt::format("{}{}", sat, output.bits); break;
  }
  call.assembly.push_back(
      {kFile, "MOTE_GEMM", symbol,
       fmt::format("{}, {}, {}, {}, {}, {}, {}", chunks.chunk, chunks.loop() ? 1 : 0,
                   static_cast<int>(output.form), output.shift, sat, output.bits, fpu ? 1 : 0)});
  call.params.push_back({"stage.gemm", Symbol{symbol, "mote_gemm"}});
  return 16 * chunks.words + (output.form == GemmOutput::kSums ? 16 : 4) * channels;
}

void add_widen4(KernelCall& call, const Encoding& x) {
  const std::string symbol = x.is_signed() ? "widen4" : "widen4_u8";
  call.assembly.push_back({kFile, "MOTE_WIDEN4", symbol, x.is_signed() ? "sxtb16" : "uxtb16"});
  call.params.push_back({"widen", Symbol{symbol, "mote_widen4"}});
}

}  // namespace mote
