#include "run/interpreter.h"

#include <algorithm>
#include <memory>

namespace mote {

namespace {

Array graph_input(const Graph& graph, ValueId id, const Tensor& given) {
  const Value& value = graph.value(id);
  const Encoding& wanted = value.type.encoding;
  const Encoding& got = given.type().encoding;
  if (given.type().shape != value.type.shape || got.bits() != wanted.bits() ||
      got.is_real() != wanted.is_real() || got.is_signed() != wanted.is_signed())
    throw UserError({"an input does not fit the network", "input '" + value.name + "'",
                     "it is " + to_string(given.type()) + ", the network takes " + to_string(value.type),
                     "convert the tensor to that shape and element type"});
  Array array = widen(given);
  if (wanted.has_levels() && !std::all_of(array.integer.begin(), array.integer.end(),
                                          [&](std::int64_t q) { return wanted.allows(q); }))
    throw UserError({"an input does not fit the network", "input '" + value.name + "'",
                     "it has integers that are not among the levels of " + to_string(wanted),
                     "give one of the levels for each element"});
  array.type = value.type;
  return array;
}

// Which values are still needed after each node.
std::vector<std::uint32_t> last_reader(const Graph& graph) {
  std::vector<std::uint32_t> last(graph.values().size(), 0);
  for (std::uint32_t v = 0; v < last.size(); ++v) {
    for (const NodeId reader : graph.consumers(ValueId{v})) last[v] = std::max(last[v], reader.index);
    if (graph.is_output(ValueId{v})) last[v] = NodeId::kNone;
  }
  return last;
}

class Values {
 public:
  explicit Values(const Graph& graph) : graph_(graph), arrays_(graph.values().size()) {}

  void set(ValueId id, Array array) { arrays_[id.index] = std::make_unique<Array>(std::move(array)); }
  // The value; a constant is widened at its first use.
  const Array& get(ValueId id) {
    auto& slot = arrays_.at(id.index);
    if (!slot) {
      const Tensor* constant = graph_.constant(id);
      MOTE_CHECK(constant != nullptr, graph_.value(id).name);
      slot = std::make_unique<Array>(widen(*constant));
    }
    return *slot;
  }
  void free(ValueId id) { arrays_[id.index].reset(); }

 private:
  const Graph& graph_;
  std::vector<std::unique_ptr<Array>> arrays_;
};

}  // namespace

std::vector<Tensor> interpret(const Graph& graph, const std::vector<Tensor>& inputs,
                              const Observer& observer) {
  if (inputs.size() != graph.inputs().size())
    throw UserError(
        {"the number of inputs is wrong", graph.name(),
         std::to_string(inputs.size()) + " given, the network has " + std::to_string(graph.inputs().size()),
         "give one tensor per input of the network"});
  Values values(graph);
  for (std::size_t i = 0; i < inputs.size(); ++i)
    values.set(graph.inputs()[i], graph_input(graph, graph.inputs()[i], inputs[i]));
  const auto last = last_reader(graph);
  for (const NodeId id : node_ids(graph)) {
    const Node& node = graph.node(id);
    InputArrays arguments;
    for (const ValueId v : node.inputs) arguments.push_back(v.valid() ? &values.get(v) : nullptr);
    std::vector<Array> results;
    for (const ValueId v : node.outputs) results.emplace_back(graph.type(v));
    OutputArrays targets;
    for (Array& result : results) targets.push_back(&result);
    node.op->evaluate(arguments, targets);
    for (std::size_t i = 0; i < results.size(); ++i) {
      if (observer) observer(id, i, narrow(results[i]));
      values.set(node.outputs[i], std::move(results[i]));
    }
    for (const ValueId v : node.inputs)
      if (v.valid() && last[v.index] <= id.index) values.free(v);
    for (const ValueId v : node.outputs)
      if (last[v.index] <= id.index) values.free(v);
  }
  std::vector<Tensor> outputs;
  for (const ValueId v : graph.outputs()) outputs.push_back(narrow(values.get(v)));
  return outputs;
}

}  // namespace mote
