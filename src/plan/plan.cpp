#include "plan/plan.h"

#include <algorithm>

#include "plan/memory.h"
#include "plan/order.h"
#include "plan/threads.h"

namespace mote {

bool is_alias(const Graph& graph, NodeId id) {
  const auto name = graph.node(id).op->name();
  return name == "Reshape" || name == "Identity";
}

namespace {

class Planner {
 public:
  Planner(const Graph& graph, const Target& target, const PlanOptions& options) : options_(options) {
    plan_.graph = graph;
    plan_.graph_hash = graph.hash();
    plan_.target = target;
    plan_.optimize = options.optimize;
    plan_.threads = options.threads;
  }

  Plan run() {
    buffers_ = find_buffers(plan_.graph);
    for (const NodeId n : choose_order(plan_.graph, buffers_)) plan_.steps.push_back(bind(n));
    share_in_place();
    place();
    return std::move(plan_);
  }

 private:
  const Graph& graph() const { return plan_.graph; }

  Step bind(NodeId id) const {
    Step step{id, nullptr, {}, {}};
    if (is_alias(graph(), id) && buffers_.of_value[graph().node(id).inputs[0].index] != Buffers::kNone)
      return step;
    const auto name = graph().node(id).op->name();
    const BindContext context{graph(), id, plan_.target, options_.optimize};
    if (!options_.only_kernel.empty())
      for (const KernelRow& row : kernel_table())
        if (row.op == name && row.name == options_.only_kernel && try_row(row, context, step)) return step;
    for (const KernelRow& row : kernel_table())
      if (row.op == name && try_row(row, context, step)) return step;
    std::string why;
    for (const auto& r : step.refused)
      why += (why.empty() ? "" : "; ") + std::string(r.kernel) + ": " + r.reason;
    throw UserError({"no kernel can run this layer", graph().describe(id),
                     why.empty() ? "the operator has no C kernel" : why,
                     "convert the layer to other encodings, or quantize the model"});
  }

  // Binds the row into the step, or notes there why it refuses.
  bool try_row(const KernelRow& row, const BindContext& context, Step& step) const {
    if (!row.feature.empty() && !plan_.target.has(row.feature)) {
      step.refused.push_back({row.name, "the target lacks " + std::string(row.feature)});
      return false;
    }
    BindResult result = row.bind(context);
    if (const auto* refusal = std::get_if<Refusal>(&result)) {
      step.refused.push_back({row.name, refusal->reason});
      return false;
    }
    step.kernel = &row;
    step.bound = std::move(std::get<Bound>(result));
    share_among_threads(context, step.bound, options_.threads);
    for (const KernelCall& call : step.bound.calls)
      step.scratch_bytes = std::max(step.scratch_bytes, call.scratch_bytes);
    return true;
  }

  std::pair<int, int> lifetime(std::uint32_t buffer) const {
    int first = static_cast<int>(plan_.steps.size());
    int last = -1;
    const auto touch = [&](int step) {
      first = std::min(first, step);
      last = std::max(last, step);
    };
    const auto is = [&](ValueId v) { return v.valid() && buffers_.of_value[v.index] == buffer; };
    for (const ValueId v : graph().inputs())
      if (is(v)) touch(0);
    for (std::size_t s = 0; s < plan_.steps.size(); ++s) {
      const Node& node = graph().node(plan_.steps[s].node);
      if (std::any_of(node.inputs.begin(), node.inputs.end(), is) ||
          std::any_of(node.outputs.begin(), node.outputs.end(), is))
        touch(static_cast<int>(s));
    }
    for (const ValueId v : graph().outputs()) {
      if (!is(v)) continue;
      touch(std::max(0, static_cast<int>(plan_.steps.size()) - 1));
      if (graph().constant(v)) touch(0);  // copied before the first step
    }
    return {first, last};
  }

  // An output takes over the buffer of an input that dies in the step, where the kernel allows it.
  void share_in_place() {
    for (std::size_t s = 0; s < plan_.steps.size(); ++s) {
      const Step& step = plan_.steps[s];
      const Node& node = graph().node(step.node);
      if (!step.kernel || node.outputs.size() != 1) continue;
      const std::uint32_t out = buffers_.of_value[node.outputs[0].index];
      for (const ValueId v : step.bound.in_place_inputs) {
        const std::uint32_t in = buffers_.of_value[v.index];
        if (in == Buffers::kNone || in == out || buffers_.bytes[in] < buffers_.bytes[out]) continue;
        if (lifetime(in).second != static_cast<int>(s) || lifetime(out).first != static_cast<int>(s))
          continue;
        for (auto& b : buffers_.of_value)
          if (b == out) b = in;
        break;
      }
    }
  }

  void place() {
    std::vector<Lifetime> lifetimes;
    std::vector<std::uint32_t> slot(buffers_.bytes.size(), Buffers::kNone);  // buffer -> index in lifetimes
    for (std::uint32_t b = 0; b < buffers_.bytes.size(); ++b) {
      const auto [first, last] = lifetime(b);
      if (last < 0) continue;
      slot[b] = static_cast<std::uint32_t>(lifetimes.size());
      lifetimes.push_back({buffers_.bytes[b], first, last});
    }
    std::vector<std::size_t> scratch_slot(plan_.steps.size(), lifetimes.size());
    for (std::size_t s = 0; s < plan_.steps.size(); ++s) {
      if (plan_.steps[s].scratch_bytes == 0) continue;
      scratch_slot[s] = lifetimes.size();
      lifetimes.push_back({plan_.steps[s].scratch_bytes, static_cast<int>(s), static_cast<int>(s)});
    }
    const Placement placement = place_buffers(lifetimes, kArenaAlignment);
    plan_.arena_bytes = placement.arena_bytes;
    int peak_step = 0;
    plan_.lower_bound_bytes = largest_live_set(lifetimes, kArenaAlignment, &peak_step);
    if (!plan_.steps.empty()) plan_.peak_step = static_cast<std::size_t>(peak_step);
    for (std::size_t s = 0; s < plan_.steps.size(); ++s) {
      Step& step = plan_.steps[s];
      if (step.scratch_bytes > 0) step.scratch_offset = placement.offsets[scratch_slot[s]];
      for (const Lifetime& l : lifetimes)
        if (l.first <= static_cast<int>(s) && static_cast<int>(s) <= l.last) step.live_bytes += l.bytes;
    }
    plan_.offsets.resize(graph().values().size());
    for (std::size_t v = 0; v < plan_.offsets.size(); ++v) {
      const std::uint32_t b = buffers_.of_value[v];
      if (b != Buffers::kNone && slot[b] != Buffers::kNone) plan_.offsets[v] = placement.offsets[slot[b]];
    }
  }

  PlanOptions options_;
  Plan plan_;
  Buffers buffers_;
};

}  // namespace

Plan make_plan(const Graph& graph, const Target& target, const PlanOptions& options) {
  if (options.threads > 1 && target.bare_metal())
    throw UserError({"the target has no threads", target.name, "it runs without an operating system",
                     "leave --threads out, or choose a hosted target"});
  return Planner(graph, target, options).run();
}

}  // namespace mote
