// Transpose: axis i of the output is axis permutation[i] of the input. A per-axis encoding follows its axis.
#pragma once

#include "base/rng.h"
#include "ir/graph.h"
#include "ops/movement.h"

namespace mote {

struct Transpose final : Described<Transpose> {
  std::vector<std::int64_t> permutation;

  static constexpr std::string_view kName = "Transpose";
  static void describe(auto& self, auto& field) { field("permutation", self.permutation); }

  std::vector<TensorType> infer(const InputTypes& inputs) const override;
  void check(const InputTypes& inputs, const OutputTypes& outputs) const override;
  void evaluate(const InputArrays& inputs, const OutputArrays& outputs) const override;

  // Where the output elements stand in an input of this shape.
  movement::View view(const Shape& input) const;
};

Graph sample_transpose(Rng& rng);

}  // namespace mote
