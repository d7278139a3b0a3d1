#include "plan/low_bits.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <set>

namespace mote {

namespace {

constexpr std::size_t kBlock = 32;       // weights
constexpr std::size_t kMostLevels = 16;  // of a table

int bits_for(std::int64_t count) {
  return std::max(1, static_cast<int>(std::bit_width(static_cast<std::uint64_t>(count - 1))));
}

// The form with the fewest bits.
LowBits choose_form(const std::set<std::int32_t>& values) {
  LowBits low;
  if (values.empty()) return {1, 0, 0, {}, {}};
  low.low = *values.begin();
  std::uint32_t differences = 0;
  for (const std::int32_t v : values) differences |= static_cast<std::uint32_t>(v - low.low);
  low.step = differences == 0 ? 0 : std::countr_zero(differences);
  low.bits = bits_for(((*values.rbegin() - low.low) >> low.step) + 1);
  const int table_bits = bits_for(static_cast<std::int64_t>(values.size()));
  if (values.size() > kMostLevels || table_bits >= low.bits) return low;
  low.bits = table_bits;
  low.table.assign(std::size_t{1} << table_bits, 0);
  std::size_t code = 0;
  for (const std::int32_t v : values)
    low.table[code++] = static_cast<std::uint8_t>((v - low.low) >> low.step);
  return low;
}

class Packer {
 public:
  explicit Packer(LowBits& low) : low_(low) {
    codes_.fill(0);
    if (low.table.empty()) return;
    for (std::size_t code = low.table.size(); code-- > 0;)
      codes_[low.table[code]] = static_cast<std::uint8_t>(code);
  }

  void pack(const std::vector<std::int32_t>& tile) {
    for (std::size_t at = 0; at < tile.size(); at += kBlock) {
      std::array<std::uint8_t, kBlock> block{};
      for (std::size_t i = 0; i < std::min(kBlock, tile.size() - at); ++i) block[i] = code(tile[at + i]);
      int shift = 0;
      for (const int k : {4, 2, 1}) {
        if ((low_.bits & k) == 0) continue;
        pack_plane(block, k, shift);
        shift += k;
      }
    }
  }

 private:
  std::uint8_t code(std::int32_t value) const {
    const auto offset = static_cast<std::uint8_t>((value - low_.low) >> low_.step);
    return low_.table.empty() ? offset : codes_[offset];
  }

  void pack_plane(const std::array<std::uint8_t, kBlock>& block, int k, int shift) {
    const std::size_t first = low_.words.size();
    low_.words.resize(first + static_cast<std::size_t>(k), 0);
    const std::uint32_t mask = (1U << k) - 1;
    for (std::size_t i = 0; i < kBlock; ++i) {
      const auto word = static_cast<int>(i / 4), byte = static_cast<int>(i % 4);
      const std::uint32_t bits = (static_cast<std::uint32_t>(block[i]) >> shift) & mask;
      low_.words[first + static_cast<std::size_t>(word * k / 8)] |= bits << (8 * byte + k * (word % (8 / k)));
    }
  }

