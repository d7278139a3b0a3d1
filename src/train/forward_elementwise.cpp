#include <algorithm>

#include "ops/binary.h"
#include "ops/cast.h"
#include "ops/prelu.h"
#include "ops/unary.h"
#include "train/forward.h"

namespace mote::train {

namespace {

using torch::Tensor;

struct UnaryRow {
  std::string_view name;
  Tensor (*apply)(const Tensor&, const Unary&);
};

// Formulas: ops/unary.h.
constexpr UnaryRow kUnary[] = {
    {"Relu", [](const Tensor& x, const Unary&) { return at::relu(x); }},
    {"Relu6", [](const Tensor& x, const Unary&) { return at::clamp(x, 0, 6); }},
    {"Clip", [](const Tensor& x, const Unary& op) { return at::clamp(x, op.alpha, op.beta); }},
    {"LeakyRelu", [](const Tensor& x, const Unary& op) { return at::leaky_relu(x, op.alpha); }},
    {"HardSigmoid", [](const Tensor& x, const Unary& op) { return at::clamp(x * op.alpha + op.beta, 0, 1); }},
    {"HardSwish", [](const Tensor& x, const Unary&) { return at::hardswish(x); }},
    {"Sigmoid", [](const Tensor& x, const Unary&) { return at::sigmoid(x); }},
    {"Tanh", [](const Tensor& x, const Unary&) { return at::tanh(x); }},
    {"Gelu", [](const Tensor& x, const Unary& op) { return at::gelu(x, op.beta == 1 ? "tanh" : "none"); }},
    {"Erf", [](const Tensor& x, const Unary&) { return at::erf(x); }},
    {"Exp", [](const Tensor& x, const Unary&) { return at::exp(x); }},
    {"Log", [](const Tensor& x, const Unary&) { return at::log(x); }},
    {"Sqrt", [](const Tensor& x, const Unary&) { return at::sqrt(x); }},
    {"Rsqrt", [](const Tensor& x, const Unary&) { return at::rsqrt(x); }},
    {"Abs", [](const Tensor& x, const Unary&) { return at::abs(x); }},
    {"Neg", [](const Tensor& x, const Unary&) { return at::neg(x); }},
    {"Floor", [](const Tensor& x, const Unary&) { return at::floor(x); }},
    {"Ceil", [](const Tensor& x, const Unary&) { return at::ceil(x); }},
    {"Round", [](const Tensor& x, const Unary&) { return at::round(x); }},
    {"Sign", [](const Tensor& x, const Unary&) { return at::sign(x); }},
    {"Elu", [](const Tensor& x, const Unary& op) { return at::elu(x, op.alpha); }},
    {"Selu", [](const Tensor& x, const Unary& op) { return at::elu(x, op.alpha) * op.beta; }},
    {"Softplus", [](const Tensor& x, const Unary&) { return at::softplus(x); }},
    {"Softsign", [](const Tensor& x, const Unary&) { return x / (at::abs(x) + 1); }},
    {"Square", [](const Tensor& x, const Unary&) { return x * x; }},
    {"Reciprocal", [](const Tensor& x, const Unary&) { return at::reciprocal(x); }},
    {"Sin", [](const Tensor& x, const Unary&) { return at::sin(x); }},
    {"Cos", [](const Tensor& x, const Unary&) { return at::cos(x); }},
    {"Identity", [](const Tensor& x, const Unary&) { return x; }},
};

struct BinaryRow {
  std::string_view name;
  Tensor (*apply)(const Tensor&, const Tensor&);
};

constexpr BinaryRow kBinary[] = {
    {"Add", [](const Tensor& a, const Tensor& b) { return a + b; }},
    {"Sub", [](const Tensor& a, const Tensor& b) { return a - b; }},
    {"Mul", [](const Tensor& a, const Tensor& b) { return a * b; }},
    {"Div", [](const Tensor& a, const Tensor& b) { return a / b; }},
    {"Minimum", [](const Tensor& a, const Tensor& b) { return at::minimum(a, b); }},
    {"Maximum", [](const Tensor& a, const Tensor& b) { return at::maximum(a, b); }},
    {"Pow", [](const Tensor& a, const Tensor& b) { return at::pow(a, b); }},
};

template <class Rows>
const auto& find_row(const Rows& rows, std::string_view name) {
  const auto* row =
      std::find_if(std::begin(rows), std::end(rows), [&](const auto& r) { return r.name == name; });
  MOTE_CHECK(row != std::end(rows), std::string(name));
  return *row;
}

// Arithmetic on plain integers computes shapes or indices; it wraps and truncates in ways that real tensors
// do not.
void require_real(const ForwardCall& call) {
  for (const Tensor& x : call.inputs)
    if (!x.is_floating_point())
      throw UserError({"the network cannot be trained", call.node.name,
                       std::string(call.node.op->name()) + " computes with plain integers",
                       "simplify the model first, or leave that part out"});
}

}  // namespace

ForwardResult forward_unary(const ForwardCall& call) {
  require_real(call);
  const auto& op = call.op<Unary>();
  return {find_row(kUnary, op.function).apply(call.x(), op)};
}

ForwardResult forward_binary(const ForwardCall& call) {
  require_real(call);
  const auto& op = call.op<Binary>();
  return {
      clamped(find_row(kBinary, op.function).apply(call.x(), call.inputs[1]), op.clamp_min, op.clamp_max)};
}

ForwardResult forward_prelu(const ForwardCall& call) {
  return {at::where(call.x() < 0, call.inputs[1] * call.x(), call.x())};
}

ForwardResult forward_cast(const ForwardCall& call) {
  if (call.op<Cast>().to != "f32")
    throw UserError({"the network cannot be trained", call.node.name,
                     "it casts to " + call.op<Cast>().to + ", which has no gradient", "leave that part out"});
  return {call.x().is_floating_point() ? call.x() : call.x().to(at::kFloat)};
}

}  // namespace mote::train
