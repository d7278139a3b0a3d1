#include "ops/prelu.h"

#include <limits>

#include "ops/binary_law.h"
#include "ops/elementwise.h"
#include "ops/movement.h"

namespace mote {

using elementwise::Form;

std::vector<TensorType> PRelu::infer(const InputTypes& inputs) const {
  movement::expect_inputs(kName, inputs, 2, 2);
  const Shape& shape = inputs[0]->shape;
  movement::require(
      elementwise::broadcast_shape(kName, shape, inputs[1]->shape) == shape, kName,
      "a slope of shape " + to_string(inputs[1]->shape) + " does not broadcast to " + to_string(shape));
  return {{shape, inputs[0]->encoding, {}}};
}

void PRelu::check(const InputTypes& inputs, const OutputTypes& outputs) const {
  const Form form = elementwise::form_of(kName, inputs, outputs);
  movement::require(form != Form::Plain, kName, "it takes real or quantized numbers");
}

void PRelu::evaluate(const InputArrays& inputs, const OutputArrays& outputs) const {
  const Array& x = *inputs[0];
  const Array& slope = *inputs[1];
  Array& y = *outputs[0];
  const auto plan = elementwise::broadcast(x.shape(), slope.shape(), y.shape());
  if (y.encoding().is_real()) {
    elementwise::for_each(plan, [&](std::size_t i, std::size_t ix, std::size_t is) {
      y.real[i] = x.real[ix] < 0 ? slope.real[is] * x.real[ix] : x.real[ix];
    });
    return;
  }
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const BinaryLaw law =
      binary_law(kName, x.encoding(), slope.encoding(), y.encoding(), {-kInfinity, kInfinity});
  elementwise::for_each(plan, [&](std::size_t i, std::size_t ix, std::size_t is) {
    y.integer[i] =
        law(static_cast<std::int32_t>(x.integer[ix]), static_cast<std::int32_t>(slope.integer[is]));
  });
}

Graph sample_prelu(Rng& rng) {
  const Encoding input = elementwise::sample_encoding(rng);
  const auto other = [&] {
    return input.is_real()
               ? input
               : elementwise::sample_quantized(rng, input.bits() == 16 ? Form::Int16 : Form::Int8);
  };
  const Shape shape = elementwise::sample_shape(rng);
  Shape slope = shape;
  for (std::size_t i = 0; i + 1 < slope.size(); ++i)
    if (rng.chance(0.7)) slope[i] = 1;
  return elementwise::sample_graph(rng, std::make_shared<PRelu>(),
                                   {{{shape, input, {}}}, {{slope, other(), {}}, true, 0, 1}},
                                   {shape, other(), {}});
}

}  // namespace mote
