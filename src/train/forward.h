// The real form of every operator in LibTorch: the twin of Operator::evaluate, differentiable. One table,
// like ops/operator_list.h.
#pragma once

#include <vector>

#include "ir/graph.h"
#include "train/torch.h"

namespace mote::train {

// One node and its operands: tensors with the axes of the graph's values, float or double for reals, int64
// for plain integers; undefined where an optional input is absent.
struct ForwardCall {
  const Node& node;
  std::vector<torch::Tensor> inputs;
  std::int64_t batches = 1;       // the outermost extent is this many times the graph's
  bool batch_statistics = false;  // BatchNormalization: normalize by the batch and update inputs 3 and 4
  double momentum = 0.1;          // weight of the batch in that update

  template <class Op>
  const Op& op() const {
    return dynamic_cast<const Op&>(*node.op);
  }
  const torch::Tensor& x() const { return inputs[0]; }
  torch::Tensor optional(std::size_t i) const { return i < inputs.size() ? inputs[i] : torch::Tensor(); }
};

using ForwardResult = std::vector<torch::Tensor>;  // the node's outputs
using Forward = ForwardResult (*)(const ForwardCall&);

// nullptr for operators without a real form: indices (ArgMax) and integer encodings (Quantize, Dequantize,
// Requantize).
Forward find_forward(const Operator& op);

// forward_layers.cpp
ForwardResult forward_conv2d(const ForwardCall& call);
ForwardResult forward_depthwise_conv2d(const ForwardCall& call);
ForwardResult forward_conv_transpose2d(const ForwardCall& call);
ForwardResult forward_fully_connected(const ForwardCall& call);
ForwardResult forward_mat_mul(const ForwardCall& call);
// forward_pool.cpp
ForwardResult forward_pool(const ForwardCall& call);
ForwardResult forward_reduce(const ForwardCall& call);
// forward_normalization.cpp
ForwardResult forward_batch_normalization(const ForwardCall& call);
ForwardResult forward_layer_normalization(const ForwardCall& call);
ForwardResult forward_softmax(const ForwardCall& call);
// forward_elementwise.cpp
ForwardResult forward_unary(const ForwardCall& call);
ForwardResult forward_binary(const ForwardCall& call);
ForwardResult forward_prelu(const ForwardCall& call);
ForwardResult forward_cast(const ForwardCall& call);
// forward_movement.cpp
ForwardResult forward_pad(const ForwardCall& call);
ForwardResult forward_concat(const ForwardCall& call);
ForwardResult forward_split(const ForwardCall& call);
ForwardResult forward_slice(const ForwardCall& call);
ForwardResult forward_reshape(const ForwardCall& call);
ForwardResult forward_transpose(const ForwardCall& call);
ForwardResult forward_gather(const ForwardCall& call);
ForwardResult forward_resize(const ForwardCall& call);
ForwardResult forward_depth_to_space(const ForwardCall& call);
// forward_sampled.cpp: a layer whose weights (input 1) are random, with these variances about call.inputs[1]
ForwardResult forward_sampled(const ForwardCall& call, const torch::Tensor& variance);
// forward_quantization.cpp
ForwardResult forward_quant(const ForwardCall& call);
ForwardResult forward_bipolar_quant(const ForwardCall& call);
ForwardResult forward_trunc(const ForwardCall& call);

// A fused activation: min(max(x, low), high), nothing for infinite bounds.
torch::Tensor clamped(const torch::Tensor& x, float low, float high);
// [N,H,W,C] as the [N,C,H,W] view that LibTorch's image functions take, in channels_last memory; and back.
inline torch::Tensor channels_second(const torch::Tensor& nhwc) { return nhwc.permute({0, 3, 1, 2}); }
inline torch::Tensor channels_last(const torch::Tensor& nchw) { return nchw.permute({0, 2, 3, 1}); }

}  // namespace mote::train
