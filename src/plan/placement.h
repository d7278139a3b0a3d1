// Placement of buffers in the arena, item by item: two items that live in the same tick must not overlap, so
// a buffer may lie on those rows of another that are consumed by then. That is dynamic storage allocation
// (NP-hard): for each pair of blocks the forbidden differences of their offsets are computed once, then
// blocks are put at the lowest place that is left, in orders that a search improves.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace mote {

// Bytes [offset, offset + bytes) of a block that exist from tick `first` to tick `last`, both included.
struct Item {
  std::int64_t offset = 0;
  std::int64_t bytes = 0;
  int first = 0, last = 0;
};

struct Block {
  std::int64_t bytes = 0;
  std::vector<Item> items;
};

// Block `over` may stand exactly where block `under` does, whatever their lives say.
struct InPlace {
  std::size_t under = 0, over = 0;
};

struct Placement {
  std::vector<std::int64_t> offsets;  // by block, multiples of `alignment`
  std::int64_t arena_bytes = 0;       // highest end
};

// Deterministic. Stops at `goal` bytes; `effort` bounds the number of orders tried.
Placement place_blocks(std::span<const Block> blocks, std::span<const InPlace> in_place,
                       std::int64_t alignment, std::int64_t goal = 0, int effort = 4000);

// Largest sum of the bytes that live in one tick: without items in place no placement needs less.
std::int64_t largest_live_set(std::span<const Block> blocks);

}  // namespace mote
