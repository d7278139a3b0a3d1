// Convolutions of few bits, 3x3 on images of real networks: 1-bit multiply-accumulates per second of bipolar
// layers, and 4-bit weights beside 8-bit ones, each with AVX-512 and with AVX2 alone where there are both.
#include <benchmark/benchmark.h>

#include <cstring>

#include "base/rng.h"
#include "emit/c.h"
#include "ir/patch.h"
#include "measure/host.h"
#include "measure/sample_input.h"
#include "ops/conv2d.h"
#include "ops/random_tensor.h"

namespace mote {
namespace {

struct Layer {
  std::int64_t size, channels;
};

Graph convolution(const Layer& layer, const Encoding& x, const Encoding& w, const Encoding& y) {
  Rng rng(3);
  Patch patch;
  auto op = std::make_shared<Conv2D>();
  op->padding = {1, 1, 1, 1};
  const Shape image{1, layer.size, layer.size, layer.channels};
  const std::vector<ValueId> inputs{
      patch.add_input("x", {image, x, {}}),
      patch.add_constant("w", random_tensor(rng, {{layer.channels, 3, 3, layer.channels}, w, {}}))};
  patch.add_output(patch.add_node(op, inputs, {{image, y, {}}}, "layer", {"y"})[0]);
  return std::move(patch).apply();
}

void run(benchmark::State& state, const Graph& graph, const Target& target) {
  const TemporaryFolder folder;
  // not Winograd, which only 8-bit weights have
  const Plan plan = make_plan(
      graph, target,
      {.only_kernel = target.has("avx512vnni") || graph.type(graph.inputs()[0]).encoding.is_bipolar()
                          ? ""
                          : "conv2d_s8_avx2"});
  const CompiledModel model(emit_c(plan, {.name = "m", .folder = folder.path()}), target);
  CompiledModel::Arena arena(model);
  const auto input = sample_inputs(graph).at(0);
  std::memcpy(arena.data() + model.artifact().inputs[0].offset, input.bytes().data(), input.bytes().size());
  for (auto _ : state) model.run_in_place(arena);
  const NodeId id{0};
  state.SetItemsProcessed(state.iterations() *
                          graph.node(id).op->macs(graph.input_types(id), graph.output_types(id)));
  state.SetLabel(std::string(plan.steps[0].kernel->name));
}

void add(const std::string& name, const Layer& layer, const Encoding& x, const Encoding& w,
         const Encoding& y) {
  const Target host = load_target("host");
  Target avx2 = host;
  avx2.features = {"avx2", "fma"};
  for (const Target& target : {host, avx2})
    if (target.has("avx2"))
      benchmark::RegisterBenchmark(
          (name + "_" + std::to_string(layer.size) + "x" + std::to_string(layer.size) + "x" +
           std::to_string(layer.channels) + (target.features == avx2.features ? "_avx2" : ""))
              .c_str(),
          [=](benchmark::State& state) { run(state, convolution(layer, x, w, y), target); });
}

}  // namespace

void register_low_bits() {
  const Encoding sign = Encoding::bipolar(1);
  const Encoding byte = Encoding::affine(8, true, 0.05F, -128);
  const auto weights = [](int bits) { return Encoding::affine(bits, true, 0.02F, 0); };
  for (const Layer& layer : {Layer{56, 64}, Layer{14, 64}, Layer{28, 128}, Layer{14, 256}})
    add("bits_1x1", layer, sign, sign, sign);
  for (const Layer& layer : {Layer{32, 16}, Layer{16, 32}, Layer{8, 64}, Layer{28, 128}})
    for (const int bits : {8, 4})
      add("bits_" + std::to_string(bits) + "x8", layer, byte, weights(bits), byte);
}

}  // namespace mote
