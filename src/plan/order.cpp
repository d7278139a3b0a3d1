#include "plan/order.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "plan/plan.h"

namespace mote {

Buffers find_buffers(const Graph& graph) {
  Buffers buffers;
  buffers.of_value.assign(graph.values().size(), Buffers::kNone);
  const auto fresh = [&](ValueId v) {
    buffers.of_value[v.index] = static_cast<std::uint32_t>(buffers.bytes.size());
    buffers.bytes.push_back(graph.type(v).bytes());
  };
  for (const ValueId v : graph.inputs())
    if (buffers.of_value[v.index] == Buffers::kNone) fresh(v);
  for (const NodeId n : node_ids(graph)) {
    const Node& node = graph.node(n);
    for (const ValueId out : node.outputs) {
      if (is_alias(graph, n) && !graph.constant(node.inputs[0]))
        buffers.of_value[out.index] = buffers.of_value[node.inputs[0].index];
      else
        fresh(out);
    }
  }
  for (const ValueId v : graph.outputs())
    if (buffers.of_value[v.index] == Buffers::kNone)
      fresh(v);  // a constant that is an output is copied into the arena
  return buffers;
}

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

}  // namespace mote
