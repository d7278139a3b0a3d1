// Softmax and LogSoftmax along one axis.
#pragma once

#include "base/rng.h"
#include "ir/graph.h"

namespace mote {

// Input: real, or quantized per tensor with at most 8 bits, or 16 bits (Softmax only). A quantized Softmax
// has the output scale 1/2^bits and the least integer as zero point (8 bits and less), or 1/32768 and 0 (16
// bits); LogSoftmax has 16/2^bits and the greatest integer. docs/numerics.md, equations 34 to 40. infer()
// answers with that encoding.
struct Softmax final : Described<Softmax> {
  static constexpr std::string_view kName = "Softmax";
  std::string function = "Softmax";  // or "LogSoftmax"
  std::int64_t axis = 0;             // >= 0
  float beta = 1;                    // softmax(beta * x)

  std::string_view name() const override { return function; }
  static void describe(auto& self, auto& field) {
    field("function", self.function);
    field("axis", self.axis);
    field("beta", self.beta);
  }
  std::vector<TensorType> infer(const InputTypes& inputs) const override;
  void check(const InputTypes& inputs, const OutputTypes& outputs) const override;
  void evaluate(const InputArrays& inputs, const OutputArrays& outputs) const override;
};

// The output encoding that the law gives a quantized Softmax or LogSoftmax of this input.
Encoding softmax_encoding(std::string_view function, const Encoding& input);

Graph sample_softmax(Rng& rng);
Graph sample_log_softmax(Rng& rng);

}  // namespace mote
