#include "ops/batch_normalization.h"
#include "ops/layer_normalization.h"
#include "ops/softmax.h"
#include "train/forward.h"

namespace mote::train {

ForwardResult forward_batch_normalization(const ForwardCall& call) {
  const auto& op = call.op<BatchNormalization>();
  const auto& in = call.inputs;  // x, gamma, beta, mean, variance
  const std::int64_t rank = call.x().dim();
  const auto x = rank == 1 ? call.x().unsqueeze(0) : call.x().movedim(-1, 1);
  const auto y = at::batch_norm(x, in[1], in[2], in[3], in[4], call.batch_statistics, call.momentum,
                                static_cast<double>(op.epsilon), false);
  return {rank == 1 ? y.squeeze(0) : y.movedim(1, -1)};
}

ForwardResult forward_layer_normalization(const ForwardCall& call) {
  const auto& op = call.op<LayerNormalization>();
  const auto group = call.x().sizes().slice(static_cast<std::size_t>(op.axis));
  const auto parameter = [&](std::size_t i) {
    const torch::Tensor p = call.optional(i);
    return p.defined() ? p.expand(group) : p;
  };
  return {
      at::layer_norm(call.x(), group, parameter(1), parameter(2), static_cast<double>(op.epsilon), false)};
}

ForwardResult forward_softmax(const ForwardCall& call) {
  const auto& op = call.op<Softmax>();
  const auto x = op.beta == 1 ? call.x() : call.x() * op.beta;
  return {op.function == "Softmax" ? at::softmax(x, op.axis) : at::log_softmax(x, op.axis)};
}

}  // namespace mote::train
