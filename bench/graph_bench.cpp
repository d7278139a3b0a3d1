// What a fork of a graph costs: a copy shares everything; a patch rebuilds the structure and shares every
// weight.
#include <benchmark/benchmark.h>

#include "ir/patch.h"
#include "ops/concat.h"
#include "ops/reshape.h"

namespace mote {
namespace {

constexpr std::int64_t kLayers = 64;

// A chain of nodes, each with its own constant: 4 MB of weights in all.
Graph large_graph() {
  Patch patch;
  ValueId x = patch.add_input("x", {{1}, Encoding::real(), {}});
  for (std::int64_t i = 0; i < kLayers; ++i) {
    const Tensor weights = Tensor::zeros({{(1 << 20) / kLayers}, Encoding::real(), {}});
    const ValueId w = patch.add_constant("w" + std::to_string(i), weights);
    x = patch.add(std::make_shared<Concat>(), {x, w}, "layer" + std::to_string(i));
  }
  patch.add_output(x);
  return std::move(patch).apply();
}

void copy_4_mb(benchmark::State& state) {
  const Graph graph = large_graph();
  for (auto _ : state) {
    Graph copy = graph;
    benchmark::DoNotOptimize(copy);
  }
}
BENCHMARK(copy_4_mb);

// The smallest edit: one operator exchanged in a graph of 64 layers and 4 MB.
void patch_4_mb(benchmark::State& state) {
  const Graph graph = large_graph();
  const auto* weights = graph.constant(ValueId{1})->bytes().data();
  for (auto _ : state) {
    Patch patch(graph);
    patch.set_operator(NodeId{5}, std::make_shared<Concat>());
    const Graph edited = std::move(patch).apply();
    if (edited.constant(ValueId{1})->bytes().data() != weights) state.SkipWithError("weights were copied");
    benchmark::DoNotOptimize(edited.nodes().data());
  }
}
BENCHMARK(patch_4_mb);

void hash_4_mb(benchmark::State& state) {
  const Graph graph = large_graph();
  for (auto _ : state) benchmark::DoNotOptimize(graph.hash());
}
BENCHMARK(hash_4_mb);

}  // namespace
}  // namespace mote
