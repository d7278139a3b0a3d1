// FullyConnected: y = x w^T + bias over the last axis.
#pragma once

#include <limits>

#include "base/rng.h"
#include "ir/graph.h"
#include "ops/accumulation.h"

namespace mote {

// Inputs: x [...,K]; w [O,K], constant or not; optional bias [O]. Output [...,O]. Per-axis weights have axis
// 0. Encodings: ops/accumulation.h.
struct FullyConnected final : Described<FullyConnected> {
  static constexpr std::string_view kName = "FullyConnected";
  static constexpr AccumulationRule kRule{"FullyConnected", 0, true};
  float clamp_min = -std::numeric_limits<float>::infinity();  // real bounds of a fused activation
  float clamp_max = std::numeric_limits<float>::infinity();

  static void describe(auto& self, auto& field) {
    field("clamp_min", self.clamp_min);
    field("clamp_max", self.clamp_max);
  }

  std::vector<TensorType> infer(const InputTypes& inputs) const override;
  void check(const InputTypes& inputs, const OutputTypes& outputs) const override;
  void evaluate(const InputArrays& inputs, const OutputArrays& outputs) const override;
  std::int64_t macs(const InputTypes& inputs, const OutputTypes& outputs) const override;
};

Graph sample_fully_connected(Rng& rng);

}  // namespace mote
