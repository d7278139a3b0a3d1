#include "plan/memory.h"

#include <algorithm>
#include <numeric>

#include "base/error.h"

namespace mote {

namespace {

std::int64_t round_up(std::int64_t bytes, std::int64_t alignment) {
  return (bytes + alignment - 1) / alignment * alignment;
}

bool overlap(const Lifetime& a, const Lifetime& b) { return a.first <= b.last && b.first <= a.last; }

class Placer {
 public:
  Placer(const std::vector<Lifetime>& buffers, std::int64_t alignment) : buffers_(buffers) {
    for (const Lifetime& b : buffers) sizes_.push_back(round_up(b.bytes, alignment));
    neighbours_.resize(buffers.size());
    for (std::size_t i = 0; i < buffers.size(); ++i)
      for (std::size_t j = 0; j < buffers.size(); ++j)
        if (i != j && overlap(buffers[i], buffers[j])) neighbours_[i].push_back(j);
    bound_ = largest_live_set(buffers, alignment);
  }

  Placement run() {
    for (const auto& order : greedy_orders()) {
      place_in(order);
      if (best_.arena_bytes == bound_) return best_;
    }
    constexpr std::size_t kExactLimit = 40;
    if (buffers_.size() <= kExactLimit) {
      offsets_.assign(buffers_.size(), kUnplaced);
      budget_ = 200000;
      search(0, 0);
    }
    return best_;
  }

 private:
  static constexpr std::int64_t kUnplaced = -1;
  using Order = std::vector<std::size_t>;

  std::vector<Order> greedy_orders() const {
    const auto sorted = [&](auto key) {
      Order order(buffers_.size());
      std::iota(order.begin(), order.end(), 0);
      std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return key(a) > key(b); });
      return order;
    };
    const auto span = [&](std::size_t i) {
      return static_cast<std::int64_t>(buffers_[i].last - buffers_[i].first + 1);
    };
    return {sorted([&](auto i) { return sizes_[i]; }), sorted([&](auto i) { return sizes_[i] * span(i); }),
            sorted(span), sorted([&](auto i) { return -std::int64_t{buffers_[i].first}; })};
  }

  // Ranges of the placed neighbours of buffer i, from the ground up.
  std::vector<std::pair<std::int64_t, std::int64_t>> taken_by_neighbours(std::size_t i) const {
    std::vector<std::pair<std::int64_t, std::int64_t>> taken;
    for (const std::size_t n : neighbours_[i])
      if (offsets_[n] != kUnplaced) taken.emplace_back(offsets_[n], offsets_[n] + sizes_[n]);
    std::sort(taken.begin(), taken.end());
    return taken;
  }

  // The gap between placed neighbours that fits tightest; on top of them when none fits.
  std::int64_t best_fit(std::size_t i) const {
    std::int64_t end = 0;
    std::int64_t offset = kUnplaced;
    std::int64_t tightest = 0;
    for (const auto& [from, to] : taken_by_neighbours(i)) {
      const std::int64_t gap = from - end;
      if (gap >= sizes_[i] && (offset == kUnplaced || gap < tightest)) {
        offset = end;
        tightest = gap;
      }
      end = std::max(end, to);
    }
    return offset == kUnplaced ? end : offset;
  }

  void place_in(const Order& order) {
    offsets_.assign(buffers_.size(), kUnplaced);
    std::int64_t height = 0;
    for (const std::size_t i : order) {
      offsets_[i] = best_fit(i);
      height = std::max(height, offsets_[i] + sizes_[i]);
    }
    keep(height);
  }

  void keep(std::int64_t height) {
    if (best_.offsets.size() == buffers_.size() && height >= best_.arena_bytes) return;
    best_.offsets = offsets_;
    best_.arena_bytes = height;
  }

  // Branch and bound: every buffer in turn at the bottom of every gap among its placed neighbours. Some
  // optimal placement has each buffer resting on another or on the ground, so trying all orders of lowest
  // fits reaches it.
  void search(std::size_t placed, std::int64_t height) {
    if (height >= best_.arena_bytes || best_.arena_bytes == bound_ || --budget_ < 0) return;
    if (placed == buffers_.size()) return keep(height);
    std::vector<std::pair<std::int64_t, std::size_t>> choices;
    for (std::size_t i = 0; i < buffers_.size(); ++i)
      if (offsets_[i] == kUnplaced) choices.emplace_back(lowest_fit(i), i);
    std::sort(choices.begin(), choices.end(), [&](const auto& a, const auto& b) {
      return a.first != b.first ? a.first < b.first : sizes_[a.second] > sizes_[b.second];
    });
    for (const auto& [offset, i] : choices) {
      offsets_[i] = offset;
      search(placed + 1, std::max(height, offset + sizes_[i]));
      offsets_[i] = kUnplaced;
    }
  }

  std::int64_t lowest_fit(std::size_t i) const {
    std::int64_t end = 0;
    for (const auto& [from, to] : taken_by_neighbours(i)) {
      if (from - end >= sizes_[i]) return end;
      end = std::max(end, to);
    }
    return end;
  }

  const std::vector<Lifetime>& buffers_;
  std::vector<std::int64_t> sizes_;
  std::vector<std::vector<std::size_t>> neighbours_;
  std::int64_t bound_ = 0;
  std::vector<std::int64_t> offsets_;
  Placement best_;
  std::int64_t budget_ = 0;
};

}  // namespace

std::int64_t largest_live_set(const std::vector<Lifetime>& buffers, std::int64_t alignment, int* at_step) {
  std::int64_t largest = 0;
  for (const Lifetime& candidate : buffers) {  // the maximum is reached where some buffer is born
    std::int64_t sum = 0;
    for (const Lifetime& b : buffers)
      if (b.first <= candidate.first && candidate.first <= b.last) sum += round_up(b.bytes, alignment);
    if (sum > largest) {
      largest = sum;
      if (at_step) *at_step = candidate.first;
    }
  }
  return largest;
}

Placement place_buffers(const std::vector<Lifetime>& buffers, std::int64_t alignment) {
  return Placer(buffers, alignment).run();
}

}  // namespace mote
