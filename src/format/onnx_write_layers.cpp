// Layers with weights, pools, normalizations, Softmax.
#include <cmath>

#include "base/error.h"
#include "format/onnx_export.h"
#include "ops/batch_normalization.h"
#include "ops/conv2d.h"
#include "ops/conv_transpose2d.h"
#include "ops/depthwise_conv2d.h"
#include "ops/fully_connected.h"
#include "ops/layer_normalization.h"
#include "ops/mat_mul.h"
#include "ops/pool.h"
#include "ops/reduce.h"
#include "ops/softmax.h"

namespace mote::onnx_export {

namespace {

// The result of an operator with a fused activation, as real numbers.
void finish(Export& e, const Node& node, std::string y, Layout layout) {
  y = e.clamped(y, *node.op, e.type(node.outputs[0]).encoding);
  e.define_real(node.outputs[0], y, layout);
}

// A bias as reals; a plain s32 bias gets the scale of input times weights, which is what it means.
std::string bias_of(Export& e, const Node& node) {
  if (node.inputs.size() < 3 || !node.inputs[2].valid()) return {};
  const ValueId b = node.inputs[2];
  if (e.is_real(b) || e.type(b).encoding.is_quantized()) return e.real(b);
  Quantization q{e.type(node.inputs[1]).encoding.is_per_axis() ? 0 : -1, {}, {}};
  for (const float s : e.type(node.inputs[1]).encoding.quantization().scales) {
    q.scales.push_back(e.type(node.inputs[0]).encoding.scale() * s);
    q.zero_points.push_back(0);
  }
  const std::string source = e.stored(b);
  return e.dequantize(source, Encoding::integer(32, true).with_quantization(std::move(q)), source + "_real");
}

template <class Op>
onnx::NodeProto& add_window(Export& e, const Op& op, std::string_view type,
                            const std::vector<std::string>& inputs, const std::string& y) {
  auto& node = e.add(type, inputs, {y});
  set_integers(node, "strides", op.stride);
  set_integers(node, "dilations", op.dilation);
  set_integers(node, "pads", op.padding);
  return node;
}

template <class Op>
void write_window(Export& e, const Node& node, std::string_view type, const std::string& w,
                  std::int64_t groups) {
  const std::string y = e.fresh(e.graph().value(node.outputs[0]).name + "_sum");
  auto& conv = add_window(e, *node.as<Op>(), type,
                          {e.real(node.inputs[0], Layout::kChannelsFirst), w, bias_of(e, node)}, y);
  set_integer(conv, "group", groups);
  if constexpr (std::is_same_v<Op, ConvTranspose2D>)
    set_integers(conv, "output_padding", node.as<Op>()->output_padding);
  finish(e, node, y, Layout::kChannelsFirst);
}

void write_conv2d(Export& e, const Node& node) {
  write_window<Conv2D>(e, node, "Conv", e.weights(node.inputs[1], {0, 3, 1, 2}), node.as<Conv2D>()->groups);
}

void write_depthwise(Export& e, const Node& node) {
  write_window<DepthwiseConv2D>(e, node, "Conv", e.weights(node.inputs[1], {3, 0, 1, 2}),
                                e.type(node.inputs[0]).shape[3]);
}

void write_conv_transpose(Export& e, const Node& node) {
  const std::int64_t groups = node.as<ConvTranspose2D>()->groups;
  const Shape s = e.type(node.inputs[1]).shape;
  std::string w;
  if (groups == 1) {
    w = e.weights(node.inputs[1], {3, 0, 1, 2});
  } else {  // [O,kh,kw,I/g] -> [I,O/g,kh,kw]
    w = e.apply("Reshape", {e.real(node.inputs[1]), e.numbers({groups, s[0] / groups, s[1], s[2], s[3]})});
    w = e.apply("Reshape",
                {e.transpose(w, {0, 4, 1, 2, 3}), e.numbers({groups * s[3], s[0] / groups, s[1], s[2]})});
  }
  write_window<ConvTranspose2D>(e, node, "ConvTranspose", w, groups);
}

void write_fully_connected(Export& e, const Node& node) {
  const Shape& in = e.type(node.inputs[0]).shape;
  const Shape& out = e.type(node.outputs[0]).shape;
  std::string x = e.real(node.inputs[0]);
  const bool is_matrix = in.size() == 2;
  if (!is_matrix) x = e.apply("Reshape", {x, e.numbers({-1, in.back()})});
  const std::string y = e.fresh(e.graph().value(node.outputs[0]).name + "_sum");
  set_integer(e.add("Gemm", {x, e.weights(node.inputs[1], {0, 1}), bias_of(e, node)}, {y}), "transB", 1);
  std::string result = e.clamped(y, *node.op, e.type(node.outputs[0]).encoding);
  if (!is_matrix) result = e.apply("Reshape", {result, e.numbers(out)});
  e.define_real(node.outputs[0], result);
}

void write_mat_mul(Export& e, const Node& node) {
  const auto& op = *node.as<MatMul>();
  const auto operand = [&](std::size_t i, bool swap) {
    Numbers order(e.type(node.inputs[i]).shape.size());
    for (std::size_t k = 0; k < order.size(); ++k) order[k] = static_cast<std::int64_t>(k);
    if (swap) std::swap(order[order.size() - 1], order[order.size() - 2]);
    return e.transpose(e.real(node.inputs[i]), order);
  };
  finish(e, node, e.apply("MatMul", {operand(0, op.transpose_a), operand(1, op.transpose_b)}),
         Layout::kPlain);
}

// Cells that never count are padding where padding does not count either; else ceil_mode makes them, unless
// their window would start in the padding.
void set_pool_padding(Export& e, const Node& node, onnx::NodeProto& proto) {
  const auto& op = *node.as<Pool>();
  Numbers padding = op.padding;
  if (op.is_max() || !op.count_include_pad) {
    padding[2] += op.ceil_extra[0];
    padding[3] += op.ceil_extra[1];
  } else if (op.ceil_extra != Numbers{0, 0}) {
    for (std::size_t axis = 0; axis < 2; ++axis) {
      const std::int64_t input = e.type(node.inputs[0]).shape[axis + 1];
      const std::int64_t span = op.dilation[axis] * (op.window[axis] - 1) + 1;
      std::int64_t output =
          (input + padding[axis] + padding[axis + 2] - span + op.stride[axis] - 1) / op.stride[axis] + 1;
      if ((output - 1) * op.stride[axis] >= input + padding[axis]) --output;
      if (output != e.type(node.outputs[0]).shape[axis + 1])
        throw UserError({"a pool cannot be written as ONNX", node.name,
                         "its partial windows are not those of ceil_mode", ""});
    }
    set_integer(proto, "ceil_mode", 1);
  }
  set_integers(proto, "pads", padding);
}

void write_pool(Export& e, const Node& node) {
  const auto& op = *node.as<Pool>();
  const std::string y = e.fresh(e.graph().value(node.outputs[0]).name + "_pool");
  auto& pool = e.add(op.name(), {e.real(node.inputs[0], Layout::kChannelsFirst)}, {y});
  set_integers(pool, "kernel_shape", op.window);
  set_integers(pool, "strides", op.stride);
  set_pool_padding(e, node, pool);
  if (op.dilation != Numbers{1, 1}) set_integers(pool, "dilations", op.dilation);
  if (op.count_include_pad && !op.is_max()) set_integer(pool, "count_include_pad", 1);
  finish(e, node, y, Layout::kChannelsFirst);
}

void write_reduce(Export& e, const Node& node) {
  const auto& op = *node.as<Reduce>();
  const bool is_image = e.type(node.inputs[0]).shape.size() == 4;
  const Layout layout = is_image && op.keep_dims ? e.natural_layout(node.inputs[0]) : Layout::kPlain;
  Numbers axes;
  for (const std::int64_t a : op.axes) axes.push_back(file_axis(a, layout));
  const bool plain = !e.is_real(node.inputs[0]) && !e.type(node.inputs[0]).encoding.is_quantized();
  const std::string x = plain ? e.stored(node.inputs[0], layout) : e.real(node.inputs[0], layout);
  const auto done = [&](const std::string& y) {
    return plain ? e.define_stored(node.outputs[0], y, layout) : e.define_real(node.outputs[0], y, layout);
  };
  if (axes.empty()) return done(e.apply("Identity", {x}));
  const bool axes_as_input = e.opset() >= 18 || op.function == "Sum";
  const std::string y = e.fresh(e.graph().value(node.outputs[0]).name + "_reduced");
  auto& reduce = e.add(op.name(), {x, axes_as_input ? e.numbers(axes) : ""}, {y});
  if (!axes_as_input) set_integers(reduce, "axes", axes);
  set_integer(reduce, "keepdims", op.keep_dims ? 1 : 0);
  done(y);
}

void write_softmax(Export& e, const Node& node) {
  const auto& op = *node.as<Softmax>();
  const Layout layout =
      e.type(node.inputs[0]).shape.size() == 4 ? e.natural_layout(node.inputs[0]) : Layout::kPlain;
  std::string x = e.real(node.inputs[0], layout);
  if (op.beta != 1.0F) x = e.apply("Mul", {x, e.number(op.beta)});
  const std::string y = e.fresh(e.graph().value(node.outputs[0]).name + "_" + op.function);
  set_integer(e.add(op.function, {x}, {y}), "axis", file_axis(op.axis, layout));
  e.define_real(node.outputs[0], y, layout);
}

void write_batch_normalization(Export& e, const Node& node) {
  const auto& op = *node.as<BatchNormalization>();
  const std::size_t rank = e.type(node.inputs[0]).shape.size();
  std::vector<std::string> parameters;
  for (std::size_t i = 1; i < node.inputs.size(); ++i) parameters.push_back(e.real(node.inputs[i]));
  if (rank == 2 || rank == 4) {
    const Layout layout = rank == 4 ? Layout::kChannelsFirst : Layout::kPlain;
    const std::string y = e.fresh(e.graph().value(node.outputs[0]).name + "_normal");
    parameters.insert(parameters.begin(), e.real(node.inputs[0], layout));
    set_real(e.add("BatchNormalization", parameters, {y}), "epsilon", op.epsilon);
    return e.define_real(node.outputs[0], y, layout);
  }
  // other ranks: gamma * (x - mean) / sqrt(variance + epsilon) + beta over the last axis
  const std::string deviation = e.apply("Sqrt", {e.apply("Add", {parameters[3], e.number(op.epsilon)})});
  std::string y = e.apply("Sub", {e.real(node.inputs[0]), parameters[2]});
  y = e.apply("Mul", {e.apply("Div", {y, deviation}), parameters[0]});
  e.define_real(node.outputs[0], e.apply("Add", {y, parameters[1]}));
}

void write_layer_normalization(Export& e, const Node& node) {
  const auto& op = *node.as<LayerNormalization>();
  const Shape& in = e.type(node.inputs[0]).shape;
  std::string gamma;
  if (node.inputs.size() > 1) gamma = e.real(node.inputs[1]);
  if (gamma.empty()) {
    const Shape trailing(in.begin() + op.axis, in.end());
    const std::vector<float> ones(static_cast<std::size_t>(element_count(trailing)), 1.0F);
    gamma = e.initializer("gamma", Tensor::reals(trailing, ones), OnnxElement::kFloat);
  }
  const std::string beta = node.inputs.size() > 2 ? e.real(node.inputs[2]) : "";
  const std::string y = e.fresh(e.graph().value(node.outputs[0]).name + "_normal");
  auto& normal = e.add("LayerNormalization", {e.real(node.inputs[0]), gamma, beta}, {y});
  set_integer(normal, "axis", op.axis);
  set_real(normal, "epsilon", op.epsilon);
  e.define_real(node.outputs[0], y);
}

constexpr WriteRow kRows[] = {
    {"Conv2D", write_conv2d, 13},
    {"DepthwiseConv2D", write_depthwise, 13},
    {"ConvTranspose2D", write_conv_transpose, 13},
    {"FullyConnected", write_fully_connected, 13},
    {"MatMul", write_mat_mul, 13},
    {"MaxPool", write_pool, 13},
    {"AveragePool", write_pool, 13},
    {"ReduceMean", write_reduce, 13},
    {"ReduceSum", write_reduce, 13},
    {"ReduceMax", write_reduce, 13},
    {"ReduceMin", write_reduce, 13},
    {"ReduceProd", write_reduce, 13},
    {"Softmax", write_softmax, 13},
    {"LogSoftmax", write_softmax, 13},
    {"BatchNormalization", write_batch_normalization, 13},
    {"LayerNormalization", write_layer_normalization, 17},
};

}  // namespace

std::span<const WriteRow> layer_rows() { return kRows; }

}  // namespace mote::onnx_export
