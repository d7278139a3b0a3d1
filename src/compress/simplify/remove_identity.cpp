#include "compress/simplify/remove_identity.h"

#include <algorithm>
#include <cmath>

#include "compress/simplify/rewiring.h"
#include "ops/cast.h"
#include "ops/concat.h"
#include "ops/depth_to_space.h"
#include "ops/pad.h"
#include "ops/pool.h"
#include "ops/requantize.h"
#include "ops/reshape.h"
#include "ops/resize.h"
#include "ops/slice.h"
#include "ops/split.h"
#include "ops/transpose.h"
#include "ops/unary.h"

namespace mote {

namespace {

bool all_are(const std::vector<std::int64_t>& list, std::int64_t value) {
  return std::all_of(list.begin(), list.end(), [&](std::int64_t v) { return v == value; });
}

// True when output 0 is input 0. Types tell most: an operator of these kinds that keeps the type keeps the
// elements.
bool changes_nothing(const Node& node, const TensorType& in, const TensorType& out) {
  if (const auto* unary = node.as<Unary>()) return unary->function == "Identity" && in == out;
  if (const auto* cast = node.as<Cast>()) return in == out && (cast->to == "f32" || in.encoding.is_integer());
  if (const auto* pad = node.as<Pad>()) return all_are(pad->before, 0) && all_are(pad->after, 0);
  if (const auto* slice = node.as<Slice>()) return in.shape == out.shape && all_are(slice->starts, 0);
  if (const auto* pool = node.as<Pool>())
    return in == out && all_are(pool->window, 1) && all_are(pool->stride, 1) && all_are(pool->padding, 0) &&
           all_are(pool->ceil_extra, 0) && std::isinf(pool->clamp_min) && std::isinf(pool->clamp_max);
  if (const auto* resize = node.as<Resize>())
    return in == out && (resize->scale_h == 0 || resize->scale_h == 1) &&
           (resize->scale_w == 0 || resize->scale_w == 1);
  if (const auto* blocks = node.as<DepthToSpace>()) return blocks->block == 1;
  if (const auto* transpose = node.as<Transpose>())
    return std::is_sorted(transpose->permutation.begin(), transpose->permutation.end());
  if (node.as<Concat>()) return node.inputs.size() == 1 && in == out;
  if (node.as<Split>()) return node.outputs.size() == 1;
  if (node.as<Reshape>() || node.as<Requantize>()) return in == out;
  return false;
}

bool moves_only_ones(const Shape& shape, const std::vector<std::int64_t>& permutation) {
  std::int64_t last = -1;
  for (const std::int64_t axis : permutation) {
    if (shape[static_cast<std::size_t>(axis)] == 1) continue;
    if (axis < last) return false;
    last = axis;
  }
  return true;
}

OperatorPtr reshape_to(const Shape& shape) {
  auto op = std::make_shared<Reshape>();
  op->shape = shape;
  return op;
}

}  // namespace

Graph remove_identity(const Graph& graph) {
  Patch patch(graph);
  bool changed = false;
  for (const NodeId n : node_ids(graph)) {
    const Node& node = graph.node(n);
    if (node.inputs.empty() || !node.inputs[0].valid()) continue;
    const ValueId in = patch.node(n).inputs[0];  // what the patch has made of it so far
    const ValueId out = node.outputs[0];
    if (changes_nothing(node, graph.type(node.inputs[0]), graph.type(out))) {
      // an output that merely renames an input or another output has to be copied by some node: this one
      const bool carries_name =
          graph.is_output(out) && (!graph.value(in).producer.valid() || graph.is_output(in));
      if (carries_name) continue;
      replace_value(graph, patch, out, in);
      patch.remove_node(n);
      if (graph.is_output(out)) return std::move(patch).apply();  // names have moved: look again
      changed = true;
      continue;
    }
    if (const auto* transpose = node.as<Transpose>();
        transpose && !graph.type(in).encoding.is_per_axis() &&
        moves_only_ones(graph.type(in).shape, transpose->permutation)) {
      patch.set_operator(n, reshape_to(graph.type(out).shape));
      changed = true;
    } else if (node.as<Reshape>() && producer_as<Reshape>(graph, in) &&
               !graph.type(in).encoding.is_per_axis()) {
      patch.set_node_inputs(n, {patch.node(graph.value(in).producer).inputs[0]});
      changed = true;
    }
  }
  return finish(graph, std::move(patch), changed);
}

}  // namespace mote
