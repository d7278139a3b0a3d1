// resnet8 as one writes it by hand with LibTorch's modules: what mote's Network is measured against.
#pragma once

#include <torch/torch.h>

namespace mote::bench {

struct BlockImpl : torch::nn::Module {
  BlockImpl(std::int64_t in, std::int64_t out, std::int64_t stride);
  torch::Tensor forward(const torch::Tensor& x);
  torch::nn::Conv2d a{nullptr}, b{nullptr}, shortcut{nullptr};
  torch::nn::BatchNorm2d a_norm{nullptr}, b_norm{nullptr};
};
TORCH_MODULE(Block);

// [N,3,32,32] -> [N,10].
struct Resnet8Impl : torch::nn::Module {
  Resnet8Impl();
  torch::Tensor forward(torch::Tensor x);
  torch::nn::Conv2d stem{nullptr};
  torch::nn::BatchNorm2d stem_norm{nullptr};
  Block one{nullptr}, two{nullptr}, three{nullptr};
  torch::nn::Linear classifier{nullptr};
};
TORCH_MODULE(Resnet8);

}  // namespace mote::bench
