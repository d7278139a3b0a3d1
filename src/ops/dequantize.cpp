#include "ops/dequantize.h"

#include "ops/elementwise.h"
#include "ops/movement.h"

namespace mote {

std::vector<TensorType> Dequantize::infer(const InputTypes& inputs) const {
  movement::expect_inputs(kName, inputs, 1, 1);
  return {{inputs[0]->shape, Encoding::real(), {}}};
}

void Dequantize::check(const InputTypes& inputs, const OutputTypes& outputs) const {
  movement::require(inputs[0]->encoding.is_quantized(), kName, "its input has no scale");
  movement::require(outputs[0]->encoding.is_real(), kName, "its output is not real");
}

void Dequantize::evaluate(const InputArrays& inputs, const OutputArrays& outputs) const {
  outputs[0]->real = dequantized(*inputs[0]);
}

Graph sample_dequantize(Rng& rng) {
  const Shape shape = elementwise::sample_shape(rng);
  const Encoding e = rng.chance(0.2)
                         ? Encoding::affine(32, true, 0.001F, 0)
                         : elementwise::sample_quantized(
                               rng, rng.chance(0.8) ? elementwise::Form::Int8 : elementwise::Form::Int16);
  return elementwise::sample_graph(rng, std::make_shared<Dequantize>(), {{{shape, e, {}}}},
                                   {shape, Encoding::real(), {}});
}

}  // namespace mote
