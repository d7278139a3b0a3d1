// The arena over time as text: what stands where and when.
#pragma once

#include <string>

#include "plan/plan.h"

namespace mote {

// A line for each tensor, line buffer and scratch, from the ground up, a column for each step: '#' a tensor
// that stands whole, '=' a line buffer, '.' scratch.
std::string timeline_text(const Plan& plan);

}  // namespace mote
