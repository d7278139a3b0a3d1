#include "ops/cast.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "ops/elementwise.h"
#include "ops/movement.h"
#include "ops/number_format.h"

namespace mote {

namespace {

// The plain integer encoding that a name stands for.
std::optional<Encoding> integer_named(std::string_view name) {
  if (name == "bool") return Encoding::integer(1, false);
  for (const int bits : {1, 2, 3, 4, 5, 6, 7, 8, 16, 32})
    for (const bool is_signed : {true, false})
      if (const Encoding e = Encoding::integer(bits, is_signed); to_string(e) == name) return e;
  return std::nullopt;
}

// Toward zero, saturated; NaN is 0.
std::int64_t truncated(double x, const Encoding& e) {
  if (std::isnan(x)) return 0;
  return static_cast<std::int64_t>(
      std::clamp(std::trunc(x), static_cast<double>(e.min()), static_cast<double>(e.max())));
}

}  // namespace

std::vector<TensorType> Cast::infer(const InputTypes& inputs) const {
  movement::expect_inputs(kName, inputs, 1, 1);
  if (const auto integer = integer_named(to)) return {{inputs[0]->shape, *integer, {}}};
  movement::require(to == "f32" || to == "f64" || find_number_format(to) != nullptr, kName,
                    "there is no number format '" + to + "'");
  return {{inputs[0]->shape, Encoding::real(), {}}};
}

void Cast::check(const InputTypes& inputs, const OutputTypes& outputs) const {
  movement::require(!inputs[0]->encoding.is_quantized(), kName,
                    "its input is quantized; dequantize it first");
  movement::require(outputs[0]->encoding == infer(inputs)[0].encoding, kName, "its output is not " + to);
}

void Cast::evaluate(const InputArrays& inputs, const OutputArrays& outputs) const {
  const Array& x = *inputs[0];
  Array& y = *outputs[0];
  const NumberFormat* format = find_number_format(to);
  for (std::size_t i = 0; i < static_cast<std::size_t>(x.size()); ++i) {
    const bool from_real = x.encoding().is_real();
    if (y.encoding().is_real()) {
      const double value = from_real ? x.real[i] : static_cast<double>(x.integer[i]);
      y.real[i] =
          format ? round_to(*format, static_cast<double>(static_cast<float>(value)), saturate) : value;
    } else if (to == "bool") {
      y.integer[i] = from_real ? x.real[i] != 0 : x.integer[i] != 0;
    } else {
      y.integer[i] =
          from_real ? truncated(x.real[i], y.encoding()) : elementwise::wrap(x.integer[i], y.encoding());
    }
  }
}

Graph sample_cast(Rng& rng) {
  constexpr std::array<const char*, 20> kNames = {
      "f32", "f64", "s8",   "u8",  "s16",  "u16",      "s32",        "u32",    "s4",         "u4",
      "s2",  "u2",  "bool", "f16", "bf16", "f8e4m3fn", "f8e4m3fnuz", "f8e5m2", "f8e5m2fnuz", "f4e2m1"};
  auto op = std::make_shared<Cast>();
  op->to = kNames[static_cast<std::size_t>(rng.integer(0, kNames.size() - 1))];
  op->saturate = rng.chance(0.5);
  Encoding input = Encoding::real();
  if (rng.chance(0.4)) input = Encoding::integer(rng.chance(0.5) ? 8 : 32, true);
  const TensorType x{elementwise::sample_shape(rng), input, {}};
  return elementwise::sample_graph(rng, op, {{x}}, op->infer({&x})[0]);
}

}  // namespace mote
