// An Evaluation for people and machines.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "measure/evaluate.h"

namespace mote {

// `class_names` may be empty: classes are then numbered.
std::string to_text(const Evaluation& evaluation, const std::vector<std::string>& class_names);
nlohmann::json to_json(const Evaluation& evaluation, const std::vector<std::string>& class_names);

}  // namespace mote
