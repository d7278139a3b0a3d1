// Resize of an image x [N,H,W,C] to [N,height,width,C], nearest or (bi)linear. Coordinate and rounding modes
// are those of the ONNX Resize operator; TFLite's are half_pixel, align_corners and asymmetric, for nearest
// with half pixel centres tf_half_pixel_for_nn. The encoding passes through.
//
// Quantized linear is TFLite's integer law: source positions in units of 2^-10, weights exact, one rounding
// by 2^20 with halves away from zero.
#pragma once

#include "base/rng.h"
#include "ir/graph.h"

namespace mote {

struct Resize final : Described<Resize> {
  std::string function = "nearest";  // or "linear"
  std::int64_t height = 0;           // of the output
  std::int64_t width = 0;
  // half_pixel, align_corners, asymmetric, pytorch_half_pixel, half_pixel_symmetric, tf_half_pixel_for_nn
  std::string coordinate = "half_pixel";
  std::string nearest = "round_prefer_floor";  // floor, ceil, round_prefer_floor, round_prefer_ceil
  float scale_h = 0;                           // output over input; 0: the ratio of the extents
  float scale_w = 0;

  static constexpr std::string_view kName = "Resize";
  static void describe(auto& self, auto& field) {
    field("function", self.function);
    field("height", self.height);
    field("width", self.width);
    field("coordinate", self.coordinate);
    field("nearest", self.nearest);
    field("scale_h", self.scale_h);
    field("scale_w", self.scale_w);
  }

  std::vector<TensorType> infer(const InputTypes& inputs) const override;
  void check(const InputTypes& inputs, const OutputTypes& outputs) const override;
  void evaluate(const InputArrays& inputs, const OutputArrays& outputs) const override;
};

// Where the output cells of one axis read: between `lower` and `upper`, `weight` of upper (of 1, or of 1024
// for integers). Nearest uses `lower` alone.
struct ResizeAxis {
  std::vector<std::int64_t> lower, upper;
  std::vector<double> weight;
  std::vector<std::int64_t> weight_1024;
};

// axis 0: height, 1: width; `extent` is the input's. For real tensors (weight) and for integer ones
// (weight_1024).
ResizeAxis resize_axis(const Resize& resize, int axis, std::int64_t extent);
ResizeAxis resize_axis_integer(const Resize& resize, int axis, std::int64_t extent);

Graph sample_resize(Rng& rng);

}  // namespace mote
