// What a pass must not change: the outputs for random inputs, and the names and types of inputs and outputs.
#pragma once

#include "ir/graph.h"

namespace mote::test {

// Integer outputs must be equal; real ones within 1e-5 of the largest.
void expect_same_results(const Graph& before, const Graph& after, std::uint64_t seed = 1);

// How many nodes of that name the graph has.
int count(const Graph& graph, std::string_view op);

// A constant of random values: reals around zero, integers of the whole range.
Tensor random_tensor(const TensorType& type, std::uint64_t seed);

}  // namespace mote::test
