// What a graph consists of and costs, before anything runs: the content of `mote inspect`.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "ir/verify.h"
#include "plan/plan.h"

namespace mote {

struct LayerFacts {
  std::string name, operator_name;
  std::vector<std::string> inputs;   // types of the inputs that are computed, "s8[1x32x32x3]"
  std::vector<std::string> outputs;  // types of the outputs
  std::string weights;               // type of the largest constant, or empty
  std::string kernel;                // chosen by the planner; empty: nothing runs
  std::string note;                  // why this form
  std::vector<std::string> refused;  // "kernel: reason"
  std::int64_t macs = 0;
  std::int64_t parameters = 0;     // elements of the constants
  std::int64_t weights_bytes = 0;  // packed at their true width
  std::int64_t live_bytes = 0;     // RAM during the step
};

struct Inspection {
  std::string name;
  Stage stage = Stage::Float;
  std::string target;
  std::vector<std::string> inputs, outputs;  // "name: s8[1x32x32x3] scale ... zero point ..."
  std::vector<LayerFacts> layers;            // in execution order
  std::int64_t macs = 0, parameters = 0, weights_bytes = 0;
  std::int64_t peak_ram_bytes = 0, peak_lower_bound_bytes = 0;
  std::string peak_layer;
  std::string timeline;  // of the arena, as text
  std::vector<std::string> warnings;
};

Inspection inspect(const Plan& plan);

// With `with_plan` the table shows kernels, notes and RAM by step instead of shapes.
std::string to_text(const Inspection& inspection, bool with_plan);
nlohmann::json to_json(const Inspection& inspection);

}  // namespace mote
