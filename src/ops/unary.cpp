#include "ops/unary.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "ops/elementwise.h"
#include "ops/movement.h"
#include "ops/unary_law.h"

namespace mote {

namespace {

using elementwise::Form;

using Function = double (*)(double x, const Unary& op);

struct FunctionRow {
  std::string_view name;
  Function apply;
};

constexpr FunctionRow kRows[] = {
    {"Relu", [](double x, const Unary&) { return x > 0 ? x : 0; }},
    {"Relu6", [](double x, const Unary&) { return x > 6   ? 6
                                                  : x > 0 ? x
                                                          : 0; }},
    {"Clip",
     [](double x, const Unary& op) { return std::min<double>(std::max<double>(x, op.alpha), op.beta); }},
    {"LeakyRelu", [](double x, const Unary& op) { return x < 0 ? op.alpha * x : x; }},
    {"HardSigmoid", [](double x, const Unary& op) { return std::clamp(op.alpha * x + op.beta, 0.0, 1.0); }},
    {"HardSwish", [](double x, const Unary&) { return x * std::clamp(x / 6 + 0.5, 0.0, 1.0); }},
    {"Sigmoid", [](double x, const Unary&) { return 1 / (1 + std::exp(-x)); }},
    {"Tanh", [](double x, const Unary&) { return std::tanh(x); }},
    {"Gelu",
     [](double x, const Unary& op) {
       constexpr double kRootOfTwoOverPi = 0.7978845608028654;
       if (op.beta == 1) return 0.5 * x * (1 + std::tanh(kRootOfTwoOverPi * (x + 0.044715 * x * x * x)));
       return 0.5 * x * std::erfc(-x * 0.7071067811865476);
     }},
    {"Erf", [](double x, const Unary&) { return std::erf(x); }},
    {"Exp", [](double x, const Unary&) { return std::exp(x); }},
    {"Log", [](double x, const Unary&) { return std::log(x); }},
    {"Sqrt", [](double x, const Unary&) { return std::sqrt(x); }},
    {"Rsqrt", [](double x, const Unary&) { return 1 / std::sqrt(x); }},
    {"Abs", [](double x, const Unary&) { return std::abs(x); }},
    {"Neg", [](double x, const Unary&) { return -x; }},
    {"Floor", [](double x, const Unary&) { return std::floor(x); }},
    {"Ceil", [](double x, const Unary&) { return std::ceil(x); }},
    {"Round", [](double x, const Unary&) { return std::nearbyint(x); }},
    {"Sign", [](double x, const Unary&) { return x > 0   ? 1.0
                                                 : x < 0 ? -1.0
                                                         : x; }},
    {"Elu", [](double x, const Unary& op) { return x < 0 ? op.alpha * std::expm1(x) : x; }},
    {"Selu", [](double x, const Unary& op) { return op.beta * (x < 0 ? op.alpha * std::expm1(x) : x); }},
    {"Softplus",
     [](double x, const Unary&) { return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))); }},
    {"Softsign", [](double x, const Unary&) { return x / (1 + std::abs(x)); }},
    {"Square", [](double x, const Unary&) { return x * x; }},
    {"Reciprocal", [](double x, const Unary&) { return 1 / x; }},
    {"Sin", [](double x, const Unary&) { return std::sin(x); }},
    {"Cos", [](double x, const Unary&) { return std::cos(x); }},
    {"Identity", [](double x, const Unary&) { return x; }},
};

const FunctionRow* find_row(std::string_view name) {
  const auto* row =
      std::find_if(std::begin(kRows), std::end(kRows), [&](const auto& r) { return r.name == name; });
  return row == std::end(kRows) ? nullptr : row;
}

// The functions that have a meaning for plain integers of any width.
constexpr std::array<std::string_view, 8> kPlainFunctions = {"Relu", "Relu6", "Clip",   "Abs",
                                                             "Neg",  "Sign",  "Square", "Identity"};

// Bounds are real numbers; infinite ones bind nothing.
std::int64_t clip(std::int64_t x, double low, double high) {
  const double clipped = std::min(std::max(static_cast<double>(x), std::ceil(low)), std::floor(high));
  return static_cast<std::int64_t>(clipped);
}

std::int64_t plain_result(const Unary& op, std::int64_t x) {
  if (op.function == "Relu") return std::max<std::int64_t>(x, 0);
  if (op.function == "Relu6") return std::clamp<std::int64_t>(x, 0, 6);
  if (op.function == "Clip") return clip(x, op.alpha, op.beta);
  if (op.function == "Abs") return std::abs(x);
  if (op.function == "Neg") return -x;
  if (op.function == "Sign") return x > 0 ? 1 : x < 0 ? -1 : 0;
  if (op.function == "Square")
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(x) * static_cast<std::uint64_t>(x));
  return x;
}

}  // namespace

