#include "ops/movement.h"

#include "ir/patch.h"

namespace mote::movement {

namespace {

// Only an empty tensor can have extents whose product does not fit; its strides are never used.
std::int64_t wrapping_product(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) * static_cast<std::uint64_t>(b));
}

}  // namespace

void refuse(std::string_view op, const std::string& why) {
  throw UserError({std::string(op) + " cannot be computed", "", why, "mend the model where it was made"});
}

void require(bool condition, std::string_view op, const std::string& why) {
  if (!condition) refuse(op, why);
}

void expect_inputs(std::string_view op, const InputTypes& inputs, std::size_t least, std::size_t most) {
  require(inputs.size() >= least && inputs.size() <= most, op,
          "it has " + std::to_string(inputs.size()) + " inputs");
  for (const TensorType* input : inputs) require(input != nullptr, op, "an input is absent");
}

std::size_t expect_axis(std::string_view op, std::int64_t axis, const Shape& shape) {
  require(axis >= 0 && axis < static_cast<std::int64_t>(shape.size()), op,
          "axis " + std::to_string(axis) + " is not one of " + to_string(shape));
  return static_cast<std::size_t>(axis);
}

const TensorType& expect_passing_input(std::string_view op, const InputTypes& inputs) {
  expect_inputs(op, inputs, 1, 1);
  require(!inputs[0]->encoding.is_per_axis(), op, "its input is quantized per axis");
  return *inputs[0];
}

void expect_encodings(std::string_view op, const std::vector<TensorType>& inferred,
                      const OutputTypes& outputs) {
  for (std::size_t i = 0; i < outputs.size(); ++i)
    require(outputs[i]->encoding == inferred.at(i).encoding, op,
            "its output must have the encoding of its input, " + to_string(inferred[i].encoding) +
                " with the same scale and zero point");
}

std::vector<std::int64_t> strides_of(const Shape& shape) {
  std::vector<std::int64_t> strides(shape.size(), 1);
  for (std::size_t i = shape.size(); i-- > 1;) strides[i - 1] = wrapping_product(strides[i], shape[i]);
  return strides;
}

std::int64_t product(const Shape& shape, std::size_t begin, std::size_t end) {
  std::int64_t count = 1;
  for (std::size_t i = begin; i < end; ++i) count = wrapping_product(count, shape[i]);
  return count;
}

View collapsed(const View& view) {
  View result{view.offset, {}, {}};
  for (std::size_t i = 0; i < view.sizes.size(); ++i) {
    if (view.sizes[i] == 1) continue;
    if (!result.sizes.empty() && result.strides.back() == view.strides[i] * view.sizes[i]) {
      result.sizes.back() *= view.sizes[i];
      result.strides.back() = view.strides[i];
    } else {
      result.sizes.push_back(view.sizes[i]);
      result.strides.push_back(view.strides[i]);
    }
  }
  return result;
}

void copy(const Array& input, const View& view, Array& output) {
  with_elements(input, output, [&](const auto& from, auto& to) {
    for_each(view, [&](std::size_t target, std::size_t source) { to[target] = from[source]; });
  });
}

Encoding sample_encoding(Rng& rng) {
  const auto scale = static_cast<float>(rng.uniform(0.01, 0.2));
  switch (rng.integer(0, 7)) {
    case 0:
    case 1: return Encoding::real();
    case 2: return Encoding::affine(8, false, scale, static_cast<std::int32_t>(rng.integer(0, 255)));
    case 3: return Encoding::affine(16, true, scale / 100, 0);
    case 4: return Encoding::affine(4, true, scale, static_cast<std::int32_t>(rng.integer(-8, 7)));
    case 5: return Encoding::integer(rng.chance(0.5) ? 8 : 32, true);
    default: return Encoding::affine(8, true, scale, static_cast<std::int32_t>(rng.integer(-128, 127)));
  }
}

Shape sample_shape(Rng& rng, std::size_t least_rank, std::size_t most_rank) {
  Shape shape(static_cast<std::size_t>(
      rng.integer(static_cast<std::int64_t>(least_rank), static_cast<std::int64_t>(most_rank))));
  for (auto& extent : shape) extent = rng.integer(1, shape.size() > 4 ? 4 : 7);
  return shape;
}

Graph sample_graph(const OperatorPtr& op, const std::vector<TensorType>& inputs) {
  Patch patch;
  InputTypes types;
  std::vector<ValueId> ids;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    ids.push_back(patch.add_input("x" + std::to_string(i), inputs[i]));
    types.push_back(&inputs[i]);
  }
  for (const ValueId id : patch.add_node(op, ids, op->infer(types), std::string(op->name())))
    patch.add_output(id);
  return std::move(patch).apply();
}

}  // namespace mote::movement
