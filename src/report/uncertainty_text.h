// An EnsembleEvaluation for people and machines.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "measure/ensemble.h"

namespace mote {

std::string to_text(const EnsembleEvaluation& evaluation);
nlohmann::json to_json(const EnsembleEvaluation& evaluation);

}  // namespace mote
