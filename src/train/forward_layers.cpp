#include <cmath>

#include "ops/conv2d.h"
#include "ops/conv_transpose2d.h"
#include "ops/depthwise_conv2d.h"
#include "ops/fully_connected.h"
#include "ops/mat_mul.h"
#include "train/forward.h"

namespace mote::train {

torch::Tensor clamped(const torch::Tensor& x, float low, float high) {
  if (low == 0 && std::isinf(high)) return at::relu(x);
  if (std::isinf(low) && std::isinf(high)) return x;
  return at::clamp(x, low, high);
}

namespace {

// x [N,C,H,W] and the symmetric padding left to the convolution; where the two ends differ x is padded here.
struct Padded {
  torch::Tensor x;
  std::vector<std::int64_t> padding;
};

Padded padded(const torch::Tensor& x, const std::vector<std::int64_t>& p) {
  if (p[0] == p[2] && p[1] == p[3]) return {x, {p[0], p[1]}};
  return {at::constant_pad_nd(x, {p[1], p[3], p[0], p[2]}, 0), {0, 0}};
}

}  // namespace

ForwardResult forward_conv2d(const ForwardCall& call) {
  const auto& op = call.op<Conv2D>();
  const Padded in = padded(channels_second(call.x()), op.padding);
  const auto y = at::conv2d(in.x, channels_second(call.inputs[1]), call.optional(2), op.stride, in.padding,
                            op.dilation, op.groups);
  return {channels_last(clamped(y, op.clamp_min, op.clamp_max))};
}

ForwardResult forward_depthwise_conv2d(const ForwardCall& call) {
  const auto& op = call.op<DepthwiseConv2D>();
  const Padded in = padded(channels_second(call.x()), op.padding);
  const auto w = call.inputs[1].permute({3, 0, 1, 2});  // [1,kh,kw,O] as [O,1,kh,kw]
  const auto y = at::conv2d(in.x, w, call.optional(2), op.stride, in.padding, op.dilation, call.x().size(3));
  return {channels_last(clamped(y, op.clamp_min, op.clamp_max))};
}

ForwardResult forward_conv_transpose2d(const ForwardCall& call) {
  const auto& op = call.op<ConvTranspose2D>();
  const auto& w = call.inputs[1];  // [O,kh,kw,I/groups]; LibTorch's is [I,O/groups,kh,kw]
  const std::int64_t g = op.groups;
  const auto filters = w.reshape({g, w.size(0) / g, w.size(1), w.size(2), w.size(3)})
                           .permute({0, 4, 1, 2, 3})
                           .reshape({g * w.size(3), w.size(0) / g, w.size(1), w.size(2)});
  const auto full = at::conv_transpose2d(channels_second(call.x()), filters, call.optional(2), op.stride,
                                         {0, 0}, op.output_padding, g, op.dilation);
  const auto& p = op.padding;
  const auto y = full.slice(2, p[0], full.size(2) - p[2]).slice(3, p[1], full.size(3) - p[3]);
  return {channels_last(clamped(y, op.clamp_min, op.clamp_max))};
}

ForwardResult forward_fully_connected(const ForwardCall& call) {
  const auto& op = call.op<FullyConnected>();
  return {clamped(at::linear(call.x(), call.inputs[1], call.optional(2)), op.clamp_min, op.clamp_max)};
}

ForwardResult forward_mat_mul(const ForwardCall& call) {
  const auto& op = call.op<MatMul>();
  const auto a = op.transpose_a ? call.x().transpose(-2, -1) : call.x();
  const auto b = op.transpose_b ? call.inputs[1].transpose(-2, -1) : call.inputs[1];
  return {clamped(at::matmul(a, b), op.clamp_min, op.clamp_max)};
}

}  // namespace mote::train
