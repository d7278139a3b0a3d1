#include "compress/simplify/commute_transpose.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "ops/arg_max.h"
#include "ops/binary.h"
#include "ops/cast.h"
#include "ops/concat.h"
#include "ops/dequantize.h"
#include "ops/gather.h"
#include "ops/pad.h"
#include "ops/prelu.h"
#include "ops/quantize.h"
#include "ops/reduce.h"
#include "ops/requantize.h"
#include "ops/reshape.h"
#include "ops/slice.h"
#include "ops/softmax.h"
#include "ops/split.h"
#include "ops/unary.h"

namespace mote {

namespace {

std::int64_t at(const Permutation& p, std::int64_t i) { return p[static_cast<std::size_t>(i)]; }

// One number per axis of T_p's output, reordered for T_p's input.
std::vector<std::int64_t> unpermuted(const std::vector<std::int64_t>& list, const Permutation& p) {
  std::vector<std::int64_t> result(list.size());
  for (std::size_t i = 0; i < list.size(); ++i) result[static_cast<std::size_t>(p[i])] = list[i];
  return result;
}

// What remains of p when these output axes are dropped.
Permutation without_axes(const Permutation& p, const std::vector<std::int64_t>& axes) {
  Permutation kept;
  for (std::size_t i = 0; i < p.size(); ++i)
    if (std::find(axes.begin(), axes.end(), static_cast<std::int64_t>(i)) == axes.end()) kept.push_back(p[i]);
  Permutation ranks;
  for (const std::int64_t axis : kept)
    ranks.push_back(std::count_if(kept.begin(), kept.end(), [&](std::int64_t a) { return a < axis; }));
  return ranks;
}

template <class Op>
std::shared_ptr<Op> copy_of(const Op& op) {
  return std::make_shared<Op>(op);
}

std::optional<Commuted> commute_reduce(const Reduce& op, const Permutation& p) {
  auto copy = copy_of(op);
  for (auto& axis : copy->axes) axis = at(p, axis);
  std::sort(copy->axes.begin(), copy->axes.end());
  return Commuted{copy, {true}, op.keep_dims ? p : without_axes(p, op.axes)};
}

std::optional<Commuted> commute_arg_max(const ArgMax& op, const Permutation& p) {
  auto copy = copy_of(op);
  copy->axis = at(p, op.axis);
  return Commuted{copy, {true}, op.keep_dims ? p : without_axes(p, {op.axis})};
}

// A run of input axes that a Reshape turns into a run of output axes with the same elements.
struct Block {
  std::vector<std::size_t> from, to;
};

// The finest such runs; axes of extent 1 of the input belong to none, those of the output to the run that
// they precede.
std::vector<Block> reshape_blocks(const Shape& from, const Shape& to) {
  std::vector<Block> blocks;
  std::size_t i = 0, k = 0;
  const auto skip_ones = [&] {
    while (i < from.size() && from[i] == 1) ++i;
  };
  for (skip_ones(); i < from.size() || k < to.size(); skip_ones()) {
    Block block;
    while (k < to.size() && to[k] == 1) block.to.push_back(k++);
    std::int64_t left = 1, right = 1;
    if (i < from.size()) {
      left = from[i];
      block.from.push_back(i++);
    }
    while (left != right) {
      if (right < left) {
        right *= to[k];
        block.to.push_back(k++);
      } else {
        left *= from[i];
        if (from[i] != 1) block.from.push_back(i);
        ++i;
      }
    }
    blocks.push_back(std::move(block));
  }
  return blocks;
}

// T_p(x) reshaped: possible when every block's axes are neighbours in x too.
std::optional<Commuted> commute_reshape(const Shape& y, const Reshape& op, const Permutation& p) {
  if (element_count(y) == 0) return std::nullopt;
  const auto x = unpermuted(y, p);
  const auto rank_in_x = [&](std::int64_t axis) {  // among the axes that are not 1
    return std::count_if(x.begin(), x.begin() + axis, [](std::int64_t extent) { return extent != 1; });
  };
  std::vector<std::pair<std::int64_t, Block>> keyed;
  for (Block& block : reshape_blocks(y, op.shape)) {
    for (std::size_t i = 1; i < block.from.size(); ++i)
      if (rank_in_x(p[block.from[i]]) != rank_in_x(p[block.from[i - 1]]) + 1) return std::nullopt;
    const std::int64_t key =
        block.from.empty() ? std::numeric_limits<std::int64_t>::max() : rank_in_x(p[block.from[0]]);
    keyed.emplace_back(key, std::move(block));
  }
  std::stable_sort(keyed.begin(), keyed.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  auto copy = std::make_shared<Reshape>();
  Permutation q(op.shape.size());
  for (const auto& [key, block] : keyed)
    for (const std::size_t axis : block.to) {
      q[axis] = static_cast<std::int64_t>(copy->shape.size());
      copy->shape.push_back(op.shape[axis]);
    }
  return Commuted{copy, {true}, q};
}

std::optional<Commuted> commute_elementwise(const Graph& graph, const Node& node, const Permutation& p) {
  const auto& y = graph.type(node.outputs[0]);
  if (y.shape.size() != p.size()) return std::nullopt;
  // one operand alone has a rank to permute when the other is broadcast over it; both permute, constants for
  // free
  return Commuted{node.op, std::vector<bool>(node.inputs.size(), true), p};
}

}  // namespace

Permutation inverse(const Permutation& p) {
  Permutation result(p.size());
  for (std::size_t i = 0; i < p.size(); ++i)
    result[static_cast<std::size_t>(p[i])] = static_cast<std::int64_t>(i);
  return result;
}

Permutation compose(const Permutation& first, const Permutation& then) {
  Permutation result;
  for (const std::int64_t axis : then) result.push_back(at(first, axis));
  return result;
}

bool is_identity(const Permutation& p) { return std::is_sorted(p.begin(), p.end()); }

Shape permuted(const Shape& shape, const Permutation& p) {
  Shape result;
  for (const std::int64_t axis : p) result.push_back(shape[static_cast<std::size_t>(axis)]);
  return result;
}

TensorType permuted(const TensorType& type, const Permutation& p) {
  TensorType result{permuted(type.shape, p), type.encoding, {}};
  if (type.encoding.is_per_axis()) {
    Quantization q = type.encoding.quantization();
    q.axis = static_cast<int>(inverse(p)[static_cast<std::size_t>(q.axis)]);
    result.encoding = type.encoding.with_quantization(std::move(q));
  }
  return result;
}

std::optional<Commuted> commute(const Graph& graph, NodeId id, const Permutation& p) {
  const Node& node = graph.node(id);
  if (node.as<Unary>() || node.as<Quantize>() || node.as<Dequantize>() || node.as<Requantize>() ||
      node.as<Cast>())
    return Commuted{node.op, {true}, p};
  if (node.as<Binary>() || node.as<PRelu>() || node.op->simulates_quantization())
    return commute_elementwise(graph, node, p);
  if (const auto* op = node.as<Concat>()) {
    auto copy = copy_of(*op);
    copy->axis = at(p, op->axis);
    return Commuted{copy, std::vector<bool>(node.inputs.size(), true), p};
  }
  if (const auto* op = node.as<Split>()) {
    auto copy = copy_of(*op);
    copy->axis = at(p, op->axis);
    return Commuted{copy, {true}, p};
  }
  if (const auto* op = node.as<Pad>()) {
    auto copy = copy_of(*op);
    copy->before = unpermuted(op->before, p);
    copy->after = unpermuted(op->after, p);
    return Commuted{copy, {true}, p};
  }
  if (const auto* op = node.as<Slice>()) {
    auto copy = copy_of(*op);
    copy->starts = unpermuted(op->starts, p);
    copy->sizes = unpermuted(op->sizes, p);
    copy->steps = unpermuted(op->steps, p);
    return Commuted{copy, {true}, p};
  }
  if (const auto* op = node.as<Softmax>()) {
    auto copy = copy_of(*op);
    copy->axis = at(p, op->axis);
    return Commuted{copy, {true}, p};
  }
  if (const auto* op = node.as<Gather>(); op && graph.type(node.inputs[1]).shape.size() == 1) {
    auto copy = copy_of(*op);
    copy->axis = at(p, op->axis);
    return Commuted{copy, {true, false}, p};
  }
  if (const auto* op = node.as<Reduce>()) return commute_reduce(*op, p);
  if (const auto* op = node.as<ArgMax>()) return commute_arg_max(*op, p);
  if (const auto* op = node.as<Reshape>(); op && !graph.type(node.outputs[0]).encoding.is_per_axis())
    return commute_reshape(graph.type(node.inputs[0]).shape, *op, p);
  return std::nullopt;
}

}  // namespace mote
