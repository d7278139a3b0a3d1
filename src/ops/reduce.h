// ReduceMean, ReduceSum, ReduceMax, ReduceMin and ReduceProd over some axes.
//
// Quantized Mean and Sum (docs/numerics.md): the sum of (q - zero_in) is rescaled by one fixed-point
// multiplier scale_in / (scale_out * count) for Mean, scale_in / scale_out for Sum, then zero_out is added
// and the result clamped. Quantized Max and Min keep the encoding. Plain integers wrap at the container's
// width; Mean truncates toward zero. Prod has no quantized form.
#pragma once

#include "base/rng.h"
#include "ir/graph.h"
#include "ops/fixed_point.h"
#include "ops/movement.h"

namespace mote {

struct Reduce final : Described<Reduce> {
  std::string function = "Mean";   // Mean, Sum, Max, Min, Prod
  std::vector<std::int64_t> axes;  // ascending, not negative
  bool keep_dims = true;

  static constexpr std::string_view kName = "Reduce";
  static void describe(auto& self, auto& field) {
    field("function", self.function);
    field("axes", self.axes);
    field("keep_dims", self.keep_dims);
  }
  std::string_view name() const override;  // "ReduceMean", ...

  std::vector<TensorType> infer(const InputTypes& inputs) const override;
  void check(const InputTypes& inputs, const OutputTypes& outputs) const override;
  void evaluate(const InputArrays& inputs, const OutputArrays& outputs) const override;
};

// The axes that stay and the axes that are folded, each as a view of an input of this shape.
struct ReduceViews {
  movement::View kept, reduced;
};
ReduceViews reduce_views(const Shape& shape, const std::vector<std::int64_t>& axes);

// The multiplier that takes the integer sum of `count` elements to the output's scale (Mean or Sum).
Multiplier reduce_multiplier(bool mean, const Encoding& input, const Encoding& output, std::int64_t count);

Graph sample_reduce_mean(Rng& rng);
Graph sample_reduce_sum(Rng& rng);
Graph sample_reduce_max(Rng& rng);
Graph sample_reduce_min(Rng& rng);
Graph sample_reduce_prod(Rng& rng);

}  // namespace mote
