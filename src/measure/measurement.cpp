#include "measure/measurement.h"

#include <nlohmann/json.hpp>

#include "base/text.h"

namespace mote {

namespace {

template <class T>
nlohmann::json or_null(const std::optional<T>& value) {
  return value ? nlohmann::json(*value) : nlohmann::json(nullptr);
}

}  // namespace

Estimate estimate_cost(const Target& target, std::uint64_t instructions) {
  Estimate estimate;
  if (!target.cycles_per_instruction) {
    estimate.source = "no published cycles per instruction for this target";
    return estimate;
  }
  const auto& cycles = *target.cycles_per_instruction;
  estimate.cycles = static_cast<double>(instructions) * cycles.value;
  std::vector<std::string> sources = {format_double(cycles.value) +
                                      " cycles per instruction: " + cycles.source};
  if (target.board.clock_hz) {
    estimate.seconds = *estimate.cycles / *target.board.clock_hz;
    sources.push_back("clock of the " + target.board.name);
  }
  if (target.energy_per_cycle_joules) {
    const auto& energy = *target.energy_per_cycle_joules;
    estimate.energy_joules = *estimate.cycles * energy.value;
    sources.push_back(format_double(energy.value) + " J per cycle: " + energy.source);
  }
  estimate.source = join(sources, "; ");
  return estimate;
}

nlohmann::json to_json(const Measurement& m) {
  nlohmann::json layers = nlohmann::json::array();
  for (const auto& layer : m.layers)
    layers.push_back(
        {{"name", layer.name}, {"operator", layer.operator_name}, {"instructions", layer.instructions}});
  return {{"target", m.target},
          {"instructions", or_null(m.instructions)},
          {"layers", layers},
          {"flash",
           {{"code_bytes", m.flash.code_bytes},
            {"weights_bytes", m.flash.weights_bytes},
            {"startup_bytes", m.flash.startup_bytes},
            {"total_bytes", m.flash.total_bytes()}}},
          {"ram",
           {{"arena_bytes", m.ram.arena_bytes},
            {"static_bytes", m.ram.static_bytes},
            {"stack_bytes", or_null(m.ram.stack_bytes)},
            {"total_bytes", m.ram.total_bytes()}}},
          {"estimate",
           {{"cycles", or_null(m.estimate.cycles)},
            {"seconds", or_null(m.estimate.seconds)},
            {"energy_joules", or_null(m.estimate.energy_joules)},
            {"source", m.estimate.source}}},
          {"measured_seconds", or_null(m.measured_seconds)},
          {"output_matches_oracle", or_null(m.output_matches_oracle)}};
}

}  // namespace mote
