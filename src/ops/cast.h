// Cast: to another number format.
#pragma once

#include "base/rng.h"
#include "ir/graph.h"

namespace mote {

// Input: real or plain integer. `to`: "f32"; a plain integer ("s8", "u8", "s16", "u16", "s32", "u32", "s4",
// "u4", "s2", "u2", "bool", the last held as u1: x != 0); or a rounding format "f64", "f16", "bf16",
// "f8e4m3fn", "f8e4m3fnuz", "f8e5m2", "f8e5m2fnuz", "f4e2m1": the value is rounded to it, halves to even, and
// carried as f32. Reals to integers truncate toward zero and saturate (NaN gives 0); integers to narrower
// integers wrap. `saturate`: too large values become the greatest finite value of an 8-bit format instead of
// its infinity or NaN, as ONNX says.
struct Cast final : Described<Cast> {
  static constexpr std::string_view kName = "Cast";
  std::string to = "f32";
  bool saturate = true;

  static void describe(auto& self, auto& field) {
    field("to", self.to);
    field("saturate", self.saturate);
  }
  std::vector<TensorType> infer(const InputTypes& inputs) const override;
  void check(const InputTypes& inputs, const OutputTypes& outputs) const override;
  void evaluate(const InputArrays& inputs, const OutputArrays& outputs) const override;
};

Graph sample_cast(Rng& rng);

}  // namespace mote
