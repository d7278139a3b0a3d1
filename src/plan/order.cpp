#include "plan/order.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "plan/plan.h"

namespace mote {

namespace {

using Set = std::vector<bool>;

// Searches orders node by node. A state is the set of executed nodes; what is live after it does not depend
// on the order within, so the best way to finish from a state is memoized.
class OrderSearch {
 public:
  OrderSearch(const Graph& graph, const Buffers& buffers, std::size_t limit)
      : graph_(graph), buffers_(buffers), limit_(limit) {
    readers_.resize(buffers.bytes.size());
    for (const NodeId n : node_ids(graph)) {
      for (const ValueId v : graph.node(n).inputs)
        if (v.valid() && buffer(v) != Buffers::kNone) readers_[buffer(v)].insert(n.index);
      for (const ValueId v : graph.node(n).outputs) readers_[buffer(v)].insert(n.index);
    }
    kept_.assign(buffers.bytes.size(), false);
    for (const ValueId v : graph.outputs()) kept_[buffer(v)] = true;
  }

  std::optional<std::vector<NodeId>> run() {
    Set done(graph_.nodes().size(), false);
    if (!solve(done)) return std::nullopt;
    std::vector<NodeId> order;
    while (order.size() < graph_.nodes().size()) {
      const std::uint32_t n = best_.at(done).second;
      order.push_back(NodeId{n});
      done[n] = true;
    }
    return order;
  }

 private:
  std::uint32_t buffer(ValueId v) const { return buffers_.of_value[v.index]; }

  bool ready(const Set& done, std::uint32_t n) const {
    if (done[n]) return false;
    const Node& node = graph_.node(NodeId{n});
    return std::all_of(node.inputs.begin(), node.inputs.end(), [&](ValueId v) {
      return !v.valid() || !graph_.value(v).producer.valid() || done[graph_.value(v).producer.index];
    });
  }

  // Bytes that exist while node n runs after `done`.
  std::int64_t live_during(const Set& done, std::uint32_t n) const {
    std::int64_t sum = 0;
    for (std::uint32_t b = 0; b < buffers_.bytes.size(); ++b) {
      const auto& users = readers_[b];
      const bool touched = users.contains(n);
      const bool born =
          is_input_buffer(b) || std::any_of(users.begin(), users.end(), [&](auto u) { return done[u]; });
      const bool needed =
          kept_[b] || std::any_of(users.begin(), users.end(), [&](auto u) { return !done[u]; });
      if (touched || (born && needed)) sum += buffers_.bytes[b];
    }
    return sum;
  }

  bool is_input_buffer(std::uint32_t b) const {
    const auto inputs = graph_.inputs();
    return std::any_of(inputs.begin(), inputs.end(), [&](ValueId v) { return buffer(v) == b; });
  }

  // Fills best_ for `done`; false when there are too many states. Iterative over a worklist would be longer;
  // the depth is the number of nodes, bounded by the caller.
  bool solve(const Set& done) {
    if (best_.contains(done)) return true;
    if (best_.size() >= limit_) return false;
    std::pair<std::int64_t, std::uint32_t> best{-1, Buffers::kNone};
    for (std::uint32_t n = 0; n < done.size(); ++n) {
      if (!ready(done, n)) continue;
      Set next = done;
      next[n] = true;
      if (!solve(next)) return false;
      const std::int64_t peak = std::max(live_during(done, n), best_.at(next).first);
      if (best.first < 0 || peak < best.first) best = {peak, n};
    }
    best_[done] = {std::max<std::int64_t>(best.first, 0), best.second};
    return true;
  }

  const Graph& graph_;
  const Buffers& buffers_;
  const std::size_t limit_;
  std::vector<std::set<std::uint32_t>> readers_;
  std::vector<bool> kept_;
  std::map<Set, std::pair<std::int64_t, std::uint32_t>> best_;
};

bool is_chain(const Graph& graph) {
  return std::all_of(graph.nodes().begin(), graph.nodes().end(),
                     [&](const Node& node) {
                       return std::all_of(node.outputs.begin(), node.outputs.end(),
                                          [&](ValueId v) { return graph.consumers(v).size() <= 1; });
                     }) &&
         graph.outputs().size() == 1;
}

}  // namespace

std::vector<NodeId> choose_order(const Graph& graph, const Buffers& buffers, std::size_t state_limit) {
  constexpr std::size_t kMaxDepth = 2000;  // of the recursion
  if (!is_chain(graph) && graph.nodes().size() <= kMaxDepth)
    if (auto order = OrderSearch(graph, buffers, state_limit).run()) return *order;
  return node_ids(graph);
}

namespace {

class OrderList {
 public:
  OrderList(const Graph& graph, std::size_t limit) : graph_(graph), limit_(limit) {
    for (const NodeId n : node_ids(graph)) {
      std::set<std::uint32_t> producers;
      for (const ValueId v : graph.node(n).inputs)
        if (v.valid() && graph.value(v).producer.valid()) producers.insert(graph.value(v).producer.index);
      missing_.push_back(producers.size());
      if (producers.empty()) ready_.insert(n.index);
      followers_.resize(graph.nodes().size());
      for (const std::uint32_t p : producers) followers_[p].push_back(n.index);
    }
  }

  std::vector<std::vector<NodeId>> run() {
    extend();
    return std::move(orders_);
  }

 private:
  // The ready node of the lowest index first: the first order is the graph's own.
  void extend() {
    if (order_.size() == graph_.nodes().size()) {
      orders_.push_back(order_);
      return;
    }
    const std::set<std::uint32_t> choices = ready_;
    for (const std::uint32_t n : choices) {
      if (orders_.size() >= limit_) return;
      order_.push_back(NodeId{n});
      ready_.erase(n);
      for (const std::uint32_t f : followers_[n])
        if (--missing_[f] == 0) ready_.insert(f);
      extend();
      for (const std::uint32_t f : followers_[n])
        if (missing_[f]++ == 0) ready_.erase(f);
      ready_.insert(n);
      order_.pop_back();
    }
  }

  const Graph& graph_;
  std::size_t limit_;
  std::vector<std::size_t> missing_;
  std::vector<std::vector<std::uint32_t>> followers_;
  std::set<std::uint32_t> ready_;
  std::vector<NodeId> order_;  // so far
  std::vector<std::vector<NodeId>> orders_;
};

}  // namespace

std::vector<std::vector<NodeId>> list_orders(const Graph& graph, std::size_t limit) {
  constexpr std::size_t kMaxDepth = 2000;  // of the recursion
  if (graph.nodes().size() > kMaxDepth) return {node_ids(graph)};
  return OrderList(graph, limit).run();
}

}  // namespace mote
