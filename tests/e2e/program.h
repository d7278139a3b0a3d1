// Runs the program as a user would.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/process.h"

namespace mote::testing {

inline ProcessResult mote(std::vector<std::string> arguments,
                          std::chrono::seconds limit = std::chrono::seconds(300)) {
  arguments.insert(arguments.begin(), MOTE_PROGRAM);
  ProcessOptions options;
  options.limit = limit;
  return run_process(arguments, options);
}

// With --json --quiet: stdout alone is the document.
inline nlohmann::json mote_json(std::vector<std::string> arguments) {
  arguments.insert(arguments.end(), {"--json", "--quiet"});
  return nlohmann::json::parse(mote(arguments).output);
}

}  // namespace mote::testing
