#include "plan/gemm_mve.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace mote {

namespace {

constexpr const char* kFile = "gemm_mve.S";

constexpr std::int64_t kLanes = 16;

// Bytes and words in the order in which a kernel reads them.
class Stream {
 public:
  void add_byte(std::int32_t value) { bytes_.push_back(static_cast<std::int8_t>(value)); }

  void add_word(std::int32_t value) {
    std::int8_t bytes[4];
    std::memcpy(bytes, &value, 4);
    bytes_.insert(bytes_.end(), bytes, bytes + 4);
  }

  // Vectors of bias, left shift, multiplier and right shift of four channels, two apart.
  void add_output(const MveOutput& o, std::int64_t first) {
    const auto add = [&](auto&& value, std::int32_t beyond) {
      for (std::int64_t c = first; c < first + 8; c += 2) {
        const auto i = static_cast<std::size_t>(c);
        add_word(i < o.bias.size() ? value(i) : beyond);
      }
    };
    add([&](std::size_t i) { return o.bias[i]; }, 0);
    if (o.form == 2) add([&](std::size_t i) { return std::max(o.shifts[i], 0); }, 0);
    add([&](std::size_t i) { return o.multipliers[i]; }, 0);
    add([&](std::size_t i) { return std::min(o.shifts[i], 0); }, -1);
  }

  std::vector<std::int32_t> words() const {
    std::vector<std::int32_t> words(bytes_.size() / 4);
    std::memcpy(words.data(), bytes_.data(), bytes_.size());
    return words;
  }

 private:
  std::vector<std::int8_t> bytes_;
};

void add_filters(KernelCall& call, const Filters& f, const MveOutput& output, const AssemblyFunction& gemm,
                 const Stream& stream, std::int64_t tail, std::int64_t chunks) {
  const auto words = stream.words();
  call.assembly.push_back(gemm);
  call.params.push_back({"filters.gemm", Symbol{gemm.symbol, "mote_mve_gemm"}});
  call.params.push_back({"filters.stream", constant_array(words)});
  call.params.push_back({"filters.stream_words", static_cast<std::int64_t>(words.size())});
  call.params.push_back({"filters.channels", f.channels});
  call.params.push_back({"filters.y_zero", output.zero});
  call.params.push_back({"filters.low", output.low});
  call.params.push_back({"filters.high", output.high});
  call.params.push_back({"filters.tail", tail});
  call.params.push_back({"filters.chunks", chunks});
}

}  // namespace

MveOutput mve_output(const BindContext& context, const Convolution& c, const Filters& f) {
  const Encoding& y = context.output().encoding;
  const OutputConstants constants = output_constants(c, true);
  MveOutput o;
  o.zero = c.stage.zero_point - byte_flip(y);
  o.low = c.stage.range.min - byte_flip(y);
  o.high = c.stage.range.max - byte_flip(y);
  o.clamps = o.low != -128 || o.high != 127;
  o.flips = byte_flip(y) != 0;
  o.bias = f.bias;
  o.multipliers = constants.multipliers;
  int largest = -31;
  for (std::size_t i = 0; i < constants.shifts.size(); ++i) {
    o.shifts.push_back(o.multipliers[i] == 0 ? -1 : constants.shifts[i]);
    largest = std::max(largest, o.shifts.back());
  }
  // Either rounding takes a negative product to 0 or less.
  if (largest <= 0 && c.stage.range.min >= c.stage.zero_point)
    o.form = 0;
  else if (largest < 0)
    o.form = 1;
  return o;
}

std::string MveOutput::note() const {
  switch (form) {
    case 0: return "one vector rounding, negatives clamped away";
    case 1: return "both roundings in vectors";
    default: return "both roundings in vectors, any shift";
  }
}

std::string mve_symbol(const std::string& name, std::string arguments) {
  std::erase(arguments, ' ');
  std::replace(arguments.begin(), arguments.end(), ',', '_');
  return name + "_" + arguments;
}

std::int64_t mve_pairs_bytes(std::int64_t segments) { return round_up(48 + 12 * (segments + 1), kLanes); }

