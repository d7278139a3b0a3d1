#include "compress/simplify/share_constants.h"

#include <algorithm>
#include <map>

#include "base/hash.h"
#include "compress/simplify/rewiring.h"

namespace mote {

Graph share_constants(const Graph& graph) {
  std::multimap<std::uint32_t, ValueId> seen;  // by hash of the bytes
  Patch patch(graph);
  bool changed = false;
  for (std::uint32_t i = 0; i < graph.values().size(); ++i) {
    const ValueId v{i};
    const Tensor* tensor = graph.constant(v);
    if (!tensor || graph.is_output(v) || graph.consumers(v).empty()) continue;
    const std::uint32_t hash = fnv1a_32(tensor->bytes());
    const auto [first, last] = seen.equal_range(hash);
    const auto same = std::find_if(
        first, last, [&](const auto& other) { return *graph.constant(other.second) == *tensor; });
    if (same == last) {
      seen.emplace(hash, v);
    } else {
      patch.replace_uses(v, same->second);
      changed = true;
    }
  }
  return finish(graph, std::move(patch), changed);
}

}  // namespace mote
