// PRelu: x < 0 ? slope * x : x, with a learned slope.
#pragma once

#include "base/rng.h"
#include "ir/graph.h"

namespace mote {

// Inputs: x; slope, broadcastable to x (NumPy rules). All real or all quantized per tensor with at most 8
// bits. Quantized: docs/numerics.md, equation 22.
struct PRelu final : Described<PRelu> {
  static constexpr std::string_view kName = "PRelu";
  static void describe(auto&, auto&) {}
  std::vector<TensorType> infer(const InputTypes& inputs) const override;
  void check(const InputTypes& inputs, const OutputTypes& outputs) const override;
  void evaluate(const InputArrays& inputs, const OutputArrays& outputs) const override;
};

Graph sample_prelu(Rng& rng);

}  // namespace mote
