// Conv2D: cross-correlation of an NHWC image with constant or computed filters, plain, grouped or dilated.
#pragma once

#include <limits>

#include "base/rng.h"
#include "ir/graph.h"
#include "ops/accumulation.h"

namespace mote {

// Inputs: x [N,H,W,I]; w [O,kh,kw,I/groups]; optional bias [O]. Output [N,oh,ow,O]. Output channels of group
// g read the input channels of group g (O/groups and I/groups of them, in order). Encodings:
// ops/accumulation.h.
struct Conv2D final : Described<Conv2D> {
  static constexpr std::string_view kName = "Conv2D";
  static constexpr AccumulationRule kRule{"Conv2D", 0, false};
  std::vector<std::int64_t> stride{1, 1};         // h, w
  std::vector<std::int64_t> dilation{1, 1};       // h, w
  std::vector<std::int64_t> padding{0, 0, 0, 0};  // top, left, bottom, right, all >= 0; filled with real zero
  std::int64_t groups = 1;
  float clamp_min = -std::numeric_limits<float>::infinity();  // real bounds of a fused activation
  float clamp_max = std::numeric_limits<float>::infinity();

  static void describe(auto& self, auto& field) {
    field("stride", self.stride);
    field("dilation", self.dilation);
    field("padding", self.padding);
    field("groups", self.groups);
    field("clamp_min", self.clamp_min);
    field("clamp_max", self.clamp_max);
  }

  std::vector<TensorType> infer(const InputTypes& inputs) const override;
  void check(const InputTypes& inputs, const OutputTypes& outputs) const override;
  void evaluate(const InputArrays& inputs, const OutputArrays& outputs) const override;
  std::int64_t macs(const InputTypes& inputs, const OutputTypes& outputs) const override;
};

Graph sample_conv2d(Rng& rng);

}  // namespace mote
