// Plans executed on labels instead of numbers: every byte of the arena knows which byte of which tensor it
// is, and each call finds what it reads. The judge knows nothing of lives, rings' sizes or placements.
#include <gtest/gtest.h>

#include <map>

#include "compress/import.h"
#include "ops/concat.h"
#include "ops/movement.h"
#include "ops/split.h"
#include "plan/plan.h"
#include "plan/rows.h"
#include "tests/support/random_network.h"

namespace mote {
namespace {

constexpr std::int64_t kGarbage = -1;

class Simulation {
 public:
  explicit Simulation(const Plan& plan) : plan_(plan), graph_(plan.graph) {
    arena_.assign(static_cast<std::size_t>(plan.arena_bytes), kGarbage);
    find_contents();
  }

  // Empty, or the first thing that went wrong.
  std::string run() {
    for (const ValueId v : graph_.outputs())
      if (graph_.constant(v)) write(v, 0, graph_.type(v).bytes());
    if (!plan_.feed) write(graph_.inputs());
    for (std::size_t s = 0; s < plan_.steps.size(); ++s) {
      const auto group = std::find_if(plan_.groups.begin(), plan_.groups.end(),
                                      [&](const Group& g) { return g.first_step == s; });
      if (group != plan_.groups.end()) {
        for (const RowCall& call : group->calls) run(call);
        s = group->end_step - 1;
      } else if (plan_.steps[s].kernel) {
        run_whole(s);
      }
    }
    for (const ValueId v : graph_.outputs()) read(v, 0, graph_.type(v).bytes(), "the caller");
    return problem_;
  }

 private:
  // Values of the same bytes are one content: other shapes, contiguous parts of Concat and Split.
  void find_contents() {
    content_.resize(graph_.values().size());
    for (std::size_t v = 0; v < content_.size(); ++v) content_[v] = {static_cast<std::int64_t>(v), 0};
    for (std::size_t n = graph_.nodes().size(); n-- > 0;) {  // wholes before their parts
      const Node& node = graph_.nodes()[n];
      const auto* concat = node.as<Concat>();
      const ValueId whole = node.outputs[0];
      if (!concat ||
          movement::product(graph_.type(whole).shape, 0, static_cast<std::size_t>(concat->axis)) != 1)
        continue;
      std::int64_t start = 0;
      for (const ValueId part : node.inputs) {
        auto& content = content_[part.index];
        if (content.first == part.index)
          content = {content_[whole.index].first, content_[whole.index].second + start};
        start += graph_.type(part).bytes();
      }
    }
    for (const Node& node : graph_.nodes())
      if (node.op->name() == "Reshape" || node.op->name() == "Identity")
        content_[node.outputs[0].index] = content_[node.inputs[0].index];
  }

  std::int64_t label(ValueId v, std::int64_t byte) const {
    return content_[v.index].first * (std::int64_t{1} << 32) + content_[v.index].second + byte;
  }

  std::int64_t row_bytes(ValueId v) const { return graph_.type(v).bytes() / row_count(graph_.type(v)); }

  std::int64_t address(ValueId v, std::int64_t byte) const {
    const std::int64_t slots = plan_.slots[v.index];
    if (slots == 0) return plan_.offsets[v.index].value() + byte;
    return plan_.offsets[v.index].value() + byte / row_bytes(v) % slots * row_bytes(v) + byte % row_bytes(v);
  }

  std::int64_t& at(std::int64_t address) { return arena_.at(static_cast<std::size_t>(address)); }

  void write(ValueId v, std::int64_t from, std::int64_t to) {
    for (std::int64_t i = from; i < to; ++i) at(address(v, i)) = label(v, i);
  }
  void write(std::span<const ValueId> values) {
    for (const ValueId v : values) write(v, 0, graph_.type(v).bytes());
  }

  void read(ValueId v, std::int64_t from, std::int64_t to, const std::string& reader) {
    for (std::int64_t i = from; i < to && problem_.empty(); ++i)
      if (at(address(v, i)) != label(v, i))
        problem_ = reader + " misses byte " + std::to_string(i) + " of " + graph_.value(v).name;
  }

  void spoil_scratch(const Step& step) {
    const bool gathers = step.bound.calls.size() == 1 && step.bound.calls[0].input_rows;
    for (std::int64_t i = 0; i < step.scratch_bytes && !gathers; ++i) at(step.scratch_offset + i) = kGarbage;
  }

  // Rows [begin, end) of the call's ranges, a block at a time.
  void run_rows(std::size_t s, RowRange range) {
    const Step& step = plan_.steps[s];
    const KernelCall& call = step.bound.calls[0];
    const ValueId y = call.outputs[0];
    for (std::int64_t row = range.begin; row < range.end; row += call.row_block) {
      const RowRange rows{row, std::min(row + call.row_block, range.end)};
      spoil_scratch(step);
      const auto& inputs = graph_.node(step.node).inputs;
      for (std::size_t i = 0; i < inputs.size(); ++i) {
        if (!inputs[i].valid() || graph_.constant(inputs[i])) continue;
        const RowRange needed = call.input_rows ? rows : rows_needed(graph_, step.node, i, rows);
        read(inputs[i], needed.begin * row_bytes(inputs[i]), needed.end * row_bytes(inputs[i]),
             graph_.describe(step.node));
      }
      if (call.input_rows) {
        gather(step, y, rows, row_count(graph_.type(call.inputs[0])));
      } else {
        write(y, rows.begin * row_bytes(y), rows.end * row_bytes(y));
        spoil_scratch(step);
        read(y, rows.begin * row_bytes(y), rows.end * row_bytes(y), "the output beside the scratch");
      }
    }
  }

