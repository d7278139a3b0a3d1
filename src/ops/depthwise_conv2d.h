// DepthwiseConv2D: every input channel has its own filters; output channel c * multiplier + j reads input
// channel c.
#pragma once

#include <limits>

#include "base/rng.h"
#include "ir/graph.h"
#include "ops/accumulation.h"

namespace mote {

// Inputs: x [N,H,W,C]; w [1,kh,kw,C*multiplier]; optional bias [C*multiplier]. Output [N,oh,ow,C*multiplier].
// Per-axis weights have axis 3. Encodings: ops/accumulation.h.
struct DepthwiseConv2D final : Described<DepthwiseConv2D> {
  static constexpr std::string_view kName = "DepthwiseConv2D";
  static constexpr AccumulationRule kRule{"DepthwiseConv2D", 3, false};
  std::vector<std::int64_t> stride{1, 1};         // h, w
  std::vector<std::int64_t> dilation{1, 1};       // h, w
  std::vector<std::int64_t> padding{0, 0, 0, 0};  // top, left, bottom, right, all >= 0; filled with real zero
  float clamp_min = -std::numeric_limits<float>::infinity();  // real bounds of a fused activation
  float clamp_max = std::numeric_limits<float>::infinity();

  static void describe(auto& self, auto& field) {
    field("stride", self.stride);
    field("dilation", self.dilation);
    field("padding", self.padding);
    field("clamp_min", self.clamp_min);
    field("clamp_max", self.clamp_max);
  }

  std::vector<TensorType> infer(const InputTypes& inputs) const override;
  void check(const InputTypes& inputs, const OutputTypes& outputs) const override;
  void evaluate(const InputArrays& inputs, const OutputArrays& outputs) const override;
  std::int64_t macs(const InputTypes& inputs, const OutputTypes& outputs) const override;
};

Graph sample_depthwise_conv2d(Rng& rng);

}  // namespace mote
