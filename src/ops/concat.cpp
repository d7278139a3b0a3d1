#include "ops/concat.h"

#include <algorithm>

#include "ops/movement.h"

namespace mote {

std::vector<TensorType> Concat::infer(const InputTypes& inputs) const {
  movement::expect_inputs(kName, inputs, 1, std::size_t{1} << 16);
  TensorType y{inputs[0]->shape, inputs[0]->encoding, {}};
  const std::size_t along = movement::expect_axis(kName, axis, y.shape);
  y.shape[along] = 0;
  for (const TensorType* x : inputs) {
    Shape shape = x->shape;
    movement::require(shape.size() == y.shape.size(), kName, "its inputs have different ranks");
    y.shape[along] += shape[along];
    shape[along] = y.shape[along];
    movement::require(shape == y.shape, kName,
                      "its inputs " + to_string(inputs[0]->shape) + " and " + to_string(x->shape) +
                          " differ in more than axis " + std::to_string(axis));
  }
  element_count(y.shape);
  return {std::move(y)};
}

void Concat::check(const InputTypes& inputs, const OutputTypes& outputs) const {
  movement::require(!inputs[0]->encoding.is_per_axis(), kName, "its input is quantized per axis");
  for (const TensorType* x : inputs)
    movement::require(x->encoding == inputs[0]->encoding, kName, "its inputs have different encodings");
  movement::expect_encodings(kName, infer(inputs), outputs);
}

void Concat::evaluate(const InputArrays& inputs, const OutputArrays& outputs) const {
  const auto along = static_cast<std::size_t>(axis);
  Array& output = *outputs[0];
  const std::int64_t outer = movement::product(output.shape(), 0, along);
  const std::int64_t row = movement::product(output.shape(), along, output.shape().size());
  std::int64_t start = 0;
  for (const Array* input : inputs) {
    const std::int64_t run = movement::product(input->shape(), along, input->shape().size());
    movement::with_elements(*input, output, [&](const auto& from, auto& to) {
      for (std::int64_t i = 0; i < outer; ++i)
        std::copy_n(from.begin() + i * run, run, to.begin() + i * row + start);
    });
    start += run;
  }
}

Graph sample_concat(Rng& rng) {
  auto op = std::make_shared<Concat>();
  Shape shape = movement::sample_shape(rng, 1, 4);
  op->axis = rng.integer(0, static_cast<std::int64_t>(shape.size()) - 1);
  const Encoding encoding = movement::sample_encoding(rng);
  std::vector<TensorType> inputs;
  for (std::int64_t parts = rng.integer(1, 4); parts > 0; --parts) {
    shape[static_cast<std::size_t>(op->axis)] = rng.integer(1, 5);
    inputs.push_back({shape, encoding, {}});
  }
  return movement::sample_graph(op, inputs);
}

}  // namespace mote
