// MaxPool and AveragePool over windows of an image x [N,H,W,C].
//
// Output extent along an axis: floor((extent + padding + ceil_extra - (dilation * (window - 1) + 1)) /
// stride) + 1. `padding` cells are never the maximum; an average counts them (as real zero) only with
// count_include_pad. `ceil_extra` cells exist only so that a last, partial window fits; nothing ever counts
// them. A window without any counted cell gives the lowest value (MaxPool) or zero (AveragePool).
//
// Integers (docs/numerics.md): input and output have the same encoding; an average is the sum divided by the
// count with halves away from zero, as the TFLite reference kernels do; the fused clamp comes last.
#pragma once

#include <limits>

#include "base/rng.h"
#include "ir/graph.h"

namespace mote {

struct Pool final : Described<Pool> {
  std::string function = "MaxPool";               // or "AveragePool"
  std::vector<std::int64_t> window{1, 1};         // h, w
  std::vector<std::int64_t> stride{1, 1};         // h, w
  std::vector<std::int64_t> dilation{1, 1};       // h, w
  std::vector<std::int64_t> padding{0, 0, 0, 0};  // top, left, bottom, right
  std::vector<std::int64_t> ceil_extra{0, 0};     // bottom, right
  bool count_include_pad = false;
  float clamp_min = -std::numeric_limits<float>::infinity();
  float clamp_max = std::numeric_limits<float>::infinity();

  static constexpr std::string_view kNames[] = {"MaxPool", "AveragePool"};
  static void describe(auto& self, auto& field) {
    field("function", self.function);
    field("window", self.window);
    field("stride", self.stride);
    field("dilation", self.dilation);
    field("padding", self.padding);
    field("ceil_extra", self.ceil_extra);
    field("count_include_pad", self.count_include_pad);
    field("clamp_min", self.clamp_min);
    field("clamp_max", self.clamp_max);
  }
  static constexpr std::string_view kName = "Pool";
  std::string_view name() const override { return function; }
  bool is_max() const { return function == kNames[0]; }

  std::vector<TensorType> infer(const InputTypes& inputs) const override;
  void check(const InputTypes& inputs, const OutputTypes& outputs) const override;
  void evaluate(const InputArrays& inputs, const OutputArrays& outputs) const override;
};

Graph sample_max_pool(Rng& rng);
Graph sample_average_pool(Rng& rng);

}  // namespace mote
