#include <algorithm>
#include <limits>
#include <set>

#include "compress/simplify/bounds.h"
#include "ops/conv2d.h"
#include "ops/correlation.h"
#include "ops/depthwise_conv2d.h"
#include "ops/fully_connected.h"

namespace mote {

namespace {

// Which taps of one axis are inside the image, each combination once.
using TapMasks = std::set<std::vector<bool>>;

TapMasks masks_of(const TapTable& table) {
  TapMasks masks;
  for (std::int64_t o = 0; o < table.outputs; ++o) {
    std::vector<bool> mask;
    for (std::int64_t k = 0; k < table.taps; ++k)
      mask.push_back(table.source[static_cast<std::size_t>(o * table.taps + k)] >= 0);
    masks.insert(std::move(mask));
  }
  return masks;
}

// An accumulating layer as the analysis sees it: the window, and where weight (o, ky, kx, i) and its input
// channel are.
struct Layer {
  TapTable rows, columns;
  std::int64_t outputs = 0, depth = 0;  // output channels, input channels of one output channel
  std::int64_t o_stride = 0, tap_stride = 0, i_stride = 0;  // of the weights
  std::int64_t groups = 1;
  AccumulationRule rule;
  Clamp clamp{};
};

std::optional<Layer> layer_of(const Graph& graph, const Node& node) {
  const Shape& x = graph.type(node.inputs[0]).shape;
  const Shape& y = graph.type(node.outputs[0]).shape;
  const Shape& w = graph.type(node.inputs.at(1)).shape;
  if (const auto* op = node.as<Conv2D>())
    return Layer{forward_taps(x[1], w[1], op->stride[0], op->dilation[0], op->padding[0], y[1]),
                 forward_taps(x[2], w[2], op->stride[1], op->dilation[1], op->padding[1], y[2]),
                 w[0],
                 w[3],
                 w[1] * w[2] * w[3],
                 w[3],
                 1,
                 op->groups,
                 Conv2D::kRule,
                 {op->clamp_min, op->clamp_max}};
  if (const auto* op = node.as<DepthwiseConv2D>())
    return Layer{forward_taps(x[1], w[1], op->stride[0], op->dilation[0], op->padding[0], y[1]),
                 forward_taps(x[2], w[2], op->stride[1], op->dilation[1], op->padding[1], y[2]),
                 w[3],
                 1,
                 1,
                 w[3],
                 0,
                 x[3],
                 DepthwiseConv2D::kRule,
                 {op->clamp_min, op->clamp_max}};
  if (const auto* op = node.as<FullyConnected>())
    return Layer{{}, {}, w[0], w[1], w[1], 0, 1, 1, FullyConnected::kRule, {op->clamp_min, op->clamp_max}};
  return std::nullopt;
}

// Sums of one output channel over the taps of every mask pair: the least and the greatest.
class Sums {
 public:
  Sums(const Layer& layer, const std::vector<std::int32_t>& weights, const ChannelBounds& x,
       std::int64_t zero)
      : layer_(layer),
        weights_(weights),
        x_(x),
        zero_(zero),
        rows_(masks_of(layer.rows)),
        columns_(masks_of(layer.columns)) {}

  Interval operator()(std::int64_t o) const {
    const std::vector<Interval> taps = tap_sums(o);
    const auto width = static_cast<std::size_t>(layer_.columns.taps);
    Interval all{std::numeric_limits<std::int64_t>::max(), std::numeric_limits<std::int64_t>::min()};
    for (const auto& row_mask : rows_) {
      std::vector<Interval> column(width, Interval{0, 0});
      for (std::size_t t = 0; t < taps.size(); ++t)
        if (row_mask[t / width]) add(column[t % width], taps[t]);
      for (const auto& column_mask : columns_) {
        Interval sum{0, 0};
        for (std::size_t k = 0; k < width; ++k)
          if (column_mask[k]) add(sum, column[k]);
        all.include(sum);
      }
    }
    return all;
  }

 private:
  static void add(Interval& sum, const Interval& term) {
    sum.low += term.low;
    sum.high += term.high;
  }

