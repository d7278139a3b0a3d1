#include "ops/gather.h"

#include <algorithm>

#include "ir/patch.h"
#include "ops/movement.h"

namespace mote {

std::vector<TensorType> Gather::infer(const InputTypes& inputs) const {
  movement::expect_inputs(kName, inputs, 2, 2);
  const TensorType& data = *inputs[0];
  const Shape& indices = inputs[1]->shape;
  const std::size_t along = movement::expect_axis(kName, axis, data.shape);
  movement::require(!data.encoding.is_per_axis(), kName, "its data are quantized per axis");
  movement::require(inputs[1]->encoding.is_integer() && !inputs[1]->encoding.is_quantized(), kName,
                    "its indices are not plain integers");
  movement::require(data.shape[along] > 0 || element_count(indices) == 0, kName,
                    "there is nothing to choose from");
  TensorType y{{}, data.encoding, {}};
  const auto split = data.shape.begin() + axis;
  y.shape.assign(data.shape.begin(), split);
  y.shape.insert(y.shape.end(), indices.begin(), indices.end());
  y.shape.insert(y.shape.end(), split + 1, data.shape.end());
  element_count(y.shape);
  return {std::move(y)};
}

void Gather::check(const InputTypes& inputs, const OutputTypes& outputs) const {
  movement::expect_encodings(kName, infer(inputs), outputs);
}

void Gather::evaluate(const InputArrays& inputs, const OutputArrays& outputs) const {
  const Array& data = *inputs[0];
  const Array& indices = *inputs[1];
  const auto along = static_cast<std::size_t>(axis);
  const std::int64_t outer = movement::product(data.shape(), 0, along);
  const std::int64_t extent = data.shape()[along];
  const std::int64_t inner = movement::product(data.shape(), along + 1, data.shape().size());
  movement::with_elements(data, *outputs[0], [&](const auto& from, auto& to) {
    auto target = to.begin();
    for (std::int64_t o = 0; o < outer; ++o)
      for (const std::int64_t index : indices.integer) {
        const std::int64_t row = std::clamp<std::int64_t>(index < 0 ? index + extent : index, 0, extent - 1);
        target = std::copy_n(from.begin() + (o * extent + row) * inner, inner, target);
      }
  });
}

Graph sample_gather(Rng& rng) {
  auto op = std::make_shared<Gather>();
  const Shape shape = movement::sample_shape(rng, 1, 4);
  op->axis = rng.integer(0, static_cast<std::int64_t>(shape.size()) - 1);
  const std::int64_t extent = shape[static_cast<std::size_t>(op->axis)];
  const TensorType data{shape, movement::sample_encoding(rng), {}};
  const TensorType chosen{
      movement::sample_shape(rng, 0, 2), Encoding::integer(rng.chance(0.7) ? 32 : 8, true), {}};
  if (rng.chance(0.3)) return movement::sample_graph(op, {data, chosen});
  std::vector<std::int64_t> indices(static_cast<std::size_t>(chosen.elements()));
  for (auto& index : indices) index = rng.integer(-extent, extent - 1);
  Patch patch;
  const ValueId x = patch.add_input("data", data);
  const ValueId i = patch.add_constant("indices", Tensor::integers(chosen, indices));
  patch.add_output(patch.add(op, {x, i}, "gather"));
  return std::move(patch).apply();
}

}  // namespace mote
