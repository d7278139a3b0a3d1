#include "plan/plan.h"

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "plan/arena.h"
#include "plan/order.h"
#include "plan/packed_rows.h"
#include "plan/threads.h"

namespace mote {

bool is_alias(const Graph& graph, NodeId id) {
  const auto name = graph.node(id).op->name();
  return name == "Reshape" || name == "Identity";
}

namespace {

constexpr std::size_t kMostOrders = 32;
constexpr std::size_t kMostPlacements = 24;

// Binds each node to the first row that takes it.
class Binder {
 public:
  Binder(const Graph& graph, const Target& target, Optimize optimize, const PlanOptions& options)
      : graph_(graph),
        target_(target),
        optimize_(optimize),
        only_kernel_(options.only_kernel),
        threads_(options.threads) {}

  Step bind(NodeId id, const Packing& packing) const {
    Step step{id, nullptr, {}, {}};
    if (try_bind(id, packing, step)) return step;
    std::string why;
    for (const auto& r : step.refused)
      why += (why.empty() ? "" : "; ") + std::string(r.kernel) + ": " + r.reason;
    throw UserError({"no kernel can run this layer", graph_.describe(id),
                     why.empty() ? "the operator has no C kernel" : why,
                     "convert the layer to other encodings, or quantize the model"});
  }

  Packing choose_packing(bool pack_all) const {
    return mote::choose_packing(
        graph_, pack_all ? Optimize::kRam : optimize_, [&](NodeId id, const Packing& packing) {
          Step step{id, nullptr, {}, {}};
          if (!try_bind(id, packing, step)) return PackedRun::kNot;
          return step.kernel && step.kernel->takes_packed ? PackedRun::kNatively : PackedRun::kOnStrips;
        });
  }

 private:
  bool try_bind(NodeId id, const Packing& packing, Step& step) const {
    if (is_alias(graph_, id) && !graph_.constant(graph_.node(id).inputs[0])) return true;
    const auto name = graph_.node(id).op->name();
    const BindContext context{graph_, id, target_, optimize_, &packing};
    if (!only_kernel_.empty())
      for (const KernelRow& row : kernel_table())
        if (row.op == name && row.name == only_kernel_ && try_row(row, context, step)) return true;
    return std::any_of(kernel_table().begin(), kernel_table().end(),
                       [&](const KernelRow& row) { return row.op == name && try_row(row, context, step); });
  }

  // Binds the row into the step, or notes there why it refuses.
  bool try_row(const KernelRow& row, const BindContext& context, Step& step) const {
    if (!row.feature.empty() && !target_.has(row.feature)) return false;  // of another instruction set
    BindResult result = row.bind(context);
    if (!row.takes_packed && context.any_packed() && std::holds_alternative<Bound>(result))
      result = run_on_strips(context, std::move(std::get<Bound>(result)));
    if (const auto* refusal = std::get_if<Refusal>(&result)) {
      step.refused.push_back({row.name, refusal->reason});
      return false;
    }
    step.kernel = &row;
    step.bound = std::move(std::get<Bound>(result));
    if (!context.any_packed()) share_among_threads(context, step.bound, threads_);
    for (const KernelCall& call : step.bound.calls)
      step.scratch_bytes = std::max(step.scratch_bytes, call.scratch_bytes);
    return true;
  }

  const Graph& graph_;
  const Target& target_;
  Optimize optimize_;
  std::string_view only_kernel_;
  int threads_;
};

// One execution order with what follows from it.
struct Candidate {
  Packing packing;
  std::vector<Step> steps;
  Buffers buffers;
  Program program;
  std::int64_t extra_instructions = 0;  // of strips
  std::vector<Partition> partitions;    // to choose from
};

// A partition of a candidate.
struct Choice {
  const Candidate* candidate;
  const Partition* partition;
};

class Planner {
 public:
  Planner(const Graph& graph, const Target& target, const PlanOptions& options)
      : graph_(graph), target_(target), options_(options) {}

  Plan run() {
    if (!options_.ram_limit_bytes) {
      prepare(options_.optimize,
              options_.optimize == Optimize::kBalanced || options_.optimize == Optimize::kRam);
      return finish(options_.optimize == Optimize::kRam ? least_arena() : best_score());
    }
    return within_limit(*options_.ram_limit_bytes);
  }