  std::vector<Interval> tap_sums(std::int64_t o) const {
    std::vector<Interval> taps(static_cast<std::size_t>(layer_.rows.taps * layer_.columns.taps),
                               Interval{0, 0});
    const std::int64_t group = o * layer_.groups / layer_.outputs;
    for (std::size_t t = 0; t < taps.size(); ++t)
      for (std::int64_t i = 0; i < layer_.depth; ++i) {
        const std::int64_t at =
            o * layer_.o_stride + static_cast<std::int64_t>(t) * layer_.tap_stride + i * layer_.i_stride;
        const std::int64_t w = weights_[static_cast<std::size_t>(at)];
        const Interval& b = x_[static_cast<std::size_t>(group * layer_.depth + i)];
        const std::int64_t p = w * (b.low - zero_), q = w * (b.high - zero_);
        add(taps[t], {std::min(p, q), std::max(p, q)});
      }
    return taps;
  }

  const Layer& layer_;
  const std::vector<std::int32_t>& weights_;
  const ChannelBounds& x_;
  std::int64_t zero_;
  TapMasks rows_, columns_;
};

// Whether the stage computes this sum without wrapping anywhere.
bool stays_exact(const OutputStage& stage, std::int64_t sum, std::size_t channel) {
  constexpr std::int64_t kMax = std::numeric_limits<std::int32_t>::max();
  constexpr std::int64_t kWide = std::int64_t{1} << 47;
  if (stage.form == Accumulation::Int16) {
    const Multiplier m = stage.multipliers[stage.multipliers.size() == 1 ? 0 : channel];
    return sum > -kWide && sum < kWide &&
           std::abs(sum) >> std::max(0, -m.shift) < kMax >> std::max(0, m.shift);
  }
  const int left =
      stage.multipliers.empty() ? 0 : stage.multipliers[stage.multipliers.size() == 1 ? 0 : channel].shift;
  return std::abs(sum) <= kMax >> std::max(0, left);
}

}  // namespace

ChannelBounds accumulation_bounds(const Graph& graph, NodeId n, const std::vector<ChannelBounds>& bounds) {
  const Node& node = graph.node(n);
  if (node.inputs.size() < 2 || !graph.constant(node.inputs[1])) return {};
  const bool has_bias = node.inputs.size() > 2 && node.inputs[2].valid();
  const auto layer = layer_of(graph, node);
  const ChannelBounds& x = bounds[node.inputs[0].index];
  if (!layer || x.empty() || (has_bias && !graph.constant(node.inputs[2]))) return {};
  const TensorType& in = graph.type(node.inputs[0]);
  const TensorType& out = graph.type(node.outputs[0]);
  const Array weights = widen(*graph.constant(node.inputs[1]));
  const Array bias = has_bias ? widen(*graph.constant(node.inputs[2])) : Array();
  const AccumulationTypes types{in, weights.type, has_bias ? &bias.type : nullptr, out};
  const std::int64_t terms = layer->rows.taps * layer->columns.taps * layer->depth;
  const Accumulation form = accumulation_form(layer->rule, types, terms);
  if (form == Accumulation::Real) return {};
  const OutputStage stage = output_stage(layer->rule, types, form, layer->clamp);
  const auto centered_weights = centered(weights);
  const Sums sums(*layer, centered_weights, x, in.encoding.is_quantized() ? in.encoding.zero_point() : 0);
  ChannelBounds result;
  for (std::int64_t o = 0; o < layer->outputs; ++o) {
    const auto channel = static_cast<std::size_t>(o);
    Interval sum = sums(o);
    if (has_bias) sum = {sum.low + bias.integer[channel], sum.high + bias.integer[channel]};
    if (stays_exact(stage, sum.low, channel) && stays_exact(stage, sum.high, channel))
      result.push_back({stage(sum.low, channel), stage(sum.high, channel)});
    else
      result.push_back({form == Accumulation::Sum ? out.encoding.min() : stage.range.min,
                        form == Accumulation::Sum ? out.encoding.max() : stage.range.max});
  }
  return result;
}

}  // namespace mote
