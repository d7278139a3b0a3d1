// Matrix products: Gemm, MatMul, QLinearMatMul, MatMulInteger.
#include <numeric>

#include "format/onnx_import.h"
#include "ops/fully_connected.h"
#include "ops/mat_mul.h"

namespace mote::onnx_import {

namespace {

bool is_constant_matrix(NodeImport& node, ValueId b) {
  return node.rank(b) == 2 && (node.constant(b) || node.integer_source(b).valid());
}

// A product with its output type inferred, or with the encoding `output`.
ValueId product(NodeImport& node, const OperatorPtr& op, std::vector<ValueId> inputs,
                const Encoding* output) {
  if (!output) return node.add(op, std::move(inputs));
  TensorType type = node.infer(op, inputs)[0];
  type.encoding = *output;
  return node.add_typed(op, std::move(inputs), type);
}

// a b with NumPy's rules for one axis. A constant matrix on the right makes a fully-connected layer.
ValueId multiply(NodeImport& node, ValueId a, ValueId b, const Encoding* output) {
  const bool vector_a = node.rank(a) == 1;
  const bool vector_b = node.rank(b) == 1;
  if (node.rank(a) == 0 || node.rank(b) == 0) node.fail("an operand of a matrix product is a scalar");
  if (vector_a) a = node.reshape(a, {1, node.shape(a)[0]});
  if (vector_b) b = node.reshape(b, {node.shape(b)[0], 1});
  ValueId y;
  if (is_constant_matrix(node, b))
    y = product(node, op_of(FullyConnected{}), {a, node.permuted_weights(b, {1, 0}), {}}, output);
  else
    y = product(node, op_of(MatMul{}), {a, b}, output);
  if (!vector_a && !vector_b) return y;
  Shape shape = node.shape(y);
  if (vector_b) shape.pop_back();
  if (vector_a) shape.erase(shape.end() - (vector_b ? 1 : 2));
  return node.reshape(y, shape);
}

// MatMul with a constant matrix is remembered, for an Add that may bring its bias.
void read_mat_mul(NodeImport& node) {
  const ValueId a = node.input(0);
  const ValueId b = node.input(1);
  if (node.rank(a) >= 2 && is_constant_matrix(node, b)) {
    const ValueId w = node.permuted_weights(b, {1, 0});
    const ValueId y = node.add(op_of(FullyConnected{}), {a, w, {}});
    node.remember_layer(y, a, w);
    return node.set_output(0, y);
  }

  node.set_output(0, multiply(node, node.input(0), node.input(1), nullptr));
}

// The bias of a Gemm as the vector [outputs] that a fully-connected layer takes, or an invalid id.
ValueId vector_bias(NodeImport& node, ValueId c, std::int64_t outputs) {
  const auto* tensor = node.constant(c);
  const std::int64_t count = node.type(c).elements();
  if (node.integer_source(c).valid()) return node.rank(c) == 1 && count == outputs ? c : ValueId{};
  if (!tensor || !tensor->type().encoding.is_real()) return {};
  if (count == 1)
    return node.add_constant(
        Tensor::reals({outputs}, std::vector<float>(static_cast<std::size_t>(outputs), tensor->floats()[0])));
  const bool row = count == outputs && node.shape(c).back() == outputs;
  return row ? node.reshape(c, {outputs}) : ValueId{};
}

}  // namespace

ValueId add_as_bias(NodeImport& node) {
  for (const std::size_t i : {std::size_t{0}, std::size_t{1}}) {
    const ValueId y = node.input(i);
    const ValueId c = node.input(1 - i);
    const auto layer = node.layer_behind(y);
    if (!layer || !node.is_only_reader(i) || node.type(c).elements() == 1) continue;
    if (node.rank(c) > node.rank(y)) continue;
    const ValueId bias = vector_bias(node, c, node.shape(layer->second)[0]);
    if (bias.valid()) return node.add(op_of(FullyConnected{}), {layer->first, layer->second, bias});
  }
  return {};
}

namespace {

void read_gemm(NodeImport& node) {
  ValueId a = node.input(0);
  ValueId b = node.input(1);
  if (node.rank(a) != 2 || node.rank(b) != 2) node.fail("its operands are not matrices");
  if (node.integer("transA", 0) != 0) a = node.transpose(a, {1, 0});
  if (node.integer("transB", 0) == 0) b = node.permuted_weights(b, {1, 0});
  const float alpha = node.real("alpha", 1.0F);
  const float beta = node.real("beta", 1.0F);
  if (alpha != 1.0F) b = node.binary("Mul", b, node.real_constant(alpha));
  ValueId c = node.has_input(2) && beta != 0 ? node.input(2) : ValueId{};
  if (c.valid() && beta != 1.0F) c = node.binary("Mul", c, node.real_constant(beta));
  const ValueId bias = c.valid() ? vector_bias(node, c, node.shape(b)[0]) : ValueId{};
  ValueId y = node.add(op_of(FullyConnected{}), {a, b, bias});
  if (c.valid() && !bias.valid()) y = node.binary("Add", y, c);
  node.set_output(0, y);
}

// a, a_scale, a_zero, b, b_scale, b_zero, y_scale, y_zero
void read_qlinear_mat_mul(NodeImport& node) {
  const ValueId a = node.with_encoding(node.input(0), file_encoding(node, 0, 1, 2, -2));
  const ValueId b = node.with_encoding(node.input(3), file_encoding(node, 3, 4, 5, -1));
  const Encoding y = result_encoding(node, 6, 7);
  node.set_output(0, multiply(node, a, b, &y), element_of(y, node.where()));
}

void read_mat_mul_integer(NodeImport& node) {
  const ValueId a = node.with_encoding(node.input(0), unit_encoding(node, 0, 2));
  const ValueId b = node.with_encoding(node.input(1), unit_encoding(node, 1, 3));
  const Encoding y = Encoding::integer(32, true);
  node.set_output(0, multiply(node, a, b, &y), OnnxElement::kInt32);
}

constexpr ConvertRow kRows[] = {
    {"MatMul", read_mat_mul},
    {"Gemm", read_gemm},
    {"QLinearMatMul", read_qlinear_mat_mul},
    {"MatMulInteger", read_mat_mul_integer},
};

}  // namespace

std::span<const ConvertRow> matrix_rows() { return kRows; }

}  // namespace mote::onnx_import
