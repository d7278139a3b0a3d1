#include "compress/simplify/find_levels.h"

#include <algorithm>
#include <set>

#include "compress/simplify/rewiring.h"
#include "ops/conv2d.h"
#include "ops/conv_transpose2d.h"
#include "ops/depthwise_conv2d.h"
#include "ops/fully_connected.h"

namespace mote {

namespace {

bool reads_as_weights(const Node& node, ValueId v) {
  const bool layer = node.as<Conv2D>() || node.as<DepthwiseConv2D>() || node.as<ConvTranspose2D>() ||
                     node.as<FullyConnected>();
  return layer && node.inputs[0] != v && node.inputs[1] == v;
}

std::optional<Encoding> with_found_levels(const Tensor& tensor) {
  const Encoding& e = tensor.type().encoding;
  if (!e.is_quantized() || e.bits() > 8 || e.has_levels()) return std::nullopt;
  std::set<std::int64_t> seen;
  for (std::int64_t i = 0; i < tensor.type().elements(); ++i) seen.insert(tensor.integer_at(i));
  if (seen.size() < 2) return std::nullopt;
  const auto fits = [&](int bits) {
    const Encoding plain = Encoding::integer(bits, e.is_signed());
    const auto& zeros = e.quantization().zero_points;
    return *seen.begin() >= plain.min() && *seen.rbegin() <= plain.max() &&
           std::all_of(zeros.begin(), zeros.end(),
                       [&](std::int32_t z) { return z >= plain.min() && z <= plain.max(); });
  };
  int bits = 1;
  while (bits < e.bits() && !fits(bits)) ++bits;
  const std::vector<std::int64_t> levels(seen.begin(), seen.end());
  const Encoding narrow = Encoding::integer(bits, e.is_signed()).with_quantization(e.quantization());
  if (!Encoding::are_levels(levels, bits, e.is_signed()))
    return bits < e.bits() ? std::optional(narrow) : std::nullopt;
  const Encoding found = narrow.with_levels(levels);
  if (found.stored_bits() < bits) return found;
  return bits < e.bits() ? std::optional(narrow) : std::nullopt;
}

}  // namespace

Graph find_levels(const Graph& graph) {
  Patch patch(graph);
  bool changed = false;
  for (std::uint32_t i = 0; i < graph.values().size(); ++i) {
    const Value& value = graph.values()[i];
    const auto readers = graph.consumers(ValueId{i});
    if (!value.constant || readers.empty() || graph.is_output(ValueId{i})) continue;
    if (!std::all_of(readers.begin(), readers.end(),
                     [&](NodeId n) { return reads_as_weights(graph.node(n), ValueId{i}); }))
      continue;
    const auto encoding = with_found_levels(*value.constant);
    if (!encoding) continue;
    patch.set_type(ValueId{i}, {value.type.shape, *encoding, value.type.sparsity});
    changed = true;
  }
  return finish(graph, std::move(patch), changed);
}

}  // namespace mote
