// BipolarQuant: the sign with a scale, one-bit quantization of the QONNX dialect (real in, real out).
#pragma once

#include "base/rng.h"
#include "ir/graph.h"

namespace mote {

// Inputs: x real; scale real, broadcastable to x. Output: real, scale where x >= 0, else -scale. Source: the
// operator document BipolarQuant of QONNX, version 1.
struct BipolarQuant final : Described<BipolarQuant> {
  static constexpr std::string_view kName = "BipolarQuant";

  static void describe(auto&, auto&) {}
  std::vector<TensorType> infer(const InputTypes& inputs) const override;
  void check(const InputTypes& inputs, const OutputTypes& outputs) const override;
  void evaluate(const InputArrays& inputs, const OutputArrays& outputs) const override;
  bool simulates_quantization() const override { return true; }
};

Graph sample_bipolar_quant(Rng& rng);

}  // namespace mote
