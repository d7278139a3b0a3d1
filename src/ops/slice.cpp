#include "ops/slice.h"

#include "ops/movement.h"

namespace mote {

std::vector<TensorType> Slice::infer(const InputTypes& inputs) const {
  const TensorType& x = movement::expect_passing_input(kName, inputs);
  const std::size_t rank = x.shape.size();
  movement::require(starts.size() == rank && sizes.size() == rank && steps.size() == rank, kName,
                    "it needs a start, a size and a step for each axis of " + to_string(x.shape));
  for (std::size_t i = 0; i < rank; ++i) {
    const std::int64_t extent = x.shape[i];
    const std::string where = "on axis " + std::to_string(i) + " of " + to_string(x.shape);
    movement::require(steps[i] != 0 && sizes[i] >= 0 && sizes[i] <= extent, kName,
                      "impossible size or step " + where);
    if (sizes[i] == 0) continue;
    // |step| times (size - 1) stays within the extent, so no product below can overflow
    const std::int64_t reach = extent - 1;
    const bool steps_fit = sizes[i] == 1 || (steps[i] <= reach && steps[i] >= -reach);
    const std::int64_t last = steps_fit ? starts[i] + (sizes[i] - 1) * (sizes[i] == 1 ? 0 : steps[i]) : -1;
    movement::require(starts[i] >= 0 && starts[i] < extent && last >= 0 && last < extent, kName,
                      "it reads outside the input " + where);
  }
  return {{sizes, x.encoding, {}}};
}

void Slice::check(const InputTypes& inputs, const OutputTypes& outputs) const {
  movement::expect_encodings(kName, infer(inputs), outputs);
}

movement::View Slice::view(const Shape& input) const {
  const auto strides = movement::strides_of(input);
  movement::View view{0, sizes, {}};
  for (std::size_t i = 0; i < input.size(); ++i) {
    view.offset += starts[i] * strides[i];
    view.strides.push_back(sizes[i] == 1 ? 0 : steps[i] * strides[i]);
  }
  return view;
}

void Slice::evaluate(const InputArrays& inputs, const OutputArrays& outputs) const {
  movement::copy(*inputs[0], view(inputs[0]->shape()), *outputs[0]);
}

Graph sample_slice(Rng& rng) {
  auto op = std::make_shared<Slice>();
  const Shape shape = movement::sample_shape(rng, 1, 4);
  for (const std::int64_t extent : shape) {
    const std::int64_t start = rng.integer(0, extent - 1);
    std::int64_t step = rng.integer(1, 3);
    if (rng.chance(0.3)) step = -step;
    const std::int64_t room = step > 0 ? extent - 1 - start : start;
    op->starts.push_back(start);
    op->steps.push_back(step);
    op->sizes.push_back(rng.integer(1, room / std::abs(step) + 1));
  }
  return movement::sample_graph(op, {{shape, movement::sample_encoding(rng), {}}});
}

}  // namespace mote
