#include "compress/simplify/cancel_transposes.h"

#include <algorithm>

#include "compress/simplify/commute_transpose.h"
#include "compress/simplify/eliminate_dead_nodes.h"
#include "compress/simplify/fold_constants.h"
#include "compress/simplify/remove_identity.h"
#include "compress/simplify/rewiring.h"
#include "ops/fully_connected.h"
#include "ops/mat_mul.h"
#include "ops/reshape.h"
#include "ops/transpose.h"

namespace mote {

namespace {

constexpr std::int64_t kMaxRounds = 1000;
constexpr std::int64_t kMaxVisits = 4'000'000;  // nodes times rounds: bounds the time on huge graphs

OperatorPtr transpose(const Permutation& p) {
  auto op = std::make_shared<Transpose>();
  op->permutation = p;
  return op;
}

// Moves only axes of extent 1: no byte moves.
bool is_free_move(const Shape& shape, const Permutation& p) {
  Permutation moved;
  for (const std::int64_t axis : p)
    if (shape[static_cast<std::size_t>(axis)] != 1) moved.push_back(axis);
  return is_identity(moved);
}

Shape with_rank(const Shape& shape, std::size_t rank) {
  Shape result(rank - std::min(rank, shape.size()), 1);
  result.insert(result.end(), shape.begin(), shape.end());
  return result;
}

// The permutation of the Transpose that makes the value, when its input is computed at run time.
const Permutation* permutation_of(const Graph& graph, ValueId v) {
  const auto* op = producer_as<Transpose>(graph, v);
  if (!op || graph.constant(graph.node(graph.value(v).producer).inputs[0])) return nullptr;
  return &op->permutation;
}

// Values v with v = T_p(w): how w comes about.
enum class PreImage { kNone, kConstant, kReshape, kTransposed, kNewTranspose };

PreImage pre_image_kind(const Graph& graph, ValueId v, const Permutation& p) {
  const TensorType& type = graph.type(v);
  if (type.shape.size() > p.size() || (type.encoding.is_per_axis() && type.shape.size() != p.size()))
    return PreImage::kNone;
  if (graph.constant(v)) return PreImage::kConstant;
  if (const auto* q = permutation_of(graph, v); q && *q == p) return PreImage::kTransposed;
  if (!type.encoding.is_per_axis() && is_free_move(with_rank(type.shape, p.size()), inverse(p)))
    return PreImage::kReshape;
  return PreImage::kNewTranspose;
}

ValueId add_reshape(Patch& patch, ValueId v, const Shape& shape) {
  if (patch.type(v).shape == shape) return v;
  auto op = std::make_shared<Reshape>();
  op->shape = shape;
  TensorType type = patch.type(v);
  type.shape = shape;
  return patch.add_node(op, {v}, {type})[0];
}

ValueId pre_image(const Graph& graph, Patch& patch, ValueId v, const Permutation& p) {
  const PreImage kind = pre_image_kind(graph, v, p);
  if (kind == PreImage::kTransposed) return graph.node(graph.value(v).producer).inputs[0];
  const Shape full = with_rank(graph.type(v).shape, p.size());
  if (kind == PreImage::kReshape) return add_reshape(patch, v, permuted(full, inverse(p)));
  const ValueId expanded = add_reshape(patch, v, full);
  const std::string name = graph.constant(v) ? graph.value(v).name : std::string{};
  return patch.add_node(transpose(inverse(p)), {expanded}, {permuted(patch.type(expanded), inverse(p))}, {},
                        {name})[0];
}

// Replaces node n, all of whose permuted inputs are T_p of something, by Op' and transposes behind it.
void exchange(const Graph& graph, Patch& patch, NodeId n, const Permutation& p, const Commuted& commuted) {
  const Node& node = graph.node(n);
  std::vector<ValueId> inputs;
  for (std::size_t i = 0; i < node.inputs.size(); ++i)
    inputs.push_back(node.inputs[i].valid() && commuted.permutes_input[i]
                         ? pre_image(graph, patch, node.inputs[i], p)
                         : node.inputs[i]);
  std::vector<TensorType> types;
  std::vector<std::string> names;
  for (const ValueId v : node.outputs) {
    types.push_back(permuted(graph.type(v), inverse(commuted.output)));
    names.push_back(graph.value(v).name);
  }
  const auto results = patch.add_node(commuted.op, inputs, types, node.name, names);
  for (std::size_t k = 0; k < results.size(); ++k) {
    const ValueId old = node.outputs[k];
    const std::string& name = graph.value(old).name;
    if (graph.is_output(old)) patch.set_value_name(results[k], name + "_before_transpose");
    patch.replace_uses(old, patch.add_node(transpose(commuted.output), {results[k]}, {graph.type(old)}, {},
                                           {graph.is_output(old) ? name : name + "_transposed"})[0]);
  }
  patch.remove_node(n);
}

// What exchanging n with p costs: transposes that are new, and those that nothing reads any more.
struct Balance {
  bool possible = true;
  int added = 0;
  int cancelled = 0;
};

Balance balance(const Graph& graph, NodeId n, const Permutation& p, const Commuted& commuted) {
  Balance result;
  const Node& node = graph.node(n);
  for (std::size_t i = 0; i < node.inputs.size(); ++i) {
    if (!node.inputs[i].valid() || !commuted.permutes_input[i]) continue;
    const PreImage kind = pre_image_kind(graph, node.inputs[i], p);
    if (kind == PreImage::kNone) result.possible = false;
    if (kind == PreImage::kNewTranspose) ++result.added;
    if (kind == PreImage::kTransposed) result.cancelled += is_read_only_by(graph, node.inputs[i], n) ? 1 : 0;
  }
  return result;
}

// Op(T(x), free operands) -> T(Op'(x, ...))
bool sink(const Graph& graph, Patch& patch, NodeId n) {
  for (const ValueId v : graph.node(n).inputs) {
    const Permutation* p = v.valid() ? permutation_of(graph, v) : nullptr;
    if (!p) continue;
    const auto commuted = commute(graph, n, *p);
    if (!commuted) continue;
    const Balance b = balance(graph, n, *p, *commuted);
    if (!b.possible || b.added > 0) continue;
    exchange(graph, patch, n, *p, *commuted);
    return true;
  }
  return false;
}

// T_q(Op(a, b)) -> Op'(T_q(a), T_q(b)), when fewer transposes remain.
bool rise(const Graph& graph, Patch& patch, NodeId n) {
  const Node& node = graph.node(n);
  if (node.outputs.size() != 1 || graph.is_output(node.outputs[0])) return false;
  const auto readers = graph.consumers(node.outputs[0]);
  const auto* q = readers.empty() ? nullptr : graph.node(readers[0]).as<Transpose>();
  if (!q || graph.constant(node.outputs[0])) return false;
  for (const NodeId r : readers) {
    const auto* other = graph.node(r).as<Transpose>();
    if (!other || other->permutation != q->permutation) return false;
  }
  const Permutation p = inverse(q->permutation);
  // an operator that changes the rank has no input that p could permute
  if (node.inputs.size() == 1 && graph.type(node.inputs[0]).shape.size() != p.size()) return false;
  const auto commuted = commute(graph, n, p);
  if (!commuted || commuted->output != p) return false;
  const Balance b = balance(graph, n, p, *commuted);
  if (!b.possible || b.added >= static_cast<int>(readers.size()) + b.cancelled) return false;
  exchange(graph, patch, n, p, *commuted);  // the new transpose and the readers cancel
  return true;
}

// T(T(x)) -> T(x)
bool merge(const Graph& graph, Patch& patch, NodeId n) {
  const auto* then = graph.node(n).as<Transpose>();
  if (!then) return false;
  const ValueId middle = graph.node(n).inputs[0];
  const auto* first = producer_as<Transpose>(graph, middle);
  if (!first) return false;
  patch.set_operator(n, transpose(compose(first->permutation, then->permutation)));
  patch.set_node_inputs(n, {graph.node(graph.value(middle).producer).inputs[0]});
  return true;
}

// MatMul(T(a), b) with the last two axes swapped -> MatMul(a, b) with the flag flipped
bool absorb_into_mat_mul(const Graph& graph, Patch& patch, NodeId n) {
  const auto* op = graph.node(n).as<MatMul>();
  if (!op) return false;
  for (std::size_t i = 0; i < 2; ++i) {
    const ValueId v = graph.node(n).inputs[i];
    const Permutation* p = permutation_of(graph, v);
    if (!p || p->size() < 2) continue;
    Permutation swapped = *p;
    std::swap(swapped[swapped.size() - 2], swapped.back());
    if (!is_identity(swapped)) continue;
    auto copy = std::make_shared<MatMul>(*op);
    bool& flag = i == 0 ? copy->transpose_a : copy->transpose_b;
    flag = !flag;
    auto inputs = graph.node(n).inputs;
    inputs[i] = graph.node(graph.value(v).producer).inputs[0];
    patch.set_operator(n, copy);
    patch.set_node_inputs(n, inputs);
    return true;
  }
  return false;
}

// Column k of the result is column source[k] of the matrix.
Tensor reordered_columns(const Tensor& matrix, const std::vector<std::size_t>& source) {
  const auto width = static_cast<std::size_t>(matrix.type().encoding.container_bytes());
  const auto old = matrix.bytes();
  std::vector<std::byte> bytes(old.size());
  for (std::size_t start = 0; start < old.size(); start += source.size() * width)
    for (std::size_t k = 0; k < source.size(); ++k)
      std::copy_n(old.begin() + static_cast<std::ptrdiff_t>(start + source[k] * width), width,
                  bytes.begin() + static_cast<std::ptrdiff_t>(start + k * width));
  TensorType type = matrix.type();
  type.sparsity = {};
  return {type, std::move(bytes)};
}

// FullyConnected(Reshape(T(x)), w), the reshape flattening all but the batch -> FullyConnected(Reshape(x),
// w'), the columns of w' in x's order
bool absorb_into_fully_connected(const Graph& graph, Patch& patch, NodeId n) {
  const Node& node = graph.node(n);
  const Tensor* weights = node.as<FullyConnected>() ? graph.constant(node.inputs[1]) : nullptr;
  if (!weights || !producer_as<Reshape>(graph, node.inputs[0])) return false;
  if (weights->type().encoding.is_per_axis() && weights->type().encoding.quantization().axis != 0)
    return false;
  const ValueId flat = node.inputs[0];
  const ValueId image = graph.node(graph.value(flat).producer).inputs[0];
  const Permutation* p = permutation_of(graph, image);
  const Shape& flat_shape = graph.type(flat).shape;
  if (!p || (*p)[0] != 0 || flat_shape.size() != 2 || flat_shape[0] != graph.type(image).shape[0])
    return false;
  if (flat_shape[1] != weights->type().shape[1]) return false;
  const ValueId source = graph.node(graph.value(image).producer).inputs[0];
  // where each element of one batch entry of x goes: transpose the indices themselves
  Shape one = graph.type(image).shape;
  one[0] = 1;
  Array indices(TensorType{one, Encoding::integer(32, true), {}});
  for (std::size_t k = 0; k < indices.integer.size(); ++k) indices.integer[k] = static_cast<std::int64_t>(k);
  const Array order = evaluate_unary(*transpose(inverse(*p)), indices, permuted(indices.type, inverse(*p)));
  auto inputs = node.inputs;
  inputs[0] = add_reshape(patch, source, flat_shape);
  inputs[1] = patch.add_constant(graph.value(inputs[1]).name,
                                 reordered_columns(*weights, {order.integer.begin(), order.integer.end()}));
  patch.set_node_inputs(n, inputs);
  return true;
}

// One step of each kind wherever it applies; every node is looked at in the graph as it was before the round,
// so a node whose neighbours changed waits for the next one.
Graph round(const Graph& graph) {
  for (const auto step : {merge, absorb_into_mat_mul, absorb_into_fully_connected, sink, rise}) {
    Patch patch(graph);
    bool changed = false;
    std::vector<bool> touched(graph.nodes().size(), false);
    for (const NodeId n : node_ids(graph)) {
      bool blocked = touched[n.index];
      std::vector<NodeId> neighbours{n};
      for (const ValueId v : graph.node(n).inputs) {
        if (v.valid() && graph.value(v).producer.valid()) {
          neighbours.push_back(graph.value(v).producer);
          for (const NodeId r : graph.consumers(v)) neighbours.push_back(r);
        }
      }
      for (const ValueId v : graph.node(n).outputs)
        for (const NodeId r : graph.consumers(v)) neighbours.push_back(r);
      for (const NodeId m : neighbours) blocked = blocked || touched[m.index];
      if (blocked || !step(graph, patch, n)) continue;
      changed = true;
      for (const NodeId m : neighbours) touched[m.index] = true;
    }
    if (changed) return std::move(patch).apply();
  }
  return graph;
}

}  // namespace

std::int64_t transposed_elements(const Graph& graph) {
  std::int64_t elements = 0;
  for (const Node& node : graph.nodes()) {
    const auto* op = node.as<Transpose>();
    if (op && !graph.constant(node.inputs[0]) &&
        !is_free_move(graph.type(node.inputs[0]).shape, op->permutation))
      elements += graph.type(node.outputs[0]).elements();
  }
  return elements;
}

Graph cancel_transposes(const Graph& graph) {
  const std::int64_t before = transposed_elements(graph);
  if (before == 0) return graph;
  Graph current = graph;
  const auto nodes = static_cast<std::int64_t>(graph.nodes().size());
  const std::int64_t rounds = std::clamp<std::int64_t>(kMaxVisits / nodes, 8, kMaxRounds);
  for (std::int64_t i = 0; i < rounds; ++i) {
    const Graph next = eliminate_dead_nodes(remove_identity(fold_constants(round(current))));
    if (is_same(next, current)) break;
    current = next;
  }
  return transposed_elements(current) < before ? current : graph;
}

}  // namespace mote