void add_mve_gemm(KernelCall& call, const BindContext& context, const Filters& f, const MveOutput& output,
                  const MveSegments& segments, bool has_tail) {
  const std::int64_t chunks = round_up(segments.bytes, kLanes) / kLanes;
  Stream stream;
  for (std::int64_t eight = 0; eight < f.channels; eight += 8)
    for (std::int64_t first = eight; first < eight + 2; ++first) {
      for (std::int64_t s = 0; s < segments.count; ++s)
        for (std::int64_t k = 0; k < chunks * kLanes; k += kLanes)
          for (std::int64_t o = first; o < first + 8; o += 2)
            for (std::int64_t i = k; i < k + kLanes; ++i)
              stream.add_byte(i < segments.bytes ? f.at(o, s * segments.bytes + i) : 0);
      stream.add_output(output, first);
    }
  // Code grows by 112 bytes per chunk.
  const bool small = context.optimize == Optimize::kSize;
  const std::int64_t most = context.optimize == Optimize::kSpeed ? 16 : 8;
  const bool unrolled = !small && segments.count * chunks <= most;
  const bool by_segment = !small && chunks <= 2 * most;
  const std::int64_t tail = segments.bytes % kLanes;
  const int masked = has_tail && tail != 0 && (unrolled || by_segment) ? 1 : 0;
  const bool partial = f.channels % 8 != 0 || !(unrolled || by_segment);
  const std::string arguments =
      fmt::format("{}, {}, {}, {}, {}, {}", unrolled ? segments.count : 0,
                  unrolled || by_segment ? chunks : 0, masked, output.form, output.finish(), partial ? 1 : 0);
  add_filters(call, f, output, {kFile, "MOTE_GEMM_MVE", mve_symbol("gemm", arguments), arguments}, stream,
              tail, has_tail ? segments.bytes : chunks * kLanes);
}

void add_mve_conv3(KernelCall& call, const Filters& f, const MveOutput& output, std::int64_t rows,
                   std::int64_t in_channels) {
  Stream stream;
  for (std::int64_t pair = 0; pair < f.channels; pair += 2) {
    for (std::int64_t row = 0; row < rows; ++row)
      for (std::int64_t k = 0; k < in_channels; k += kLanes)
        for (std::int64_t tap = 3 * row; tap < 3 * row + 3; ++tap)
          for (std::int64_t o = pair; o < pair + 2; ++o)
            for (std::int64_t i = k; i < k + kLanes; ++i) stream.add_byte(f.at(o, tap * in_channels + i));
    for (std::int64_t o = pair; o < pair + 2; ++o) {
      const auto i = static_cast<std::size_t>(o);
      for (const std::int32_t word : {output.bias[i], output.multipliers[i], output.shifts[i]})
        stream.add_word(word);
    }
  }
  const std::string arguments =
      fmt::format("{}, {}, {}, {}", rows, in_channels / kLanes, output.form, output.finish());
  add_filters(call, f, output, {kFile, "MOTE_CONV3_MVE", mve_symbol("conv3", arguments), arguments}, stream,
              0, 0);
}

void add_mve_gemv(KernelCall& call, const BindContext& context, const Filters& f, const MveOutput& output) {
  const std::int64_t head = (f.elements + kLanes - 1) % kLanes + 1;
  const std::int64_t chunks = round_up(f.elements, kLanes) / kLanes;
  const std::int64_t block = context.optimize == Optimize::kSpeed ? 8 : 2;
  const std::int64_t first = (chunks + block - 1) % block + 1;
  const std::int64_t turns = (chunks - first) / block;
  Stream stream;
  for (std::int64_t eight = 0; eight < f.channels; eight += 8) {
    for (std::int64_t k = 0; k < chunks * kLanes; k += kLanes)
      for (std::int64_t i = 0; i < 8; ++i)
        for (std::int64_t lane = 0; lane < kLanes; ++lane) {
          const std::int64_t element = k == 0 ? lane : head + k - kLanes + lane;
          stream.add_byte(k > 0 || lane < head ? f.at(eight + 2 * (i % 4) + i / 4, element) : 0);
        }
    stream.add_output(output, eight);
    stream.add_output(output, eight + 1);
  }
  const std::string arguments = fmt::format("{}, {}, {}, {}, {}, {}", head, first, turns > 0 ? block : 0,
                                            output.form, output.finish(), f.channels % 8 != 0 ? 1 : 0);
  add_filters(call, f, output, {kFile, "MOTE_GEMV_MVE", mve_symbol("gemv", arguments), arguments}, stream, 0,
              turns);
}

}  // namespace mote
