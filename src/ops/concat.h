// Concat: inputs side by side along one axis. All inputs and the output have the same encoding.
#pragma once

#include "base/rng.h"
#include "ir/graph.h"

namespace mote {

struct Concat final : Described<Concat> {
  std::int64_t axis = 0;  // not negative

  static constexpr std::string_view kName = "Concat";
  static void describe(auto& self, auto& field) { field("axis", self.axis); }

  std::vector<TensorType> infer(const InputTypes& inputs) const override;
  void check(const InputTypes& inputs, const OutputTypes& outputs) const override;
  void evaluate(const InputArrays& inputs, const OutputArrays& outputs) const override;
};

Graph sample_concat(Rng& rng);

}  // namespace mote
