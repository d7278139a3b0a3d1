#include "measure/measure.h"

#include "base/error.h"
#include "base/file.h"
#include "measure/elf.h"
#include "measure/host.h"

namespace mote {

namespace {

// Bare metal: what the model adds to an empty firmware, libraries included.
void size_firmware(const Artifact& artifact, DeviceBuild& build, Measurement& result) {
  const auto empty = read_elf(build.empty_firmware());
  const auto full = read_elf(build.firmware());
  const auto arena_bytes = full.object_bytes("mote_arena");
  result.flash.startup_bytes = empty.flash_bytes();
  result.flash.weights_bytes = full.object_bytes(artifact.name + "_w");
  const auto others = result.flash.startup_bytes + result.flash.weights_bytes;
  MOTE_CHECK(full.flash_bytes() >= others && full.ram_bytes() >= arena_bytes);
  result.flash.code_bytes = full.flash_bytes() - others;
  result.ram.static_bytes = full.ram_bytes() - arena_bytes;
}

// Under an operating system: the compiled network alone, since start-up and libraries are not part of it.
void size_object(const Artifact& artifact, const DeviceBuild& build, Measurement& result) {
  const auto object = read_elf(build.model_object());
  result.flash.weights_bytes = object.object_bytes(artifact.name + "_w");
  MOTE_CHECK(object.flash_bytes() >= result.flash.weights_bytes);
  result.flash.code_bytes = object.flash_bytes() - result.flash.weights_bytes;
  result.ram.static_bytes = object.ram_bytes();
}

}  // namespace

Measurement measure(const Artifact& artifact, const Target& target, const Sample& sample,
                    const RunLimits& limits) {
  check_fits_before_build(artifact, target);
  if (target.runner.kind != RunnerKind::kHost) require_program(target.runner.program, target.runner.package);
  const TemporaryFolder folder;
  DeviceBuild build(artifact, target, folder.path());
  Measurement result;
  result.target = target.name;
  result.ram.arena_bytes = artifact.arena_bytes;
  if (target.bare_metal())
    size_firmware(artifact, build, result);
  else
    size_object(artifact, build, result);
  check_fits(artifact, target, result.flash, result.ram);
  if (target.runner.kind == RunnerKind::kHost) {
    const CompiledModel model(artifact, target);
    result.outputs = model.run(sample);
    result.measured_seconds = time_inference(model, sample);
    result.estimate.source = "the host is timed, nothing is estimated";
    return result;
  }
  if (artifact.threads > 1) {
    result.outputs = run_on_device(artifact, target, {&sample, 1}, limits).outputs.front();
    result.estimate.source = "threads wait for each other: instructions are counted without them";
    return result;
  }
  auto run = count_on_device(artifact, target, build, sample, limits);
  result.outputs = std::move(run.outputs.front());
  result.events = *run.events;
  result.instructions = result.events.at("instruction");
  result.ram.stack_bytes = run.stack_bytes;
  for (std::size_t i = 0; i < artifact.steps.size(); ++i)
    result.layers.push_back({artifact.steps[i].name, artifact.steps[i].operator_name,
                             run.step_events[i].at("instruction"),
                             estimate_cycles(target, run.step_events[i])});
  check_fits(artifact, target, result.flash, result.ram);
  result.estimate = estimate_cost(target, result.events);
  return result;
}

}  // namespace mote
