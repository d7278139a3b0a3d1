// Quant: simulated quantization of the QONNX dialect (real in, real out), as training and exchange use it.
#pragma once

#include "base/rng.h"
#include "ir/graph.h"

namespace mote {

// Inputs: x real; scale and zero_point real, broadcastable to x. Output: real,
//   scale * (round(clamp(x / scale + zero_point, min, max)) - zero_point)
// with min = -2^(bits-1) (+1 when narrow), max = 2^(bits-1) - 1 when signed, and 0, 2^bits - 1 (- 1 when
// narrow) when not; fractional bits are allowed. Source: the operator document Quant of QONNX. One signed bit
// is the exception that QONNX's BipolarQuant names; here it stays {-1, 0}.
struct Quant final : Described<Quant> {
  static constexpr std::string_view kName = "Quant";
  float bits = 8;
  bool is_signed = true;
  bool narrow = false;
  std::string rounding =
      "ROUND";  // ROUND or HALF_EVEN (halves to even) ROUND_TO_ZERO CEIL FLOOR UP DOWN HALF_UP HALF_DOWN

  static void describe(auto& self, auto& field) {
    field("bits", self.bits);
    field("is_signed", self.is_signed);
    field("narrow", self.narrow);
    field("rounding", self.rounding);
  }
  std::vector<TensorType> infer(const InputTypes& inputs) const override;
  void check(const InputTypes& inputs, const OutputTypes& outputs) const override;
  void evaluate(const InputArrays& inputs, const OutputArrays& outputs) const override;
  bool simulates_quantization() const override { return true; }

  // The least and the greatest integer level.
  double min_level() const;
  double max_level() const;
};

Graph sample_quant(Rng& rng);

}  // namespace mote
