#include "ops/pad.h"

#include <algorithm>
#include <cmath>

#include "ops/movement.h"

namespace mote {

std::vector<TensorType> Pad::infer(const InputTypes& inputs) const {
  const TensorType& x = movement::expect_passing_input(kName, inputs);
  movement::require(before.size() == x.shape.size() && after.size() == x.shape.size(), kName,
                    "it needs a width before and after each axis of " + to_string(x.shape));
  movement::require(mode == "constant" || mode == "reflect" || mode == "edge", kName,
                    "the mode is '" + mode + "'");
  TensorType y{x.shape, x.encoding, {}};
  for (std::size_t i = 0; i < y.shape.size(); ++i) {
    const std::int64_t extent = x.shape[i];
    movement::require(before[i] >= 0 && after[i] >= 0 && before[i] < kMaxElements && after[i] < kMaxElements,
                      kName, "a width on axis " + std::to_string(i) + " is negative or too large");
    const bool borrows = mode != "constant" && (before[i] > 0 || after[i] > 0);
    movement::require(!borrows || extent > 0, kName,
                      "there is nothing to repeat on axis " + std::to_string(i));
    movement::require(mode != "reflect" || (before[i] < std::max<std::int64_t>(extent, 1) &&
                                            after[i] < std::max<std::int64_t>(extent, 1)),
                      kName, "a reflected width reaches the extent " + std::to_string(extent));
    y.shape[i] = before[i] + extent + after[i];
  }
  element_count(y.shape);
  return {std::move(y)};
}

void Pad::check(const InputTypes& inputs, const OutputTypes& outputs) const {
  movement::expect_encodings(kName, infer(inputs), outputs);
  movement::require(!std::isnan(value), kName, "the value is not a number");
  const Encoding& e = inputs[0]->encoding;
  movement::require(!e.has_levels() || mode != "constant" || e.allows(integer_value(e)), kName,
                    "its value is none of the levels of " + to_string(e));
}

std::int64_t Pad::integer_value(const Encoding& encoding) const {
  double q = value;
  if (encoding.is_quantized())
    q = encoding.zero_point() +
        std::round(static_cast<double>(value) / static_cast<double>(encoding.scale()));
  return static_cast<std::int64_t>(
      std::clamp(std::round(q), static_cast<double>(encoding.min()), static_cast<double>(encoding.max())));
}

namespace {

// For each position of one output axis the position in the input, or -1 for the constant.
std::vector<std::int64_t> axis_sources(const std::string& mode, std::int64_t before, std::int64_t extent,
                                       std::int64_t after) {
  std::vector<std::int64_t> sources;
  for (std::int64_t i = -before; i < extent + after; ++i) {
    std::int64_t source = i;
    if (i < 0) source = mode == "reflect" ? -i : mode == "edge" ? 0 : -1;
    if (i >= extent) source = mode == "reflect" ? 2 * (extent - 1) - i : mode == "edge" ? extent - 1 : -1;
    sources.push_back(source);
  }
  return sources;
}

}  // namespace

void Pad::evaluate(const InputArrays& inputs, const OutputArrays& outputs) const {
  const Array& input = *inputs[0];
  Array& output = *outputs[0];
  const std::size_t rank = before.size();
  const auto strides = movement::strides_of(input.shape());
  std::vector<std::vector<std::int64_t>> sources(rank);
  for (std::size_t a = 0; a < rank; ++a)
    sources[a] = axis_sources(mode, before[a], input.shape()[a], after[a]);
  movement::with_elements(input, output, [&](const auto& from, auto& to) {
    using Element = std::decay_t<decltype(to[0])>;
    const Element fill = output.encoding().is_real() ? static_cast<Element>(value)
                                                     : static_cast<Element>(integer_value(output.encoding()));
    std::vector<std::size_t> index(rank, 0);
    for (auto& element : to) {
      std::int64_t source = 0;
      bool inside = true;
      for (std::size_t a = 0; a < rank; ++a) {
        inside = inside && sources[a][index[a]] >= 0;
        source += sources[a][index[a]] * strides[a];
      }
      element = inside ? from[static_cast<std::size_t>(source)] : fill;
      for (std::size_t a = rank; a-- > 0;) {
        if (++index[a] < sources[a].size()) break;
        index[a] = 0;
      }
    }
  });
}

Graph sample_pad(Rng& rng) {
  auto op = std::make_shared<Pad>();
  const Shape shape = movement::sample_shape(rng, 1, 4);
  op->mode = rng.chance(0.6) ? "constant" : rng.chance(0.5) ? "reflect" : "edge";
  if (op->mode == "constant" && rng.chance(0.5)) op->value = static_cast<float>(rng.uniform(-4, 4));
  for (const std::int64_t extent : shape) {
    const std::int64_t most = op->mode == "reflect" ? std::min<std::int64_t>(extent - 1, 2) : 2;
    op->before.push_back(rng.integer(0, most));
    op->after.push_back(rng.integer(0, most));
  }
  return movement::sample_graph(op, {{shape, movement::sample_encoding(rng), {}}});
}

}  // namespace mote
