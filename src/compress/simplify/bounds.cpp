#include "compress/simplify/bounds.h"

#include <algorithm>

#include "compress/simplify/rewiring.h"
#include "ops/binary.h"
#include "ops/binary_law.h"
#include "ops/concat.h"
#include "ops/pad.h"
#include "ops/pool.h"
#include "ops/reduce.h"
#include "ops/requantize.h"
#include "ops/reshape.h"
#include "ops/resize.h"
#include "ops/slice.h"
#include "ops/split.h"
#include "ops/transpose.h"
#include "ops/unary.h"

namespace mote {

namespace {

using AllBounds = std::vector<ChannelBounds>;

std::size_t index(std::int64_t i) { return static_cast<std::size_t>(i); }

Interval range_of(const Encoding& e) { return {e.min(), e.max()}; }

Interval hull(const ChannelBounds& bounds) {
  Interval all = bounds.at(0);
  for (const Interval& b : bounds) all.include(b);
  return all;
}

Interval clamped(Interval b, IntegerRange range) {
  return {std::clamp<std::int64_t>(b.low, range.min, range.max),
          std::clamp<std::int64_t>(b.high, range.min, range.max)};
}

// What can be said without looking at the operator.
ChannelBounds unknown(const TensorType& type) {
  if (!type.encoding.is_integer() || type.encoding.is_per_axis() || type.elements() == 0) return {};
  return ChannelBounds(index(channels_of(type.shape)), range_of(type.encoding));
}

ChannelBounds of_constant(const Tensor& tensor) {
  ChannelBounds result = unknown(tensor.type());
  const std::int64_t channels = static_cast<std::int64_t>(result.size());
  for (std::int64_t i = 0; channels > 0 && i < tensor.type().elements(); ++i) {
    const std::int64_t q = tensor.integer_at(i);
    if (i < channels) result[index(i)] = {q, q};
    result[index(i % channels)].include({q, q});
  }
  return result;
}

// A function of one element, tried on every integer of its encoding.
ChannelBounds of_function(const Operator& op, const ChannelBounds& x, const Encoding& from,
                          const TensorType& y) {
  const auto values = every_integer(from);
  if (!values) return {};
  const Array results = evaluate_unary(op, *values, {values->type.shape, y.encoding, {}});
  ChannelBounds result;
  for (const Interval& b : x) {
    const auto first = results.integer.begin() + (b.low - from.min());
    const auto [least, greatest] = std::minmax_element(first, first + (b.high - b.low + 1));
    result.push_back({*least, *greatest});
  }
  return result;
}

// The law is monotone in each operand (Mul: linear in each), so its extremes are at the corners.
bool has_corner_extremes(const Binary& op, const BinaryLaw& law) {
  if (law.kind == BinaryLaw::Kind::Quotient || law.kind == BinaryLaw::Kind::PRelu || op.function == "Pow")
    return false;
  return law.a.shift <= 0 && law.b.shift <= 0 && law.out.shift <= 0;  // left shifts could wrap
}

ChannelBounds of_binary(const Graph& graph, const Node& node, const AllBounds& bounds) {
  const auto& op = *node.as<Binary>();
  const ChannelBounds& a = bounds[node.inputs[0].index];
  const ChannelBounds& b = bounds[node.inputs[1].index];
  const TensorType& y = graph.type(node.outputs[0]);
  const Encoding& ea = graph.type(node.inputs[0]).encoding;
  const Encoding& eb = graph.type(node.inputs[1]).encoding;
  if (a.empty() || b.empty() || !ea.is_quantized() || ea.bits() > 8 || eb.bits() > 8 || op.function == "Pow")
    return {};
  const BinaryLaw law = binary_law(op.function, ea, eb, y.encoding, {op.clamp_min, op.clamp_max});
  if (!has_corner_extremes(op, law)) return {};
  ChannelBounds result;
  for (std::size_t c = 0; c < index(channels_of(y.shape)); ++c) {
    const Interval& p = a[a.size() == 1 ? 0 : c];
    const Interval& q = b[b.size() == 1 ? 0 : c];
    std::vector<std::int64_t> corners;
    for (const std::int64_t u : {p.low, p.high})
      for (const std::int64_t v : {q.low, q.high})
        corners.push_back(law(static_cast<std::int32_t>(u), static_cast<std::int32_t>(v)));
    const auto [least, greatest] = std::minmax_element(corners.begin(), corners.end());
    result.push_back({*least, *greatest});
  }
  return result;
}

// Can a window have no cell inside the image?
bool may_miss_image(const Pool& pool) {
  for (std::size_t axis = 0; axis < 2; ++axis) {
    const bool pads = pool.padding[axis] != 0 || pool.padding[axis + 2] != 0;
    if (pool.ceil_extra[axis] != 0 || (pads && pool.dilation[axis] != 1)) return true;
    if (pool.padding[axis] >= pool.window[axis] || pool.padding[axis + 2] >= pool.window[axis]) return true;
  }
  return false;
}

ChannelBounds of_pool(const Pool& pool, ChannelBounds x, const Encoding& e) {
  const IntegerRange range = clamp_range({pool.clamp_min, pool.clamp_max}, e);
  const std::int64_t zero = e.is_quantized() ? e.zero_point() : 0;
  for (Interval& b : x) {
    if (may_miss_image(pool)) {
      const std::int64_t missing = pool.is_max() ? e.min() : zero;
      b.include({missing, missing});
    }
    if (!pool.is_max() && pool.count_include_pad) b.include({zero, zero});
    b = clamped(b, range);
  }
  return x;
}

ChannelBounds of_reduce(const Reduce& op, ChannelBounds x, const TensorType& in, const TensorType& out) {
  const bool mixes_channels = std::find(op.axes.begin(), op.axes.end(),
                                        static_cast<std::int64_t>(in.shape.size()) - 1) != op.axes.end();
  if (mixes_channels) return {};
  if (op.function == "Max" || op.function == "Min") return x;
  if (op.function != "Mean" || !in.encoding.is_quantized() || in.encoding.bits() > 8) return {};
  const std::int64_t count = in.elements() / out.elements();
  const Multiplier m = reduce_multiplier(true, in.encoding, out.encoding, count);
  if (m.shift > 0 || count > (1 << 20)) return {};
  const std::int64_t zero = out.encoding.zero_point();
  const auto mean = [&](std::int64_t q) {
    const auto sum = static_cast<std::int32_t>((q - in.encoding.zero_point()) * count);
    return std::clamp(multiply_by_multiplier(sum, m) + zero, out.encoding.min(), out.encoding.max());
  };
  for (Interval& b : x) b = {mean(b.low), mean(b.high)};
  return x;
}

// Element i of the new last axis holds elements whose old index along the last axis is i modulo the smaller
// of the two extents.
ChannelBounds of_reshape(const ChannelBounds& x, std::int64_t channels) {
  const std::int64_t old = static_cast<std::int64_t>(x.size());
  ChannelBounds result;
  for (std::int64_t c = 0; c < channels; ++c) {
    if (channels % old == 0) {
      result.push_back(x[index(c % old)]);
    } else if (old % channels == 0) {
      result.push_back(x[index(c)]);
      for (std::int64_t i = c; i < old; i += channels) result.back().include(x[index(i)]);
    } else {
      result.push_back(hull(x));
    }
  }
  return result;
}

ChannelBounds of_concat(const Graph& graph, const Node& node, const AllBounds& bounds) {
  const auto& op = *node.as<Concat>();
  const bool along_channels =
      op.axis + 1 == static_cast<std::int64_t>(graph.type(node.outputs[0]).shape.size());
  ChannelBounds result;
  for (const ValueId v : node.inputs) {
    const ChannelBounds& x = bounds[v.index];
    if (x.empty()) return {};
    if (along_channels) {
      result.insert(result.end(), x.begin(), x.end());
    } else if (result.empty()) {
      result = x;
    } else {
      for (std::size_t c = 0; c < x.size(); ++c) result[c].include(x[c]);
    }
  }
  return result;
}

ChannelBounds of_pad(const Pad& pad, ChannelBounds x, const Encoding& e) {
  const bool widens = pad.before.empty() || pad.before.back() != 0 || pad.after.back() != 0;
  if (widens) return {};
  const std::int64_t value = pad.integer_value(e);
  if (pad.mode == "constant")
    for (Interval& b : x) b.include({value, value});
  return x;
}

// Along the last axis; the other axes only choose elements.
ChannelBounds of_slice(const Slice& slice, const ChannelBounds& x) {
  ChannelBounds result;
  for (std::int64_t i = 0; i < slice.sizes.back(); ++i)
    result.push_back(x[index(slice.starts.back() + i * slice.steps.back())]);
  return result;
}

ChannelBounds of_movement(const Graph& graph, const Node& node, const ChannelBounds& x) {
  const TensorType& in = graph.type(node.inputs[0]);
  const TensorType& out = graph.type(node.outputs[0]);
  const bool is_scalar = in.shape.empty() || out.shape.empty();
  if (node.as<Reshape>()) return of_reshape(x, channels_of(out.shape));
  if (const auto* pool = node.as<Pool>()) return of_pool(*pool, x, in.encoding);
  if (node.as<Resize>()) return x;
  if (const auto* pad = node.as<Pad>()) return of_pad(*pad, x, in.encoding);
  if (const auto* slice = node.as<Slice>(); slice && !is_scalar) return of_slice(*slice, x);
  if (const auto* transpose = node.as<Transpose>(); transpose && !is_scalar) {
    const bool keeps_channels =
        transpose->permutation.back() + 1 == static_cast<std::int64_t>(in.shape.size());
    return keeps_channels ? x : ChannelBounds(index(channels_of(out.shape)), hull(x));
  }
  return {};
}

// Bounds of the outputs, one list each; an empty list leaves the encoding's range.
std::vector<ChannelBounds> of_node(const Graph& graph, NodeId n, const AllBounds& bounds) {
  const Node& node = graph.node(n);
  std::vector<ChannelBounds> nothing(node.outputs.size());
  if (node.inputs.empty() || !node.inputs[0].valid()) return nothing;
  const ChannelBounds& x = bounds[node.inputs[0].index];
  const TensorType& in = graph.type(node.inputs[0]);
  if (x.empty()) return nothing;
  if (const auto* split = node.as<Split>();
      split && split->axis + 1 == static_cast<std::int64_t>(in.shape.size())) {
    auto first = x.begin();
    for (std::size_t i = 0; i < nothing.size(); first += split->sizes[i++])
      nothing[i].assign(first, first + split->sizes[i]);
    return nothing;
  }
  if (node.as<Split>()) return std::vector<ChannelBounds>(node.outputs.size(), x);
  if (nothing.size() != 1) return nothing;
  const TensorType& out = graph.type(node.outputs[0]);
  if (!out.encoding.is_integer()) return nothing;
  if (node.as<Unary>() || node.as<Requantize>()) return {of_function(*node.op, x, in.encoding, out)};
  if (node.as<Binary>()) return {of_binary(graph, node, bounds)};
  if (node.as<Concat>()) return {of_concat(graph, node, bounds)};
  if (const auto* reduce = node.as<Reduce>()) return {of_reduce(*reduce, x, in, out)};
  if (const auto sums = accumulation_bounds(graph, n, bounds); !sums.empty()) return {sums};
  return {of_movement(graph, node, x)};
}

}  // namespace

void Interval::include(const Interval& other) {
  low = std::min(low, other.low);
  high = std::max(high, other.high);
}

std::int64_t channels_of(const Shape& shape) { return shape.empty() ? 1 : shape.back(); }

std::vector<ChannelBounds> channel_bounds(const Graph& graph) {
  AllBounds bounds;
  for (const Value& v : graph.values())
    bounds.push_back(v.constant ? of_constant(*v.constant) : unknown(v.type));
  for (const NodeId n : node_ids(graph)) {
    const auto known = of_node(graph, n, bounds);
    for (std::size_t i = 0; i < known.size(); ++i) {
      ChannelBounds& target = bounds[graph.node(n).outputs[i].index];
      if (known[i].empty() || target.empty()) continue;
      MOTE_CHECK(known[i].size() == target.size(), graph.describe(n));
      target = known[i];
    }
  }
  return bounds;
}

}  // namespace mote
