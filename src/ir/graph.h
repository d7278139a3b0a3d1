// The Graph: what a network computes. Nodes in topological order in one vector, Values in another, strong
// integer ids.
//
// A Graph is an immutable value behind one reference count: a copy costs nanoseconds and shares every weight,
// so a search can fork it by the hundred. The only way to change one is a Patch (ir/patch.h), which yields a
// new Graph. Rejected: copying vectors of nodes on each fork (microseconds to milliseconds), and mutable
// nodes with owning pointers (aliasing bugs).
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ir/id.h"
#include "ir/operator.h"
#include "ir/tensor.h"

namespace mote {

struct Node {
  OperatorPtr op;
  std::vector<ValueId> inputs;  // an invalid id: optional input absent
  std::vector<ValueId> outputs;
  std::string name;  // as in the source file, for messages; may be empty

  // The operator as a concrete type, or nullptr.
  template <class Op>
  const Op* as() const {
    return dynamic_cast<const Op*>(op.get());
  }
};

struct Value {
  std::string name;
  TensorType type;
  NodeId producer;                 // invalid: a graph input or a constant
  std::optional<Tensor> constant;  // its type is `type`
};

class Graph {
 public:
  Graph();  // empty

  const std::string& name() const;
  std::span<const Node> nodes() const;
  std::span<const Value> values() const;
  std::span<const ValueId> inputs() const;
  std::span<const ValueId> outputs() const;

  const Node& node(NodeId id) const;
  const Value& value(ValueId id) const;
  const TensorType& type(ValueId id) const { return value(id).type; }
  // The constant tensor of a value, or nullptr (also for an invalid id).
  const Tensor* constant(ValueId id) const;
  // Nodes that read the value, each once, in order.
  std::span<const NodeId> consumers(ValueId id) const;
  bool is_output(ValueId id) const;
  // Types of the inputs (nullptr where absent) and outputs of a node.
  InputTypes input_types(NodeId id) const;
  OutputTypes output_types(NodeId id) const;
  // "Conv2D 'stem/conv' (node 3)": how messages name a node.
  std::string describe(NodeId id) const;

  // Same structure, types, attributes and constant bytes.
  bool operator==(const Graph& other) const;
  // Hash of all of that: the identity that plans, artifacts and measurements carry.
  std::uint64_t hash() const;

  // For Patch: the parts of a graph before the derived facts are computed.
  struct Parts {
    std::string name;
    std::vector<Node> nodes;
    std::vector<Value> values;
    std::vector<ValueId> inputs;
    std::vector<ValueId> outputs;
  };
  explicit Graph(Parts parts);  // sets producers and consumers
  const Parts& parts() const;

 private:
  struct Body;
  std::shared_ptr<const Body> body_;
};

std::vector<NodeId> node_ids(const Graph& graph);

}  // namespace mote
