#include "ops/binary.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "ops/binary_law.h"
#include "ops/elementwise.h"
#include "ops/movement.h"
#include "ops/unary_law.h"

namespace mote {

namespace {

using elementwise::Form;

constexpr std::array<std::string_view, 7> kFunctions = {"Add",     "Sub",     "Mul", "Div",
                                                        "Minimum", "Maximum", "Pow"};

double real_result(std::string_view function, double a, double b) {
  if (function == "Add") return a + b;
  if (function == "Sub") return a - b;
  if (function == "Mul") return a * b;
  if (function == "Div") return a / b;
  if (function == "Minimum") return a < b ? a : b;
  if (function == "Maximum") return a > b ? a : b;
  return std::pow(a, b);
}

// a^b modulo 2^64; a negative exponent truncates the fraction.
std::int64_t integer_power(std::int64_t a, std::int64_t b) {
  if (b < 0) return a == 1 ? 1 : a == -1 ? (b % 2 != 0 ? -1 : 1) : 0;
  std::uint64_t result = 1;
  for (auto base = static_cast<std::uint64_t>(a); b > 0; b >>= 1, base *= base)
    if (b & 1) result *= base;
  return static_cast<std::int64_t>(result);
}

std::int64_t plain_result(std::string_view function, std::int64_t a, std::int64_t b) {
  if (function == "Add") return a + b;
  if (function == "Sub") return a - b;
  if (function == "Mul")
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) * static_cast<std::uint64_t>(b));
  if (function == "Div") return b == 0 ? 0 : a / b;
  if (function == "Minimum") return std::min(a, b);
  if (function == "Maximum") return std::max(a, b);
  return integer_power(a, b);
}

}  // namespace

UnaryLaw power_law(double exponent, const Encoding& base, const Encoding& output) {
  return tabulated_law([exponent](double x) { return std::pow(x, exponent); }, base, output);
}

std::vector<TensorType> Binary::infer(const InputTypes& inputs) const {
  movement::require(std::find(kFunctions.begin(), kFunctions.end(), function) != kFunctions.end(), "Binary",
                    "there is no function '" + function + "'");
  movement::expect_inputs(function, inputs, 2, 2);
  return {
      {elementwise::broadcast_shape(function, inputs[0]->shape, inputs[1]->shape), inputs[0]->encoding, {}}};
}

void Binary::check(const InputTypes& inputs, const OutputTypes& outputs) const {
  const bool is_sum = function == "Add" || function == "Sub";
  const Form form = elementwise::form_of(function, inputs, outputs, is_sum);
  movement::require(!(clamp_min > clamp_max), function, "its clamp is empty");
  movement::require(!outputs[0]->encoding.is_bipolar() || (std::isinf(clamp_min) && std::isinf(clamp_max)),
                    function, "a sign has no activation");
  movement::require(form != Form::Plain || (std::isinf(clamp_min) && std::isinf(clamp_max)), function,
                    "a clamp has no meaning for plain integers");
  movement::require(
      function != "Pow" || form == Form::Real || form == Form::Plain || inputs[1]->elements() == 1, function,
      "a quantized power needs one constant exponent");
}

void Binary::evaluate(const InputArrays& inputs, const OutputArrays& outputs) const {
  const Array& a = *inputs[0];
  const Array& b = *inputs[1];
  Array& y = *outputs[0];
  const auto plan = elementwise::broadcast(a.shape(), b.shape(), y.shape());
  switch (elementwise::form_of(function, {&a.type, &b.type, &y.type})) {
    case Form::Real:
      elementwise::for_each(plan, [&](std::size_t i, std::size_t ia, std::size_t ib) {
        const double value = real_result(function, a.real[ia], b.real[ib]);
        y.real[i] = value < clamp_min ? clamp_min : value > clamp_max ? clamp_max : value;
      });
      return;
    case Form::Plain:
      elementwise::for_each(plan, [&](std::size_t i, std::size_t ia, std::size_t ib) {
        y.integer[i] = elementwise::wrap(plain_result(function, a.integer[ia], b.integer[ib]), y.encoding());
      });
      return;
    case Form::Int8:
    case Form::Int16: break;
  }
  if (function == "Pow") {
    std::visit(
        [&](const auto& law) {
          for (std::size_t i = 0; i < a.integer.size(); ++i)
            y.integer[i] = law(static_cast<std::int32_t>(a.integer[i]));
        },
        power_law(dequantized(b).at(0), a.encoding(), y.encoding()));
    return;
  }
  const BinaryLaw law =
      binary_law(function, a.encoding(), b.encoding(), y.encoding(), {clamp_min, clamp_max});
  elementwise::for_each(plan, [&](std::size_t i, std::size_t ia, std::size_t ib) {
    y.integer[i] = law(static_cast<std::int32_t>(a.integer[ia]), static_cast<std::int32_t>(b.integer[ib]));
  });
}

Graph sample_binary(Rng& rng, std::string_view function) {
  auto op = std::make_shared<Binary>();
  op->function = std::string(function);
  const bool power = function == "Pow";
  const bool plain = rng.chance(0.1);
  const Encoding a =
      plain ? Encoding::integer(rng.chance(0.5) ? 32 : 8, true) : elementwise::sample_encoding(rng);
  const auto other = [&] {
    if (plain || a.is_real()) return a;
    return elementwise::sample_quantized(rng, a.bits() == 16 ? Form::Int16 : Form::Int8);
  };
  Shape shape = elementwise::sample_shape(rng);
  elementwise::SampleOperand x{{shape, a, {}}};
  elementwise::SampleOperand y{{shape, other(), {}}, rng.chance(0.3), 0.5, 2};
  if (power) {
    y.type.shape = {};
    y.is_constant = true;
    y.low = y.high = static_cast<double>(rng.integer(1, 3));
  } else if (rng.chance(0.5)) {  // broadcast one of them
    Shape& smaller = rng.chance(0.5) ? x.type.shape : y.type.shape;
    for (auto& extent : smaller)
      if (rng.chance(0.4)) extent = 1;
    while (!smaller.empty() && rng.chance(0.3)) smaller.erase(smaller.begin());
  }
  if (function == "Div" && a.is_real()) y.is_constant = true;  // not near 0
  if (!plain && !power && rng.chance(0.3)) {
    op->clamp_min = 0;
    if (rng.chance(0.5)) op->clamp_max = 6;
  }
  TensorType output{elementwise::broadcast_shape(function, x.type.shape, y.type.shape), other(), {}};
  const bool is_sum = function == "Add" || function == "Sub";
  if (is_sum && output.encoding.is_quantized() && output.encoding.bits() <= 8 && std::isinf(op->clamp_min) &&
      rng.chance(0.15))
    output.encoding = Encoding::bipolar(1);
  return elementwise::sample_graph(rng, op, {x, y}, std::move(output));
}

}  // namespace mote
