#include "compress/quantize/quantizer_grid.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "ops/binary.h"
#include "ops/bipolar_quant.h"
#include "ops/depthwise_conv2d.h"
#include "ops/dequantize.h"
#include "ops/pool.h"
#include "ops/quant.h"
#include "ops/reduce.h"
#include "ops/trunc.h"
#include "ops/unary.h"

namespace mote {

namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
// Short of half a step, so that whole numbers are not ties.
constexpr double kAlmostHalf = 0.5 - 1.0 / 4096;

// The axis along which a parameter of x varies; -1: it does not; nothing: along several.
std::optional<int> axis_of(const Shape& x, const Shape& parameter) {
  int axis = -1;
  for (std::size_t i = 0; i < parameter.size(); ++i) {
    if (parameter[i] == 1) continue;
    if (axis >= 0) return std::nullopt;
    axis = static_cast<int>(x.size() - parameter.size() + i);
  }
  return axis;
}

struct Affine {
  int axis;
  std::vector<float> scales;
  std::vector<double> zeros;  // as many
};

std::optional<Affine> affine_of(const Graph& graph, const Node& node) {
  const Shape& x = graph.type(node.inputs[0]).shape;
  const Tensor* scale = graph.constant(node.inputs[1]);
  const Tensor* zero = node.inputs.size() > 2 ? graph.constant(node.inputs[2]) : nullptr;
  if (!scale || (node.inputs.size() > 2 && !zero)) return std::nullopt;
  const auto axis = axis_of(x, scale->type().shape);
  const auto zero_axis = zero ? axis_of(x, zero->type().shape) : -1;
  if (!axis || !zero_axis || (*axis != *zero_axis && *zero_axis >= 0)) return std::nullopt;
  Affine affine{*axis, {scale->floats().begin(), scale->floats().end()}, {}};
  if (!graph.constant(node.inputs[0])) {
    for (const float s : affine.scales)
      if (s != affine.scales[0]) return std::nullopt;
    if (zero && zero->type().elements() != 1) return std::nullopt;
    affine.axis = -1;
    affine.scales.resize(1);
  }
  for (std::size_t i = 0; i < affine.scales.size(); ++i) {
    const bool one = !zero || zero->type().elements() == 1;
    affine.zeros.push_back(!zero ? 0 : zero->real_at(one ? 0 : static_cast<std::int64_t>(i)));
    if (!(affine.scales[i] > 0) || !(affine.scales[i] < 1e30F)) return std::nullopt;
  }
  return affine;
}

// The narrowest integers that hold every level.
std::optional<Encoding> encoding_of(const Affine& affine, double low, double high, bool is_signed,
                                    bool constant) {
  for (const int bits : {1, 2, 3, 4, 5, 6, 7, 8, 16, 32}) {
    const Encoding plain = Encoding::integer(bits, is_signed);
    if (low < static_cast<double>(plain.min()) || high > static_cast<double>(plain.max())) continue;
    if (bits == 32 && !constant) return std::nullopt;
    Quantization q{affine.axis, affine.scales, {}};
    for (const double zero : affine.zeros) {
      if (zero != std::round(zero) || zero < static_cast<double>(plain.min()) ||
          zero > static_cast<double>(plain.max()))
        return std::nullopt;
      q.zero_points.push_back(static_cast<std::int32_t>(zero));
    }
    return plain.with_quantization(std::move(q));
  }
  return std::nullopt;
}

std::optional<double> shift_of(const std::string& rounding, bool is_signed) {
  if (rounding == "FLOOR" || (!is_signed && (rounding == "ROUND_TO_ZERO" || rounding == "DOWN")))
    return -kAlmostHalf;
  if (rounding == "CEIL" || (!is_signed && rounding == "UP")) return kAlmostHalf;
  if (rounding == "ROUND" || rounding.starts_with("HALF")) return 0.0;
  return std::nullopt;
}

// low and high are whole or not: rounding takes them to the nearest level.
std::optional<QuantizerGrid> grid_of(const Affine& affine, double low, double high, bool is_signed,
                                     const std::string& rounding, bool constant) {
  const auto shift = shift_of(rounding, is_signed);
  if (!shift) return std::nullopt;
  const double least = std::nearbyint(low), most = std::nearbyint(high);
  const auto encoding = encoding_of(affine, least, most, is_signed, constant);
  if (!encoding) return std::nullopt;
  QuantizerGrid grid{*encoding, {-kInfinity, kInfinity}, 1, *shift};
  if (constant) return grid;
  const auto real = [&](double level) {
    return static_cast<float>((level - affine.zeros[0]) * affine.scales[0]);
  };
  if (least > static_cast<double>(encoding->min())) grid.bounds.min = real(least);
  if (most < static_cast<double>(encoding->max())) grid.bounds.max = real(most);
  return grid;
}

// A dequantized constant, as weigh_averages makes them.
bool positive_weights(const Graph& graph, ValueId w) {
  const NodeId producer = graph.value(w).producer;
  if (!producer.valid() || !graph.node(producer).as<Dequantize>()) return false;
  const Tensor* integers = graph.constant(graph.node(producer).inputs[0]);
  if (!integers) return false;
  const auto values = dequantized(widen(*integers));
  return std::all_of(values.begin(), values.end(), [](double v) { return v >= 0; });
}

// By what makes it; false: it may be negative.
bool never_negative(const Graph& graph, ValueId v) {
  const NodeId producer = graph.value(v).producer;
  if (!producer.valid()) return false;
  const Node& node = graph.node(producer);
  if (const auto* quant = node.as<Quant>()) {
    const Tensor* zero = graph.constant(node.inputs[2]);
    return !quant->is_signed && zero && zero->type().elements() == 1 && zero->real_at(0) == 0;
  }
  if (const auto* binary = node.as<Binary>()) {
    const Tensor* factor = graph.constant(node.inputs[1]);
    const bool positive = factor && std::all_of(factor->floats().begin(), factor->floats().end(),
                                                [](float f) { return f >= 0; });
    return binary->function == "Mul" && positive && never_negative(graph, node.inputs[0]);
  }
  if (node.as<DepthwiseConv2D>() && node.inputs.size() == 2)
    return positive_weights(graph, node.inputs[1]) && never_negative(graph, node.inputs[0]);
  if (const auto* unary = node.as<Unary>()) return unary->function == "Relu" || unary->function == "Relu6";
  return (node.as<Pool>() || node.as<Reduce>()) && never_negative(graph, node.inputs[0]);
}

// Version 1 divides the numbers, version 2 makes the steps larger.
std::optional<QuantizerGrid> trunc_grid(const Trunc& op, Affine affine, bool negative) {
  const double step = static_cast<double>(op.step());
  if (op.version == 2)
    for (std::size_t i = 0; i < affine.scales.size(); ++i) {
      affine.scales[i] *= op.gain();
      affine.zeros[i] /= step;
    }
  for (const double zero : affine.zeros)
    if (op.version == 1 && zero != 0) return std::nullopt;
  Quant result;  // version 1 does not say whether its numbers are signed
  result.bits = static_cast<float>(op.bits);
  result.is_signed = op.version == 2 ? op.is_signed : negative;
  result.narrow = op.version == 2 && op.narrow;
  auto grid = grid_of(affine, result.min_level(), result.max_level(), result.is_signed, op.rounding, false);
  if (!grid) return std::nullopt;
  if (op.version == 1) {
    grid->bounds = {-kInfinity, kInfinity};
    grid->factor = 1 / step;
  }
  return grid;
}

}  // namespace

std::optional<QuantizerGrid> quantizer_grid(const Graph& graph, NodeId id) {
  const Node& node = graph.node(id);
  const auto affine = affine_of(graph, node);
  if (!affine) return std::nullopt;
  const bool constant = graph.constant(node.inputs[0]) != nullptr;
  if (node.as<BipolarQuant>()) {
    const std::vector<std::int32_t> zeros(affine->scales.size(), 0);
    return QuantizerGrid{Encoding::bipolar(1).with_quantization({affine->axis, affine->scales, zeros}),
                         {-kInfinity, kInfinity}};
  }
  if (const auto* trunc = node.as<Trunc>())
    return constant ? std::nullopt : trunc_grid(*trunc, *affine, !never_negative(graph, node.inputs[0]));
  const auto* quant = node.as<Quant>();
  if (!quant) return std::nullopt;
  return grid_of(*affine, quant->min_level(), quant->max_level(), quant->is_signed,
                 constant ? "ROUND" : quant->rounding, constant);
}

}  // namespace mote
