#include "ops/bipolar_quant.h"

#include "ops/elementwise.h"
#include "ops/movement.h"

namespace mote {

std::vector<TensorType> BipolarQuant::infer(const InputTypes& inputs) const {
  movement::expect_inputs(kName, inputs, 2, 2);
  const Shape& shape = inputs[0]->shape;
  movement::require(elementwise::broadcast_shape(kName, shape, inputs[1]->shape) == shape, kName,
                    "its scale does not broadcast to " + to_string(shape));
  return {{shape, inputs[0]->encoding, {}}};
}

void BipolarQuant::check(const InputTypes& inputs, const OutputTypes& outputs) const {
  movement::require(elementwise::form_of(kName, inputs, outputs) == elementwise::Form::Real, kName,
                    "it takes and gives real numbers");
}

void BipolarQuant::evaluate(const InputArrays& inputs, const OutputArrays& outputs) const {
  const Array& x = *inputs[0];
  const Array& scale = *inputs[1];
  Array& y = *outputs[0];
  elementwise::for_each(elementwise::broadcast(x.shape(), scale.shape(), y.shape()),
                        [&](std::size_t i, std::size_t ix, std::size_t is) {
                          y.real[i] = x.real[ix] >= 0 ? scale.real[is] : -scale.real[is];
                        });
}

Graph sample_bipolar_quant(Rng& rng) {
  const TensorType x{elementwise::sample_shape(rng), Encoding::real(), {}};
  TensorType scale = x;
  for (auto& extent : scale.shape)
    if (rng.chance(0.7)) extent = 1;
  return elementwise::sample_graph(rng, std::make_shared<BipolarQuant>(), {{x}, {scale, true, 0.01, 0.5}}, x);
}

}  // namespace mote
