#include "compress/simplify/remove_idle_clamps.h"

#include <cmath>

#include "compress/simplify/bounds.h"
#include "compress/simplify/rewiring.h"
#include "ops/binary.h"
#include "ops/conv2d.h"
#include "ops/conv_transpose2d.h"
#include "ops/depthwise_conv2d.h"
#include "ops/fixed_point.h"
#include "ops/fully_connected.h"
#include "ops/mat_mul.h"
#include "ops/pool.h"
#include "ops/unary.h"

namespace mote {

namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

// The operator without its clamp, if it has one and the output's range implies it.
template <class Op>
OperatorPtr unclamped_as(const Node& node, const Encoding& output) {
  const Op* op = node.as<Op>();
  if (!op || (std::isinf(op->clamp_min) && std::isinf(op->clamp_max))) return nullptr;
  const IntegerRange range = clamp_range({op->clamp_min, op->clamp_max}, output);
  if (range.min != output.min() || range.max != output.max()) return nullptr;
  auto copy = std::make_shared<Op>(*op);
  copy->clamp_min = -kInfinity;
  copy->clamp_max = kInfinity;
  return copy;
}

template <class... Ops>
OperatorPtr unclamped(const Node& node, const Encoding& output) {
  OperatorPtr result;
  ((result = result ? result : unclamped_as<Ops>(node, output)), ...);
  return result;
}

// A bounding function that gives back each integer that can come.
bool keeps_everything(const Graph& graph, const Node& node, const std::vector<ChannelBounds>& bounds) {
  const auto* op = node.as<Unary>();
  if (!op || (op->function != "Relu" && op->function != "Relu6" && op->function != "Clip")) return false;
  const ChannelBounds& x = bounds[node.inputs[0].index];
  const Encoding& e = graph.type(node.inputs[0]).encoding;
  const auto values = every_integer(e);
  if (x.empty() || !values || e != graph.type(node.outputs[0]).encoding) return false;
  const Array results = evaluate_unary(*op, *values, values->type);
  for (const Interval& b : x)
    for (std::int64_t q = b.low; q <= b.high; ++q)
      if (results.integer[static_cast<std::size_t>(q - e.min())] != q) return false;
  return true;
}

}  // namespace

Graph remove_idle_clamps(const Graph& graph) {
  const auto bounds = channel_bounds(graph);
  Patch patch(graph);
  bool changed = false;
  for (const NodeId n : node_ids(graph)) {
    const Node& node = graph.node(n);
    const Encoding& output = graph.type(node.outputs[0]).encoding;
    if (!output.is_quantized() || output.is_per_axis() || output.bits() > 16) continue;
    if (const auto op =
            unclamped<Conv2D, DepthwiseConv2D, ConvTranspose2D, FullyConnected, MatMul, Pool, Binary>(
                node, output)) {
      patch.set_operator(n, op);
      changed = true;
    } else if (!graph.is_output(node.outputs[0]) && keeps_everything(graph, node, bounds)) {
      patch.replace_uses(node.outputs[0], patch.node(n).inputs[0]);
      patch.remove_node(n);
      changed = true;
    }
  }
  return finish(graph, std::move(patch), changed);
}

}  // namespace mote
