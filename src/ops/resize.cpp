#include "ops/resize.h"

#include <algorithm>
#include <cmath>

#include "ops/movement.h"

namespace mote {

namespace {

constexpr std::string_view kCoordinates[] = {"half_pixel",           "align_corners",
                                             "asymmetric",           "pytorch_half_pixel",
                                             "half_pixel_symmetric", "tf_half_pixel_for_nn"};
constexpr std::string_view kRoundings[] = {"floor", "ceil", "round_prefer_floor", "round_prefer_ceil"};
// Positions of the integer law have 10 fractional bits.
constexpr std::int64_t kOne = 1 << 10;
constexpr std::int64_t kMaxExtent = (1 << 15) - 1;

struct Axis {
  const Resize& resize;
  std::int64_t in, out;
  float scale;  // 0: out / in

  bool half_pixel() const {
    return resize.coordinate != "asymmetric" && resize.coordinate != "align_corners";
  }

  // TFLite computes nearest positions in float32 for its three modes; the same here, so that imported models
  // agree.
  bool tflite_nearest() const {
    if (scale != 0 || resize.function != "nearest") return false;
    if (resize.coordinate == "align_corners") return resize.nearest == "round_prefer_ceil";
    return resize.nearest == "floor" &&
           (resize.coordinate == "asymmetric" || resize.coordinate == "tf_half_pixel_for_nn");
  }
  std::int64_t tflite_position(std::int64_t i) const {
    const bool corners = resize.coordinate == "align_corners";
    const float step = corners && out > 1 ? static_cast<float>(in - 1) / static_cast<float>(out - 1)
                                          : static_cast<float>(in) / static_cast<float>(out);
    const float offset = half_pixel() ? 0.5F : 0.0F;
    const float position = (static_cast<float>(i) + offset) * step;
    return static_cast<std::int64_t>(corners ? std::round(position) : std::floor(position));
  }

  // ONNX Resize, attribute coordinate_transformation_mode.
  double position(std::int64_t i) const {
    const auto x = static_cast<double>(i);
    // (x + offset) / scale with one rounding where the scale is the ratio of two extents
    const auto unscaled = [&](double shifted) {
      return scale != 0 ? shifted / static_cast<double>(scale)
                        : shifted * static_cast<double>(in) / static_cast<double>(out);
    };
    if (resize.coordinate == "align_corners")
      return out == 1 ? 0 : x * static_cast<double>(in - 1) / static_cast<double>(out - 1);
    if (resize.coordinate == "asymmetric") return unscaled(x);
    if (resize.coordinate == "tf_half_pixel_for_nn") return unscaled(x + 0.5);
    if (resize.coordinate == "pytorch_half_pixel" && out == 1) return 0;
    if (resize.coordinate == "half_pixel_symmetric" && scale != 0) {
      const double adjustment =
          static_cast<double>(out) / (static_cast<double>(scale) * static_cast<double>(in));
      const double center = static_cast<double>(in) / 2;
      return center * (1 - adjustment) + unscaled(x + 0.5) - 0.5;
    }
    return unscaled(x + 0.5) - 0.5;
  }

  std::int64_t nearest(std::int64_t i) const {
    if (tflite_nearest()) return tflite_position(i);
    const double x = position(i);
    if (resize.nearest == "floor") return static_cast<std::int64_t>(std::floor(x));
    if (resize.nearest == "ceil") return static_cast<std::int64_t>(std::ceil(x));
    if (resize.nearest == "round_prefer_ceil") return static_cast<std::int64_t>(std::floor(x + 0.5));
    return static_cast<std::int64_t>(std::ceil(x - 0.5));
  }

