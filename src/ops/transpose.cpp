#include "ops/transpose.h"

#include <algorithm>
#include <numeric>

#include "ops/movement.h"

namespace mote {

std::vector<TensorType> Transpose::infer(const InputTypes& inputs) const {
  movement::expect_inputs(kName, inputs, 1, 1);
  const TensorType& x = *inputs[0];
  Shape sorted = permutation;
  std::sort(sorted.begin(), sorted.end());
  Shape axes(x.shape.size());
  std::iota(axes.begin(), axes.end(), 0);
  movement::require(sorted == axes, kName,
                    "the permutation does not name each axis of " + to_string(x.shape) + " once");
  TensorType y{{}, x.encoding, {}};
  for (const std::int64_t axis : permutation) y.shape.push_back(x.shape[static_cast<std::size_t>(axis)]);
  if (x.encoding.is_per_axis()) {
    Quantization q = x.encoding.quantization();
    q.axis =
        static_cast<int>(std::find(permutation.begin(), permutation.end(), q.axis) - permutation.begin());
    y.encoding = x.encoding.with_quantization(std::move(q));
  }
  return {std::move(y)};
}

void Transpose::check(const InputTypes& inputs, const OutputTypes& outputs) const {
  movement::expect_encodings(kName, infer(inputs), outputs);
}

movement::View Transpose::view(const Shape& input) const {
  const auto strides = movement::strides_of(input);
  movement::View view;
  for (const std::int64_t axis : permutation) {
    view.sizes.push_back(input[static_cast<std::size_t>(axis)]);
    view.strides.push_back(strides[static_cast<std::size_t>(axis)]);
  }
  return view;
}

void Transpose::evaluate(const InputArrays& inputs, const OutputArrays& outputs) const {
  movement::copy(*inputs[0], view(inputs[0]->shape()), *outputs[0]);
}

Graph sample_transpose(Rng& rng) {
  auto op = std::make_shared<Transpose>();
  const Shape shape = movement::sample_shape(rng, 1, 5);
  op->permutation.resize(shape.size());
  std::iota(op->permutation.begin(), op->permutation.end(), 0);
  for (std::size_t i = shape.size(); i-- > 1;)
    std::swap(op->permutation[i],
              op->permutation[static_cast<std::size_t>(rng.integer(0, static_cast<std::int64_t>(i)))]);
  return movement::sample_graph(op, {{shape, movement::sample_encoding(rng), {}}});
}

}  // namespace mote
