// Reductions, ArgMax and ArgMin.
#include <algorithm>
#include <limits>
#include <numeric>

#include "format/onnx_import.h"
#include "ops/arg_max.h"

namespace mote::onnx_import {

namespace {

// The axes, sorted and each once; nothing when the node changes nothing (empty axes with
// noop_with_empty_axes).
std::optional<std::vector<std::int64_t>> reduced_axes(NodeImport& node, std::int64_t rank) {
  auto axes = node.integers_of("axes", 1).value_or(std::vector<std::int64_t>{});
  if (axes.empty()) {
    if (node.integer("noop_with_empty_axes", 0) != 0) return std::nullopt;
    axes.resize(static_cast<std::size_t>(rank));
    std::iota(axes.begin(), axes.end(), 0);
  }
  for (std::int64_t& a : axes) a = node.axis(a, rank);
  std::sort(axes.begin(), axes.end());
  axes.erase(std::unique(axes.begin(), axes.end()), axes.end());
  return axes;
}

// What a reduction gives where there is nothing to reduce.
double neutral(std::string_view function) {
  if (function == "Max") return -std::numeric_limits<double>::infinity();
  if (function == "Min") return std::numeric_limits<double>::infinity();
  return function == "Prod" ? 1 : function == "Mean" ? std::numeric_limits<double>::quiet_NaN() : 0;
}

ValueId reduce_any(NodeImport& node, std::string_view function, ValueId x,
                   const std::vector<std::int64_t>& axes, bool keep_dims) {
  if (axes.empty()) return x;
  if (node.type(x).elements() > 0) return node.reduce(function, x, axes, keep_dims);
  Array empty;
  empty.type.encoding = node.type(x).encoding;
  for (std::int64_t i = 0; i < node.rank(x); ++i) {
    const bool reduced = std::find(axes.begin(), axes.end(), i) != axes.end();
    if (!reduced || keep_dims)
      empty.type.shape.push_back(reduced ? 1 : node.shape(x)[static_cast<std::size_t>(i)]);
  }
  const auto count = static_cast<std::size_t>(empty.type.elements());
  if (empty.type.encoding.is_real())
    empty.real.assign(count, neutral(function));
  else
    empty.integer.assign(count,
                         std::clamp(static_cast<std::int64_t>(std::clamp(neutral(function), -1e15, 1e15)),
                                    empty.type.encoding.min(), empty.type.encoding.max()));
  return node.add_constant(narrow(empty));
}

ValueId square(NodeImport& node, ValueId x) { return node.binary("Mul", x, x); }

void read_reduction(NodeImport& node) {
  const std::string function = node.op_type().substr(std::string_view("Reduce").size());
  const ValueId x = node.input(0);
  const bool keep = node.integer("keepdims", 1) != 0;
  const auto axes = reduced_axes(node, node.rank(x)).value_or(std::vector<std::int64_t>{});
  const auto sum = [&](ValueId v) { return reduce_any(node, "Sum", v, axes, keep); };
  ValueId y;
  if (function == "L1") {
    y = sum(node.unary("Abs", x));
  } else if (function == "L2") {
    y = node.unary("Sqrt", sum(square(node, x)));
  } else if (function == "SumSquare") {
    y = sum(square(node, x));
  } else if (function == "LogSum") {
    y = node.unary("Log", sum(x));
  } else if (function == "LogSumExp") {
    const ValueId largest = reduce_any(node, "Max", x, axes, true);  // keeps the exponentials finite
    const ValueId total = node.unary("Log", sum(node.unary("Exp", node.binary("Sub", x, largest))));
    y = node.binary("Add", total, keep ? largest : node.reshape(largest, node.shape(total)));
  } else {
    y = reduce_any(node, function, x, axes, keep);
  }
  node.set_output(0, y);
}

void read_arg(NodeImport& node) {
  ArgMax op;
  op.function = node.op_type();
  op.axis = node.axis(node.integer("axis", 0), node.rank(node.input(0)));
  op.keep_dims = node.integer("keepdims", 1) != 0;
  op.select_last = node.integer("select_last_index", 0) != 0;
  node.set_output(0, node.add(op_of(op), {node.input(0)}), OnnxElement::kInt64);
}

constexpr ConvertRow kRows[] = {
    {"ReduceMean", read_reduction},
    {"ReduceSum", read_reduction},
    {"ReduceMax", read_reduction},
    {"ReduceMin", read_reduction},
    {"ReduceProd", read_reduction},
    {"ReduceL1", read_reduction},
    {"ReduceL2", read_reduction},
    {"ReduceLogSum", read_reduction},
    {"ReduceLogSumExp", read_reduction},
    {"ReduceSumSquare", read_reduction},
    {"ArgMax", read_arg},
    {"ArgMin", read_arg},
};

}  // namespace

std::span<const ConvertRow> reduction_rows() { return kRows; }

}  // namespace mote::onnx_import
