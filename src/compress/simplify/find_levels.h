// Constants with few different integers get levels.
#pragma once

#include "ir/graph.h"

namespace mote {

// A quantized constant of at most 8 bits, read by layers as their weights, that holds so few different
// integers that their numbers take fewer bits than the integers themselves, and at most Encoding::kMaxLevels.
// Integers that fit fewer bits get a narrower encoding first. Nothing that is computed changes.
Graph find_levels(const Graph& graph);

}  // namespace mote
