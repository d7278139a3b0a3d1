// An Agreement, and that of the predictions, for people and machines.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "measure/evaluate.h"
#include "run/agreement.h"

namespace mote {

// What `run --compare` shows: both networks on all samples, and their values on some.
struct StageComparison {
  std::string stage;  // of the reference: "simulated", "float"
  Evaluation reference, integer;
  Agreement agreement;
  // Samples with the same greatest output.
  std::size_t same_predictions() const;
};

std::string to_text(const StageComparison& comparison);
nlohmann::json to_json(const StageComparison& comparison);

}  // namespace mote
