// Placement of buffers in the arena: each has a size and a first and last step; two that live at the same
// time must not overlap. This is dynamic storage allocation (NP-hard); greedy best fit in several orders,
// then an exact search where few.
#pragma once

#include <cstdint>
#include <vector>

namespace mote {

struct Lifetime {
  std::int64_t bytes = 0;
  int first = 0;  // steps, both included
  int last = 0;
};

struct Placement {
  std::vector<std::int64_t> offsets;  // by buffer, multiples of `alignment`
  std::int64_t arena_bytes = 0;       // highest end
};

// Sum of the bytes (rounded up to the alignment) that live at each step, and the largest of them: the lower
// bound.
std::int64_t largest_live_set(const std::vector<Lifetime>& buffers, std::int64_t alignment,
                              int* at_step = nullptr);

Placement place_buffers(const std::vector<Lifetime>& buffers, std::int64_t alignment);

}  // namespace mote