 private:
  // Candidates for kernels of this aim: the order of the least live set, and with `streams` others, each
  // with its partitions.
  void prepare(Optimize optimize, bool streams) {
    aim_ = optimize;
    candidates_.clear();
    const Binder binder(graph_, target_, optimize, options_);
    std::vector<std::vector<NodeId>> orders;
    if (streams) orders = list_orders(graph_, kMostOrders);
    const Packing packing = binder.choose_packing(options_.pack_all);
    if (packing.any() && !options_.pack_all && optimize != Optimize::kSpeed)
      add_candidates(binder, Packing(graph_), orders, streams);
    add_candidates(binder, packing, orders, streams);
  }

  void add_candidates(const Binder& binder, const Packing& packing, std::vector<std::vector<NodeId>> orders,
                      bool streams) {
    std::vector<Step> bound;
    for (const NodeId n : node_ids(graph_)) bound.push_back(binder.bind(n, packing));
    auto least_live = choose_order(graph_, find_buffers(graph_, packing));
    if (std::find(orders.begin(), orders.end(), least_live) == orders.end())
      orders.insert(orders.begin(), std::move(least_live));
    for (const auto& order : orders) {
      Candidate c;
      c.packing = packing;
      for (const NodeId n : order) c.steps.push_back(bound[n.index]);
      for (const Step& step : c.steps)
        for (const KernelCall& call : step.bound.calls) c.extra_instructions += call.extra_instructions;
      c.buffers = find_buffers(graph_, packing);
      share_slices(graph_, c.steps, c.buffers, options_.stream_input);
      share_in_place(graph_, c.steps, c.buffers, options_.stream_input);
      c.program = describe_program(graph_, c.steps, c.buffers, options_.stream_input);
      GroupSearch search(c.program);
      if (streams)
        c.partitions = search.candidates();
      else
        c.partitions = {search.layers()};
      candidates_.push_back(std::move(c));
    }
  }

  std::vector<Choice> choices() const {
    std::vector<Choice> result;
    for (const Candidate& c : candidates_)
      for (const Partition& p : c.partitions) result.push_back({&c, &p});
    return result;
  }

  // The first of the choices by `key` are placed; the one of least `key` with the placed arena for its peak
  // stays.
  template <class Key>
  void keep_best(Key key) {
    std::vector<Choice> all = choices();
    std::stable_sort(all.begin(), all.end(), [&](const Choice& a, const Choice& b) {
      return key(a, a.partition->peak_bytes) < key(b, b.partition->peak_bytes);
    });
    best_.reset();
    for (std::size_t i = 0; i < std::min(all.size(), kMostPlacements); ++i) {
      const Choice& c = all[i];
      if (best_ && key(c, c.partition->peak_bytes) >= best_key_) break;
      Arena arena = place_arena(c.candidate->program, *c.partition, effort());
      const auto placed = key(c, arena.bytes);
      if (best_ && placed >= best_key_) continue;
      best_ = c;
      best_key_ = placed;
      best_arena_ = std::move(arena);
    }
    MOTE_CHECK(best_.has_value(), "a plan of single layers always exists");
  }

  int effort() const { return 3000; }

  Choice least_arena() {
    keep_best([](const Choice& c, std::int64_t bytes) {
      return static_cast<double>(bytes) + 1e-6 * static_cast<double>(c.partition->extra_calls);
    });
    return *best_;
  }

  // A part in a thousand of the time is worth this many parts in a thousand of the arena.
  Choice best_score() {
    constexpr double kTimeWeight = 4;
    constexpr double kInstructionsPerCall = 300;
    const double work = estimated_instructions();
    keep_best([&](const Choice& c, std::int64_t bytes) {
      const double extra = kInstructionsPerCall * static_cast<double>(c.partition->extra_calls) +
                           static_cast<double>(c.candidate->extra_instructions);
      return std::log(static_cast<double>(std::max<std::int64_t>(bytes, 1))) + kTimeWeight * extra / work;
    });
    return *best_;
  }

  double estimated_instructions() const {
    double sum = 1000;
    for (const NodeId n : node_ids(graph_)) {
      sum += static_cast<double>(graph_.node(n).op->macs(graph_.input_types(n), graph_.output_types(n)));
      for (const ValueId v : graph_.node(n).outputs)
        sum += 4 * static_cast<double>(graph_.type(v).elements());
    }
    return sum;
  }

