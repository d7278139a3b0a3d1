// Functions of one tensor, element by element.
#pragma once

#include <optional>
#include <span>

#include "base/rng.h"
#include "ir/graph.h"

namespace mote {

// function: Relu Relu6 Clip LeakyRelu HardSigmoid HardSwish Sigmoid Tanh Gelu Erf Exp Log Sqrt Rsqrt Abs Neg
// Floor Ceil Round Sign Elu Selu Softplus Softsign Square Reciprocal Sin Cos Identity.
//   Clip        min(max(x, alpha), beta)
//   LeakyRelu   x < 0 ? alpha x : x
//   HardSigmoid min(max(alpha x + beta, 0), 1)
//   Elu         x < 0 ? alpha (exp(x) - 1) : x
//   Selu        beta * Elu(x)
//   Gelu        beta == 1: the tanh form, else the exact one
//   Round       halves to even
// Input: real, quantized per tensor, or plain integer (Relu, Abs, Neg, Sign, Square, Identity).
// docs/numerics.md, equations 25 to 33.
struct Unary final : Described<Unary> {
  static constexpr std::string_view kName = "Unary";
  std::string function = "Relu";
  float alpha = 0;
  float beta = 0;

  std::string_view name() const override { return function; }
  static void describe(auto& self, auto& field) {
    field("function", self.function);
    field("alpha", self.alpha);
    field("beta", self.beta);
  }
  std::vector<TensorType> infer(const InputTypes& inputs) const override;
  void check(const InputTypes& inputs, const OutputTypes& outputs) const override;
  void evaluate(const InputArrays& inputs, const OutputArrays& outputs) const override;

  // The real function in double precision.
  double apply(double x) const;
};

// Names of all functions.
std::span<const std::string_view> unary_functions();

Graph sample_unary(Rng& rng, std::string_view function);

}  // namespace mote
