#include "measure/measurement.h"

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/text.h"

namespace mote {

namespace {

template <class T>
nlohmann::json or_null(const std::optional<T>& value) {
  return value ? nlohmann::json(*value) : nlohmann::json(nullptr);
}

}  // namespace

std::optional<double> estimate_cycles(const Target& target, const EventCounts& events) {
  const auto instructions = static_cast<double>(events.at("instruction"));
  if (!target.cycle_model) {
    if (!target.cycles_per_instruction) return std::nullopt;
    return instructions * target.cycles_per_instruction->value;
  }
  double cycles = instructions;
  for (const auto& [event, cost] : target.cycle_model->costs) {
    const auto counted = events.find(event);
    if (counted == events.end())
      throw UserError({"cannot use the cycle model of " + target.name, "cycles.cost." + event,
                       "the counter knows no such event", "docs/cycles.md lists the events"});
    cycles += static_cast<double>(counted->second) * cost;
  }
  return cycles;
}

Estimate estimate_cost(const Target& target, const EventCounts& events) {
  Estimate estimate;
  estimate.cycles = estimate_cycles(target, events);
  if (!estimate.cycles) {
    estimate.source = "no published cycles per instruction for this target";
    return estimate;
  }
  std::vector<std::string> sources;
  if (target.cycle_model)
    sources.push_back("the cycle model " + target.cycle_model->name + ": " + target.cycle_model->source);
  else
    sources.push_back(format_double(target.cycles_per_instruction->value) +
                      " cycles per instruction: " + target.cycles_per_instruction->source);
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
    layers.push_back({{"name", layer.name},
                      {"operator", layer.operator_name},
                      {"instructions", layer.instructions},
                      {"cycles", or_null(layer.cycles)}});
  return {{"target", m.target},
          {"instructions", or_null(m.instructions)},
          {"layers", layers},
          {"events", m.events},
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
