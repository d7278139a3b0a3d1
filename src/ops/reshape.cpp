#include "ops/reshape.h"

#include "ops/movement.h"

namespace mote {

namespace {

// The encoding after the change of shape: a per-axis one must keep its axis.
Encoding carried_encoding(const TensorType& input, const Shape& shape) {
  if (!input.encoding.is_per_axis()) return input.encoding;
  Quantization q = input.encoding.quantization();
  const auto axis = static_cast<std::size_t>(q.axis);
  const std::int64_t outer = movement::product(input.shape, 0, axis);
  std::int64_t before = 1;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (before == outer && shape[i] == input.shape.at(axis)) {
      q.axis = static_cast<int>(i);
      return input.encoding.with_quantization(std::move(q));
    }
    before *= shape[i];
  }
  movement::refuse(Reshape::kName, "the axis of a per-axis quantization does not survive from " +
                                       to_string(input.shape) + " to " + to_string(shape));
}

}  // namespace

std::vector<TensorType> Reshape::infer(const InputTypes& inputs) const {
  movement::expect_inputs(kName, inputs, 1, 1);
  const TensorType& x = *inputs[0];
  movement::require(element_count(shape) == x.elements(), kName,
                    to_string(x.shape) + " and " + to_string(shape) + " have different numbers of elements");
  return {{shape, carried_encoding(x, shape), {}}};
}

void Reshape::check(const InputTypes& inputs, const OutputTypes& outputs) const {
  movement::expect_encodings(kName, infer(inputs), outputs);
}

void Reshape::evaluate(const InputArrays& inputs, const OutputArrays& outputs) const {
  outputs[0]->real = inputs[0]->real;
  outputs[0]->integer = inputs[0]->integer;
}

Graph sample_reshape(Rng& rng) {
  auto op = std::make_shared<Reshape>();
  const Shape from = movement::sample_shape(rng, 1, 5);
  op->shape = rng.chance(0.5) ? Shape{element_count(from)} : Shape(from.rbegin(), from.rend());
  return movement::sample_graph(op, {{from, movement::sample_encoding(rng), {}}});
}

}  // namespace mote
