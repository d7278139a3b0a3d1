#include "compress/simplify/rewiring.h"

#include <algorithm>

#include "ops/unary.h"

namespace mote {

bool is_read_only_by(const Graph& graph, ValueId value, NodeId reader) {
  const auto readers = graph.consumers(value);
  return readers.size() == 1 && readers[0] == reader && !graph.is_output(value);
}

void replace_value(const Graph& graph, Patch& patch, ValueId old, ValueId replacement) {
  if (graph.is_output(old)) {
    const std::string name = graph.value(old).name;
    const bool is_new = replacement.index >= graph.values().size();
    const bool can_rename =
        is_new || (graph.value(replacement).producer.valid() && !graph.is_output(replacement));
    if (can_rename) {
      patch.set_value_name(replacement, name);
    } else {
      auto identity = std::make_shared<Unary>();
      identity->function = "Identity";
      replacement = patch.add_node(identity, {replacement}, {patch.type(replacement)}, {}, {name})[0];
    }
  }
  patch.replace_uses(old, replacement);
}

Array evaluate_unary(const Operator& op, const Array& input, const TensorType& output) {
  Array result(output);
  op.evaluate({&input}, {&result});
  return result;
}

std::optional<Array> every_integer(const Encoding& encoding) {
  if (!encoding.is_integer() || encoding.bits() > 16 || encoding.is_per_axis()) return std::nullopt;
  Array values(TensorType{{encoding.max() - encoding.min() + 1}, encoding, {}});
  for (std::size_t i = 0; i < values.integer.size(); ++i)
    values.integer[i] = encoding.min() + static_cast<std::int64_t>(i);
  return values;
}

}  // namespace mote