  LowBits& low_;
  std::array<std::uint8_t, 256> codes_;
};

std::int64_t tile_limit(Optimize optimize) {
  switch (optimize) {
    case Optimize::kSpeed: return 6144;
    case Optimize::kBalanced: return 3072;
    case Optimize::kSize: return 2048;
    case Optimize::kRam: break;
  }
  return 768;
}

}  // namespace

bool has_low_bits(const Encoding& weights) { return weights.is_integer() && weights.stored_bits() < 8; }

LowBits pack_low_bits(const std::vector<std::vector<std::int32_t>>& tiles) {
  std::set<std::int32_t> values;
  for (const auto& tile : tiles) values.insert(tile.begin(), tile.end());
  LowBits low = choose_form(values);
  if (!low.fits()) return low;
  Packer packer(low);
  for (const auto& tile : tiles) packer.pack(tile);
  return low;
}

void add_low_bits(std::vector<Parameter>& params, const std::string& prefix, const LowBits& low,
                  LowUnit unit) {
  ConstantArray words{"uint32_t", std::vector<std::byte>(4 * low.words.size())};
  std::memcpy(words.bytes.data(), low.words.data(), words.bytes.size());
  params.push_back({prefix + ".words", std::move(words)});
  if (!low.table.empty()) {
    const auto* first = reinterpret_cast<const std::byte*>(low.table.data());
    params.push_back({prefix + ".table", ConstantArray{"uint8_t", {first, first + low.table.size()}}});
  }
  const auto low_byte = static_cast<std::uint32_t>(low.low);
  std::uint32_t plus = ((0x80U + low_byte) & 0xffU) * 0x01010101U, flip = 0x80808080U;
  if (unit == LowUnit::kOffsetByte) flip = 0;
  if (unit == LowUnit::kLanes) {
    plus = ((0x8000U + 257U * low_byte) & 0xffffU) * 0x00010001U;
    flip = 0x80008000U;
  }
  const std::pair<const char*, std::int64_t> numbers[] = {
      {".bits", low.bits}, {".step", low.step}, {".plus", plus}, {".flip", flip}};
  for (const auto& [name, value] : numbers) params.push_back({prefix + name, value});
}

void add_low_tiles(std::vector<Parameter>& params, const LowTiles& tiles, const LowBits& low, LowUnit unit) {
  add_low_bits(params, "tiles.weights", low, unit);
  const std::pair<const char*, std::int64_t> numbers[] = {{"tiles.channels", tiles.channels},
                                                          {"tiles.channel_bytes", tiles.filter_bytes},
                                                          {"tiles.blocks", tiles.words() / 8},
                                                          {"tiles.rows", tiles.rows},
                                                          {"tiles.output_words", tiles.output_words}};
  for (const auto& [name, value] : numbers) params.push_back({name, value});
}

std::string add_low_weights(std::vector<Parameter>& params, const BindContext& context,
                            std::span<const std::int8_t> weights) {
  if (!has_low_bits(context.input(1).encoding)) return {};
  const LowBits low = pack_low_bits({{weights.begin(), weights.end()}});
  if (!low.fits()) return {};
  add_low_bits(params, "low", low, LowUnit::kByte);
  return fmt::format("{} in flash, ", low.bits == 1 ? "1 bit" : fmt::format("{} bits", low.bits));
}

std::int64_t low_tile_channels(Optimize optimize, std::int64_t channels, std::int64_t filter_bytes,
                               std::int64_t unit) {
  const std::int64_t rounded = (channels + unit - 1) / unit * unit;
  const std::int64_t fitting = tile_limit(optimize) / std::max<std::int64_t>(filter_bytes, 1) / unit * unit;
  const std::int64_t most = std::clamp(fitting, unit, rounded);
  const std::int64_t tiles = (rounded + most - 1) / most;  // of even sizes
  return ((rounded / unit + tiles - 1) / tiles) * unit;
}

void set_low_rows(const BindContext& context, LowTiles& tiles, KernelCall& call, std::int64_t rows,
                  std::int64_t width, bool single_tile) {
  const bool whole = context.optimize == Optimize::kSpeed && !context.any_packed();
  const std::int64_t pixels = whole ? 96 : context.optimize == Optimize::kRam ? 16 : 48;
  tiles.rows = std::max<std::int64_t>(rows, 1);
  if (single_tile && whole) return;
  tiles.rows =
      std::clamp<std::int64_t>((pixels + width - 1) / std::max<std::int64_t>(width, 1), 1, tiles.rows);
  call.row_block = tiles.rows;
}

std::string low_note(const LowBits& low, std::int64_t channels) {
  return fmt::format("{}{}, tiles of {} channels", low.bits == 1 ? "1 bit" : fmt::format("{} bits", low.bits),
                     low.table.empty() ? "" : " into a table", channels);
}

}  // namespace mote
