// Requantize: integers to integers of another scale, zero point, width or sign.
#pragma once

#include "base/rng.h"
#include "ir/graph.h"
#include "ops/unary_law.h"

namespace mote {

// Input and output: quantized per tensor, at most 16 bits each (32-bit input too). docs/numerics.md,
// equations 16, 16b and 52. The output encoding is set by whoever builds the node; infer answers with the
// input's own.
struct Requantize final : Described<Requantize> {
  static constexpr std::string_view kName = "Requantize";
  static void describe(auto&, auto&) {}
  std::vector<TensorType> infer(const InputTypes& inputs) const override;
  void check(const InputTypes& inputs, const OutputTypes& outputs) const override;
  void evaluate(const InputArrays& inputs, const OutputArrays& outputs) const override;
};

// Its law: one slope for both signs, or a table where both sides are bytes and the output has fewer than 8
// bits.
UnaryLaw requantize_law(const Encoding& input, const Encoding& output);

Graph sample_requantize(Rng& rng);

}  // namespace mote
