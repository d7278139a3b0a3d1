// Pad: cells before and after each axis. Mode "constant" fills with `value` (quantized: its nearest integer,
// halves away from zero, within the range), "reflect" mirrors without repeating the border, "edge" repeats
// the border. The encoding passes through.
#pragma once

#include "base/rng.h"
#include "ir/graph.h"

namespace mote {

struct Pad final : Described<Pad> {
  std::vector<std::int64_t> before;  // one per axis, not negative
  std::vector<std::int64_t> after;
  std::string mode = "constant";  // "reflect", "edge"
  float value = 0;

  static constexpr std::string_view kName = "Pad";
  static void describe(auto& self, auto& field) {
    field("before", self.before);
    field("after", self.after);
    field("mode", self.mode);
    field("value", self.value);
  }

  std::vector<TensorType> infer(const InputTypes& inputs) const override;
  void check(const InputTypes& inputs, const OutputTypes& outputs) const override;
  void evaluate(const InputArrays& inputs, const OutputArrays& outputs) const override;

  // The integer that stands for `value` in an integer encoding.
  std::int64_t integer_value(const Encoding& encoding) const;
};

Graph sample_pad(Rng& rng);

}  // namespace mote
