#include "compress/quantize/remove_quantizers.h"

#include "compress/simplify/rewiring.h"

namespace mote {

Graph remove_quantizers(const Graph& graph) {
  Patch patch(graph);
  bool changed = false;
  for (const NodeId n : node_ids(graph)) {
    const Node& node = graph.node(n);
    if (!node.op->simulates_quantization()) continue;
    replace_value(graph, patch, node.outputs[0], patch.node(n).inputs[0]);
    patch.remove_node(n);
    changed = true;
  }
  return finish(graph, std::move(patch), changed);
}

}  // namespace mote
