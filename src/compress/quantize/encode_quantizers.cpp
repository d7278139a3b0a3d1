#include "compress/quantize/encode_quantizers.h"

#include <algorithm>
#include <cmath>

#include "compress/quantize/quantizer_grid.h"
#include "ir/patch.h"
#include "ops/binary.h"
#include "ops/dequantize.h"
#include "ops/fully_connected.h"
#include "ops/mat_mul.h"
#include "ops/quantize.h"
#include "ops/reshape.h"
#include "ops/transpose.h"
#include "ops/unary.h"

namespace mote {

namespace {

// The integers of a quantized constant.
Tensor encoded(const Graph& graph, const Node& node, const Encoding& encoding) {
  std::vector<Array> inputs;
  for (const ValueId v : node.inputs) inputs.push_back(widen(*graph.constant(v)));
  InputArrays arrays;
  for (const Array& a : inputs) arrays.push_back(&a);
  Array reals(graph.type(node.outputs[0]));
  node.op->evaluate(arrays, {&reals});
  Array integers({reals.shape(), encoding, {}});
  const Quantization& q = encoding.quantization();
  for (std::size_t i = 0; i < reals.real.size(); ++i) {
    const auto at = static_cast<std::int64_t>(i);
    const auto c = q.axis < 0 ? 0 : static_cast<std::size_t>(axis_index(reals.shape(), q.axis, at));
    const double level =
        std::nearbyint(reals.real[i] / static_cast<double>(encoding.scale(c))) + encoding.zero_point(c);
    integers.integer[i] = static_cast<std::int64_t>(
        std::clamp(level, static_cast<double>(encoding.min()), static_cast<double>(encoding.max())));
  }
  return narrow(integers);
}

// The constant behind a Reshape or Transpose, its scales along the axis that theirs became; nothing when they
// are along none any more.
std::optional<Tensor> moved(const Tensor& tensor, const Operator& op, const Shape& shape) {
  const Encoding& e = tensor.type().encoding;
  Array elements = widen(tensor), along(TensorType{tensor.type().shape, Encoding::integer(32, true), {}});
  elements.type.encoding = along.type.encoding;
  if (e.is_per_axis())
    for (std::size_t i = 0; i < along.integer.size(); ++i)
      along.integer[i] = axis_index(along.shape(), e.quantization().axis, static_cast<std::int64_t>(i));
  Array result({shape, elements.encoding(), {}}), axes({shape, elements.encoding(), {}});
  op.evaluate({&elements}, {&result});
  op.evaluate({&along}, {&axes});
  result.type.encoding = e;
  if (!e.is_per_axis()) return narrow(result);
  for (int axis = 0; axis < static_cast<int>(shape.size()); ++axis) {
    bool same =
        shape[static_cast<std::size_t>(axis)] == static_cast<std::int64_t>(e.quantization().scales.size());
    for (std::size_t i = 0; same && i < axes.integer.size(); ++i)
      same = axes.integer[i] == axis_index(shape, axis, static_cast<std::int64_t>(i));
    if (!same) continue;
    Quantization q = e.quantization();
    q.axis = axis;
    result.type.encoding = e.with_quantization(std::move(q));
    return narrow(result);
  }
  return std::nullopt;
}

class Encoder {
 public:
  explicit Encoder(const Graph& graph)
      : graph_(graph), patch_(graph), outputs_(graph.outputs().begin(), graph.outputs().end()) {}

  Graph run() {
    bool changed = false;
    for (const NodeId n : node_ids(graph_)) changed |= encode(n);
    if (!changed) return graph_;
    patch_.set_outputs(outputs_);
    return std::move(patch_).apply();
  }

 private:
  bool encode(NodeId n) {
    const Node& node = graph_.node(n);
    if (!node.op->simulates_quantization()) return false;
    const auto grid = quantizer_grid(graph_, n);
    if (!grid) return false;
    const ValueId y = node.outputs[0];
    const auto is_constant = [&](ValueId v) { return graph_.constant(v) != nullptr; };
    ValueId q;
    if (std::all_of(node.inputs.begin(), node.inputs.end(), is_constant))
      q = constant(y, encoded(graph_, node, grid->encoding));
    else
      q = input_takes(node.inputs[0], *grid) ? node.inputs[0] : quantized(n, *grid);
    const ValueId real = patch_.add_node(std::make_shared<Dequantize>(), {q}, {graph_.type(y)}, {},
                                         {graph_.value(y).name + "_real"})[0];
    patch_.replace_uses(y, real);
    for (std::size_t i = 0; i < outputs_.size(); ++i)
      if (graph_.outputs()[i] == y) outputs_[i] = output(q, y);
    patch_.remove_node(n);
    return true;
  }

