// ArgMax and ArgMin: the index of the largest or smallest element along one axis, as a plain s32. Among
// equals the first, or the last with select_last. Quantized inputs compare by their integers; they are never
// per axis.
#pragma once

#include "base/rng.h"
#include "ir/graph.h"

namespace mote {

struct ArgMax final : Described<ArgMax> {
  std::string function = "ArgMax";  // or "ArgMin"
  std::int64_t axis = 0;            // not negative
  bool keep_dims = true;
  bool select_last = false;

  static constexpr std::string_view kNames[] = {"ArgMax", "ArgMin"};
  static constexpr std::string_view kName = "ArgMax";
  static void describe(auto& self, auto& field) {
    field("function", self.function);
    field("axis", self.axis);
    field("keep_dims", self.keep_dims);
    field("select_last", self.select_last);
  }
  std::string_view name() const override { return function; }

  std::vector<TensorType> infer(const InputTypes& inputs) const override;
  void check(const InputTypes& inputs, const OutputTypes& outputs) const override;
  void evaluate(const InputArrays& inputs, const OutputArrays& outputs) const override;
};

Graph sample_arg_max(Rng& rng);
Graph sample_arg_min(Rng& rng);

}  // namespace mote
