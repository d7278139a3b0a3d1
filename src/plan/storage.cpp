#include "plan/storage.h"

#include <algorithm>

#include "ops/concat.h"
#include "ops/movement.h"
#include "ops/split.h"
#include "plan/plan.h"
#include "plan/rows.h"

namespace mote {

Buffers find_buffers(const Graph& graph, const Packing& packing) {
  Buffers buffers;
  for (std::size_t v = 0; v < graph.values().size(); ++v)
    buffers.of_value_bytes.push_back(packing.bytes(graph, ValueId{static_cast<std::uint32_t>(v)}));
  buffers.of_value.assign(graph.values().size(), Buffers::kNone);
  buffers.offset.assign(graph.values().size(), 0);
  const auto fresh = [&](ValueId v) {
    buffers.of_value[v.index] = static_cast<std::uint32_t>(buffers.bytes.size());
    buffers.bytes.push_back(buffers.bytes_of(v));
  };
  for (const ValueId v : graph.inputs())
    if (!buffers.holds(v)) fresh(v);
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
    if (!buffers.holds(v)) fresh(v);  // a constant that is an output is copied into the arena
  return buffers;
}

namespace {

// All values of buffer `from` move to `offset` in buffer `to`.
void move_into(Buffers& buffers, std::uint32_t from, std::uint32_t to, std::int64_t offset) {
  for (std::size_t v = 0; v < buffers.of_value.size(); ++v) {
    if (buffers.of_value[v] != from) continue;
    buffers.of_value[v] = to;
    buffers.offset[v] += offset;
  }
  buffers.bytes[from] = 0;
}

bool contiguous_parts(const Shape& whole, std::size_t axis) { return movement::product(whole, 0, axis) == 1; }

class SliceSharing {
 public:
  SliceSharing(const Graph& graph, Buffers& buffers, bool keep_inputs) : graph_(graph), buffers_(buffers) {
    fixed_.assign(buffers.bytes.size(), false);
    for (std::size_t v = 0; v < graph.values().size(); ++v) {  // constants that are outputs are copied early
      const ValueId id{static_cast<std::uint32_t>(v)};
      if (buffers.holds(id) && graph.constant(id)) fix(id);
    }
    if (keep_inputs)
      for (const ValueId v : graph.inputs()) fix(v);
  }

  void share(Step& step) {
    const Node& node = graph_.node(step.node);
    if (const auto* concat = node.as<Concat>())
      share(step, node.outputs[0], node.inputs, static_cast<std::size_t>(concat->axis), true);
    if (const auto* split = node.as<Split>())
      share(step, node.inputs[0], node.outputs, static_cast<std::size_t>(split->axis), false);
  }

 private:
  void fix(ValueId v) { fixed_[buffers_.of_value[v.index]] = true; }

  void share(Step& step, ValueId whole, const std::vector<ValueId>& parts, std::size_t axis, bool concat) {
    if (!contiguous_parts(graph_.type(whole).shape, axis) || !buffers_.holds(whole)) return;
    std::int64_t start = 0;
    for (const ValueId part : parts) {
      const std::int64_t bytes = buffers_.bytes_of(part);
      if (bytes > 0 && can_move(part, whole, bytes)) {
        const std::uint32_t from = buffers_.of_value[part.index];
        move_into(buffers_, from, buffers_.of_value[whole.index], buffers_.offset[whole.index] + start);
        auto& calls = step.bound.calls;
        const auto copy = std::find_if(calls.begin(), calls.end(), [&](const KernelCall& call) {
          return (concat ? call.inputs : call.outputs).at(0) == part;
        });
        MOTE_CHECK(copy != calls.end());
        calls.erase(copy);
      }
      start += bytes;
    }
  }

  bool can_move(ValueId part, ValueId whole, std::int64_t bytes) const {
    if (!buffers_.holds(part)) return false;
    const std::uint32_t from = buffers_.of_value[part.index];
    return from != buffers_.of_value[whole.index] && !fixed_[from] && buffers_.bytes[from] == bytes;
  }

  const Graph& graph_;
  Buffers& buffers_;
  std::vector<bool> fixed_;
};

// Do the values overlap in memory?
bool overlap(const Buffers& buffers, ValueId a, ValueId b) {
  if (!buffers.holds(a) || !buffers.holds(b) || buffers.of_value[a.index] != buffers.of_value[b.index])
    return false;
  const std::int64_t from_a = buffers.offset[a.index];
  const std::int64_t from_b = buffers.offset[b.index];
  return from_a < from_b + buffers.bytes_of(b) && from_b < from_a + buffers.bytes_of(a);
}

// Does nothing need the bytes of `v` after step s?
bool dies_in(const Graph& graph, const std::vector<Step>& steps, const Buffers& buffers, ValueId v,
             std::size_t s) {
  const auto meets = [&](ValueId other) { return overlap(buffers, v, other); };
  const auto outputs = graph.outputs();
  if (std::any_of(outputs.begin(), outputs.end(), meets)) return false;
  for (std::size_t later = s + 1; later < steps.size(); ++later) {
    const Node& node = graph.node(steps[later].node);
    if (std::any_of(node.inputs.begin(), node.inputs.end(), meets) ||
        std::any_of(node.outputs.begin(), node.outputs.end(), meets))
      return false;
  }
  return true;
}

}  // namespace

void share_slices(const Graph& graph, std::vector<Step>& steps, Buffers& buffers, bool keep_inputs) {
  SliceSharing sharing(graph, buffers, keep_inputs);
  for (Step& step : steps)
    if (step.kernel) sharing.share(step);
}

void share_in_place(const Graph& graph, const std::vector<Step>& steps, Buffers& buffers, bool keep_inputs) {
  for (std::size_t s = 0; s < steps.size(); ++s) {
    const Step& step = steps[s];
    const Node& node = graph.node(step.node);
    if (!step.kernel || node.outputs.size() != 1 || reads_windows(graph, step.node)) continue;
    const ValueId y = node.outputs[0];
    const std::uint32_t out = buffers.of_value[y.index];
    for (const ValueId x : step.bound.in_place_inputs) {
      if (!buffers.holds(x)) continue;
      const std::uint32_t in = buffers.of_value[x.index];
      const std::int64_t bytes = buffers.bytes_of(y);
      if (in == out || buffers.bytes_of(x) != bytes || !dies_in(graph, steps, buffers, x, s)) continue;
      // the one that moves must be all of its buffer
      if (buffers.bytes[out] == bytes)
        move_into(buffers, out, in, buffers.offset[x.index]);
      else if (buffers.bytes[in] == bytes && !keep_inputs)
        move_into(buffers, in, out, buffers.offset[y.index]);
      else
        continue;
      break;
    }
  }
}

}  // namespace mote
