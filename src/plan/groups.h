// Where to cut the sequence of steps into groups, each one layer by itself or a chain that runs row by row:
// dynamic programming over the cut points, with the largest live set of each group as its cost.
#pragma once

#include <map>

#include "plan/schedule.h"

namespace mote {

struct Partition {
  std::vector<std::size_t> cuts;  // first step of each group, and the number of steps
  std::int64_t peak_bytes = 0;    // largest live set
  std::int64_t extra_calls = 0;   // beyond one for each step
};

class GroupSearch {
 public:
  explicit GroupSearch(const Program& program) : program_(program) {}

  // Every step by itself.
  Partition layers();
  // Partitions of which none has both less peak and fewer calls than another, and some of long groups, which
  // are easier to place.
  std::vector<Partition> candidates();

 private:
  enum class Few { kCalls, kGroups };
  // The cheapest of the partitions that stay within the limit; nothing when there is none.
  std::optional<Partition> within(std::int64_t limit_bytes, Few few);
  void add_long_groups(std::vector<Partition>& partitions);

  struct Cost {
    std::int64_t bytes = 0, extra_calls = 0;
  };
  Cost cost(std::size_t begin, std::size_t end);
  std::size_t longest() const;

  const Program& program_;
  std::map<std::pair<std::size_t, std::size_t>, Cost> costs_;
};

}  // namespace mote
