// Runs an artifact where it would run: in QEMU, or as a process of this computer.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "measure/build.h"

namespace mote {

struct TraceEntry {
  int step = 0;
  int output = 0;
  std::uint32_t fnv1a = 0;  // of the output tensor's bytes
  bool operator==(const TraceEntry&) const = default;
};

struct DeviceRun {
  std::vector<std::vector<Bytes>> outputs;   // [sample][output]
  std::optional<std::uint64_t> stack_bytes;  // deepest of all samples; bare metal only
  std::vector<TraceEntry> trace;             // first sample, when asked for
  // Of the first sample, when asked for and the runner can count: in total, and for each step.
  std::optional<EventCounts> events;
  std::vector<EventCounts> step_events;
};

struct RunLimits {
  std::chrono::seconds limit{300};  // of one program run
};

// The outputs of all samples, from as few programs as fit the simulated flash. Throws UserError for a missing
// compiler or QEMU, a network that does not fit, and a run beyond the limit; a fault on the device too, since
// it comes from the network's code.
DeviceRun run_on_device(const Artifact& artifact, const Target& target, std::span<const Sample> samples,
                        const RunLimits& limits = {});
// One sample, with the hash of every step's output.
DeviceRun trace_on_device(const Artifact& artifact, const Target& target, const Sample& sample,
                          const RunLimits& limits = {});
// One sample of a build that is already there, with counted instructions.
DeviceRun count_on_device(const Artifact& artifact, const Target& target, DeviceBuild& build,
                          const Sample& sample, const RunLimits& limits = {});

}  // namespace mote
