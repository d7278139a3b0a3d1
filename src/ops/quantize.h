// Quantize: real numbers to integers.
#pragma once

#include "base/rng.h"
#include "ir/graph.h"

namespace mote {

// Input: real. Output: a quantized encoding, per tensor or per axis, set by whoever builds the node (infer
// answers s8 with scale 1). q = clamp(round(x / scale) + zero_point), halves away from zero, in float32:
// docs/numerics.md, equation 2.
struct Quantize final : Described<Quantize> {
  static constexpr std::string_view kName = "Quantize";
  static void describe(auto&, auto&) {}
  std::vector<TensorType> infer(const InputTypes& inputs) const override;
  void check(const InputTypes& inputs, const OutputTypes& outputs) const override;
  void evaluate(const InputArrays& inputs, const OutputArrays& outputs) const override;
};

Graph sample_quantize(Rng& rng);

}  // namespace mote
