// QuantizeLinear, DequantizeLinear, QONNX's Quant, BipolarQuant and Trunc, and the encodings that quantized
// nodes name.
#include <algorithm>
#include <cmath>

#include "format/onnx_import.h"
#include "ops/binary.h"
#include "ops/bipolar_quant.h"
#include "ops/quant.h"
#include "ops/quantize.h"
#include "ops/trunc.h"

namespace mote::onnx_import {

namespace {

std::vector<std::int32_t> zero_points_of(NodeImport& node, std::size_t zero_point, std::size_t count) {
  std::vector<std::int32_t> zeros(count, 0);
  if (!node.has_input(zero_point)) return zeros;
  const auto given = node.integer_input(zero_point);
  if (given.size() != count && given.size() != 1)
    node.fail("it has " + std::to_string(count) + " scales and " + std::to_string(given.size()) +
              " zero points");
  for (std::size_t i = 0; i < count; ++i)
    zeros[i] = static_cast<std::int32_t>(given[given.size() == 1 ? 0 : i]);
  return zeros;
}

Encoding affine_encoding(NodeImport& node, const Encoding& integer, const std::vector<float>& scales,
                         const std::vector<std::int32_t>& zeros, std::int64_t axis) {
  if (scales.empty()) node.fail("it has no scale");
  for (const float s : scales)
    if (!(s > 0) || !(s < 1e30F))
      node.fail("a scale is " + std::to_string(s) + ", it must be positive and finite");
  for (const std::int32_t z : zeros)
    if (z < integer.min() || z > integer.max())
      node.fail("the zero point " + std::to_string(z) + " is outside " + to_string(integer));
  if (scales.size() == 1) return integer.with_quantization({-1, scales, zeros});
  return integer.with_quantization({static_cast<int>(axis), scales, zeros});
}

// The integer type that a node's result has: output_dtype, else the type of its zero point, else uint8.
OnnxElement result_element(NodeImport& node, std::size_t zero_point) {
  if (const auto type = node.integer("output_dtype", 0); type != 0)
    return onnx_element(static_cast<int>(type), node.where()).element;
  return node.has_input(zero_point) ? node.element(zero_point) : OnnxElement::kUint8;
}

}  // namespace

Encoding file_encoding(NodeImport& node, std::size_t x, std::size_t scale, std::size_t zero_point,
                       std::int64_t axis) {
  const auto& row = onnx_element(node.element(x));
  if (row.is_real) node.fail("input " + std::to_string(x) + " must hold integers");
  const auto scales = node.real_input(scale);
  const std::int64_t rank = node.rank(node.input(x));
  if (scales.size() > 1) {
    axis = node.axis(axis, rank);
    if (static_cast<std::int64_t>(scales.size()) != node.shape(node.input(x))[static_cast<std::size_t>(axis)])
      node.fail("it has " + std::to_string(scales.size()) + " scales for axis " + std::to_string(axis) +
                " of " + to_string(node.shape(node.input(x))));
  }
  return affine_encoding(node, carried_encoding(row), scales, zero_points_of(node, zero_point, scales.size()),
                         axis);
}

Encoding result_encoding(NodeImport& node, std::size_t scale, std::size_t zero_point) {
  const auto scales = node.real_input(scale);
  if (scales.size() != 1)
    node.fail("its result has " + std::to_string(scales.size()) + " scales, one is supported");
  const auto& row = onnx_element(result_element(node, zero_point));
  if (row.is_real) node.fail("its result is quantized to " + std::string(row.name));
  return affine_encoding(node, carried_encoding(row), scales, zero_points_of(node, zero_point, 1), 0);
}

Encoding unit_encoding(NodeImport& node, std::size_t x, std::size_t zero_point) {
  const auto& row = onnx_element(node.element(x));
  if (row.is_real) node.fail("input " + std::to_string(x) + " must hold integers");
  std::size_t count = 1;
  if (node.has_input(zero_point))
    count = static_cast<std::size_t>(node.constant_input(zero_point).type().elements());
  if (count != 1) node.fail("it has " + std::to_string(count) + " zero points, one is supported");
  return affine_encoding(node, carried_encoding(row), {1.0F}, zero_points_of(node, zero_point, 1), 0);
}

Encoding bias_encoding(const Encoding& x, const Encoding& w) {
  std::vector<float> scales;
  for (const float s : w.quantization().scales) scales.push_back(x.scale() * s);
  const std::vector<std::int32_t> zeros(scales.size(), 0);
  if (scales.size() == 1) return Encoding::affine(32, true, scales[0], 0);
  return Encoding::per_axis(32, true, 0, scales, zeros);
}

namespace {

// A scale or zero point in the shape that broadcasts against x: per tensor, per axis, or per block of `block`
// along the axis.
ValueId spread(NodeImport& node, ValueId parameter, ValueId x, std::int64_t axis, std::int64_t block) {
  const Shape shape = node.shape(parameter);
  const bool one = node.type(parameter).elements() == 1 && block == 0;
  if (one) return node.reshape(parameter, {});
  if (node.rank(x) == 0) node.fail("a scalar has scales per axis");
  const std::int64_t extent = node.shape(x)[static_cast<std::size_t>(axis)];
  if (block > 0) {
    if (shape.size() != node.shape(x).size() ||
        (extent + block - 1) / block != shape[static_cast<std::size_t>(axis)])
      node.fail("its scales " + to_string(shape) + " do not fit blocks of " + std::to_string(block) + " in " +
                to_string(node.shape(x)));
    node.spend(extent);
    std::vector<std::int64_t> indices;
    for (std::int64_t i = 0; i < extent; ++i) indices.push_back(i / block);
    return node.gather(parameter, axis, indices);
  }
  if (shape.size() != 1 || shape[0] != extent)
    node.fail("its scales " + to_string(shape) + " do not fit axis " + std::to_string(axis));
  Shape aligned(node.shape(x).size(), 1);
  aligned[static_cast<std::size_t>(axis)] = extent;
  return node.reshape(parameter, aligned);
}

std::int64_t quantized_axis(NodeImport& node, ValueId x) {
  const std::int64_t rank = node.rank(x);
  const std::int64_t axis = node.integer("axis", 1);
  return axis >= rank && !node.has_attribute("axis") ? 0 : rank == 0 ? 0 : node.axis(axis, rank);
}

// Quantization in blocks, and to small float formats, has no encoding here: it is composed of real operators.
void compose_quantize(NodeImport& node, ValueId x, std::int64_t axis, std::int64_t block,
                      const OnnxElementRow& to) {
  ValueId y = node.binary("Div", x, spread(node, node.input(1), x, axis, block));
  if (!to.is_real) {
    y = node.unary("Round", y);
    if (node.has_input(2))
      y = node.binary("Add", y, spread(node, node.cast(node.input(2), "f32"), x, axis, block));
  }
  node.set_output(0, node.cast(y, to.cast, node.integer("saturate", 1) != 0), to.element);
}

void read_quantize_linear(NodeImport& node) {
  ValueId x = node.input(0);
  if (!node.is_real(x)) x = node.cast(x, "f32");
  const auto& to = onnx_element(result_element(node, 2));
  const std::int64_t axis = quantized_axis(node, x);
  const std::int64_t block = node.integer("block_size", 0);
  if (block < 0) node.fail("block_size is " + std::to_string(block));
  if (block > 0 || to.is_real) return compose_quantize(node, x, axis, block, to);
  const auto scales = node.real_input(1);
  TensorType type = node.type(x);
  if (scales.size() > 1 && (type.shape.empty() || static_cast<std::int64_t>(scales.size()) !=
                                                      type.shape[static_cast<std::size_t>(axis)]))
    node.fail("it has " + std::to_string(scales.size()) + " scales for axis " + std::to_string(axis) +
              " of " + to_string(type.shape));
  type.encoding =
      affine_encoding(node, carried_encoding(to), scales, zero_points_of(node, 2, scales.size()), axis);
  node.set_output(0, node.add_typed(op_of(Quantize{}), {x}, type), to.element);
}

void compose_dequantize(NodeImport& node, ValueId x, std::int64_t axis, std::int64_t block) {
  if (!node.is_real(x)) x = node.cast(x, "f32");
  if (node.has_input(2) && !onnx_element(node.element(2)).is_real)
    x = node.binary("Sub", x, spread(node, node.cast(node.input(2), "f32"), x, axis, block));
  node.set_output(0, node.binary("Mul", x, spread(node, node.input(1), x, axis, block)), node.element(1));
}

void read_dequantize_linear(NodeImport& node) {
  const ValueId x = node.input(0);
  const std::int64_t axis = quantized_axis(node, x);
  const std::int64_t block = node.integer("block_size", 0);
  if (block < 0) node.fail("block_size is " + std::to_string(block));
  if (block > 0 || node.is_real(x)) return compose_dequantize(node, x, axis, block);
  const Encoding encoding = file_encoding(node, 0, 1, 2, axis);
  node.set_output(0, node.dequantize(node.with_encoding(x, encoding)), node.element(1));
}

// a, a_scale, a_zero, b, b_scale, b_zero, y_scale, y_zero
void read_qlinear_binary(NodeImport& node) {
  Binary op;
  op.function = node.op_type() == "QLinearAdd" ? "Add" : "Mul";
  const ValueId a = node.with_encoding(node.input(0), file_encoding(node, 0, 1, 2, 0));
  const ValueId b = node.with_encoding(node.input(3), file_encoding(node, 3, 4, 5, 0));
  TensorType type = node.infer(op_of(op), {a, b})[0];
  type.encoding = result_encoding(node, 6, 7);
  node.set_output(0, node.add_typed(op_of(op), {a, b}, type), element_of(type.encoding, node.where()));
}

std::string rounding_mode(NodeImport& node, const std::string& usual) {
  std::string mode = node.text("rounding_mode", usual);
  std::transform(mode.begin(), mode.end(), mode.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  return mode;
}

// The scales of a quantizer, which must be known to be judged; a computed one is left as it is.
void check_scale(NodeImport& node, ValueId scale) {
  const Tensor* tensor = node.constant(scale);
  if (!tensor || !tensor->type().encoding.is_real()) return;
  for (const float s : tensor->floats())
    if (!(s > 0) || !(s < 1e30F))
      node.fail("a scale is " + std::to_string(s) + ", it must be positive and finite");
}

// QONNX: x, scale
void read_bipolar_quant(NodeImport& node) {
  check_scale(node, node.input(1));
  node.set_output(0, node.add(op_of(BipolarQuant{}), {node.input(0), node.input(1)}));
}

// QONNX: x, scale, zero point, bit width. One signed bit is a sign (in QONNX's own execution, too).
void read_quant(NodeImport& node) {
  Quant op;
  op.bits = static_cast<float>(node.scalar_input(3));
  op.is_signed = node.integer("signed", 1) != 0;
  op.narrow = node.integer("narrow", 0) != 0;
  op.rounding = rounding_mode(node, "ROUND");
  if (op.bits == 1 && op.is_signed) {
    const Tensor zero = node.constant_input(2);
    for (std::int64_t i = 0; i < zero.type().elements(); ++i)
      if (!zero.type().encoding.is_real() || zero.real_at(i) != 0)
        node.fail("one signed bit has a zero point", "use BipolarQuant, or a zero point of 0");
    return read_bipolar_quant(node);
  }
  check_scale(node, node.input(1));
  node.set_output(0, node.add(op_of(op), {node.input(0), node.input(1), node.input(2)}));
}

std::int64_t whole_input(NodeImport& node, std::size_t i) {
  const double value = node.scalar_input(i);
  if (!(std::abs(value) < 1e6) || value != std::round(value))
    node.fail("input " + std::to_string(i) + " is " + std::to_string(value) + ", not a number of bits");
  return static_cast<std::int64_t>(value);
}

// QONNX, version 1: x, scale, zero point, input bits, output bits; version 2 has the output scale before the
// last.
void read_trunc(NodeImport& node) {
  Trunc op;
  op.version = node.has_input(5) ? 2 : 1;
  op.bits = whole_input(node, op.version == 2 ? 5 : 4);
  op.rounding = rounding_mode(node, "FLOOR");
  check_scale(node, node.input(1));
  if (op.version == 1) {
    op.shift = whole_input(node, 3) - op.bits;
  } else {
    op.is_signed = node.integer("signed", 1) != 0;
    op.narrow = node.integer("narrow", 0) != 0;
    check_scale(node, node.input(4));
    const double octaves = std::log2(node.scalar_input(4) / node.scalar_input(1));
    op.shift = static_cast<std::int64_t>(std::nearbyint(octaves));
    if (std::abs(octaves - static_cast<double>(op.shift)) > 1e-3)
      node.fail("its scales differ by a factor that is no power of two");
  }
  node.set_output(0, node.add(op_of(op), {node.input(0), node.input(1), node.input(2)}));
}

// Small floats, and thresholds without a scale, as FINN has them.
void refuse_qonnx(NodeImport& node) {
  node.fail(node.op_type() + " is not supported", "export the model with Quant, BipolarQuant and Trunc");
}

constexpr ConvertRow kRows[] = {
    {"QuantizeLinear", read_quantize_linear},
    {"DequantizeLinear", read_dequantize_linear},
    {"QLinearAdd", read_qlinear_binary},
    {"QLinearMul", read_qlinear_binary},
    {"Quant", read_quant},
    {"IntQuant", read_quant},
    {"BipolarQuant", read_bipolar_quant},
    {"Trunc", read_trunc},
    {"FloatQuant", refuse_qonnx},
    {"MultiThreshold", refuse_qonnx},
};

}  // namespace

std::span<const ConvertRow> quantization_rows() { return kRows; }

}  // namespace mote::onnx_import
