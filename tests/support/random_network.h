// Random convolutional networks of 8 bits for tests of plans: chains, residuals, branches, concatenations,
// splits.
#pragma once

#include "base/rng.h"
#include "ir/graph.h"

namespace mote::testing {

Graph random_network(Rng& rng);

}  // namespace mote::testing