  // The integers of v, and of what only moves them: layers want their weights as constants.
  ValueId constant(ValueId v, const Tensor& integers) {
    multiply_by(v, integers);
    for (const NodeId n : graph_.consumers(v)) {
      const Node& reader = graph_.node(n);
      const ValueId y = reader.outputs[0];
      if (!(reader.as<Reshape>() || reader.as<Transpose>()) || graph_.is_output(y)) continue;
      const auto there = moved(integers, *reader.op, graph_.type(y).shape);
      if (!there) continue;
      const ValueId q = constant(y, *there);
      patch_.replace_uses(y, patch_.add_node(std::make_shared<Dequantize>(), {q}, {graph_.type(y)})[0]);
      patch_.remove_node(n);
    }
    return patch_.add_constant(graph_.value(v).name, integers);
  }

  // A graph output is no graph input and no constant.
  ValueId output(ValueId q, ValueId y) {
    if (patch_.constant(q) || q == graph_.node(graph_.value(y).producer).inputs[0]) {
      Unary identity;
      identity.function = "Identity";
      q = patch_.add(std::make_shared<Unary>(identity), {q});
    }
    patch_.set_value_name(y, graph_.value(y).name + "_real");
    patch_.set_value_name(q, graph_.value(y).name);
    return q;
  }

  // Nothing but quantizers of this very grid read the graph input.
  bool input_takes(ValueId x, const QuantizerGrid& grid) {
    if (std::find(graph_.inputs().begin(), graph_.inputs().end(), x) == graph_.inputs().end()) return false;
    if (grid.shift != 0 || grid.factor != 1 || graph_.is_output(x)) return false;
    for (const NodeId n : graph_.consumers(x)) {
      if (!graph_.node(n).op->simulates_quantization() || graph_.node(n).inputs[0] != x) return false;
      const auto other = quantizer_grid(graph_, n);
      if (!other || other->encoding != grid.encoding || other->shift != 0 || other->factor != 1) return false;
    }
    TensorType type = graph_.type(x);
    type.encoding = grid.encoding;
    patch_.set_type(x, type);
    return true;
  }

  ValueId quantized(NodeId n, const QuantizerGrid& grid) {
    const ValueId y = graph_.node(n).outputs[0];
    const std::string& name = graph_.node(n).name;
    const TensorType real = graph_.type(y);
    ValueId x = patch_.node(n).inputs[0];
    const auto with_number = [&](const std::string& function, double number) {
      Binary op;
      op.function = function;
      const ValueId constant = patch_.add_constant(graph_.value(y).name + "_" + function,
                                                   Tensor::reals({}, {static_cast<float>(number)}));
      x = patch_.add_node(std::make_shared<Binary>(op), {x, constant}, {real})[0];
    };
    if (grid.factor != 1) with_number("Mul", grid.factor);
    if (grid.shift != 0) with_number("Add", grid.shift * static_cast<double>(grid.encoding.scale()));
    if (!std::isinf(grid.bounds.min) || !std::isinf(grid.bounds.max)) {
      Unary clip;
      clip.function = "Clip";
      clip.alpha = grid.bounds.min;
      clip.beta = grid.bounds.max;
      x = patch_.add_node(std::make_shared<Unary>(clip), {x}, {real})[0];
    }
    const TensorType type{real.shape, grid.encoding, {}};
    patch_.set_value_name(y, graph_.value(y).name + "_real");
    return patch_.add_node(std::make_shared<Quantize>(), {x}, {type}, name, {graph_.value(y).name})[0];
  }

  // Products x w with this matrix become fully-connected layers, whose weights may have a scale per column.
  void multiply_by(ValueId w, const Tensor& integers) {
    const Encoding& e = integers.type().encoding;
    if (integers.type().shape.size() != 2) return;
    for (const NodeId n : graph_.consumers(w)) {
      const auto* product = graph_.node(n).as<MatMul>();
      if (!product || product->transpose_a || graph_.node(n).inputs[1] != w || graph_.node(n).inputs[0] == w)
        continue;
      if (e.is_per_axis() && e.quantization().axis != (product->transpose_b ? 0 : 1)) continue;
      const ValueId rows =
          patch_.add_constant(graph_.value(w).name, product->transpose_b ? integers : transposed(integers));
      auto layer = std::make_shared<FullyConnected>();
      layer->clamp_min = product->clamp_min;
      layer->clamp_max = product->clamp_max;
      patch_.set_operator(n, layer);
      patch_.set_node_inputs(n,
                             {patch_.node(n).inputs[0], patch_.add(std::make_shared<Dequantize>(), {rows})});
    }
  }

  static Tensor transposed(const Tensor& matrix) {
    Transpose op;
    op.permutation = {1, 0};
    TensorType type = op.infer({&matrix.type()})[0];
    if (type.encoding.is_per_axis()) {
      Quantization q = matrix.type().encoding.quantization();
      q.axis = 1 - q.axis;
      type.encoding = matrix.type().encoding.with_quantization(std::move(q));
    }
    const Array source = widen(matrix);
    Array result(type);
    op.evaluate({&source}, {&result});
    return narrow(result);
  }

  const Graph& graph_;
  Patch patch_;
  std::vector<ValueId> outputs_;
};

}  // namespace

Graph encode_quantizers(const Graph& graph) { return Encoder(graph).run(); }

}  // namespace mote
