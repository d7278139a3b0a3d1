// The algebra behind cancel_transposes: how an operator and a permutation of axes change places.
//
// A permutation p stands for T_p, the Transpose whose output axis i is input axis p[i]. An operator commutes
// with T_p when
//   Op(T_p(a), T_p(b)) = T_q(Op'(a, b))
// with another operator Op' of the same kind and an output permutation q (p again, but for operators that
// drop axes).
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "ir/graph.h"

namespace mote {

using Permutation = std::vector<std::int64_t>;

Permutation inverse(const Permutation& p);
Permutation compose(const Permutation& first, const Permutation& then);  // T_then after T_first
bool is_identity(const Permutation& p);

Shape permuted(const Shape& shape, const Permutation& p);           // of T_p's output
TensorType permuted(const TensorType& type, const Permutation& p);  // a per-axis encoding follows its axis

struct Commuted {
  OperatorPtr op;                    // Op'
  std::vector<bool> permutes_input;  // which inputs are a, b above; the others are read as they are
  Permutation output;                // q, the same for every output
};

// Nothing when the operator does not commute. `p` has the rank of the inputs that are permuted; inputs of
// lower rank that broadcast count as having leading axes of extent 1.
std::optional<Commuted> commute(const Graph& graph, NodeId id, const Permutation& p);

}  // namespace mote
