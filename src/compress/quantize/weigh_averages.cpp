#include "compress/quantize/weigh_averages.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "compress/quantize/quantizer_grid.h"
#include "compress/simplify/channel_affine.h"
#include "compress/simplify/rewiring.h"
#include "ops/depthwise_conv2d.h"
#include "ops/dequantize.h"
#include "ops/pool.h"

namespace mote {

namespace {

constexpr std::int64_t kSteps = 64;

bool moves_elements(const Node& node) {
  constexpr std::array<std::string_view, 6> kNames = {"MaxPool", "Pad",     "Slice",
                                                      "Split",   "Reshape", "Concat"};
  return std::find(kNames.begin(), kNames.end(), node.op->name()) != kNames.end();
}

// The encoding that a value has by a quantizer before it.
std::optional<Encoding> encoding_of(const Graph& graph, ValueId v) {
  const NodeId producer = graph.value(v).producer;
  if (!producer.valid()) return std::nullopt;
  const Node& node = graph.node(producer);
  if (moves_elements(node)) return encoding_of(graph, node.inputs[0]);
  if (!node.op->simulates_quantization()) return std::nullopt;
  const auto grid = quantizer_grid(graph, producer);
  return grid ? std::optional(grid->encoding) : std::nullopt;
}

// [1, rows, columns, channels] of equal weights.
ValueId equal_weights(Patch& patch, const std::string& name, std::int64_t rows, std::int64_t columns,
                      std::int64_t channels, double weight) {
  const auto scale = static_cast<float>(weight / static_cast<double>(kSteps));
  const TensorType type{{1, rows, columns, channels}, Encoding::affine(8, true, scale, 0), {}};
  const std::vector<std::int64_t> values(static_cast<std::size_t>(type.elements()), kSteps);
  return patch.add(std::make_shared<Dequantize>(),
                   {patch.add_constant(name + "_weights", Tensor::integers(type, values))});
}

bool weigh_pool(const Graph& graph, Patch& patch, NodeId n) {
  const Node& node = graph.node(n);
  const auto* pool = node.as<Pool>();
  if (!pool || pool->is_max()) return false;
  const auto from = encoding_of(graph, node.inputs[0]);
  const auto readers = graph.consumers(node.outputs[0]);
  if (!from || readers.size() != 1 || graph.is_output(node.outputs[0])) return false;
  const bool padded =
      std::any_of(pool->padding.begin(), pool->padding.end(), [](std::int64_t p) { return p != 0; });
  const bool uneven =
      pool->ceil_extra != std::vector<std::int64_t>{0, 0} || (padded && !pool->count_include_pad);
  const auto to = quantizer_grid(graph, readers[0]);
  const bool direct = graph.node(readers[0]).op->simulates_quantization();
  const Shape& image = graph.type(node.inputs[0]).shape;
  const bool whole = pool->window[0] == image[1] && pool->window[1] == image[2] && !padded;
  const bool mean = direct && to && to->shift == 0 && to->factor == 1 &&
                    (to->encoding == *from || (whole && to->encoding.is_signed() == from->is_signed()));
  if (uneven || (mean && !from->is_bipolar())) return false;  // the pool and the mean have laws of their own
  DepthwiseConv2D layer;
  layer.stride = pool->stride;
  layer.dilation = pool->dilation;
  layer.padding = pool->padding;
  layer.clamp_min = pool->clamp_min;
  layer.clamp_max = pool->clamp_max;
  const auto count = static_cast<double>(pool->window[0] * pool->window[1]);
  const ValueId w = equal_weights(patch, graph.value(node.outputs[0]).name, pool->window[0], pool->window[1],
                                  image[3], 1 / count);
  patch.set_operator(n, std::make_shared<DepthwiseConv2D>(layer));
  patch.set_node_inputs(n, {node.inputs[0], w});
  return true;
}

bool weigh_factors(const Graph& graph, Patch& patch, NodeId n) {
  const auto affine = channel_affine(graph, n);
  if (!affine || graph.type(affine->input).shape.size() != 4 || !encoding_of(graph, affine->input))
    return false;
  const TensorType& x = graph.type(affine->input);
  const ValueId w = equal_weights(patch, graph.value(affine->input).name, 1, 1, x.shape[3], 1);
  const ValueId y = patch.add_node(std::make_shared<DepthwiseConv2D>(), {affine->input, w}, {x})[0];
  auto inputs = graph.node(n).inputs;
  std::replace(inputs.begin(), inputs.end(), affine->input, y);
  patch.set_node_inputs(n, inputs);
  return true;
}

}  // namespace

Graph weigh_averages(const Graph& graph) {
  Patch patch(graph);
  bool changed = false;
  for (const NodeId n : node_ids(graph))
    changed |= weigh_pool(graph, patch, n) || weigh_factors(graph, patch, n);
  return finish(graph, std::move(patch), changed);
}

}  // namespace mote
