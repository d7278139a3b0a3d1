// Every kernel row that this computer can run, on the largest of its operator's samples that it takes:
// emitted, compiled and timed as it would ship. Items are multiply-accumulates, or output elements where
// there are none.
#include <benchmark/benchmark.h>

#include <cstring>

#include "base/hash.h"
#include "emit/c.h"
#include "measure/host.h"
#include "measure/sample_input.h"
#include "ops/operator_list.h"

namespace mote {
namespace {

constexpr int kSamples = 60;

struct Work {
  std::optional<Plan> plan;
  std::int64_t items = 0;
};

std::int64_t items_of(const Graph& graph) {
  std::int64_t items = 0;
  for (std::size_t i = 0; i < graph.nodes().size(); ++i) {
    const NodeId id{static_cast<std::uint32_t>(i)};
    items += graph.node(id).op->macs(graph.input_types(id), graph.output_types(id));
  }
  if (items > 0) return items;
  for (const ValueId v : graph.outputs()) items += graph.type(v).elements();
  return items;
}

Work largest_sample(const KernelRow& row, const Target& host) {
  Rng rng(Hash64().text(row.name).text(row.op).value());
  Work work;
  for (int i = 0; i < kSamples; ++i) {
    const Graph graph = find_operator(row.op).sample(rng);
    const std::int64_t items = items_of(graph);
    if (items <= work.items) continue;
    Plan plan = make_plan(graph, host, {.only_kernel = std::string(row.name)});
    for (const Step& step : plan.steps)
      if (step.kernel && step.kernel->name == row.name && step.kernel->op == row.op) {
        work = {std::move(plan), items};
        break;
      }
  }
  return work;
}

void run_row(benchmark::State& state, const KernelRow& row) {
  const Target host = load_target("host");
  const Work work = largest_sample(row, host);
  if (!work.plan) {
    state.SkipWithError("no sample of the operator is taken by this row");
    return;
  }
  const TemporaryFolder folder;
  const CompiledModel model(emit_c(*work.plan, {.name = "m", .folder = folder.path()}), host);
  CompiledModel::Arena arena(model);
  const auto inputs = sample_inputs(work.plan->graph);
  for (std::size_t i = 0; i < inputs.size(); ++i)
    std::memcpy(arena.data() + model.artifact().inputs[i].offset, inputs[i].bytes().data(),
                inputs[i].bytes().size());
  for (auto _ : state) model.run_in_place(arena);
  state.SetItemsProcessed(state.iterations() * work.items);
}

}  // namespace

void register_low_bits();  // low_bit_bench.cpp

}  // namespace mote

int main(int count, char** arguments) {
  const mote::Target host = mote::load_target("host");
  for (const mote::KernelRow& row : mote::kernel_table())
    if (row.feature.empty() || host.has(row.feature))
      benchmark::RegisterBenchmark((std::string(row.op) + "/" + std::string(row.name)).c_str(),
                                   [&row](benchmark::State& state) { mote::run_row(state, row); });
  mote::register_low_bits();
  benchmark::Initialize(&count, arguments);
  benchmark::RunSpecifiedBenchmarks();
}
