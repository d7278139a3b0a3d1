// Random inputs for a graph, and the comparison of outputs with the oracle's.
#pragma once

#include <string>
#include <vector>

#include "base/rng.h"
#include "ir/graph.h"

namespace mote::testing {

// One tensor per graph input. Integers are uniform over their range, sometimes all at an extreme; reals
// normal, sometimes large. Plain integers lie in -100..100.
std::vector<Tensor> random_inputs(const Graph& graph, Rng& rng);

// Largest finite magnitude of reals; 0 for integers.
double largest_magnitude(const Tensor& tensor);

// Empty when `actual` equals `expected`: integers byte for byte, reals within `tolerance` of `largest`.
std::string difference(const Tensor& expected, const Tensor& actual, double tolerance, double largest);

}  // namespace mote::testing
