// Graphs of independent layers on a simulated device or on this computer, compared with the oracle.
#pragma once

#include <string>
#include <vector>

#include "base/rng.h"
#include "base/target.h"
#include "plan/plan.h"

namespace mote::testing {

// Bytes from -127 to 127 (0 to 255 of unsigned types); each is one of the two ends with the probability
// `extreme`. Of types with levels one of them, with that probability the last.
Tensor random_bytes(Rng& rng, const TensorType& type, double extreme);

// Runs the plan on random, half extreme and all extreme inputs; one line for each output that differs from
// interpret(), with the note of the step of the same number.
std::vector<std::string> device_differences(const Plan& plan, const Target& target, Rng& rng);

}  // namespace mote::testing
