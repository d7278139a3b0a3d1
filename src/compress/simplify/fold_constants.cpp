#include "compress/simplify/fold_constants.h"

#include <algorithm>

#include "compress/simplify/rewiring.h"

namespace mote {

namespace {

constexpr std::int64_t kMaxElements = 1 << 22;
constexpr std::int64_t kMaxMacs = 1 << 26;

bool is_foldable(const Graph& graph, NodeId n) {
  const Node& node = graph.node(n);
  if (node.op->name() == "Dequantize" || node.op->simulates_quantization()) return false;
  const bool constant =
      !node.inputs.empty() && std::all_of(node.inputs.begin(), node.inputs.end(),
                                          [&](ValueId v) { return !v.valid() || graph.constant(v); });
  if (!constant || node.op->macs(graph.input_types(n), graph.output_types(n)) > kMaxMacs) return false;
  std::int64_t inputs = 0, outputs = 0;
  for (const ValueId v : node.inputs)
    if (v.valid()) inputs += graph.type(v).elements();
  for (const ValueId v : node.outputs) outputs += graph.type(v).elements();
  // a network does not gain from a constant that is much larger than what it is made from
  return outputs <= kMaxElements && outputs <= std::max<std::int64_t>(4 * inputs, 4096);
}

std::vector<Tensor> evaluate(const Graph& graph, const Node& node) {
  std::vector<Array> inputs(node.inputs.size()), outputs;
  InputArrays sources;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (node.inputs[i].valid()) inputs[i] = widen(*graph.constant(node.inputs[i]));
    sources.push_back(node.inputs[i].valid() ? &inputs[i] : nullptr);
  }
  for (const ValueId v : node.outputs) outputs.emplace_back(graph.type(v));
  OutputArrays targets;
  for (Array& a : outputs) targets.push_back(&a);
  node.op->evaluate(sources, targets);
  std::vector<Tensor> result;
  for (const Array& a : outputs) result.push_back(narrow(a));
  return result;
}

}  // namespace

Graph fold_constants(const Graph& graph) {
  Patch patch(graph);
  bool changed = false;
  for (const NodeId n : node_ids(graph)) {
    const Node& node = graph.node(n);
    const bool is_result =
        std::any_of(node.outputs.begin(), node.outputs.end(), [&](ValueId v) { return graph.is_output(v); });
    if (is_result || !is_foldable(graph, n)) continue;
    const auto tensors = evaluate(graph, node);
    for (std::size_t i = 0; i < tensors.size(); ++i)
      patch.replace_uses(node.outputs[i], patch.add_constant(graph.value(node.outputs[i]).name, tensors[i]));
    patch.remove_node(n);
    changed = true;
  }
  return finish(graph, std::move(patch), changed);
}

}  // namespace mote
