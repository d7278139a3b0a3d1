// Resize and Upsample. Nearest and linear on the image axes become the operator Resize. The other forms are
// linear maps of one axis at a time and become exactly that: nearest a Gather, the rest (cubic, antialiased,
// cropped, or on other axes) a fully-connected layer with the interpolation matrix as weights. Coordinates
// and coefficients: ONNX operator Resize-19.
#include <algorithm>
#include <cmath>
#include <optional>

#include "format/onnx_import.h"
#include "ops/fully_connected.h"
#include "ops/resize.h"

namespace mote::onnx_import {

namespace {

struct Axis {
  std::int64_t input = 1;
  std::int64_t output = 1;
  double scale = 1;
  double roi_start = 0;
  double roi_end = 1;
};

struct Form {
  std::string mode, coordinate, nearest;
  bool antialias = false;
  bool exclude_outside = false;
  double cubic = -0.75;
  double extrapolation = 0;
};

std::vector<double> real_list(NodeImport& node, std::size_t i) {
  const Array array = widen(node.constant_input(i));
  return array.real.empty() ? std::vector<double>(array.integer.begin(), array.integer.end()) : array.real;
}

std::vector<double> given_list(NodeImport& node, std::size_t i) {
  return node.has_input(i) ? real_list(node, i) : std::vector<double>{};
}

std::vector<std::int64_t> resized_axes(NodeImport& node, std::int64_t rank) {
  std::vector<std::int64_t> axes = node.integers("axes");
  if (axes.empty())
    for (std::int64_t i = 0; i < rank; ++i) axes.push_back(i);
  for (std::int64_t& a : axes) a = node.axis(a, rank);
  return axes;
}

std::int64_t checked_extent(NodeImport& node, double extent) {
  if (!(extent >= 1) || !(extent <= 1 << 24))
    node.fail("an output extent would be " + std::to_string(extent));
  return static_cast<std::int64_t>(extent);
}

std::vector<Axis> read_axes(NodeImport& node, const Shape& shape) {
  const bool old = node.op_type() == "Upsample" || node.opset() < 11;
  const auto order = resized_axes(node, static_cast<std::int64_t>(shape.size()));
  std::vector<double> scales = given_list(node, old ? 1 : 2);
  if (node.op_type() == "Upsample" && scales.empty())
    for (const float s : node.reals("scales")) scales.push_back(static_cast<double>(s));
  const auto sizes = old ? std::vector<double>{} : given_list(node, 3);
  const auto roi = old ? std::vector<double>{} : given_list(node, 1);
  if ((sizes.empty() ? scales : sizes).size() != order.size())
    node.fail("it has " + std::to_string((sizes.empty() ? scales : sizes).size()) + " scales or sizes for " +
              std::to_string(order.size()) + " axes");
  const std::string policy = node.text("keep_aspect_ratio_policy", "stretch");
  std::optional<double> common;
  for (std::size_t i = 0; i < sizes.size() && policy != "stretch"; ++i) {
    const double scale = sizes[i] / static_cast<double>(shape[static_cast<std::size_t>(order[i])]);
    common = !common ? scale : policy == "not_larger" ? std::min(*common, scale) : std::max(*common, scale);
  }
  std::vector<Axis> axes;
  for (const std::int64_t extent : shape) axes.push_back({extent, extent});
  for (std::size_t i = 0; i < order.size(); ++i) {
    Axis& a = axes[static_cast<std::size_t>(order[i])];
    const auto input = static_cast<double>(a.input);
    if (common)
      a.output = checked_extent(node, std::floor(*common * input + 0.5));
    else
      a.output = checked_extent(node, sizes.empty() ? std::floor(input * scales[i]) : sizes[i]);
    a.scale = common ? *common : sizes.empty() ? scales[i] : sizes[i] / input;
    if (a.input < 1 || !(a.scale > 1e-9) || !(a.scale < 1e9))
      node.fail("an axis of " + std::to_string(a.input) + " is scaled by " + std::to_string(a.scale));
    if (roi.size() == 2 * order.size()) {
      a.roi_start = roi[i];
      a.roi_end = roi[order.size() + i];
    }
  }
  return axes;
}

// Where output cell `i` lies on the input axis.
double source_position(const Form& form, const Axis& a, std::int64_t i) {
  const auto x = static_cast<double>(i);
  const auto last = static_cast<double>(a.input - 1);
  const double length = a.scale * static_cast<double>(a.input);
  if (form.coordinate == "align_corners") return length == 1 ? 0 : x * last / (length - 1);
  if (form.coordinate == "asymmetric") return x / a.scale;
  if (form.coordinate == "tf_crop_and_resize") {
    if (length == 1) return (a.roi_start + a.roi_end) * last / 2;
    return a.roi_start * last + x * (a.roi_end - a.roi_start) * last / (length - 1);
  }
  const double half_pixel = (x + 0.5) / a.scale - 0.5;
  if (form.coordinate == "pytorch_half_pixel" && length == 1) return -0.5;
  if (form.coordinate == "half_pixel_symmetric")
    return static_cast<double>(a.input) / 2 * (1 - static_cast<double>(a.output) / length) + half_pixel;
  return half_pixel;
}

double cubic_kernel(double x, double a) {
  x = std::abs(x);
  if (x <= 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0;
}

// Weights of the input cells around a position whose distance to the cell before it is `ratio` in (0, 1]. The
// weights begin at cell `first` relative to that cell.
struct Coefficients {
  std::int64_t first = 0;
  std::vector<double> weights;
};

Coefficients coefficients(const Form& form, const Axis& a, double ratio) {
  if (form.mode == "nearest") {
    const bool upper = ratio == 1 || form.nearest == "ceil" ||
                       (form.nearest == "round_prefer_floor" && ratio > 0.5) ||
                       (form.nearest == "round_prefer_ceil" && ratio >= 0.5);
    return {upper ? 1 : 0, {1.0}};
  }
  const bool cubic = form.mode == "cubic";
  const double reach = cubic ? 2 : 1;
  const double scale = form.antialias ? std::min(a.scale, 1.0) : 1.0;
  Coefficients c;
  c.first = static_cast<std::int64_t>(std::floor(-reach / scale)) + 1;
  c.weights.reserve(static_cast<std::size_t>(2 - 2 * c.first));
  double sum = 0;
  for (std::int64_t i = c.first; i < 2 - c.first; ++i) {
    const double x = (static_cast<double>(i) - ratio) * scale;
    c.weights.push_back(cubic ? cubic_kernel(x, form.cubic) : std::clamp(1 - std::abs(x), 0.0, 1.0));
    sum += c.weights.back();
  }
  for (double& w : c.weights) w /= sum;
  return c;
}

// Row `i` of the interpolation matrix of one axis; true when the cell lies outside and takes the
// extrapolation value.
bool interpolation_row(const Form& form, const Axis& a, std::int64_t i, std::span<float> row) {
  const double x = source_position(form, a, i);
  const auto last = static_cast<double>(a.input - 1);
  if (form.coordinate == "tf_crop_and_resize" && (x < 0 || x > last)) return true;
  const double before = std::ceil(x) - 1;
  const Coefficients c = coefficients(form, a, x - before);
  double inside = 0;
  std::vector<double> sums(row.size(), 0.0);
  for (std::size_t k = 0; k < c.weights.size(); ++k) {
    const double cell = before + static_cast<double>(c.first) + static_cast<double>(k);
    const bool outside = cell < 0 || cell > last;
    if (outside && form.exclude_outside) continue;
    sums[static_cast<std::size_t>(std::clamp(cell, 0.0, last))] += c.weights[k];
    inside += c.weights[k];
  }
  for (std::size_t k = 0; k < row.size(); ++k)
    row[k] = static_cast<float>(form.exclude_outside ? sums[k] / inside : sums[k]);
  return false;
}

ValueId resize_one_axis(NodeImport& node, const Form& form, const Axis& a, ValueId x, std::int64_t axis) {
  // a cell costs its row, its taps (see coefficients) and some bookkeeping
  constexpr std::int64_t kBookkeeping = 16;
  const double taps = form.antialias ? 4 / std::min(a.scale, 1.0) : 4.0;
  node.spend(a.output * (a.input + static_cast<std::int64_t>(taps) + kBookkeeping));
  for (const std::int64_t i : {std::int64_t{0}, a.output - 1})  // the extremes: positions are monotonous
    if (!(std::abs(source_position(form, a, i)) < 1e9)) node.fail("its region of interest is not finite");
  std::vector<float> weights(static_cast<std::size_t>(a.output * a.input), 0.0F);
  std::vector<float> bias(static_cast<std::size_t>(a.output), 0.0F);
  for (std::int64_t i = 0; i < a.output; ++i) {
    const std::span row(weights.data() + i * a.input, static_cast<std::size_t>(a.input));
    if (interpolation_row(form, a, i, row))
      bias[static_cast<std::size_t>(i)] = static_cast<float>(form.extrapolation);
  }
  const bool crops = form.coordinate == "tf_crop_and_resize";
  if (form.mode == "nearest" && !crops) {
    std::vector<std::int64_t> cells;
    for (std::int64_t i = 0; i < a.output; ++i) {
      const auto row = weights.begin() + i * a.input;
      cells.push_back(std::max_element(row, row + a.input) - row);
    }
    return node.gather(x, axis, cells);
  }
  std::vector<std::int64_t> to_last;
  std::vector<std::int64_t> back;
  const std::int64_t rank = node.rank(x);
  for (std::int64_t i = 0; i < rank; ++i) {
    if (i != axis) to_last.push_back(i);
    back.push_back(i < axis ? i : i == axis ? rank - 1 : i - 1);
  }
  to_last.push_back(axis);
  std::vector<ValueId> inputs{
      node.transpose(x, to_last), node.add_constant(Tensor::reals({a.output, a.input}, weights)), {}};
  if (crops) inputs[2] = node.add_constant(Tensor::reals({a.output}, bias));
  return node.transpose(node.add(op_of(FullyConnected{}), inputs), back);
}

Form read_form(NodeImport& node) {
  Form form;
  const bool old = node.op_type() == "Upsample" || node.opset() < 11;
  form.mode = node.text("mode", "nearest");
  form.coordinate = node.text("coordinate_transformation_mode", old ? "asymmetric" : "half_pixel");
  form.nearest = node.text("nearest_mode", old ? "floor" : "round_prefer_floor");
  form.antialias = node.integer("antialias", 0) != 0;
  form.exclude_outside = node.integer("exclude_outside", 0) != 0;
  form.cubic = static_cast<double>(node.real("cubic_coeff_a", -0.75F));
  form.extrapolation = static_cast<double>(node.real("extrapolation_value", 0));
  if (form.mode == "bilinear") form.mode = "linear";
  if (form.mode != "nearest" && form.mode != "linear" && form.mode != "cubic")
    node.fail("its mode is \"" + form.mode + "\"");
  if (form.mode == "nearest") form.antialias = false;
  return form;
}

// Whether the operator Resize computes this.
bool is_planar(const Form& form, const std::vector<Axis>& axes) {
  if (axes.size() != 4 || axes[0].input != axes[0].output || axes[1].input != axes[1].output) return false;
  if (form.mode == "cubic" || form.antialias || form.exclude_outside ||
      form.coordinate == "tf_crop_and_resize")
    return false;
  const auto whole = [](const Axis& a) {
    return std::abs(a.scale * static_cast<double>(a.input) - static_cast<double>(a.output)) < 1e-6;
  };
  return form.coordinate != "align_corners" || (whole(axes[2]) && whole(axes[3]));
}

void read_resize(NodeImport& node) {
  ValueId x = node.input(0);
  const auto axes = read_axes(node, node.shape(x));
  const Form form = read_form(node);
  if (is_planar(form, axes)) {
    Resize op;
    op.function = form.mode;
    op.height = axes[2].output;
    op.width = axes[3].output;
    op.coordinate = form.coordinate;
    op.nearest = form.nearest;
    const auto scale = [](const Axis& a) {  // 0: the ratio of the extents
      const double ratio = static_cast<double>(a.output) / static_cast<double>(a.input);
      return a.scale == ratio ? 0.0F : static_cast<float>(a.scale);
    };
    op.scale_h = scale(axes[2]);
    op.scale_w = scale(axes[3]);
    return node.set_output(0, from_nhwc(node, node.add(op_of(op), {to_nhwc(node, x)}), 4));
  }
  for (std::size_t i = 0; i < axes.size(); ++i)
    if (axes[i].input != axes[i].output || axes[i].scale != 1 || axes[i].roi_start != 0 ||
        axes[i].roi_end != 1)
      x = resize_one_axis(node, form, axes[i], x, static_cast<std::int64_t>(i));
  node.set_output(0, x);
}

constexpr ConvertRow kRows[] = {{"Resize", read_resize}, {"Upsample", read_resize}};

}  // namespace

std::span<const ConvertRow> resize_rows() { return kRows; }

}  // namespace mote::onnx_import
