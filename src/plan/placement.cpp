#include "plan/placement.h"

#include <algorithm>
#include <limits>
#include <map>
#include <numeric>

#include "base/rng.h"

namespace mote {

namespace {

std::int64_t round_up(std::int64_t bytes, std::int64_t alignment) {
  return (bytes + alignment - 1) / alignment * alignment;
}

// Open interval of forbidden differences.
struct Interval {
  std::int64_t low, high;
};

void merge(std::vector<Interval>& intervals) {
  std::sort(intervals.begin(), intervals.end(),
            [](const Interval& a, const Interval& b) { return a.low < b.low; });
  std::size_t kept = 0;
  for (const Interval& next : intervals) {
    if (kept > 0 && next.low < intervals[kept - 1].high)
      intervals[kept - 1].high = std::max(intervals[kept - 1].high, next.high);
    else
      intervals[kept++] = next;
  }
  intervals.resize(kept);
}

// Where block b may not stand relative to block a.
std::vector<Interval> forbidden(const Block& a, const Block& b) {
  std::vector<Interval> intervals;
  for (const Item& x : a.items)
    for (const Item& y : b.items)
      if (x.first <= y.last && y.first <= x.last)
        intervals.push_back({x.offset - y.offset - y.bytes, x.offset + x.bytes - y.offset});
  merge(intervals);
  return intervals;
}

struct Neighbour {
  std::size_t block;
  std::vector<Interval> intervals;  // of this block's offset less the neighbour's
};

class Placer {
 public:
  Placer(std::span<const Block> blocks, std::span<const InPlace> in_place, std::int64_t alignment)
      : blocks_(blocks),
        alignment_(alignment),
        neighbours_(blocks.size()),
        spans_(blocks.size(), {std::numeric_limits<int>::max(), -1}) {
    for (std::size_t i = 0; i < blocks.size(); ++i)
      for (const Item& item : blocks[i].items) {
        spans_[i].first = std::min(spans_[i].first, item.first);
        spans_[i].second = std::max(spans_[i].second, item.last);
      }
    std::map<std::pair<std::size_t, std::size_t>, bool> together;
    for (const InPlace& p : in_place) together[{p.under, p.over}] = together[{p.over, p.under}] = true;
    for (std::size_t i = 0; i < blocks.size(); ++i)
      for (std::size_t j = i + 1; j < blocks.size(); ++j) {
        if (spans_[i].first > spans_[j].second || spans_[j].first > spans_[i].second) continue;
        auto intervals = forbidden(blocks[i], blocks[j]);
        if (together.contains({i, j})) open_at_zero(intervals);
        if (intervals.empty()) continue;
        std::vector<Interval> mirrored;
        for (auto at = intervals.rbegin(); at != intervals.rend(); ++at)
          mirrored.push_back({-at->high, -at->low});
        neighbours_[j].push_back({i, std::move(intervals)});
        neighbours_[i].push_back({j, std::move(mirrored)});
      }
  }

  Placement run(std::int64_t goal, int effort) {
    if (blocks_.empty()) return {};
    for (const Order& order : greedy_orders()) {
      place_in(order);
      if (best_.arena_bytes <= goal) return best_;
    }
    improve(goal, effort);
    return best_;
  }

 private:
  using Order = std::vector<std::size_t>;
  static constexpr std::int64_t kUnplaced = -1;

  static void open_at_zero(std::vector<Interval>& intervals) {
    std::vector<Interval> result;
    for (const Interval& i : intervals) {
      if (i.low >= 0 || i.high <= 0) {
        result.push_back(i);
        continue;
      }
      result.push_back({i.low, 0});
      result.push_back({0, i.high});
    }
    intervals = std::move(result);
  }

  std::vector<Order> greedy_orders() const {
    const auto sorted = [&](auto key) {
      Order order(blocks_.size());
      std::iota(order.begin(), order.end(), 0);
      std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return key(a) > key(b); });
      return order;
    };
    const auto time = [&](std::size_t i) { return std::int64_t{spans_[i].second} - spans_[i].first + 1; };
    return {sorted([&](auto i) { return blocks_[i].bytes; }),
            sorted([&](auto i) { return blocks_[i].bytes * time(i); }), sorted(time),
            sorted([&](auto i) { return -std::int64_t{spans_[i].first}; }),
            sorted([&](auto i) { return std::int64_t{spans_[i].first}; })};
  }

