// The input that a measurement uses when none is given: fixed pseudo-random values, so that counts repeat.
#pragma once

#include <vector>

#include "ir/graph.h"
#include "measure/measurement.h"

namespace mote {

// The byte sequence of x = x * 1664525 + 1013904223 (mod 2^32) from x = seed, taking x >> 24.
Bytes sample_bytes(std::uint64_t count, std::uint32_t seed = 1);

// One tensor per graph input: integers of up to 8 bits take those bytes (wrapped into their range), reals the
// values in [-1, 1]. Plain integers (indices) are 0.
std::vector<Tensor> sample_inputs(const Graph& graph, std::uint32_t seed = 1);

}  // namespace mote
