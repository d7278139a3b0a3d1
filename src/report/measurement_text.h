// A Measurement for people.
#pragma once

#include <string>

#include "measure/measurement.h"

namespace mote {

std::string to_text(const Measurement& measurement);

}  // namespace mote
