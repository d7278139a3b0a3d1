#include "compress/quantize/weighted.h"

#include <limits>
#include <memory>

#include "ops/conv2d.h"
#include "ops/conv_transpose2d.h"
#include "ops/depthwise_conv2d.h"
#include "ops/fully_connected.h"

namespace mote {

namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

// Calls visit with the operator as its own type, when it is one of the four.
template <class Visit>
auto with_layer(const Operator& op, const Visit& visit) -> decltype(visit(std::declval<const Conv2D&>())) {
  if (const auto* conv = dynamic_cast<const Conv2D*>(&op)) return visit(*conv);
  if (const auto* depthwise = dynamic_cast<const DepthwiseConv2D*>(&op)) return visit(*depthwise);
  if (const auto* transposed = dynamic_cast<const ConvTranspose2D*>(&op)) return visit(*transposed);
  if (const auto* dense = dynamic_cast<const FullyConnected*>(&op)) return visit(*dense);
  return {};
}

}  // namespace

std::optional<WeightedLayer> weighted_layer(const Graph& graph, NodeId id) {
  const Node& node = graph.node(id);
  const auto constant_real = [&](std::size_t i) {
    const Tensor* tensor = i < node.inputs.size() ? graph.constant(node.inputs[i]) : nullptr;
    return tensor && tensor->type().encoding.is_real();
  };
  if (!constant_real(1)) return std::nullopt;
  if (node.inputs.size() > 2 && node.inputs[2].valid() && !constant_real(2)) return std::nullopt;
  if (!graph.type(node.inputs[0]).encoding.is_real()) return std::nullopt;
  if (const auto* conv = node.as<Conv2D>())
    return WeightedLayer{0, conv->groups == 1 ? std::optional(3) : std::nullopt};
  if (node.as<DepthwiseConv2D>()) return WeightedLayer{3, std::nullopt, true};
  if (const auto* transposed = node.as<ConvTranspose2D>())
    return WeightedLayer{0, transposed->groups == 1 ? std::optional(3) : std::nullopt};
  if (node.as<FullyConnected>()) return WeightedLayer{0, 1};
  return std::nullopt;
}

Clamp fused_clamp(const Operator& op) {
  const auto clamp = with_layer(op, [](const auto& layer) {
    return std::optional(Clamp{layer.clamp_min, layer.clamp_max});
  });
  return clamp.value_or(Clamp{-kInfinity, kInfinity});
}

OperatorPtr without_clamp(const Operator& op) {
  auto linear = with_layer(op, [](const auto& layer) -> OperatorPtr {
    auto copy = std::make_shared<std::decay_t<decltype(layer)>>(layer);
    copy->clamp_min = -kInfinity;
    copy->clamp_max = kInfinity;
    return copy;
  });
  MOTE_CHECK(linear != nullptr, std::string(op.name()));
  return linear;
}

}  // namespace mote
