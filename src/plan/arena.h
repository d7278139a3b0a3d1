// From a partition of the steps into groups to addresses: lives of all items on one clock, then their
// placement.
#pragma once

#include "plan/groups.h"

namespace mote {

inline constexpr std::int64_t kFeedStateBytes = 4;

struct Arena {
  std::vector<std::int64_t> offsets;          // by buffer
  std::vector<std::int64_t> slots;            // by buffer; 0: it stands whole
  std::vector<std::int64_t> scratch_offsets;  // by group
  std::vector<std::vector<RowCall>> calls;    // by group
  std::vector<std::int64_t> live_bytes;       // by step: most at a time
  // Of a streamed input: where the calls stand between two rows, kFeedStateBytes for each member of the first
  // group and one more.
  std::int64_t feed_state_offset = 0, feed_state_bytes = 0;
  std::int64_t bytes = 0, lower_bound_bytes = 0;
};

Arena place_arena(const Program& program, const Partition& partition, int effort);

}  // namespace mote
