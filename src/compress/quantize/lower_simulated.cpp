#include "compress/quantize/lower_simulated.h"

#include <algorithm>

#include "compress/quantize/encode_quantizers.h"
#include "compress/quantize/lower_qdq.h"
#include "compress/quantize/weigh_averages.h"

namespace mote {

Graph lower_simulated(const Graph& graph) {
  const auto simulates = [](const Node& node) { return node.op->simulates_quantization(); };
  if (std::none_of(graph.nodes().begin(), graph.nodes().end(), simulates)) return graph;
  return lower_qdq(encode_quantizers(weigh_averages(graph)), Unquantized::kSums);
}

}  // namespace mote
