// Trunc: fewer bits for numbers that are quantized already, of the QONNX dialect (real in, real out).
#pragma once

#include "base/rng.h"
#include "ir/graph.h"

namespace mote {

// Inputs: x real; scale and zero_point real, broadcastable to x. With q = round(x / scale + zero_point),
// halves to even, rho the rounding mode and t = 2^shift:
//   version 1:  y = (rho(q / t) - zero_point) scale
//   version 2:  y = (rho(clamp(q / t, min, max)) - zero_point / t) scale t,  min and max as those of Quant
// Version 1 leaves the scale as it is, so its numbers shrink by t. Source: the operator documents Trunc of
// QONNX, versions 1 and 2; t is 2^(in_bitwidth - out_bitwidth) there in version 1 and the ratio of the two
// scales, a power of two, in version 2.
struct Trunc final : Described<Trunc> {
  static constexpr std::string_view kName = "Trunc";
  std::int64_t version = 1;
  std::int64_t shift = 0;          // -32 to 32
  std::int64_t bits = 8;           // of the result; version 1 does not clamp to them
  bool is_signed = true;           // version 2
  bool narrow = false;             // version 2
  std::string rounding = "FLOOR";  // as Quant's

  static void describe(auto& self, auto& field) {
    field("version", self.version);
    field("shift", self.shift);
    field("bits", self.bits);
    field("is_signed", self.is_signed);
    field("narrow", self.narrow);
    field("rounding", self.rounding);
  }
  std::vector<TensorType> infer(const InputTypes& inputs) const override;
  void check(const InputTypes& inputs, const OutputTypes& outputs) const override;
  void evaluate(const InputArrays& inputs, const OutputArrays& outputs) const override;
  bool simulates_quantization() const override { return true; }

  // y = (rho(clamp(q / step, min_level, max_level)) - zero_point * zero_step) * scale * gain
  float step() const;
  float gain() const;
  float zero_step() const;
  double min_level() const;  // infinite in version 1
  double max_level() const;
};

Graph sample_trunc(Rng& rng);

}  // namespace mote
