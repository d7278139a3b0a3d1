#include "plan/groups.h"

#include <algorithm>
#include <limits>
#include <set>

namespace mote {

namespace {

constexpr std::int64_t kImpossible = std::numeric_limits<std::int64_t>::max() / 4;

}  // namespace

// Long chains are tried only where the network is small enough that all pairs of cuts are quick to simulate.
std::size_t GroupSearch::longest() const {
  std::size_t ticks = 1;
  for (const StepUse& step : program_.steps) ticks += static_cast<std::size_t>(step.blocks());
  const std::size_t per_step = ticks / std::max<std::size_t>(program_.steps.size(), 1) + 1;
  std::size_t length = 24;
  while (length > 4 && program_.steps.size() * length * length * length / 4 * per_step > 60'000'000) --length;
  return length;
}

GroupSearch::Cost GroupSearch::cost(std::size_t begin, std::size_t end) {
  const auto [at, is_new] = costs_.try_emplace({begin, end});
  if (!is_new) return at->second;
  bool possible = true;
  for (std::size_t s = begin; s < end && end - begin > 1; ++s)
    possible = possible && (program_.steps[s].by_rows || !program_.steps[s].runs);
  if (!possible) return at->second = {kImpossible, 0};
  const GroupRun run = simulate_group(program_, begin, end);
  std::int64_t running = 0;
  for (std::size_t s = begin; s < end; ++s) running += program_.steps[s].runs ? 1 : 0;
  const auto extra = static_cast<std::int64_t>(run.joined_calls) - running;
  return at->second = {peak_bytes(program_, run), extra};
}

Partition GroupSearch::layers() {
  Partition p;
  for (std::size_t s = 0; s <= program_.steps.size(); ++s) p.cuts.push_back(s);
  for (std::size_t s = 0; s < program_.steps.size(); ++s)
    p.peak_bytes = std::max(p.peak_bytes, cost(s, s + 1).bytes);
  return p;
}

std::optional<Partition> GroupSearch::within(std::int64_t limit, Few few) {
  const std::size_t n = program_.steps.size();
  struct Best {
    std::int64_t price = kImpossible, calls = 0, peak = 0;
    std::size_t from = 0;
  };
  std::vector<Best> best(n + 1);
  best[0].price = 0;
  const std::size_t length = longest();
  for (std::size_t end = 1; end <= n; ++end)
    for (std::size_t begin = end; begin-- > end - std::min(end, length);) {  // of equals the shorter group
      if (best[begin].price >= kImpossible) continue;
      const Cost c = cost(begin, end);
      if (c.bytes > limit) continue;
      const std::int64_t calls = best[begin].calls + c.extra_calls;
      const std::int64_t peak = std::max(best[begin].peak, c.bytes);
      const std::int64_t price = few == Few::kCalls ? calls : best[begin].price + 1;
      if (price < best[end].price || (price == best[end].price && peak < best[end].peak))
        best[end] = {price, calls, peak, begin};
    }
  if (best[n].price >= kImpossible) return std::nullopt;
  Partition p{{n}, best[n].peak, best[n].calls};
  while (p.cuts.back() > 0) p.cuts.push_back(best[p.cuts.back()].from);
  std::reverse(p.cuts.begin(), p.cuts.end());
  return p;
}

std::vector<Partition> GroupSearch::candidates() {
  std::vector<Partition> result;
  // from the loosest limit down: each partition's own peak is the next limit to beat
  std::int64_t limit = kImpossible - 1;
  while (const auto p = within(limit, Few::kCalls)) {
    result.push_back(*p);
    limit = p->peak_bytes - 1;
    if (program_.steps.empty()) break;
  }
  add_long_groups(result);
  std::reverse(result.begin(), result.end());
  return result;
}

// A chain of overlays may not reach its largest live set: each layer lies a little below the one before. Long
// groups have a fixed place for their rings.
void GroupSearch::add_long_groups(std::vector<Partition>& partitions) {
  constexpr std::size_t kMost = 12;
  if (partitions.empty()) return;
  std::set<std::int64_t> limits;
  const std::int64_t least = partitions.back().peak_bytes;
  for (const auto& [cuts, cost] : costs_)
    if (cuts.second - cuts.first > 1 && cost.bytes >= least && cost.bytes < 2 * least)
      limits.insert(cost.bytes);
  std::size_t i = 0;
  for (const std::int64_t limit : limits)
    if (i++ * kMost % limits.size() < kMost)
      if (auto p = within(limit, Few::kGroups)) partitions.push_back(std::move(*p));
}

}  // namespace mote
