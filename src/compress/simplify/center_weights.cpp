#include "compress/simplify/center_weights.h"

#include <algorithm>

#include "compress/simplify/rewiring.h"
#include "ops/accumulation.h"
#include "ops/conv2d.h"
#include "ops/conv_transpose2d.h"
#include "ops/depthwise_conv2d.h"
#include "ops/fully_connected.h"

namespace mote {

namespace {

bool reads_weights(const Node& node) {
  return node.as<Conv2D>() || node.as<DepthwiseConv2D>() || node.as<ConvTranspose2D>() ||
         node.as<FullyConnected>();
}

// The same real weights as s8 with zero point 0, if they fit and are not that already.
std::optional<Tensor> centered_weights(const Tensor& weights) {
  const Encoding& e = weights.type().encoding;
  if (!e.is_quantized() || e.bits() > 8) return std::nullopt;
  const auto& zeros = e.quantization().zero_points;
  if (std::all_of(zeros.begin(), zeros.end(), [](std::int32_t z) { return z == 0; }) && e.is_signed())
    return std::nullopt;
  const std::vector<std::int32_t> values = centered(widen(weights));
  const auto fits = [](std::int32_t v) { return v >= -128 && v <= 127; };
  if (!std::all_of(values.begin(), values.end(), fits)) return std::nullopt;
  Quantization q = e.quantization();
  std::fill(q.zero_points.begin(), q.zero_points.end(), 0);
  const Encoding symmetric = Encoding::integer(8, true).with_quantization(std::move(q));
  return Tensor::integers({weights.type().shape, symmetric, {}}, {values.begin(), values.end()});
}

}  // namespace

Graph center_weights(const Graph& graph) {
  Patch patch(graph);
  bool changed = false;
  for (const NodeId n : node_ids(graph)) {
    const Node& node = graph.node(n);
    const Tensor* weights = reads_weights(node) ? graph.constant(node.inputs[1]) : nullptr;
    if (!weights || !graph.type(node.outputs[0]).encoding.is_integer()) continue;
    auto replacement = centered_weights(*weights);
    if (!replacement) continue;
    InputTypes inputs = graph.input_types(n);
    inputs[1] = &replacement->type();
    try {
      node.op->check(inputs, graph.output_types(n));
    } catch (const UserError&) {
      continue;  // its sums would no longer fit: the bound is by range
    }
    auto ids = node.inputs;
    ids[1] = patch.add_constant(graph.value(node.inputs[1]).name, std::move(*replacement));
    patch.set_node_inputs(n, std::move(ids));
    changed = true;
  }
  return finish(graph, std::move(patch), changed);
}

}  // namespace mote
