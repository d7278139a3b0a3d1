// Emits a Plan as C99: NAME.h and NAME.c (constants, one function per step, one call per kernel with literal
// parameters, the kernels it needs copied in), NAME.json (what the artifact promises, for `mote measure
// DIR`), README.md, main.c and CMakeLists.txt. The result needs no heap, no stdio and no library beyond
// <stdint.h>, <string.h> and, for float operators, <math.h>; it is re-entrant and cannot fail at run time.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "emit/artifact.h"
#include "emit/c_audio_features.h"
#include "plan/plan.h"

namespace mote {

struct EmitOptions {
  std::string name = "model";  // made a C identifier; prefix of every symbol
  std::filesystem::path folder;
  // Also NAME_features.h and NAME_features.c: from microphone samples to rows of the network's only input.
  std::optional<AudioFrontEnd> front_end{};
};

Artifact emit_c(const Plan& plan, const EmitOptions& options);

// Reads NAME.json of an emitted folder. Throws UserError when there is none or it is not ours.
Artifact load_artifact(const std::filesystem::path& folder);

}  // namespace mote
