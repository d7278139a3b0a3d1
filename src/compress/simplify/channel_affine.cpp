#include "compress/simplify/channel_affine.h"

#include <array>
#include <cmath>

#include "ops/batch_normalization.h"
#include "ops/binary.h"

namespace mote {

namespace {

const Tensor* real_constant(const Graph& graph, ValueId v) {
  const Tensor* tensor = graph.constant(v);
  return tensor && tensor->type().encoding.is_real() ? tensor : nullptr;
}

std::optional<ChannelAffine> from_batch_norm(const Graph& graph, const Node& node,
                                             const BatchNormalization& op) {
  ChannelAffine affine;
  affine.input = node.inputs[0];
  std::array<std::span<const float>, 4> parts;  // gamma, beta, mean, variance
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const Tensor* tensor = real_constant(graph, node.inputs.at(i + 1));
    if (!tensor) return std::nullopt;
    parts[i] = tensor->floats();
  }
  for (std::size_t c = 0; c < parts[0].size(); ++c) {
    const double scale =
        parts[0][c] / std::sqrt(static_cast<double>(parts[3][c]) + static_cast<double>(op.epsilon));
    affine.scale.push_back(scale);
    affine.shift.push_back(parts[1][c] - scale * parts[2][c]);
  }
  return affine;
}

// Mul, Add and Sub of a constant that varies along the last axis only.
std::optional<ChannelAffine> from_binary(const Graph& graph, const Node& node, const Binary& op) {
  const bool swapped = graph.constant(node.inputs[0]) != nullptr;
  const Tensor* constant = real_constant(graph, node.inputs[swapped ? 0 : 1]);
  const ValueId x = node.inputs[swapped ? 1 : 0];
  const Shape& shape = graph.type(x).shape;
  if (!constant || shape.empty() || graph.type(node.outputs[0]).shape != shape) return std::nullopt;
  const Shape& given = constant->type().shape;
  const std::int64_t channels = shape.back();
  const std::int64_t last = given.empty() ? 1 : given.back();
  if (constant->type().elements() != last || (last != 1 && last != channels)) return std::nullopt;
  ChannelAffine affine{{}, {}, x, {op.clamp_min, op.clamp_max}};
  for (std::int64_t c = 0; c < channels; ++c) {
    const double value = constant->real_at(last == 1 ? 0 : c);
    const bool is_mul = op.function == "Mul";
    if (!is_mul && op.function != "Add" && op.function != "Sub") return std::nullopt;
    const bool negates = op.function == "Sub" && swapped;
    affine.scale.push_back(is_mul ? value : negates ? -1 : 1);
    affine.shift.push_back(is_mul ? 0 : op.function == "Sub" && !swapped ? -value : value);
  }
  return affine;
}

}  // namespace

std::optional<ChannelAffine> channel_affine(const Graph& graph, NodeId n) {
  const Node& node = graph.node(n);
  if (const auto* op = node.as<BatchNormalization>()) return from_batch_norm(graph, node, *op);
  if (const auto* op = node.as<Binary>()) return from_binary(graph, node, *op);
  return std::nullopt;
}

}  // namespace mote
