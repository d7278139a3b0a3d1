#include "ops/requantize.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "ops/elementwise.h"
#include "ops/movement.h"

namespace mote {

namespace {

// Equation 16b.
TableLaw narrowing_law(const Encoding& input, const Encoding& output) {
  TableLaw law{input.min(), {}};
  const double ratio = static_cast<double>(input.scale()) / static_cast<double>(output.scale());
  for (std::int64_t q = input.min(); q <= input.max(); ++q) {
    const double level =
        std::nearbyint(static_cast<double>(q - input.zero_point()) * ratio) + output.zero_point();
    law.outputs.push_back(static_cast<std::int32_t>(
        std::clamp(level, static_cast<double>(output.min()), static_cast<double>(output.max()))));
  }
  return law;
}

}  // namespace

UnaryLaw requantize_law(const Encoding& input, const Encoding& output) {
  if (output.is_bipolar())
    return PiecewiseLaw{input.zero_point(), kSignZeroPoint, kSignMultiplier, kSignMultiplier, {-1, 1}};
  if (input.bits() <= 8 && output.bits() < 8) return narrowing_law(input, output);
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const Multiplier m =
      quantize_multiplier(static_cast<double>(input.scale()) / static_cast<double>(output.scale()));
  return PiecewiseLaw{input.zero_point(), output.zero_point(), m, m,
                      clamp_range({-kInfinity, kInfinity}, output)};
}

std::vector<TensorType> Requantize::infer(const InputTypes& inputs) const {
  movement::expect_inputs(kName, inputs, 1, 1);
  return {{inputs[0]->shape, inputs[0]->encoding, {}}};
}

void Requantize::check(const InputTypes& inputs, const OutputTypes& outputs) const {
  for (const TensorType* t : {inputs[0], outputs[0]})
    movement::require(t->encoding.is_quantized() && !t->encoding.is_per_axis(), kName,
                      to_string(t->encoding) + " is not quantized per tensor");
  const Encoding& input = inputs[0]->encoding;
  movement::require(!outputs[0]->encoding.has_levels() || outputs[0]->encoding.is_bipolar(), kName,
                    "its output has levels other than -1 and +1");
  movement::require(input.bits() <= 16 || (input.is_signed() && input.zero_point() == 0), kName,
                    "an input of 32 bits must be signed with zero point 0");
  movement::require(outputs[0]->encoding.bits() <= 16, kName, "its output has 32 bits");
}

void Requantize::evaluate(const InputArrays& inputs, const OutputArrays& outputs) const {
  std::visit(
      [&](const auto& law) {
        for (std::size_t i = 0; i < inputs[0]->integer.size(); ++i)
          outputs[0]->integer[i] = law(static_cast<std::int32_t>(inputs[0]->integer[i]));
      },
      requantize_law(inputs[0]->encoding(), outputs[0]->encoding()));
}

Graph sample_requantize(Rng& rng) {
  const auto any = [&] {
    if (rng.chance(0.15)) return Encoding::bipolar(static_cast<float>(rng.uniform(0.1, 2)));
    return elementwise::sample_quantized(
        rng, rng.chance(0.75) ? elementwise::Form::Int8 : elementwise::Form::Int16);
  };
  const Shape shape = elementwise::sample_shape(rng);
  const Encoding input = rng.chance(0.15) ? Encoding::affine(32, true, 1e-9F, 0) : any();
  return elementwise::sample_graph(rng, std::make_shared<Requantize>(), {{{shape, input, {}}}},
                                   {shape, any(), {}});
}

}  // namespace mote
