#include "compress/simplify/fuse_activation.h"

#include <algorithm>
#include <limits>

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

std::optional<Clamp> clamp_of(const Unary& op) {
  if (op.function == "Relu") return Clamp{0, kInfinity};
  if (op.function == "Relu6") return Clamp{0, 6};
  if (op.function == "Clip" && op.alpha <= op.beta) return Clamp{op.alpha, op.beta};
  return std::nullopt;
}

// A copy of the operator with the clamp after its own, or nullptr when the node is no Op.
template <class Op>
OperatorPtr clamped_as(const Node& node, Clamp clamp) {
  const Op* op = node.as<Op>();
  if (!op) return nullptr;
  auto copy = std::make_shared<Op>(*op);
  copy->clamp_min = std::min(std::max(op->clamp_min, clamp.min), clamp.max);
  copy->clamp_max = std::min(std::max(op->clamp_max, clamp.min), clamp.max);
  return copy;
}

OperatorPtr clamped(const Node& node, Clamp clamp) {
  if (const auto* binary = node.as<Binary>()) {
    const auto& f = binary->function;
    return f == "Add" || f == "Sub" || f == "Mul" || f == "Div" ? clamped_as<Binary>(node, clamp) : nullptr;
  }
  for (const auto make : {clamped_as<Conv2D>, clamped_as<DepthwiseConv2D>, clamped_as<ConvTranspose2D>,
                          clamped_as<FullyConnected>, clamped_as<MatMul>, clamped_as<Pool>})
    if (auto op = make(node, clamp)) return op;
  return nullptr;
}

// A clamp to [a, b] that follows one to [c, d] is one clamp of the bounds only as integers, when both were
// rounded; so the integers are compared, all of them, with what the joined real bounds give.
bool is_exact(const Unary& activation, Clamp before, Clamp joined, const Encoding& encoding) {
  const auto values = every_integer(encoding);
  if (!values) return false;
  const IntegerRange first = clamp_range(before, encoding), range = clamp_range(joined, encoding);
  Array clamped_first = *values;
  for (auto& q : clamped_first.integer)
    q = std::min<std::int64_t>(std::max<std::int64_t>(q, first.min), first.max);
  const Array expected = evaluate_unary(activation, clamped_first, values->type);
  for (std::size_t i = 0; i < values->integer.size(); ++i) {
    const auto q = std::min<std::int64_t>(std::max<std::int64_t>(values->integer[i], range.min), range.max);
    if (q != expected.integer[i]) return false;
  }
  return true;
}

Clamp clamp_member(const Operator& op) {
  Clamp clamp{-kInfinity, kInfinity};
  for (const auto& [name, value] : op.fields()) {
    if (name == "clamp_min") clamp.min = static_cast<float>(std::get<double>(value));
    if (name == "clamp_max") clamp.max = static_cast<float>(std::get<double>(value));
  }
  return clamp;
}

}  // namespace

Graph fuse_activation(const Graph& graph) {
  Patch patch(graph);
  bool changed = false;
  std::vector<NodeId>
      maker;  // by value, as the patch stands: of two activations in a row both find the layer
  for (const Value& value : graph.values()) maker.push_back(value.producer);
  for (const NodeId n : node_ids(graph)) {
    const auto* activation = graph.node(n).as<Unary>();
    if (!activation) continue;
    const auto clamp = clamp_of(*activation);
    const ValueId in = graph.node(n).inputs[0], out = graph.node(n).outputs[0];
    const NodeId producer = maker[in.index];
    if (!clamp || !producer.valid() || !is_read_only_by(graph, in, n)) continue;
    const Encoding& encoding = graph.type(in).encoding;
    if (encoding != graph.type(out).encoding || (encoding.is_integer() && !encoding.is_quantized())) continue;
    const OperatorPtr before = patch.node(producer).op;
    const OperatorPtr fused = clamped(patch.node(producer), *clamp);
    if (!fused) continue;
    if (encoding.is_integer() &&
        !is_exact(*activation, clamp_member(*before), clamp_member(*fused), encoding))
      continue;
    patch.set_operator(producer, fused);
    patch.set_node_outputs(producer, {out});  // the result keeps the activation's name
    patch.remove_node(n);
    maker[out.index] = producer;
    changed = true;
  }
  return finish(graph, std::move(patch), changed);
}

}  // namespace mote