std::span<const std::string_view> unary_functions() {
  static const std::vector<std::string_view> names = [] {
    std::vector<std::string_view> all;
    for (const FunctionRow& row : kRows) all.push_back(row.name);
    return all;
  }();
  return names;
}

double Unary::apply(double x) const {
  const FunctionRow* row = find_row(function);
  MOTE_CHECK(row != nullptr, function);
  return row->apply(x, *this);
}

std::vector<TensorType> Unary::infer(const InputTypes& inputs) const {
  movement::require(find_row(function) != nullptr, "Unary", "there is no function '" + function + "'");
  movement::expect_inputs(function, inputs, 1, 1);
  return {{inputs[0]->shape, inputs[0]->encoding, {}}};
}

void Unary::check(const InputTypes& inputs, const OutputTypes& outputs) const {
  const Form form = elementwise::form_of(function, inputs, outputs);
  movement::require(form != Form::Plain || std::find(kPlainFunctions.begin(), kPlainFunctions.end(),
                                                     function) != kPlainFunctions.end(),
                    function,
                    "its input is the plain integer type " + to_string(inputs[0]->encoding) +
                        "; it takes real or quantized numbers");
  movement::require(function != "Identity" || inputs[0]->encoding == outputs[0]->encoding, function,
                    "it changes the encoding; use Requantize");
  movement::require(function != "Clip" || alpha <= beta, function, "its bounds are empty");
}

void Unary::evaluate(const InputArrays& inputs, const OutputArrays& outputs) const {
  const Array& x = *inputs[0];
  Array& y = *outputs[0];
  switch (elementwise::form_of(function, {&x.type, &y.type})) {
    case Form::Real: {
      const Function apply_row = find_row(function)->apply;
      for (std::size_t i = 0; i < x.real.size(); ++i) y.real[i] = apply_row(x.real[i], *this);
      return;
    }
    case Form::Plain:
      for (std::size_t i = 0; i < x.integer.size(); ++i)
        y.integer[i] = elementwise::wrap(plain_result(*this, x.integer[i]), y.encoding());
      return;
    case Form::Int8:
    case Form::Int16: break;
  }
  std::visit(
      [&](const auto& law) {
        for (std::size_t i = 0; i < x.integer.size(); ++i)
          y.integer[i] = law(static_cast<std::int32_t>(x.integer[i]));
      },
      unary_law(*this, x.encoding(), y.encoding()));
}

Graph sample_unary(Rng& rng, std::string_view function) {
  auto op = std::make_shared<Unary>();
  op->function = std::string(function);
  if (function == "LeakyRelu" || function == "Elu") op->alpha = static_cast<float>(rng.uniform(0.05, 1));
  if (function == "HardSigmoid") op->alpha = 0.2F, op->beta = 0.5F;
  if (function == "Selu") op->alpha = 1.67326319F, op->beta = 1.05070102F;
  if (function == "Gelu") op->beta = rng.chance(0.5) ? 1 : 0;
  if (function == "Clip") {
    op->alpha = static_cast<float>(rng.uniform(-1, 0));
    op->beta = static_cast<float>(rng.uniform(0, 1.5));
  }
  const bool can_be_plain =
      std::find(kPlainFunctions.begin(), kPlainFunctions.end(), function) != kPlainFunctions.end();
  Encoding input = elementwise::sample_encoding(rng);
  Encoding output = input;
  if (can_be_plain && rng.chance(0.15)) {
    input = output = Encoding::integer(rng.chance(0.5) ? 32 : 8, true);
  } else if (input.is_quantized() && function != "Identity") {
    const bool is_wide = input.bits() == 16;
    output = elementwise::sample_quantized(rng, is_wide ? Form::Int16 : Form::Int8);
    if (!is_wide && function == "Sigmoid" && rng.chance(0.6))
      output = Encoding::affine(8, true, 1.0F / 256, -128);
    if (!is_wide && function == "Tanh" && rng.chance(0.6)) output = Encoding::affine(8, true, 1.0F / 128, 0);
  }
  const Shape shape = elementwise::sample_shape(rng);
  return elementwise::sample_graph(rng, op, {{{shape, input, {}}}}, {shape, output, {}});
}

}  // namespace mote
