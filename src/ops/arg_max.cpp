#include "ops/arg_max.h"

#include "ops/movement.h"

namespace mote {

std::vector<TensorType> ArgMax::infer(const InputTypes& inputs) const {
  const TensorType& x = movement::expect_passing_input(function, inputs);
  movement::require(function == kNames[0] || function == kNames[1], kName,
                    "the function is '" + function + "'");
  const std::size_t along = movement::expect_axis(function, axis, x.shape);
  movement::require(x.shape[along] > 0, function, "its axis has no elements");
  TensorType y{x.shape, Encoding::integer(32, true), {}};
  if (keep_dims)
    y.shape[along] = 1;
  else
    y.shape.erase(y.shape.begin() + axis);
  return {std::move(y)};
}

void ArgMax::check(const InputTypes& inputs, const OutputTypes& outputs) const {
  movement::require(outputs.at(0)->encoding == infer(inputs)[0].encoding, function,
                    "its output must be a plain s32");
}

void ArgMax::evaluate(const InputArrays& inputs, const OutputArrays& outputs) const {
  const Array& input = *inputs[0];
  const auto along = static_cast<std::size_t>(axis);
  const std::int64_t extent = input.shape()[along];
  const std::int64_t outer = movement::product(input.shape(), 0, along);
  const std::int64_t inner = movement::product(input.shape(), along + 1, input.shape().size());
  const bool largest = function == kNames[0];
  const auto choose = [&](const auto& from) {
    for (std::int64_t o = 0; o < outer; ++o)
      for (std::int64_t i = 0; i < inner; ++i) {
        const auto at = [&](std::int64_t k) {
          return from[static_cast<std::size_t>((o * extent + k) * inner + i)];
        };
        std::int64_t best = 0;
        for (std::int64_t k = 1; k < extent; ++k) {
          const bool better = largest ? at(k) > at(best) : at(k) < at(best);
          if (better || (select_last && at(k) == at(best))) best = k;
        }
        outputs[0]->integer[static_cast<std::size_t>(o * inner + i)] = best;
      }
  };
  if (input.encoding().is_real())
    choose(input.real);
  else
    choose(input.integer);
}

namespace {

Graph sample(Rng& rng, std::string_view function) {
  auto op = std::make_shared<ArgMax>();
  op->function = function;
  const Shape shape = movement::sample_shape(rng, 1, 4);
  op->axis = rng.integer(0, static_cast<std::int64_t>(shape.size()) - 1);
  op->keep_dims = rng.chance(0.5);
  op->select_last = rng.chance(0.3);
  return movement::sample_graph(op, {{shape, movement::sample_encoding(rng), {}}});
}

}  // namespace

Graph sample_arg_max(Rng& rng) { return sample(rng, ArgMax::kNames[0]); }
Graph sample_arg_min(Rng& rng) { return sample(rng, ArgMax::kNames[1]); }

}  // namespace mote
