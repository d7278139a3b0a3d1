#include "tests/support/device_layers.h"

#include <algorithm>

#include "base/file.h"
#include "base/process.h"
#include "emit/c.h"
#include "measure/device.h"
#include "measure/host.h"
#include "run/interpreter.h"

namespace mote::testing {

Tensor random_bytes(Rng& rng, const TensorType& type, double extreme) {
  const std::int64_t low = type.encoding.is_signed() ? -127 : 0;
  const std::int64_t high = type.encoding.is_signed() ? 127 : 255;
  std::vector<std::byte> bytes(static_cast<std::size_t>(type.bytes()));
  if (const auto levels = type.encoding.levels(); !levels.empty()) {
    const auto last = static_cast<std::int64_t>(levels.size()) - 1;
    for (std::byte& b : bytes)
      b = static_cast<std::byte>(
          levels[static_cast<std::size_t>(rng.chance(extreme) ? last : rng.integer(0, last))]);
    return Tensor(type, std::move(bytes));
  }
  for (std::byte& b : bytes) {
    const bool is_extreme = rng.chance(extreme);
    const std::int64_t value = is_extreme ? (rng.chance(0.5) ? high : low) : rng.integer(low, high);
    b = static_cast<std::byte>(value & 0xff);
  }
  return Tensor(type, std::move(bytes));
}

namespace {

std::vector<Sample> run_here(const Artifact& artifact, const Target& target,
                             const std::vector<Sample>& samples) {
  const CompiledModel model(artifact, target);
  std::vector<Sample> outputs;
  for (const Sample& sample : samples) outputs.push_back(model.run(sample));
  return outputs;
}

}  // namespace

std::vector<std::string> device_differences(const Plan& plan, const Target& target, Rng& rng) {
  const TemporaryFolder folder;
  const Artifact artifact = emit_c(plan, {.name = "m", .folder = folder.path()});
  std::vector<Sample> samples;
  std::vector<std::vector<Tensor>> expected;
  for (const double extreme : {0.0, 0.5, 1.0}) {
    std::vector<Tensor> inputs;
    Sample& sample = samples.emplace_back();
    for (const ValueId v : plan.graph.inputs()) {
      inputs.push_back(random_bytes(rng, plan.graph.type(v), extreme));
      sample.emplace_back(inputs.back().bytes().begin(), inputs.back().bytes().end());
    }
    expected.push_back(interpret(plan.graph, inputs));
  }
  const auto outputs = target.runner.kind == RunnerKind::kHost
                           ? run_here(artifact, target, samples)
                           : run_on_device(artifact, target, samples).outputs;
  std::vector<std::string> differences;
  for (std::size_t i = 0; i < expected.size(); ++i)
    for (std::size_t o = 0; o < expected[i].size(); ++o)
      if (!std::equal(outputs[i][o].begin(), outputs[i][o].end(), expected[i][o].bytes().begin()))
        differences.push_back("input " + std::to_string(i) + ", output " + std::to_string(o) + ": " +
                              plan.steps[o].bound.note);
  return differences;
}

}  // namespace mote::testing
