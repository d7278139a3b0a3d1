#include "compress/simplify/make_bytes_signed.h"

#include <algorithm>
#include <string_view>

#include "compress/simplify/rewiring.h"

namespace mote {

namespace {

// What an operator's exact evaluation asks of the encodings around it when numbers and zero points move.
enum class Shift { kFree, kTogether, kNever };

Shift shift_of(std::string_view op) {
  for (const auto* name :
       {"Conv2D", "DepthwiseConv2D", "ConvTranspose2D", "FullyConnected", "Requantize", "Dequantize"})
    if (op == name) return Shift::kFree;
  for (const auto* name :
       {"Add", "Sub", "Mul", "ReduceMean", "MaxPool", "Concat", "Reshape", "Transpose", "Identity"})
    if (op == name) return Shift::kTogether;
  return Shift::kNever;
}

bool is_unsigned_byte(const Encoding& e) {
  return e.is_quantized() && e.bits() == 8 && !e.is_signed() && !e.is_per_axis();
}

bool may_change(const Graph& graph, ValueId v) {
  const Value& value = graph.value(v);
  if (!value.producer.valid() || graph.constant(v) || graph.is_output(v)) return false;
  if (!is_unsigned_byte(value.type.encoding)) return false;
  const auto readers = graph.consumers(v);
  return shift_of(graph.node(value.producer).op->name()) != Shift::kNever &&
         std::all_of(readers.begin(), readers.end(), [&](NodeId n) {
           const Node& node = graph.node(n);
           const bool only_data = std::count(node.inputs.begin() + 1, node.inputs.end(), v) == 0;
           const Shift shift = shift_of(node.op->name());
           return shift == Shift::kTogether || (shift == Shift::kFree && only_data);
         });
}

// Values around a node that change together or not at all.
std::vector<ValueId> tied(const Graph& graph, const Node& node) {
  if (shift_of(node.op->name()) != Shift::kTogether) return {};
  std::vector<ValueId> values = node.inputs;
  values.insert(values.end(), node.outputs.begin(), node.outputs.end());
  std::erase_if(values, [&](ValueId v) { return !v.valid() || !graph.type(v).encoding.is_integer(); });
  return values;
}

TensorType signed_type(const TensorType& type) {
  Quantization q = type.encoding.quantization();
  for (std::int32_t& zero : q.zero_points) zero -= 128;
  TensorType result = type;
  result.encoding = Encoding::integer(8, true).with_quantization(std::move(q));
  return result;
}

}  // namespace

Graph make_bytes_signed(const Graph& graph) {
  std::vector<bool> changes(graph.values().size());
  for (std::uint32_t i = 0; i < changes.size(); ++i) changes[i] = may_change(graph, ValueId{i});
  for (bool settled = false; !settled;) {
    settled = true;
    for (const NodeId n : node_ids(graph)) {
      const auto values = tied(graph, graph.node(n));
      const auto change = [&](ValueId v) { return changes[v.index]; };
      if (std::all_of(values.begin(), values.end(), change)) continue;
      for (const ValueId v : values) {
        settled = settled && !changes[v.index];
        changes[v.index] = false;
      }
    }
  }
  Patch patch(graph);
  bool changed = false;
  for (std::uint32_t i = 0; i < changes.size(); ++i) {
    if (!changes[i]) continue;
    patch.set_type(ValueId{i}, signed_type(graph.type(ValueId{i})));
    changed = true;
  }
  return finish(graph, std::move(patch), changed);
}

}  // namespace mote
