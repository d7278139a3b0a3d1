#include "ops/depth_to_space.h"

namespace mote {

std::vector<TensorType> DepthToSpace::infer(const InputTypes& inputs) const {
  const TensorType& x = movement::expect_passing_input(function, inputs);
  movement::require(x.shape.size() == 4, function,
                    "its input has the shape " + to_string(x.shape) + ", not NxHxWxC");
  movement::require(block >= 1 && block <= 1 << 15, function, "the block size is " + std::to_string(block));
  movement::require(mode == "DCR" || mode == "CRD", function, "the mode is '" + mode + "'");
  const Shape& s = x.shape;
  if (function == kNames[0]) {
    movement::require(s[3] % (block * block) == 0, function,
                      std::to_string(s[3]) + " channels do not make blocks of " + std::to_string(block));
    return {{{s[0], s[1] * block, s[2] * block, s[3] / (block * block)}, x.encoding, {}}};
  }
  movement::require(function == kNames[1], "DepthToSpace", "the function is '" + function + "'");
  movement::require(s[1] % block == 0 && s[2] % block == 0, function,
                    to_string(s) + " is not made of blocks of " + std::to_string(block));
  return {{{s[0], s[1] / block, s[2] / block, s[3] * block * block}, x.encoding, {}}};
}

void DepthToSpace::check(const InputTypes& inputs, const OutputTypes& outputs) const {
  movement::expect_encodings(function, infer(inputs), outputs);
}

movement::View DepthToSpace::view(const Shape& input) const {
  const std::int64_t n = input[0], h = input[1], w = input[2], c = input[3], b = block;
  const bool crd = mode == "CRD";
  if (function == kNames[0]) {
    // output axes n, h, block row, w, block column, channel
    const std::int64_t depth = c / (b * b);
    const std::int64_t row = crd ? b : b * depth, column = crd ? 1 : depth, channel = crd ? b * b : 1;
    return {0, {n, h, b, w, b, depth}, {h * w * c, w * c, row, c, column, channel}};
  }
  const std::int64_t high = h / b, wide = w / b;
  const std::int64_t image = h * w * c, block_row = b * w * c, block_column = b * c, row = w * c;
  if (crd) return {0, {n, high, wide, c, b, b}, {image, block_row, block_column, 1, row, c}};
  return {0, {n, high, wide, b, b, c}, {image, block_row, block_column, row, c, 1}};
}

void DepthToSpace::evaluate(const InputArrays& inputs, const OutputArrays& outputs) const {
  movement::copy(*inputs[0], view(inputs[0]->shape()), *outputs[0]);
}

namespace {

Graph sample(Rng& rng, std::string_view function) {
  auto op = std::make_shared<DepthToSpace>();
  op->function = function;
  op->block = rng.integer(1, 3);
  op->mode = rng.chance(0.5) ? "DCR" : "CRD";
  const std::int64_t deep = function == DepthToSpace::kNames[0] ? op->block * op->block : 1;
  const std::int64_t wide = function == DepthToSpace::kNames[0] ? 1 : op->block;
  const Shape shape{rng.integer(1, 2), wide * rng.integer(1, 4), wide * rng.integer(1, 4),
                    deep * rng.integer(1, 4)};
  return movement::sample_graph(op, {{shape, movement::sample_encoding(rng), {}}});
}

}  // namespace

Graph sample_depth_to_space(Rng& rng) { return sample(rng, DepthToSpace::kNames[0]); }
Graph sample_space_to_depth(Rng& rng) { return sample(rng, DepthToSpace::kNames[1]); }

}  // namespace mote
