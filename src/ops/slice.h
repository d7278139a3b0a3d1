// Slice: output[i] = x[starts + i * steps] along each axis. The encoding passes through.
#pragma once

#include "base/rng.h"
#include "ir/graph.h"
#include "ops/movement.h"

namespace mote {

struct Slice final : Described<Slice> {
  std::vector<std::int64_t> starts;  // one per axis, inside the input
  std::vector<std::int64_t> sizes;   // extents of the output
  std::vector<std::int64_t> steps;   // may be negative, not 0

  static constexpr std::string_view kName = "Slice";
  static void describe(auto& self, auto& field) {
    field("starts", self.starts);
    field("sizes", self.sizes);
    field("steps", self.steps);
  }

  std::vector<TensorType> infer(const InputTypes& inputs) const override;
  void check(const InputTypes& inputs, const OutputTypes& outputs) const override;
  void evaluate(const InputArrays& inputs, const OutputArrays& outputs) const override;

  // Where the output elements stand in an input of this shape.
  movement::View view(const Shape& input) const;
};

Graph sample_slice(Rng& rng);

}  // namespace mote
