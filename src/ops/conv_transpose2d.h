// ConvTranspose2D: the transpose of a strided convolution ("deconvolution").
#pragma once

#include <limits>

#include "base/rng.h"
#include "ir/graph.h"
#include "ops/accumulation.h"

namespace mote {

// Inputs: x [N,H,W,I]; w [O,kh,kw,I/groups], O all output channels; optional bias [O].
// Output [N,oh,ow,O], oh = (H-1)*stride + dilation*(kh-1) + 1 + output_padding - top - bottom. Input row y
// and tap k add to output row y*stride + k*dilation - top. Encodings: ops/accumulation.h.
struct ConvTranspose2D final : Described<ConvTranspose2D> {
  static constexpr std::string_view kName = "ConvTranspose2D";
  static constexpr AccumulationRule kRule{"ConvTranspose2D", 0, false};
  std::vector<std::int64_t> stride{1, 1};          // h, w
  std::vector<std::int64_t> dilation{1, 1};        // h, w
  std::vector<std::int64_t> padding{0, 0, 0, 0};   // top, left, bottom, right: cut from the full output
  std::vector<std::int64_t> output_padding{0, 0};  // h, w: rows and columns added at the end
  std::int64_t groups = 1;
  float clamp_min = -std::numeric_limits<float>::infinity();  // real bounds of a fused activation
  float clamp_max = std::numeric_limits<float>::infinity();

  static void describe(auto& self, auto& field) {
    field("stride", self.stride);
    field("dilation", self.dilation);
    field("padding", self.padding);
    field("output_padding", self.output_padding);
    field("groups", self.groups);
    field("clamp_min", self.clamp_min);
    field("clamp_max", self.clamp_max);
  }

  std::vector<TensorType> infer(const InputTypes& inputs) const override;
  void check(const InputTypes& inputs, const OutputTypes& outputs) const override;
  void evaluate(const InputArrays& inputs, const OutputArrays& outputs) const override;
  std::int64_t macs(const InputTypes& inputs, const OutputTypes& outputs) const override;
};

Graph sample_conv_transpose2d(Rng& rng);

}  // namespace mote
