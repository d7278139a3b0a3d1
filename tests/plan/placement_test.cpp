#include "plan/placement.h"

#include <gtest/gtest.h>

#include "base/rng.h"

namespace mote {
namespace {

Block whole(std::int64_t bytes, int first, int last) { return {bytes, {{0, bytes, first, last}}}; }

bool is_valid(const std::vector<Block>& blocks, const Placement& p, std::int64_t alignment) {
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    if (p.offsets[i] % alignment != 0 || p.offsets[i] + blocks[i].bytes > p.arena_bytes) return false;
    for (std::size_t j = 0; j < i; ++j)
      for (const Item& a : blocks[i].items)
        for (const Item& b : blocks[j].items) {
          const std::int64_t at_a = p.offsets[i] + a.offset;
          const std::int64_t at_b = p.offsets[j] + b.offset;
          const bool together = a.first <= b.last && b.first <= a.last;
          if (together && at_a < at_b + b.bytes && at_b < at_a + a.bytes) return false;
        }
  }
  return true;
}

TEST(PlaceBlocks, ChainNeedsTheLargestPair) {
  const std::vector<Block> chain = {whole(100, 0, 0), whole(200, 0, 1), whole(50, 1, 2), whole(300, 2, 3)};
  const Placement p = place_blocks(chain, {}, 1);
  EXPECT_EQ(p.arena_bytes, 350);
  EXPECT_TRUE(is_valid(chain, p, 1));
}

TEST(PlaceBlocks, RandomProblemsAreValidAndNearTheBound) {
  Rng rng(7);
  double excess = 0;
  constexpr int kProblems = 60;
  for (int problem = 0; problem < kProblems; ++problem) {
    std::vector<Block> blocks(static_cast<std::size_t>(rng.integer(1, 25)));
    for (Block& block : blocks) {
      const int first = static_cast<int>(rng.integer(0, 15));
      block = whole(rng.integer(1, 60) * 16, first, first + static_cast<int>(rng.integer(0, 5)));
    }
    const std::int64_t bound = largest_live_set(blocks);
    const Placement p = place_blocks(blocks, {}, 16, bound);
    ASSERT_TRUE(is_valid(blocks, p, 16));
    ASSERT_GE(p.arena_bytes, bound);
    excess += static_cast<double>(p.arena_bytes) / static_cast<double>(bound) - 1;
  }
  EXPECT_LT(excess / kProblems, 0.02);
}

// Rows of a tensor die one after the other while the rows of the next are born.
TEST(PlaceBlocks, RowsLieOnConsumedRows) {
  Block input{800, {}};
  Block output{800, {}};
  for (int row = 0; row < 8; ++row) {
    input.items.push_back({row * 100, 100, 0, row + 1});
    output.items.push_back({row * 100, 100, row + 1, 9});
  }
  const std::vector<Block> blocks = {input, output};
  const Placement p = place_blocks(blocks, {}, 1);
  EXPECT_EQ(p.arena_bytes, 900);
  EXPECT_TRUE(is_valid(blocks, p, 1));
}

TEST(PlaceBlocks, InPlaceNeedsTheLargerOfBoth) {
  const std::vector<Block> blocks = {whole(800, 0, 1), whole(500, 1, 2), whole(300, 0, 0)};
  const std::vector<InPlace> in_place = {{0, 1}};
  EXPECT_EQ(place_blocks(blocks, in_place, 1).arena_bytes, 1100);
  EXPECT_EQ(place_blocks(blocks, {}, 1).arena_bytes, 1300);
}

// Greedy by size leaves a hole here; the search must find the bound of 20.
TEST(PlaceBlocks, TheSearchClosesHoles) {
  const std::vector<Block> blocks = {whole(8, 0, 1),  whole(4, 1, 3), whole(8, 2, 4),
                                     whole(12, 3, 4), whole(4, 0, 0), whole(8, 1, 1)};
  const Placement p = place_blocks(blocks, {}, 4);
  EXPECT_TRUE(is_valid(blocks, p, 4));
  EXPECT_EQ(p.arena_bytes, largest_live_set(blocks));
}

TEST(PlaceBlocks, NothingToPlace) { EXPECT_EQ(place_blocks({}, {}, 16).arena_bytes, 0); }

}  // namespace
}  // namespace mote
