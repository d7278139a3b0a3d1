// Arithmetic on two tensors with NumPy broadcasting: Add, Sub, Mul, Div, Minimum, Maximum, Pow.
#pragma once

#include <limits>

#include "base/rng.h"
#include "ir/graph.h"
#include "ops/unary_law.h"

namespace mote {

// Inputs a, b: real, quantized per tensor, or plain integers of one encoding. Output: their broadcast shape.
// Quantized arithmetic follows docs/numerics.md, equations 17 to 21; plain integers wrap at the container's
// width and Div truncates toward zero (x / 0 is 0). Quantized Pow is legal for a constant exponent only
// (planners tabulate it), which check() cannot see: it asks for an exponent of one element.
struct Binary final : Described<Binary> {
  static constexpr std::string_view kName = "Binary";
  std::string function = "Add";
  float clamp_min =
      -std::numeric_limits<float>::infinity();  // fused activation, real bounds; not for plain integers
  float clamp_max = std::numeric_limits<float>::infinity();

  std::string_view name() const override { return function; }
  static void describe(auto& self, auto& field) {
    field("function", self.function);
    field("clamp_min", self.clamp_min);
    field("clamp_max", self.clamp_max);
  }
  std::vector<TensorType> infer(const InputTypes& inputs) const override;
  void check(const InputTypes& inputs, const OutputTypes& outputs) const override;
  void evaluate(const InputArrays& inputs, const OutputArrays& outputs) const override;
};

// base^exponent, quantized.
UnaryLaw power_law(double exponent, const Encoding& base, const Encoding& output);

Graph sample_binary(Rng& rng, std::string_view function);

}  // namespace mote
