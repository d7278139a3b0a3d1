// Batch normalization with fixed statistics, over the last axis.
#pragma once

#include "base/rng.h"
#include "ir/graph.h"

namespace mote {

// Inputs: x [..., C]; gamma, beta, mean, variance [C]; all real (integer graphs have it folded away).
// gamma * (x - mean) / sqrt(variance + epsilon) + beta. Ioffe and Szegedy 2015, arXiv:1502.03167.
struct BatchNormalization final : Described<BatchNormalization> {
  static constexpr std::string_view kName = "BatchNormalization";
  float epsilon = 1e-5F;

  static void describe(auto& self, auto& field) { field("epsilon", self.epsilon); }
  std::vector<TensorType> infer(const InputTypes& inputs) const override;
  void check(const InputTypes& inputs, const OutputTypes& outputs) const override;
  void evaluate(const InputArrays& inputs, const OutputArrays& outputs) const override;
};

Graph sample_batch_normalization(Rng& rng);

}  // namespace mote
