// Layer normalization over the trailing axes.
#pragma once

#include "base/rng.h"
#include "ir/graph.h"

namespace mote {

// Inputs: x; optional gamma and beta, both of the shape of the normalized axes (axis, axis + 1, ... of x) or
// of one element. Real, or quantized per tensor: x, gamma and output of at most 8 bits or s16 with zero point
// 0, beta s32 with zero point 0 and the scale of gamma (1 where absent) times 2^-12; groups of at most 4096
// elements. docs/numerics.md, equations 41 to 44. Ba, Kiros and Hinton 2016, arXiv:1607.06450.
struct LayerNormalization final : Described<LayerNormalization> {
  static constexpr std::string_view kName = "LayerNormalization";
  std::int64_t axis = 0;  // first normalized axis, >= 0
  float epsilon = 1e-5F;

  static void describe(auto& self, auto& field) {
    field("axis", self.axis);
    field("epsilon", self.epsilon);
  }
  std::vector<TensorType> infer(const InputTypes& inputs) const override;
  void check(const InputTypes& inputs, const OutputTypes& outputs) const override;
  void evaluate(const InputArrays& inputs, const OutputArrays& outputs) const override;
};

Graph sample_layer_normalization(Rng& rng);

}  // namespace mote
