// Dequantize: integers to real numbers.
#pragma once

#include "base/rng.h"
#include "ir/graph.h"

namespace mote {

// Input: quantized, per tensor or per axis. Output: real. x = scale * (q - zero_point), docs/numerics.md,
// equation 1.
struct Dequantize final : Described<Dequantize> {
  static constexpr std::string_view kName = "Dequantize";
  static void describe(auto&, auto&) {}
  std::vector<TensorType> infer(const InputTypes& inputs) const override;
  void check(const InputTypes& inputs, const OutputTypes& outputs) const override;
  void evaluate(const InputArrays& inputs, const OutputArrays& outputs) const override;
};

Graph sample_dequantize(Rng& rng);

}  // namespace mote
