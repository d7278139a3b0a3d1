#include "ops/split.h"

#include <algorithm>

#include "ops/movement.h"

namespace mote {

std::vector<TensorType> Split::infer(const InputTypes& inputs) const {
  const TensorType& x = movement::expect_passing_input(kName, inputs);
  const std::size_t along = movement::expect_axis(kName, axis, x.shape);
  std::int64_t left = x.shape[along];
  std::vector<TensorType> outputs;
  for (const std::int64_t size : sizes) {
    movement::require(size >= 0 && size <= left, kName,
                      "its sizes do not add up to the axis of " + to_string(x.shape));
    left -= size;
    outputs.push_back({x.shape, x.encoding, {}});
    outputs.back().shape[along] = size;
  }
  movement::require(left == 0 && !sizes.empty(), kName,
                    "its sizes do not add up to the axis of " + to_string(x.shape));
  return outputs;
}

void Split::check(const InputTypes& inputs, const OutputTypes& outputs) const {
  movement::expect_encodings(kName, infer(inputs), outputs);
}

void Split::evaluate(const InputArrays& inputs, const OutputArrays& outputs) const {
  const Shape& shape = inputs[0]->shape();
  const auto strides = movement::strides_of(shape);
  std::int64_t start = 0;
  for (Array* output : outputs) {
    movement::copy(*inputs[0], {start * strides[static_cast<std::size_t>(axis)], output->shape(), strides},
                   *output);
    start += output->shape()[static_cast<std::size_t>(axis)];
  }
}

Graph sample_split(Rng& rng) {
  auto op = std::make_shared<Split>();
  Shape shape = movement::sample_shape(rng, 1, 4);
  op->axis = rng.integer(0, static_cast<std::int64_t>(shape.size()) - 1);
  std::int64_t total = 0;
  for (std::int64_t parts = rng.integer(1, 4); parts > 0; --parts) {
    op->sizes.push_back(rng.integer(1, 4));
    total += op->sizes.back();
  }
  shape[static_cast<std::size_t>(op->axis)] = total;
  return movement::sample_graph(op, {{shape, movement::sample_encoding(rng), {}}});
}

}  // namespace mote