  // Fast kernels first, few calls first.
  Plan within_limit(std::int64_t limit) {
    std::int64_t least = -1;
    for (const Optimize aim : {Optimize::kSpeed, Optimize::kBalanced, Optimize::kRam}) {
      prepare(aim, true);
      std::vector<Choice> fitting;
      for (const Choice& c : choices())
        if (c.partition->peak_bytes <= limit) fitting.push_back(c);
      std::stable_sort(fitting.begin(), fitting.end(), [](const Choice& a, const Choice& b) {
        return a.partition->extra_calls < b.partition->extra_calls;
      });
      for (std::size_t i = 0; i < std::min(fitting.size(), kMostPlacements); ++i) {
        Arena arena = place_arena(fitting[i].candidate->program, *fitting[i].partition, effort());
        if (arena.bytes > limit) continue;
        best_arena_ = std::move(arena);
        return finish(fitting[i]);
      }
      least_arena();
      if (least < 0 || best_arena_.bytes < least) least = best_arena_.bytes;
      if (least <= limit) return finish(*best_);
    }
    throw UserError({"no plan stays within " + format_bytes(static_cast<std::uint64_t>(limit)) + " of RAM",
                     graph_.name(),
                     "the least arena found for " + target_.name + " has " +
                         format_bytes(static_cast<std::uint64_t>(least)),
                     "allow that much, or shrink the network"});
  }

  Plan finish(const Choice& choice) {
    const Candidate& c = *choice.candidate;
    Plan plan;
    plan.graph = graph_;
    plan.graph_hash = graph_.hash();
    plan.target = target_;
    plan.optimize = aim_;
    plan.threads = options_.threads;
    plan.steps = c.steps;
    plan.packing = c.packing;
    plan.arena_bytes = best_arena_.bytes;
    plan.lower_bound_bytes = best_arena_.lower_bound_bytes;
    set_values(c, plan);
    const auto& cuts = choice.partition->cuts;
    for (std::size_t g = 0; g + 1 < cuts.size(); ++g) {
      for (std::size_t s = cuts[g]; s < cuts[g + 1]; ++s) {
        const auto& state = c.program.steps[s].state;
        plan.steps[s].scratch_offset = state ? best_arena_.offsets[*state] : best_arena_.scratch_offsets[g];
        plan.steps[s].live_bytes = best_arena_.live_bytes[s];
      }
      if (cuts[g + 1] - cuts[g] == 1 && !(g == 0 && options_.stream_input)) continue;
      for (std::size_t s = cuts[g]; s < cuts[g + 1]; ++s) plan.steps[s].streamed = c.program.steps[s].by_rows;
      plan.groups.push_back({cuts[g], cuts[g + 1], join_calls(best_arena_.calls[g])});
    }
    if (options_.stream_input) {
      const TensorType& input = graph_.type(graph_.inputs()[0]);
      plan.feed = Feed{c.program.fed_rows, input.bytes() / std::max<std::int64_t>(c.program.fed_rows, 1),
                       best_arena_.feed_state_offset};
    }
    list_blocks(c, *choice.partition, plan);
    for (Step& step : plan.steps) fill_slots(step, plan);
    for (std::size_t s = 0; s < plan.steps.size(); ++s)
      if (!plan.peak_step || plan.steps[s].live_bytes > plan.steps[*plan.peak_step].live_bytes)
        plan.peak_step = s;
    return plan;
  }

  void set_values(const Candidate& c, Plan& plan) const {
    plan.offsets.resize(graph_.values().size());
    plan.slots.assign(graph_.values().size(), 0);
    for (std::size_t v = 0; v < plan.offsets.size(); ++v) {
      const std::uint32_t b = c.buffers.of_value[v];
      if (b == Buffers::kNone) continue;
      plan.offsets[v] = best_arena_.offsets[b] + c.buffers.offset[v];
      plan.slots[v] = best_arena_.slots[b];
    }
  }

  // Neighbouring calls of one step are one: a kernel takes any number of rows.
  static std::vector<RowCall> join_calls(const std::vector<RowCall>& calls) {
    std::vector<RowCall> joined;
    for (const RowCall& call : calls) {
      if (!joined.empty() && joined.back().step == call.step && call.step != RowCall::kFeed)
        joined.back().rows += call.rows;
      else
        joined.push_back(call);
    }
    return joined;
  }

