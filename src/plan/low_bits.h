// Weights of fewer than 8 bits as they stand in flash: codes of as many bits as the values that occur need,
// which kernels expand a tile of filters at a time to the bytes of their 8-bit forms (kernels/c/low_bits.h).
// The form follows from the actual values: a range, a range of multiples of a power of two, or a table of at
// most 16 levels.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "plan/kernel.h"

namespace mote {

// Are the weights to be stored with fewer than 8 bits each?
bool has_low_bits(const Encoding& weights);

// What a byte of the expanded weights is: a signed byte; one with 128 added; half of the 16-bit number a +
// 256 b.
enum class LowUnit { kByte, kOffsetByte, kLanes };

// How a tile is made: its channels, bytes of a filter in the kernel's layout, output rows per tile.
struct LowTiles {
  std::int64_t channels = 0;
  std::int64_t filter_bytes = 0;
  std::int64_t rows = 0;
  std::int64_t output_words = 0;

  std::int64_t words() const { return (channels * filter_bytes + 31) / 32 * 8; }  // of scratch
};

// Packs tiles of weights: `tiles` holds the weights of each, in the order of the kernel's bytes.
struct LowBits {
  int bits = 0, step = 0;
  std::int32_t low = 0;
  std::vector<std::uint8_t> table;  // empty: codes are values
  std::vector<std::uint32_t> words;

  bool fits() const { return bits < 8; }  // weights with several zero points may not: there are no words then
};
LowBits pack_low_bits(const std::vector<std::vector<std::int32_t>>& tiles);

// Members of mote_low_bits under the name `prefix`.
void add_low_bits(std::vector<Parameter>& params, const std::string& prefix, const LowBits& low,
                  LowUnit unit);

// Members of mote_low_tiles as `tiles`.
void add_low_tiles(std::vector<Parameter>& params, const LowTiles& tiles, const LowBits& low, LowUnit unit);

// For kernels that can have either: members of mote_low_bits as `low` for these bytes of weights, in blocks
// of 32, and a note; empty where the weights have 8 bits.
std::string add_low_weights(std::vector<Parameter>& params, const BindContext& context,
                            std::span<const std::int8_t> weights);

// Channels of a tile: as many of `channels` as stand in the scratch that the aim allows, in units of `unit`.
std::int64_t low_tile_channels(Optimize optimize, std::int64_t channels, std::int64_t filter_bytes,
                               std::int64_t unit);

// Output rows for which a tile is expanded once, so many that they pay for it, and that a call of some rows
// must be a block of: all of them where a single tile serves a layer that runs whole.
void set_low_rows(const BindContext& context, LowTiles& tiles, KernelCall& call, std::int64_t rows,
                  std::int64_t width, bool single_tile);

// For Bound: "4 bits in flash, tiles of 16 channels".
std::string low_note(const LowBits& low, std::int64_t channels);

}  // namespace mote
