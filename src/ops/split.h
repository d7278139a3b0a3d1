// Split: one output for each extent in `sizes`, in order along one axis. The encoding passes through.
#pragma once

#include "base/rng.h"
#include "ir/graph.h"

namespace mote {

struct Split final : Described<Split> {
  std::int64_t axis = 0;            // not negative
  std::vector<std::int64_t> sizes;  // sum: the extent of the axis

  static constexpr std::string_view kName = "Split";
  static void describe(auto& self, auto& field) {
    field("axis", self.axis);
    field("sizes", self.sizes);
  }

  std::vector<TensorType> infer(const InputTypes& inputs) const override;
  void check(const InputTypes& inputs, const OutputTypes& outputs) const override;
  void evaluate(const InputArrays& inputs, const OutputArrays& outputs) const override;
};

Graph sample_split(Rng& rng);

}  // namespace mote