  // Source position times 2^10: TFLite's integer bilinear kernel for its modes, the rounded exact position
  // for the others.
  std::int64_t position_1024(std::int64_t i) const {
    const bool corners = resize.coordinate == "align_corners";
    if (scale != 0 || !(corners || resize.coordinate == "half_pixel" || resize.coordinate == "asymmetric"))
      return static_cast<std::int64_t>(std::round(position(i) * static_cast<double>(kOne)));
    const std::int64_t step =
        corners && out > 1 ? (kOne * (in - 1) + (out - 1) / 2) / (out - 1) : (kOne * in + out / 2) / out;
    return half_pixel() ? i * step + step / 2 - kOne / 2 : i * step;
  }
};

}  // namespace

ResizeAxis resize_axis(const Resize& resize, int axis, std::int64_t extent) {
  const Axis law{resize, extent, axis == 0 ? resize.height : resize.width,
                 axis == 0 ? resize.scale_h : resize.scale_w};
  ResizeAxis result;
  const auto inside = [&](std::int64_t i) { return std::clamp<std::int64_t>(i, 0, extent - 1); };
  for (std::int64_t i = 0; i < law.out; ++i) {
    if (resize.function == "nearest") {
      result.lower.push_back(inside(law.nearest(i)));
      continue;
    }
    const double x = std::clamp(law.position(i), 0.0, static_cast<double>(extent - 1));
    const auto below = static_cast<std::int64_t>(std::floor(x));
    result.lower.push_back(below);
    result.upper.push_back(inside(below + 1));
    result.weight.push_back(x - static_cast<double>(below));
  }
  return result;
}

ResizeAxis resize_axis_integer(const Resize& resize, int axis, std::int64_t extent) {
  if (resize.function == "nearest") return resize_axis(resize, axis, extent);
  const Axis law{resize, extent, axis == 0 ? resize.height : resize.width,
                 axis == 0 ? resize.scale_h : resize.scale_w};
  ResizeAxis result;
  for (std::int64_t i = 0; i < law.out; ++i) {
    const std::int64_t x = law.position_1024(i);
    const std::int64_t lower = std::clamp<std::int64_t>(x / kOne, 0, extent - 1);
    const std::int64_t upper = std::clamp<std::int64_t>((x + kOne - 1) / kOne, 0, extent - 1);
    result.lower.push_back(lower);
    result.upper.push_back(upper);
    // where both are the same cell the weights cancel; 0 keeps them small
    result.weight_1024.push_back(lower == upper ? 0 : x - kOne * lower);
  }
  return result;
}

std::vector<TensorType> Resize::infer(const InputTypes& inputs) const {
  const TensorType& x = movement::expect_passing_input(kName, inputs);
  const auto one_of = [](const std::string& word, std::span<const std::string_view> words) {
    return std::find(words.begin(), words.end(), word) != words.end();
  };
  movement::require(x.shape.size() == 4, kName,
                    "its input has the shape " + to_string(x.shape) + ", not NxHxWxC");
  movement::require(function == "nearest" || function == "linear", kName,
                    "the function is '" + function + "'");
  movement::require(one_of(coordinate, kCoordinates), kName, "the coordinate mode is '" + coordinate + "'");
  movement::require(one_of(nearest, kRoundings), kName, "the rounding of nearest is '" + nearest + "'");
  for (const std::int64_t extent : {height, width, x.shape[1], x.shape[2]})
    movement::require(extent > 0 && extent <= kMaxExtent, kName, "an extent is " + std::to_string(extent));
  for (const float scale : {scale_h, scale_w})
    movement::require(scale == 0 || (scale > 1e-6F && scale < 1e6F), kName, "a scale is not a usable number");
  TensorType y{{x.shape[0], height, width, x.shape[3]}, x.encoding, {}};
  element_count(y.shape);
  return {std::move(y)};
}

void Resize::check(const InputTypes& inputs, const OutputTypes& outputs) const {
  movement::expect_encodings(kName, infer(inputs), outputs);
  movement::require(
      function == "nearest" || inputs[0]->encoding.bits() <= 16 || inputs[0]->encoding.is_real(), kName,
      "linear interpolation has no form for 32-bit integers");
}

void Resize::evaluate(const InputArrays& inputs, const OutputArrays& outputs) const {
  const Array& input = *inputs[0];
  Array& output = *outputs[0];
  const Shape& s = input.shape();
  const bool is_real = input.encoding().is_real();
  const ResizeAxis rows = is_real ? resize_axis(*this, 0, s[1]) : resize_axis_integer(*this, 0, s[1]);
  const ResizeAxis columns = is_real ? resize_axis(*this, 1, s[2]) : resize_axis_integer(*this, 1, s[2]);
  std::size_t target = 0;
  const auto at = [&](std::int64_t n, std::int64_t y, std::int64_t x, std::int64_t c) {
    return static_cast<std::size_t>(((n * s[1] + y) * s[2] + x) * s[3] + c);
  };
  const auto each = [&](const auto& cell) {
    for (std::int64_t n = 0; n < s[0]; ++n)
      for (std::size_t y = 0; y < static_cast<std::size_t>(height); ++y)
        for (std::size_t x = 0; x < static_cast<std::size_t>(width); ++x)
          for (std::int64_t c = 0; c < s[3]; ++c) cell(n, y, x, c);
  };
  if (function == "nearest")
    return movement::with_elements(input, output, [&](const auto& from, auto& to) {
      each([&](std::int64_t n, std::size_t y, std::size_t x, std::int64_t c) {
        to[target++] = from[at(n, rows.lower[y], columns.lower[x], c)];
      });
    });
  // the four neighbours, weighted; `one` is the weight of a whole cell
  const auto blend = [&](const auto& from, auto one, auto wy, auto wx, std::int64_t n, std::size_t y,
                         std::size_t x, std::int64_t c) {
    return from[at(n, rows.lower[y], columns.lower[x], c)] * (one - wy) * (one - wx) +
           from[at(n, rows.upper[y], columns.lower[x], c)] * wy * (one - wx) +
           from[at(n, rows.lower[y], columns.upper[x], c)] * (one - wy) * wx +
           from[at(n, rows.upper[y], columns.upper[x], c)] * wy * wx;
  };
  each([&](std::int64_t n, std::size_t y, std::size_t x, std::int64_t c) {
    if (is_real) {
      output.real[target++] = blend(input.real, 1.0, rows.weight[y], columns.weight[x], n, y, x, c);
      return;
    }
    const std::int64_t sum =
        blend(input.integer, kOne, rows.weight_1024[y], columns.weight_1024[x], n, y, x, c);
    const std::int64_t half = sum > 0 ? kOne * kOne / 2 : -kOne * kOne / 2;
    output.integer[target++] = (sum + half) / (kOne * kOne);
  });
}

Graph sample_resize(Rng& rng) {
  auto op = std::make_shared<Resize>();
  op->function = rng.chance(0.5) ? "nearest" : "linear";
  op->height = rng.integer(1, 9);
  op->width = rng.integer(1, 9);
  op->coordinate = kCoordinates[rng.integer(0, 5)];
  op->nearest = kRoundings[rng.integer(0, 3)];
  const Shape shape{rng.integer(1, 2), rng.integer(1, 6), rng.integer(1, 6), rng.integer(1, 5)};
  Encoding encoding = movement::sample_encoding(rng);
  if (op->function == "linear" && encoding.is_integer() && encoding.bits() == 32) encoding = Encoding::real();
  if (rng.chance(0.2)) {
    op->scale_h = static_cast<float>(op->height) / static_cast<float>(shape[1]) * 1.03F;
    op->scale_w = static_cast<float>(op->width) / static_cast<float>(shape[2]) * 1.03F;
  }
  return movement::sample_graph(op, {{shape, encoding, {}}});
}

}  // namespace mote
