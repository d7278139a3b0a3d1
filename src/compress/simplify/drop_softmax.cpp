#include "compress/simplify/drop_softmax.h"

#include "compress/simplify/rewiring.h"
#include "ops/dequantize.h"
#include "ops/reshape.h"
#include "ops/softmax.h"

namespace mote {

namespace {

// Collects the chain of Dequantize and Reshape outputs from `v` on; false if it is read elsewhere, too.
bool leads_to_output_only(const Graph& graph, ValueId v, std::vector<ValueId>& chain) {
  chain.push_back(v);
  const auto readers = graph.consumers(v);
  if (graph.is_output(v)) return readers.empty();
  if (readers.size() != 1) return false;
  const Node& reader = graph.node(readers[0]);
  if (!reader.as<Dequantize>() && !reader.as<Reshape>()) return false;
  return leads_to_output_only(graph, reader.outputs[0], chain);
}

}  // namespace

Graph drop_softmax(const Graph& graph) {
  Patch patch(graph);
  bool changed = false;
  for (const NodeId n : node_ids(graph)) {
    const Node& node = graph.node(n);
    std::vector<ValueId> chain;
    if (!node.as<Softmax>() || !leads_to_output_only(graph, node.outputs[0], chain)) continue;
    const ValueId logits = node.inputs[0];
    // what only passes the encoding on takes that of the logits
    const TensorType& before = graph.type(node.outputs[0]);
    for (const ValueId v : chain) {
      TensorType type = graph.type(v);
      if (v == node.outputs[0] || type.encoding != before.encoding) continue;
      type.encoding = graph.type(logits).encoding;
      patch.set_type(v, std::move(type));
    }
    replace_value(graph, patch, node.outputs[0], logits);
    patch.remove_node(n);
    changed = true;
  }
  return finish(graph, std::move(patch), changed);
}

}  // namespace mote