  // The kernel learns that a tensor stands in a ring.
  static void fill_slots(Step& step, const Plan& plan) {
    for (KernelCall& call : step.bound.calls) {
      if (!call.row_ranges) continue;
      const auto set = [&](std::string_view name, ValueId v) {
        if (plan.slots[v.index] == 0) return;
        for (Parameter& p : call.params)
          if (is_member(p, name)) p.value = plan.slots[v.index];
        if (call.inner.empty() || plan.packing(v)) return;
        for (Parameter& p : call.inner[0].params)
          if (is_member(p, name)) p.value = plan.slots[v.index];
      };
      set("x_slots", call.inputs.at(0));
      if (call.inputs.size() > 1) set("x2_slots", call.inputs[1]);
      set("y_slots", call.outputs.at(0));
    }
  }

  std::string packed_note(const Candidate& c, std::size_t v) const {
    const ValueId id{static_cast<std::uint32_t>(v)};
    return c.packing(id) ? " (packed, " + to_string(graph_.type(id).encoding) + ")" : "";
  }

  void list_blocks(const Candidate& c, const Partition& partition, Plan& plan) const {
    for (std::size_t b = 0; b < c.program.buffers.size(); ++b) {
      const BufferUse& use = c.program.buffers[b];
      if (use.bytes == 0) continue;
      PlacedBlock block;
      block.offset = best_arena_.offsets[b];
      block.slots = best_arena_.slots[b];
      block.bytes = block.slots > 0 ? block.slots * use.item_bytes : use.bytes;
      block.first_step = static_cast<std::size_t>(use.from_start ? 0 : std::max(use.first_step, 0));
      block.last_step = use.to_end && !plan.steps.empty()
                            ? plan.steps.size() - 1
                            : static_cast<std::size_t>(std::max(use.last_step, 0));
      for (std::size_t v = 0; v < c.buffers.of_value.size(); ++v)
        if (c.buffers.of_value[v] == b)
          block.name += (block.name.empty() ? "" : " = ") + graph_.values()[v].name + packed_note(c, v);
      if (block.name.empty()) block.name = "sums";
      plan.blocks.push_back(std::move(block));
    }
    for (std::size_t g = 0; g + 1 < partition.cuts.size(); ++g) {
      std::int64_t bytes = 0;
      for (std::size_t s = partition.cuts[g]; s < partition.cuts[g + 1]; ++s)
        bytes = std::max(bytes, c.program.steps[s].scratch_bytes);
      if (bytes > 0)
        plan.blocks.push_back({"scratch", best_arena_.scratch_offsets[g], bytes, 0, partition.cuts[g],
                               partition.cuts[g + 1] - 1, true});
    }
    if (plan.feed)
      plan.blocks.push_back({"state of the feed", best_arena_.feed_state_offset, best_arena_.feed_state_bytes,
                             0, 0, partition.cuts[1] - 1, true});
    std::stable_sort(plan.blocks.begin(), plan.blocks.end(), [](const PlacedBlock& a, const PlacedBlock& b) {
      return a.offset != b.offset ? a.offset < b.offset : a.first_step < b.first_step;
    });
  }

  const Graph& graph_;
  const Target& target_;
  const PlanOptions& options_;
  Optimize aim_ = Optimize::kSpeed;
  std::vector<Candidate> candidates_;
  std::optional<Choice> best_;
  double best_key_ = 0;
  Arena best_arena_;
};

}  // namespace

Plan make_plan(const Graph& graph, const Target& target, const PlanOptions& options) {
  if (options.threads > 1 && target.bare_metal())
    throw UserError({"the target has no threads", target.name, "it runs without an operating system",
                     "leave --threads out, or choose a hosted target"});
  if (options.stream_input &&
      (graph.inputs().size() != 1 || graph.nodes().empty() || graph.constant(graph.inputs()[0])))
    throw UserError({"the input cannot be streamed", graph.name(),
                     "the network has " + std::to_string(graph.inputs().size()) + " inputs",
                     "leave --stream-input out"});
  return Planner(graph, target, options).run();
}

}  // namespace mote
