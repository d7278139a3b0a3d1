// The figures of one artifact on one target. What was not measured or cannot be estimated is absent, never
// zero.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/target.h"

namespace mote {

using Bytes = std::vector<std::byte>;

// How often each event of the counting plugin happened; "instruction" is always among them.
using EventCounts = std::map<std::string, std::uint64_t>;

struct LayerCount {
  std::string name, operator_name;
  std::uint64_t instructions = 0;
  std::optional<double> cycles;  // estimated
};

struct FlashUse {
  std::uint64_t code_bytes = 0;     // what the model adds to an empty firmware, without the weights
  std::uint64_t weights_bytes = 0;  // its constant arrays
  std::uint64_t startup_bytes = 0;  // the empty firmware; 0 where an operating system loads the program
  std::uint64_t total_bytes() const { return code_bytes + weights_bytes + startup_bytes; }
};

struct RamUse {
  std::uint64_t arena_bytes = 0;
  std::uint64_t static_bytes = 0;            // .data and .bss of the firmware, without the arena
  std::optional<std::uint64_t> stack_bytes;  // deepest use by one inference, measured on bare metal
  std::uint64_t total_bytes() const { return arena_bytes + static_bytes + stack_bytes.value_or(0); }
};

// Not measured: counted events priced by the target's cycle model (docs/cycles.md), or instructions times
// published constants of a board, as named in `source`.
struct Estimate {
  std::optional<double> cycles, seconds, energy_joules;
  std::string source;
};

struct Measurement {
  std::string target;
  // Executed from the entry of NAME_run to its return. The layers' counts sum to it: an instruction belongs
  // to the step that was entered last, the call of NAME_run to the first.
  std::optional<std::uint64_t> instructions;
  std::vector<LayerCount> layers;
  EventCounts events;  // of the whole inference; empty where nothing is counted
  FlashUse flash;
  RamUse ram;
  Estimate estimate;
  std::optional<double> measured_seconds;     // host only: median time of one inference
  std::vector<Bytes> outputs;                 // of the measured inference, one per output tensor
  std::optional<bool> output_matches_oracle;  // set by whoever has the oracle's bytes
};

// Cycles by the target's model, or by its cycles per instruction; nothing where it states neither. Throws
// UserError for a model that prices an event that is not counted.
std::optional<double> estimate_cycles(const Target& target, const EventCounts& events);
// Cycles, seconds and energy, as far as the target states constants.
Estimate estimate_cost(const Target& target, const EventCounts& events);

// The keys of `mote measure --json`; absent figures are null.
nlohmann::json to_json(const Measurement& measurement);

}  // namespace mote
