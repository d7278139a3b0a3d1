// Reshape: the same elements under another shape. Flatten, Squeeze and Unsqueeze are Reshapes too.
// A per-axis encoding passes only when its axis survives with the same extent and the same elements before
// it.
#pragma once

#include "base/rng.h"
#include "ir/graph.h"

namespace mote {

struct Reshape final : Described<Reshape> {
  std::vector<std::int64_t> shape;  // no -1: readers resolve it

  static constexpr std::string_view kName = "Reshape";
  static void describe(auto& self, auto& field) { field("shape", self.shape); }

  std::vector<TensorType> infer(const InputTypes& inputs) const override;
  void check(const InputTypes& inputs, const OutputTypes& outputs) const override;
  void evaluate(const InputArrays& inputs, const OutputArrays& outputs) const override;
};

Graph sample_reshape(Rng& rng);

}  // namespace mote
