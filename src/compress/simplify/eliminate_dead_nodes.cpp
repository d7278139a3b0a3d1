#include "compress/simplify/eliminate_dead_nodes.h"

#include <algorithm>

#include "compress/simplify/rewiring.h"

namespace mote {

Graph eliminate_dead_nodes(const Graph& graph) {
  std::vector<bool> needed(graph.values().size(), false);
  for (const ValueId v : graph.outputs()) needed[v.index] = true;
  Patch patch(graph);
  bool changed = false;
  auto nodes = node_ids(graph);
  std::reverse(nodes.begin(), nodes.end());  // readers before makers
  for (const NodeId n : nodes) {
    const Node& node = graph.node(n);
    if (std::any_of(node.outputs.begin(), node.outputs.end(), [&](ValueId v) { return needed[v.index]; })) {
      for (const ValueId v : node.inputs)
        if (v.valid()) needed[v.index] = true;
    } else {
      patch.remove_node(n);
      changed = true;
    }
  }
  return finish(graph, std::move(patch), changed);
}

}  // namespace mote
