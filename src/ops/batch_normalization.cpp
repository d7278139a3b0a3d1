#include "ops/batch_normalization.h"

#include <cmath>

#include "ops/elementwise.h"
#include "ops/movement.h"

namespace mote {

std::vector<TensorType> BatchNormalization::infer(const InputTypes& inputs) const {
  movement::expect_inputs(kName, inputs, 5, 5);
  const Shape& shape = inputs[0]->shape;
  movement::require(!shape.empty(), kName, "its input is a scalar");
  for (std::size_t i = 1; i < 5; ++i)
    movement::require(inputs[i]->shape == Shape{shape.back()}, kName,
                      "input " + std::to_string(i) + " is " + to_string(inputs[i]->shape) +
                          ", not one number for each of " + std::to_string(shape.back()) + " channels");
  return {{shape, Encoding::real(), {}}};
}

void BatchNormalization::check(const InputTypes& inputs, const OutputTypes& outputs) const {
  movement::require(elementwise::form_of(kName, inputs, outputs) == elementwise::Form::Real, kName,
                    "it takes real numbers; fold it into a convolution before quantization");
}

void BatchNormalization::evaluate(const InputArrays& inputs, const OutputArrays& outputs) const {
  const auto& x = inputs[0]->real;
  const std::size_t channels = inputs[1]->real.size();
  for (std::size_t i = 0; i < x.size(); ++i) {
    const std::size_t c = i % channels;
    const double scale = inputs[1]->real[c] / std::sqrt(inputs[4]->real[c] + static_cast<double>(epsilon));
    outputs[0]->real[i] = (x[i] - inputs[3]->real[c]) * scale + inputs[2]->real[c];
  }
}

Graph sample_batch_normalization(Rng& rng) {
  auto op = std::make_shared<BatchNormalization>();
  op->epsilon = rng.chance(0.5) ? 1e-5F : 1e-3F;
  const TensorType x{elementwise::sample_shape(rng), Encoding::real(), {}};
  const TensorType c{{x.shape.back()}, Encoding::real(), {}};
  const bool constant = rng.chance(0.8);
  return elementwise::sample_graph(rng, op,
                                   {{x}, {c, constant}, {c, constant}, {c, constant}, {c, true, 0.2, 3}}, x);
}

}  // namespace mote
