#include "compress/simplify/fuse_pad.h"

#include <algorithm>
#include <cmath>

#include "compress/simplify/rewiring.h"
#include "ops/conv2d.h"
#include "ops/depthwise_conv2d.h"
#include "ops/pad.h"
#include "ops/pool.h"

namespace mote {

namespace {

bool pads_image_borders(const Pad& pad) {
  return pad.mode == "constant" && pad.before.size() == 4 && pad.before[0] == 0 && pad.after[0] == 0 &&
         pad.before[3] == 0 && pad.after[3] == 0;
}

bool fills_with_zero(const Pad& pad, const Encoding& encoding) {
  if (encoding.is_real()) return pad.value == 0;
  return encoding.is_quantized() && !encoding.is_per_axis() &&
         pad.integer_value(encoding) == encoding.zero_point();
}

bool fills_with_least(const Pad& pad, const Encoding& encoding) {
  if (encoding.is_real()) return std::isinf(pad.value) && pad.value < 0;
  return pad.integer_value(encoding) == encoding.min();
}

std::vector<std::int64_t> with_cells(std::vector<std::int64_t> padding, const Pad& pad) {
  padding[0] += pad.before[1];
  padding[1] += pad.before[2];
  padding[2] += pad.after[1];
  padding[3] += pad.after[2];
  return padding;
}

template <class Op>
OperatorPtr padded_as(const Node& node, const Pad& pad) {
  const Op* op = node.as<Op>();
  if (!op) return nullptr;
  auto copy = std::make_shared<Op>(*op);
  copy->padding = with_cells(op->padding, pad);
  return copy;
}

OperatorPtr padded_pool(const Pool& pool, const Pad& pad, const Encoding& encoding) {
  auto copy = std::make_shared<Pool>(pool);
  copy->padding = with_cells(pool.padding, pad);
  const bool has_padding =
      std::any_of(pool.padding.begin(), pool.padding.end(), [](std::int64_t p) { return p != 0; });
  if (pool.is_max()) {
    // no window may lie in the padding alone: it would have no cell to take the maximum of
    const bool reaches_image = copy->padding[0] < pool.window[0] && copy->padding[2] < pool.window[0] &&
                               copy->padding[1] < pool.window[1] && copy->padding[3] < pool.window[1];
    return fills_with_least(pad, encoding) && reaches_image ? copy : nullptr;
  }
  // ceil_extra cells lie behind the declared padding, and stay there
  if (!fills_with_zero(pad, encoding) || (has_padding && !pool.count_include_pad)) return nullptr;
  copy->count_include_pad = true;
  return copy;
}

}  // namespace

Graph fuse_pad(const Graph& graph) {
  Patch patch(graph);
  bool changed = false;
  for (const NodeId n : node_ids(graph)) {
    const Node& node = graph.node(n);
    const Pad* pad = node.inputs.empty() ? nullptr : producer_as<Pad>(graph, node.inputs[0]);
    if (!pad || !pads_image_borders(*pad)) continue;
    const ValueId source = graph.node(graph.value(node.inputs[0]).producer).inputs[0];
    const Encoding& encoding = graph.type(source).encoding;
    OperatorPtr fused;
    if (const Pool* pool = node.as<Pool>()) {
      fused = padded_pool(*pool, *pad, encoding);
    } else if (fills_with_zero(*pad, encoding)) {
      fused = padded_as<Conv2D>(node, *pad);
      if (!fused) fused = padded_as<DepthwiseConv2D>(node, *pad);
    }
    if (!fused) continue;
    auto inputs = node.inputs;
    inputs[0] = source;
    patch.set_operator(n, fused);
    patch.set_node_inputs(n, inputs);
    changed = true;
  }
  return finish(graph, std::move(patch), changed);
}

}  // namespace mote
