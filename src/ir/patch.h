// The only way to edit a Graph. A Patch starts from a graph (or from nothing), records edits under stable
// ids, and apply() yields a new graph: nodes sorted topologically, dead ids compacted.
#pragma once

#include <string>
#include <vector>

#include "ir/graph.h"

namespace mote {

class Patch {
 public:
  Patch() = default;
  explicit Patch(const Graph& graph) : parts_(graph.parts()), removed_(parts_.nodes.size(), false) {}

  void set_name(std::string name) { parts_.name = std::move(name); }
  ValueId add_input(std::string name, TensorType type);
  ValueId add_constant(std::string name, Tensor tensor);
  // Output types are given (one each); ids of the outputs come back. An empty output name gets a fresh one.
  std::vector<ValueId> add_node(OperatorPtr op, std::vector<ValueId> inputs, std::vector<TensorType> outputs,
                                std::string node_name = {}, std::vector<std::string> output_names = {});
  // The same with types inferred from the inputs, for operators with one output.
  ValueId add(OperatorPtr op, std::vector<ValueId> inputs, std::string node_name = {},
              std::string output_name = {});
  void add_output(ValueId value) { parts_.outputs.push_back(value); }
  void set_inputs(std::vector<ValueId> inputs) { parts_.inputs = std::move(inputs); }
  void set_outputs(std::vector<ValueId> outputs) { parts_.outputs = std::move(outputs); }

  // Current state, ids as in the original graph plus the added ones.
  const TensorType& type(ValueId id) const { return parts_.values.at(id.index).type; }
  const Tensor* constant(ValueId id) const;
  const Node& node(NodeId id) const { return parts_.nodes.at(id.index); }
  const std::string& value_name(ValueId id) const { return parts_.values.at(id.index).name; }

  void set_type(ValueId id, TensorType type);
  void set_constant(ValueId id, Tensor tensor);
  void set_value_name(ValueId id, std::string name) { parts_.values.at(id.index).name = std::move(name); }
  void set_operator(NodeId id, OperatorPtr op) { parts_.nodes.at(id.index).op = std::move(op); }
  void set_node_inputs(NodeId id, std::vector<ValueId> inputs);
  void set_node_outputs(NodeId id, std::vector<ValueId> outputs);
  // Every use of `old` (inputs of all nodes but `except`, graph outputs) reads `replacement` instead.
  void replace_uses(ValueId old, ValueId replacement, NodeId except = {});
  void remove_node(NodeId id) { removed_.at(id.index) = true; }

  // The new graph. Constants and intermediate values that nothing mentions any more are dropped; graph inputs
  // stay. Throws UserError when the nodes form a cycle or read a value that nothing produces.
  Graph apply() &&;

 private:
  std::vector<std::uint32_t> topological_order() const;
  void note_reader(std::uint32_t node);

  Graph::Parts parts_;
  std::vector<bool> removed_;  // by node
  // By value, the nodes that read it or once did; empty until replace_uses first needs it, so that many
  // replacements in a large graph do not each look at every node.
  std::vector<std::vector<std::uint32_t>> readers_;
};

}  // namespace mote
