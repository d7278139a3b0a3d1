// Operators that work element by element.
#include <limits>

#include "format/onnx_import.h"
#include "ops/prelu.h"

namespace mote::onnx_import {

namespace {

// ONNX names that are functions of Unary without attributes.
void read_unary(NodeImport& node) { node.set_output(0, node.unary(node.op_type(), node.input(0))); }

void read_leaky_relu(NodeImport& node) {
  node.set_output(0, node.unary("LeakyRelu", node.input(0), node.real("alpha", 0.01F)));
}

void read_elu(NodeImport& node) {
  node.set_output(0, node.unary("Elu", node.input(0), node.real("alpha", 1.0F)));
}

void read_selu(NodeImport& node) {
  node.set_output(0, node.unary("Selu", node.input(0), node.real("alpha", 1.67326319217681884765625F),
                                node.real("gamma", 1.05070102214813232421875F)));
}

void read_hard_sigmoid(NodeImport& node) {
  node.set_output(
      0, node.unary("HardSigmoid", node.input(0), node.real("alpha", 0.2F), node.real("beta", 0.5F)));
}

void read_gelu(NodeImport& node) {
  const bool tanh_form = node.text("approximate", "none") == "tanh";
  node.set_output(0, node.unary("Gelu", node.input(0), 0, tanh_form ? 1.0F : 0.0F));
}

void read_clip(NodeImport& node) {
  const ValueId x = node.input(0);
  constexpr float kNone = std::numeric_limits<float>::infinity();
  const bool constant_bounds = (!node.has_input(1) || node.constant(node.input(1))) &&
                               (!node.has_input(2) || node.constant(node.input(2)));
  if (node.is_real(x) && constant_bounds) {
    const auto bound = [&](std::size_t i, std::string_view name, float otherwise) {
      return node.has_input(i) ? static_cast<float>(node.scalar_input(i)) : node.real(name, otherwise);
    };
    return node.set_output(0, node.unary("Clip", x, bound(1, "min", -kNone), bound(2, "max", kNone)));
  }
  ValueId y = x;
  if (node.has_input(1)) y = node.binary("Maximum", y, node.input(1));
  if (node.has_input(2)) y = node.binary("Minimum", y, node.input(2));
  node.set_output(0, y);
}

void read_prelu(NodeImport& node) {
  node.set_output(0, node.add(op_of(PRelu{}), {node.input(0), node.input(1)}));
}

void read_identity(NodeImport& node) { node.set_output(0, node.input(0)); }

void read_dropout(NodeImport& node) {
  const bool training = node.has_input(2) && node.scalar_input(2) != 0;
  const double ratio =
      node.has_input(1) ? node.scalar_input(1) : static_cast<double>(node.real("ratio", 0.5F));
  if (training && ratio != 0) node.fail("it is in training mode", "export the model for inference");
  const ValueId x = node.input(0);
  node.set_output(0, x);
  if (!node.has_output(1)) return;
  const TensorType mask{node.shape(x), Encoding::integer(1, false), {}};
  const std::vector<std::int64_t> kept(static_cast<std::size_t>(mask.elements()), 1);
  node.set_output(1, node.add_constant(Tensor::integers(mask, kept)), OnnxElement::kBool);
}

void read_binary(NodeImport& node) {
  const ValueId layer = node.op_type() == "Add" ? add_as_bias(node) : ValueId{};
  node.set_output(0, layer.valid() ? layer : node.binary(node.op_type(), node.input(0), node.input(1)));
}

// Powers that are functions of their own, or "".
std::string_view power_function(NodeImport& node, ValueId exponent) {
  const Tensor* tensor = node.constant(exponent);
  if (!tensor || tensor->type().elements() != 1 || node.rank(exponent) > 0 || !node.is_real(exponent))
    return "";
  const double value = tensor->real_at(0);
  return value == 2 ? "Square" : value == 0.5 ? "Sqrt" : value == -0.5 ? "Rsqrt" : "";
}

// Base and exponent may have different types; the result has the base's.
void read_pow(NodeImport& node) {
  const ValueId base = node.input(0);
  const ValueId exponent = node.input(1);
  if (!node.is_real(base) && node.type(base).encoding == node.type(exponent).encoding)
    return node.set_output(0, node.binary("Pow", base, exponent));
  const auto real = [&](ValueId v) { return node.is_real(v) ? v : node.cast(v, "f32"); };
  if (const auto function = power_function(node, exponent); !function.empty() && node.is_real(base))
    return node.set_output(0, node.unary(function, base));
  const ValueId y = node.binary("Pow", real(base), real(exponent));
  node.set_output(0, node.is_real(base) ? y : node.cast(y, onnx_element(node.element(0)).cast));
}

// Max, Min, Sum and Mean of any number of tensors.
void read_variadic(NodeImport& node) {
  const std::string type = node.op_type();
  const std::string_view function = type == "Max" ? "Maximum" : type == "Min" ? "Minimum" : "Add";
  ValueId y = node.input(0);
  for (std::size_t i = 1; i < node.input_count(); ++i) y = node.binary(function, y, node.input(i));
  if (type == "Mean") y = node.binary("Div", y, node.real_constant(static_cast<float>(node.input_count())));
  node.set_output(0, y);
}

// Integers below a byte keep the lowest bits of the truncated number; wider ones saturate.
void cast_to(NodeImport& node, const OnnxElementRow& to) {
  ValueId x = node.input(0);
  if (node.is_real(x) && !to.is_real && to.bits < 8) x = node.cast(x, "s32");
  node.set_output(0, node.cast(x, to.cast, node.integer("saturate", 1) != 0), to.element);
}

void read_cast(NodeImport& node) {
  cast_to(node, onnx_element(static_cast<int>(node.integer("to", 0)), node.where()));
}

void read_cast_like(NodeImport& node) { cast_to(node, onnx_element(node.element(1))); }

constexpr ConvertRow kRows[] = {
    {"Abs", read_unary},         {"Ceil", read_unary},      {"Cos", read_unary},
    {"Erf", read_unary},         {"Exp", read_unary},       {"Floor", read_unary},
    {"HardSwish", read_unary},   {"Log", read_unary},       {"Neg", read_unary},
    {"Reciprocal", read_unary},  {"Relu", read_unary},      {"Round", read_unary},
    {"Sigmoid", read_unary},     {"Sign", read_unary},      {"Sin", read_unary},
    {"Softplus", read_unary},    {"Softsign", read_unary},  {"Sqrt", read_unary},
    {"Tanh", read_unary},        {"Elu", read_elu},         {"Selu", read_selu},
    {"Clip", read_clip},         {"Gelu", read_gelu},       {"HardSigmoid", read_hard_sigmoid},
    {"Identity", read_identity}, {"Dropout", read_dropout}, {"LeakyRelu", read_leaky_relu},
    {"PRelu", read_prelu},       {"Add", read_binary},      {"Sub", read_binary},
    {"Mul", read_binary},        {"Div", read_binary},      {"Pow", read_pow},
    {"Max", read_variadic},      {"Min", read_variadic},    {"Sum", read_variadic},
    {"Mean", read_variadic},     {"Cast", read_cast},       {"CastLike", read_cast_like},
};

}  // namespace

std::span<const ConvertRow> elementwise_rows() { return kRows; }

}  // namespace mote::onnx_import
