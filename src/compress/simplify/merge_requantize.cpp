#include "compress/simplify/merge_requantize.h"

#include "compress/simplify/rewiring.h"
#include "ops/binary.h"
#include "ops/conv2d.h"
#include "ops/conv_transpose2d.h"
#include "ops/depthwise_conv2d.h"
#include "ops/dequantize.h"
#include "ops/fully_connected.h"
#include "ops/mat_mul.h"
#include "ops/quantize.h"
#include "ops/requantize.h"

namespace mote {

namespace {

TensorType typed(const Array& like, const Encoding& encoding) { return {like.type.shape, encoding, {}}; }

bool is_legal(const Operator& op, const TensorType& in, const TensorType& out) {
  try {
    op.check({&in}, {&out});
    return true;
  } catch (const UserError&) {
    return false;
  }
}

// Does one Requantize from `from` to `to` equal `first` to `middle` and then `second` to `to`, on every
// integer?
bool equals_requantize(const Operator& first, const Operator& second, const Encoding& from,
                       const Encoding& middle, const Encoding& to) {
  const auto values = every_integer(from);
  const Requantize direct;
  if (!values || !is_legal(direct, values->type, typed(*values, to))) return false;
  const Array step = evaluate_unary(first, *values, typed(*values, middle));
  const Array expected = evaluate_unary(second, step, typed(*values, to));
  return evaluate_unary(direct, *values, typed(*values, to)).integer == expected.integer;
}

// The same numbers with all integers moved by one offset, limits included.
bool is_shift(const Encoding& from, const Encoding& to) {
  return from.is_quantized() && to.is_quantized() && !from.is_per_axis() && !to.is_per_axis() &&
         from.bits() == to.bits() && from.bits() <= 8 && from.scale() == to.scale() &&
         to.min() - from.min() == to.zero_point() - from.zero_point();
}

// Operators that scale their accumulator to the output's encoding, whatever it is.
bool writes_any_encoding(const Node& node) {
  if (const auto* op = node.as<Binary>())
    return op->function == "Add" || op->function == "Sub" || op->function == "Mul";
  return node.as<Conv2D>() || node.as<DepthwiseConv2D>() || node.as<ConvTranspose2D>() ||
         node.as<FullyConnected>() || node.as<MatMul>() || node.as<Requantize>() || node.as<Quantize>();
}

bool fuse_shift(const Graph& graph, Patch& patch, NodeId n) {
  const ValueId in = graph.node(n).inputs[0], out = graph.node(n).outputs[0];
  const NodeId producer = graph.value(in).producer;
  if (!graph.node(n).as<Requantize>() || !producer.valid() || !is_read_only_by(graph, in, n)) return false;
  if (!writes_any_encoding(graph.node(producer)) ||
      !is_shift(graph.type(in).encoding, graph.type(out).encoding))
    return false;
  try {
    graph.node(producer).op->check(graph.input_types(producer), {&graph.type(out)});
  } catch (const UserError&) {
    return false;  // this operator wants encodings that the shift breaks
  }
  patch.set_node_outputs(producer, {out});
  patch.remove_node(n);
  return true;
}

bool merge_pair(const Graph& graph, Patch& patch, NodeId n) {
  const Node& node = graph.node(n);
  const ValueId middle = node.inputs[0], out = node.outputs[0];
  const NodeId first = graph.value(middle).producer;
  if (!first.valid()) return false;
  const Node& before = graph.node(first);
  const bool is_pair =
      (node.as<Requantize>() && before.as<Requantize>()) || (node.as<Quantize>() && before.as<Dequantize>());
  if (!is_pair) return false;
  const ValueId source = before.inputs[0];
  const Encoding& from = graph.type(source).encoding;
  const Encoding& to = graph.type(out).encoding;
  if (before.as<Dequantize>() && from == to && from.bits() <= 16) {
    replace_value(graph, patch, out, source);
    patch.remove_node(n);
    return true;
  }
  if (from.is_per_axis() || to.is_per_axis()) return false;
  if (!equals_requantize(*before.op, *node.op, from, graph.type(middle).encoding, to)) return false;
  patch.set_operator(n, std::make_shared<Requantize>());
  patch.set_node_inputs(n, {source});
  return true;
}

// One round: pairs of neighbours that no other pair of the round has changed.
Graph merge_once(const Graph& graph) {
  Patch patch(graph);
  bool changed = false;
  std::vector<bool> touched(graph.nodes().size(), false);
  for (const NodeId n : node_ids(graph)) {
    const Node& node = graph.node(n);
    if (!node.as<Requantize>() && !node.as<Quantize>()) continue;
    const NodeId before = graph.value(node.inputs[0]).producer;
    if (!before.valid() || touched[n.index] || touched[before.index]) continue;
    if (!merge_pair(graph, patch, n) && !fuse_shift(graph, patch, n)) continue;
    changed = touched[n.index] = touched[before.index] = true;
    for (const NodeId reader : graph.consumers(node.outputs[0])) touched[reader.index] = true;
  }
  return finish(graph, std::move(patch), changed);
}

}  // namespace

Graph merge_requantize(const Graph& graph) {
  for (Graph current = graph;;) {
    const Graph next = merge_once(current);
    if (is_same(next, current)) return current;
    current = next;
  }
}

}  // namespace mote
