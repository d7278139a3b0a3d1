// Softmax and the normalizations.
#include <numeric>

#include "format/onnx_import.h"
#include "ops/batch_normalization.h"
#include "ops/layer_normalization.h"
#include "ops/softmax.h"

namespace mote::onnx_import {

namespace {

void read_softmax(NodeImport& node) {
  const ValueId x = node.input(0);
  const Shape shape = node.shape(x);
  const std::int64_t rank = node.rank(x);
  Softmax op;
  op.function = node.op_type();
  if (node.opset() >= 13) {
    op.axis = node.axis(node.integer("axis", -1), rank);
    return node.set_output(0, node.add(op_of(op), {x}));
  }
  // before opset 13 everything from the axis on is one row
  const std::int64_t first = node.axis(node.integer("axis", 1), rank + 1);
  const Shape outer(shape.begin(), shape.begin() + first);
  const Shape inner(shape.begin() + first, shape.end());
  op.axis = 1;
  const ValueId rows = node.reshape(x, {element_count(outer), element_count(inner)});
  node.set_output(0, node.reshape(node.add(op_of(op), {rows}), shape));
}

std::vector<std::int64_t> axes_from(std::int64_t first, std::int64_t rank) {
  std::vector<std::int64_t> axes(static_cast<std::size_t>(rank - first));
  std::iota(axes.begin(), axes.end(), first);
  return axes;
}

// The permutation that moves axis 1 to the end, and its inverse.
std::vector<std::int64_t> channels_last(std::int64_t rank) {
  std::vector<std::int64_t> p{0};
  for (std::int64_t i = 2; i < rank; ++i) p.push_back(i);
  if (rank > 1) p.push_back(1);
  return p;
}

std::vector<std::int64_t> channels_first(std::int64_t rank) {
  std::vector<std::int64_t> p{0};
  if (rank > 1) p.push_back(rank - 1);
  for (std::int64_t i = 1; i + 1 < rank; ++i) p.push_back(i);
  return p;
}

void read_batch_normalization(NodeImport& node) {
  if (node.integer("training_mode", 0) != 0 || node.has_output(1))
    node.fail("it is in training mode", "export the model for inference");
  const ValueId x = node.input(0);
  const std::int64_t rank = node.rank(x);
  BatchNormalization op;
  op.epsilon = node.real("epsilon", 1e-5F);
  const ValueId last = node.transpose(x, channels_last(rank));
  const ValueId y = node.add(op_of(op), {last, node.input(1), node.input(2), node.input(3), node.input(4)});
  node.set_output(0, node.transpose(y, channels_first(rank)));
}

struct Moments {
  ValueId mean, centered, inverse_deviation;
};

Moments moments(NodeImport& node, ValueId x, const std::vector<std::int64_t>& axes, float epsilon) {
  Moments m;
  m.mean = node.reduce("Mean", x, axes, true);
  m.centered = node.binary("Sub", x, m.mean);
  const ValueId variance = node.reduce("Mean", node.binary("Mul", m.centered, m.centered), axes, true);
  m.inverse_deviation = node.unary("Rsqrt", node.binary("Add", variance, node.real_constant(epsilon)));
  return m;
}

void read_layer_normalization(NodeImport& node) {
  const ValueId x = node.input(0);
  LayerNormalization op;
  op.axis = node.axis(node.integer("axis", -1), node.rank(x));
  op.epsilon = node.real("epsilon", 1e-5F);
  node.set_output(0, node.add(op_of(op), {x, node.input(1), node.optional_input(2)}));
  if (!node.has_output(1) && !node.has_output(2)) return;
  const Moments m = moments(node, x, axes_from(op.axis, node.rank(x)), op.epsilon);
  node.set_output(1, m.mean, OnnxElement::kFloat);
  node.set_output(2, m.inverse_deviation, OnnxElement::kFloat);
}

void read_instance_normalization(NodeImport& node) {
  const ValueId x = node.input(0);
  const std::int64_t rank = node.rank(x);
  if (rank < 3) node.fail("its input has " + std::to_string(rank) + " axes");
  Shape channel(static_cast<std::size_t>(rank) - 1, 1);
  channel[0] = node.shape(x)[1];
  const Moments m = moments(node, x, axes_from(2, rank), node.real("epsilon", 1e-5F));
  const ValueId normal = node.binary("Mul", m.centered, m.inverse_deviation);
  const ValueId scaled = node.binary("Mul", normal, node.reshape(node.input(1), channel));
  node.set_output(0, node.binary("Add", scaled, node.reshape(node.input(2), channel)));
}

constexpr ConvertRow kRows[] = {
    {"Softmax", read_softmax},
    {"LogSoftmax", read_softmax},
    {"BatchNormalization", read_batch_normalization},
    {"LayerNormalization", read_layer_normalization},
    {"InstanceNormalization", read_instance_normalization},
};

}  // namespace

std::span<const ConvertRow> normalization_rows() { return kRows; }

}  // namespace mote::onnx_import