  // The lowest place that no placed neighbour forbids.
  std::int64_t lowest_fit(std::size_t block) {
    taken_.clear();
    for (const Neighbour& n : neighbours_[block])
      if (offsets_[n.block] != kUnplaced)
        for (const Interval& i : n.intervals)
          if (offsets_[n.block] + i.high > 0)
            taken_.push_back({offsets_[n.block] + i.low, offsets_[n.block] + i.high});
    std::sort(taken_.begin(), taken_.end(),
              [](const Interval& a, const Interval& b) { return a.low < b.low; });
    std::int64_t offset = 0;
    for (const Interval& i : taken_) {
      if (offset <= i.low) break;
      if (offset < i.high) offset = round_up(i.high, alignment_);
    }
    return offset;
  }

  std::int64_t place_in(const Order& order) {
    offsets_.assign(blocks_.size(), kUnplaced);
    std::int64_t height = 0;
    for (const std::size_t i : order) {
      offsets_[i] = lowest_fit(i);
      height = std::max(height, offsets_[i] + blocks_[i].bytes);
    }
    height = round_up(height, alignment_);
    if (best_.offsets.empty() || height < best_.arena_bytes) {
      best_.offsets = offsets_;
      best_.arena_bytes = height;
      best_order_ = order;
    }
    return height;
  }

  // Random moves of blocks in the order, those at the top first; equal results are taken, worse ones rarely.
  void improve(std::int64_t goal, int effort) {
    Rng rng(1);
    Order current = best_order_;
    std::int64_t height = best_.arena_bytes;
    auto offsets = best_.offsets;
    const auto last = static_cast<std::int64_t>(blocks_.size()) - 1;
    std::int64_t budget = std::int64_t{effort} * 100;  // of placed blocks
    while (budget > 0 && best_.arena_bytes > goal) {
      budget -= last + 1;
      Order next = current;
      const auto move = [&](std::size_t block) {
        next.erase(std::find(next.begin(), next.end(), block));
        next.insert(next.begin() + rng.integer(0, last), block);
      };
      if (rng.chance(0.6)) {
        std::vector<std::size_t> top;
        for (std::size_t i = 0; i < blocks_.size(); ++i)
          if (round_up(offsets[i] + blocks_[i].bytes, alignment_) == height) top.push_back(i);
        if (!top.empty())
          move(top[static_cast<std::size_t>(rng.integer(0, static_cast<std::int64_t>(top.size()) - 1))]);
      }
      for (std::int64_t moves = rng.integer(0, 3); moves > 0; --moves)
        move(static_cast<std::size_t>(rng.integer(0, last)));
      const std::int64_t result = place_in(next);
      if (result <= height || rng.chance(0.02)) {
        current = std::move(next);
        height = result;
        offsets = offsets_;
      }
    }
  }

  std::span<const Block> blocks_;
  std::int64_t alignment_;
  std::vector<std::vector<Neighbour>> neighbours_;
  std::vector<std::pair<int, int>> spans_;
  std::vector<std::int64_t> offsets_;
  std::vector<Interval> taken_;
  Placement best_;
  Order best_order_;
};

}  // namespace

Placement place_blocks(std::span<const Block> blocks, std::span<const InPlace> in_place,
                       std::int64_t alignment, std::int64_t goal, int effort) {
  return Placer(blocks, in_place, alignment).run(goal, effort);
}

std::int64_t largest_live_set(std::span<const Block> blocks) {
  std::map<int, std::int64_t> change;
  for (const Block& block : blocks)
    for (const Item& item : block.items) {
      change[item.first] += item.bytes;
      change[item.last + 1] -= item.bytes;
    }
  std::int64_t live = 0;
  std::int64_t largest = 0;
  for (const auto& [tick, bytes] : change) largest = std::max(largest, live += bytes);
  return largest;
}

}  // namespace mote