  // Sums stay in the scratch from call to call.
  void gather(const Step& step, ValueId y, RowRange rows, std::int64_t all) {
    const std::int64_t mine = -2 - static_cast<std::int64_t>(step.node.index);
    for (std::int64_t i = 0; i < step.scratch_bytes; ++i) {
      if (rows.begin > 0 && at(step.scratch_offset + i) != mine && problem_.empty())
        problem_ = graph_.describe(step.node) + " misses its sums";
      at(step.scratch_offset + i) = mine;
    }
    const std::int64_t images = row_count(graph_.type(y));
    for (std::int64_t image = rows.begin * images / all; image < rows.end * images / all; ++image)
      write(y, image * row_bytes(y), (image + 1) * row_bytes(y));
  }

  void run_whole(std::size_t s) {
    const Step& step = plan_.steps[s];
    const Node& node = graph_.node(step.node);
    const bool by_rows = step.bound.calls.size() == 1 && step.bound.calls[0].row_ranges;
    const auto in_place = [&](ValueId v) {
      return plan_.offsets[v.index] && plan_.offsets[v.index] == plan_.offsets[node.outputs[0].index];
    };
    const auto& exact = step.bound.in_place_inputs;
    if (by_rows && std::none_of(exact.begin(), exact.end(), in_place))
      return run_rows(s, {0, range_rows(step.bound.calls[0])});
    spoil_scratch(step);
    for (const ValueId v : node.inputs)
      if (v.valid() && !graph_.constant(v)) read(v, 0, graph_.type(v).bytes(), graph_.describe(step.node));
    write(node.outputs);
  }

  void run(const RowCall& call) {
    if (call.step == RowCall::kFeed) {
      const ValueId x = graph_.inputs()[0];
      for (std::int64_t i = 0; i < 4; ++i) {
        auto& state = at(plan_.feed->state_offset + i);
        if (call.first > 0 && state != -999 && problem_.empty()) problem_ = "the state of the feed is lost";
        state = -999;
      }
      write(x, call.first * plan_.feed->row_bytes, (call.first + call.rows) * plan_.feed->row_bytes);
    } else if (plan_.steps[static_cast<std::size_t>(call.step)].streamed) {
      run_rows(static_cast<std::size_t>(call.step), {call.first, call.first + call.rows});
    } else {
      run_whole(static_cast<std::size_t>(call.step));
    }
  }

  const Plan& plan_;
  const Graph& graph_;
  std::vector<std::int64_t> arena_;
  std::vector<std::pair<std::int64_t, std::int64_t>> content_;
  std::string problem_;
};

std::vector<PlanOptions> every_way() {
  std::vector<PlanOptions> ways;
  for (const Optimize aim : {Optimize::kSpeed, Optimize::kBalanced, Optimize::kSize, Optimize::kRam})
    for (const bool streams : {false, true}) ways.push_back({.optimize = aim, .stream_input = streams});
  return ways;
}

void expect_sound(const Graph& graph, const Target& target) {
  for (const PlanOptions& options : every_way()) {
    if (options.stream_input && graph.inputs().size() != 1) continue;
    const Plan plan = make_plan(graph, target, options);
    EXPECT_EQ(Simulation(plan).run(), "")
        << optimize_name(options.optimize) << (options.stream_input ? ", fed" : "");
  }
}

TEST(PlannedArena, EveryReadFindsItsRowOnRandomNetworks) {
  Rng rng(5);
  for (int i = 0; i < 24; ++i) {
    SCOPED_TRACE("network " + std::to_string(i));
    expect_sound(testing::random_network(rng), load_target(i % 2 == 0 ? "cortex-m0" : "cortex-m4"));
  }
}

TEST(PlannedArena, EveryReadFindsItsRowOnTheSharedModels) {
  const std::filesystem::path models = std::filesystem::path(MOTE_SOURCE_DIR) / ".." / "shared" / "models";
  if (!std::filesystem::exists(models)) GTEST_SKIP() << "the models are not beside the repository";
  for (const std::string model : {"pretrainedResnet_quant", "kws_ref_model", "vww_96_int8", "ad01_int8"}) {
    SCOPED_TRACE(model);
    expect_sound(import_model(models / "mlperf-tiny" / (model + ".tflite")), load_target("cortex-m4"));
  }
}

// A ring of one row less, or a block moved onto another: the judge sees it.
TEST(PlannedArena, TheJudgeSeesABrokenPlan) {
  Rng rng(6);
  int broken = 0;
  int seen = 0;
  for (int i = 0; i < 20; ++i) {
    Plan plan =
        make_plan(testing::random_network(rng), load_target("cortex-m0"), {.optimize = Optimize::kRam});
    for (std::int64_t& slots : plan.slots) {
      if (slots < 2) continue;
      --slots;
      ++broken;
      seen += Simulation(plan).run().empty() ? 0 : 1;
      ++slots;
    }
  }
  EXPECT_GT(broken, 10);
  EXPECT_EQ(seen, broken);
}

TEST(PlannedArena, TheLimitIsKeptOrRefused) {
  Rng rng(7);
  for (int i = 0; i < 10; ++i) {
    const Graph graph = testing::random_network(rng);
    const Target target = load_target("cortex-m0");
    const std::int64_t most = make_plan(graph, target).arena_bytes;
    const std::int64_t least = make_plan(graph, target, {.optimize = Optimize::kRam}).arena_bytes;
    for (const std::int64_t limit : {most, (most + least) / 2, least}) {
      const Plan plan = make_plan(graph, target, {.ram_limit_bytes = limit});
      EXPECT_LE(plan.arena_bytes, limit);
      EXPECT_EQ(Simulation(plan).run(), "");
    }
    EXPECT_THROW(make_plan(graph, target, {.ram_limit_bytes = least / 8}), UserError);
  }
}

}  // namespace
}  // namespace mote
