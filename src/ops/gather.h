// Gather: rows of `data` along one axis, chosen by plain integer `indices`; a negative index counts from the
// end. Output shape: data[:axis] + indices' shape + data[axis+1:]. The encoding of data passes through. An
// index outside the data is clamped to the nearest row, in evaluation and in emitted code, since neither may
// fail at run time.
#pragma once

#include "base/rng.h"
#include "ir/graph.h"

namespace mote {

struct Gather final : Described<Gather> {
  std::int64_t axis = 0;  // not negative

  static constexpr std::string_view kName = "Gather";
  static void describe(auto& self, auto& field) { field("axis", self.axis); }

  std::vector<TensorType> infer(const InputTypes& inputs) const override;
  void check(const InputTypes& inputs, const OutputTypes& outputs) const override;
  void evaluate(const InputArrays& inputs, const OutputArrays& outputs) const override;
};

Graph sample_gather(Rng& rng);

}  // namespace mote
