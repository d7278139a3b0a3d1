// MatMul: product of two (stacks of) matrices, leading axes broadcast as NumPy does.
#pragma once

#include <limits>

#include "base/rng.h"
#include "ir/graph.h"
#include "ops/accumulation.h"

namespace mote {

// Inputs: a [...,M,K], b [...,K,N], each of rank 2 to 6; with transpose_a / transpose_b the last two axes of
// that operand are swapped. Output [...,M,N]. Encodings: ops/accumulation.h with b in the place of the
// weights, per tensor, of a's width; besides, plain 32-bit integers of one encoding, wrapping.
struct MatMul final : Described<MatMul> {
  static constexpr std::string_view kName = "MatMul";
  static constexpr AccumulationRule kRule{"MatMul", -1, true, true};
  bool transpose_a = false;
  bool transpose_b = false;
  float clamp_min = -std::numeric_limits<float>::infinity();  // real bounds of a fused activation
  float clamp_max = std::numeric_limits<float>::infinity();

  static void describe(auto& self, auto& field) {
    field("transpose_a", self.transpose_a);
    field("transpose_b", self.transpose_b);
    field("clamp_min", self.clamp_min);
    field("clamp_max", self.clamp_max);
  }

  std::vector<TensorType> infer(const InputTypes& inputs) const override;
  void check(const InputTypes& inputs, const OutputTypes& outputs) const override;
  void evaluate(const InputArrays& inputs, const OutputArrays& outputs) const override;
  std::int64_t macs(const InputTypes& inputs, const OutputTypes& outputs) const override;
};

Graph sample_mat_mul(Rng& rng);

}  // namespace mote
