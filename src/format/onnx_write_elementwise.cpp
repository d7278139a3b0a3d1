// Operators element by element, and the changes of encoding.
#include <cmath>

#include "base/error.h"
#include "format/onnx_export.h"
#include "ops/binary.h"
#include "ops/cast.h"
#include "ops/quant.h"
#include "ops/trunc.h"
#include "ops/unary.h"

namespace mote::onnx_export {

namespace {

// A bound in the type of a plain integer.
std::string integer_bound(Export& e, const Node& node, float value) {
  const Encoding& encoding = e.type(node.inputs[0]).encoding;
  if (value != std::floor(value) || value < static_cast<float>(encoding.min()) ||
      value > static_cast<float>(encoding.max()))
    throw UserError({"an operator cannot be written as ONNX", node.name,
                     "it clips integers at " + std::to_string(value), "use bounds of the integer type"});
  const Tensor tensor = Tensor::integers({{}, encoding, {}}, {static_cast<std::int64_t>(value)});
  return e.initializer("bound", tensor, element_of(encoding, node.name));
}

void write_unary(Export& e, const Node& node) {
  const auto& op = *node.as<Unary>();
  const Layout layout = e.natural_layout(node.inputs[0]);
  const std::string x = e.operand(node.inputs[0], layout);
  std::string y;
  const bool plain = is_plain_integer(e.type(node.inputs[0]).encoding);
  if (op.function == "Relu6" || op.function == "Clip") {
    const bool relu6 = op.function == "Relu6";
    const auto bound = [&](float value) -> std::string {
      if (std::isinf(value)) return {};
      return plain ? integer_bound(e, node, value) : e.number(value);
    };
    y = e.apply("Clip", {x, bound(relu6 ? 0.0F : op.alpha), bound(relu6 ? 6.0F : op.beta)});
  } else if (op.function == "Rsqrt") {
    y = e.apply("Pow", {x, e.number(-0.5F)});
  } else if (op.function == "Square") {
    y = plain ? e.apply("Mul", {x, x}) : e.apply("Pow", {x, e.number(2)});
  } else {
    y = e.fresh(e.graph().value(node.outputs[0]).name + "_" + op.function);
    auto& proto = e.add(op.function, {x}, {y});
    const bool has_alpha = op.function == "LeakyRelu" || op.function == "Elu" ||
                           op.function == "HardSigmoid" || op.function == "Selu";
    if (has_alpha) set_real(proto, "alpha", op.alpha);
    if (op.function == "HardSigmoid") set_real(proto, "beta", op.beta);
    if (op.function == "Selu") set_real(proto, "gamma", op.beta);
    if (op.function == "Gelu") set_text(proto, "approximate", op.beta == 1.0F ? "tanh" : "none");
  }
  e.define(node.outputs[0], y, layout);
}

// Operands with broadcasting: in channels-first layout where the operands that are computed are whole images
// or scalars.
Layout common_layout(Export& e, const Node& node) {
  bool channels_first = e.type(node.outputs[0]).shape.size() == 4;
  bool any = false;
  for (const ValueId v : node.inputs) {
    if (e.graph().constant(v)) continue;
    const bool is_image = e.type(v).shape.size() == 4;
    channels_first = channels_first && (is_image || e.type(v).elements() == 1);
    any = any || (is_image && e.natural_layout(v) == Layout::kChannelsFirst);
  }
  return channels_first && any ? Layout::kChannelsFirst : Layout::kPlain;
}

std::string broadcast_operand(Export& e, ValueId v, Layout layout) {
  return e.operand(v, e.type(v).elements() == 1 && e.type(v).shape.size() != 4 ? Layout::kPlain : layout);
}

void write_binary(Export& e, const Node& node) {
  const auto& op = *node.as<Binary>();
  const Layout layout = common_layout(e, node);
  const std::string_view name = op.function == "Minimum"   ? "Min"
                                : op.function == "Maximum" ? "Max"
                                                           : std::string_view(op.function);
  std::string y = e.apply(
      name, {broadcast_operand(e, node.inputs[0], layout), broadcast_operand(e, node.inputs[1], layout)});
  y = e.clamped(y, op, e.type(node.outputs[0]).encoding);
  e.define(node.outputs[0], y, layout);
}

void write_prelu(Export& e, const Node& node) {
  const Layout layout = common_layout(e, node);
  const std::string y = e.apply(
      "PRelu", {broadcast_operand(e, node.inputs[0], layout), broadcast_operand(e, node.inputs[1], layout)});
  e.define(node.outputs[0], y, layout);
}

// Quantize, Dequantize and Requantize: the same real numbers, stored otherwise.
void write_encoding_change(Export& e, const Node& node) {
  const Layout layout = e.natural_layout(node.inputs[0]);
  const ValueId y = node.outputs[0];
  if (!e.is_real(y)) return e.define_real(y, e.real(node.inputs[0], layout), layout);
  const Encoding& encoding = e.type(node.inputs[0]).encoding;
  const Layout known = encoding.is_per_axis() ? Layout::kPlain : layout;
  e.define_stored(y, e.dequantize(e.stored(node.inputs[0], known), encoding, e.name_for(y, known)), known);
}

// x and the parameters of a quantizer, then `more`; for attributes.
onnx::NodeProto& add_quantizer(Export& e, const Node& node, const std::vector<std::string>& more) {
  const Layout layout = common_layout(e, node);
  std::vector<std::string> inputs{e.real(node.inputs[0], layout)};
  for (std::size_t i = 1; i < node.inputs.size(); ++i)
    inputs.push_back(broadcast_operand(e, node.inputs[i], layout));
  inputs.insert(inputs.end(), more.begin(), more.end());
  const std::string y = e.name_for(node.outputs[0], layout);
  auto& proto = e.add(node.op->name(), inputs, {y});
  proto.set_domain("qonnx.custom_op.general");
  e.define_stored(node.outputs[0], y, layout);
  return proto;
}

void write_quant(Export& e, const Node& node) {
  const auto& op = *node.as<Quant>();
  auto& proto = add_quantizer(e, node, {e.number(op.bits)});
  set_integer(proto, "signed", op.is_signed ? 1 : 0);
  set_integer(proto, "narrow", op.narrow ? 1 : 0);
  set_text(proto, "rounding_mode", op.rounding);
}

void write_bipolar_quant(Export& e, const Node& node) { add_quantizer(e, node, {}); }

void write_trunc(Export& e, const Node& node) {
  const auto& op = *node.as<Trunc>();
  std::vector<std::string> more{e.number(static_cast<float>(op.bits + op.shift))};
  if (op.version == 2) {
    const Tensor* scale = e.graph().constant(node.inputs[1]);
    if (!scale || scale->type().elements() != 1)
      throw UserError({"an operator cannot be written as ONNX", node.name,
                       "the output scale of Trunc is one number, its input scale is not",
                       "give Trunc one constant scale"});
    more.push_back(e.number(scale->floats()[0] * op.gain()));
  }
  more.push_back(e.number(static_cast<float>(op.bits)));
  auto& proto = add_quantizer(e, node, more);
  set_text(proto, "rounding_mode", op.rounding);
  if (op.version == 1) return;
  set_integer(proto, "signed", op.is_signed ? 1 : 0);
  set_integer(proto, "narrow", op.narrow ? 1 : 0);
}

OnnxElement cast_element(const std::string& to) {
  for (int number = 1; number < 32; ++number) {
    if (number == 8 || number == 14 || number == 15 || number == 24 || number > 26) continue;
    const auto& row = onnx_element(number, "Cast");
    if (row.cast == to && row.bits <= 32) return row.element;
  }
  return OnnxElement::kDouble;
}

void write_cast(Export& e, const Node& node) {
  const auto& op = *node.as<Cast>();
  const Layout layout = e.natural_layout(node.inputs[0]);
  const std::string x = e.operand(node.inputs[0], layout);
  std::string y = e.fresh(e.graph().value(node.outputs[0]).name + "_cast");
  const OnnxElement to = cast_element(op.to);
  auto& proto = e.add("Cast", {x}, {y});
  set_integer(proto, "to", static_cast<int>(to));
  if (!op.saturate) set_integer(proto, "saturate", 0);
  if (onnx_element(to).is_real && to != OnnxElement::kFloat) {  // rounded to that format, carried as float32
    const std::string rounded = y;
    y = e.fresh(rounded + "_carried");
    set_integer(e.add("Cast", {rounded}, {y}), "to", static_cast<int>(OnnxElement::kFloat));
  }
  e.define_stored(node.outputs[0], y, layout);
}

constexpr WriteRow kRows[] = {
    {"Relu", write_unary, 14},
    {"Relu6", write_unary, 13},
    {"Clip", write_unary, 13},
    {"LeakyRelu", write_unary, 13},
    {"HardSigmoid", write_unary, 13},
    {"HardSwish", write_unary, 14},
    {"Sigmoid", write_unary, 13},
    {"Tanh", write_unary, 13},
    {"Gelu", write_unary, 20},
    {"Erf", write_unary, 13},
    {"Exp", write_unary, 13},
    {"Log", write_unary, 13},
    {"Sqrt", write_unary, 13},
    {"Rsqrt", write_unary, 13},
    {"Abs", write_unary, 13},
    {"Neg", write_unary, 13},
    {"Floor", write_unary, 13},
    {"Ceil", write_unary, 13},
    {"Round", write_unary, 13},
    {"Sign", write_unary, 13},
    {"Elu", write_unary, 13},
    {"Selu", write_unary, 13},
    {"Softplus", write_unary, 13},
    {"Softsign", write_unary, 13},
    {"Square", write_unary, 13},
    {"Reciprocal", write_unary, 13},
    {"Sin", write_unary, 13},
    {"Cos", write_unary, 13},
    {"Identity", write_unary, 13},
    {"Add", write_binary, 14},
    {"Sub", write_binary, 14},
    {"Mul", write_binary, 14},
    {"Div", write_binary, 14},
    {"Minimum", write_binary, 13},
    {"Maximum", write_binary, 13},
    {"Pow", write_binary, 13},
    {"PRelu", write_prelu, 13},
    {"Quantize", write_encoding_change, 13},
    {"Dequantize", write_encoding_change, 13},
    {"Requantize", write_encoding_change, 13},
    {"Quant", write_quant, 13},
    {"BipolarQuant", write_bipolar_quant, 13},
    {"Trunc", write_trunc, 13},
    {"Cast", write_cast, 13},
};

}  // namespace

std::span<const WriteRow> elementwise_rows() { return kRows; }

}  // namespace mote::onnx_export
