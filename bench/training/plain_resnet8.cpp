#include "training/plain_resnet8.h"

namespace mote::bench {

namespace {

torch::nn::Conv2d conv(std::int64_t in, std::int64_t out, std::int64_t size, std::int64_t stride,
                       bool bias = false) {
  return torch::nn::Conv2d(
      torch::nn::Conv2dOptions(in, out, size).stride(stride).padding(size / 2).bias(bias));
}

}  // namespace

BlockImpl::BlockImpl(std::int64_t in, std::int64_t out, std::int64_t stride)
    : a(register_module("a", conv(in, out, 3, stride))),
      b(register_module("b", conv(out, out, 3, 1))),
      a_norm(register_module("a_norm", torch::nn::BatchNorm2d(out))),
      b_norm(register_module("b_norm", torch::nn::BatchNorm2d(out))) {
  if (in != out) shortcut = register_module("shortcut", conv(in, out, 1, stride, true));
}

torch::Tensor BlockImpl::forward(const torch::Tensor& x) {
  const torch::Tensor y = b_norm(b(torch::relu(a_norm(a(x)))));
  return torch::relu(y + (shortcut ? shortcut(x) : x));
}

Resnet8Impl::Resnet8Impl()
    : stem(register_module("stem", conv(3, 16, 3, 1))),
      stem_norm(register_module("stem_norm", torch::nn::BatchNorm2d(16))),
      one(register_module("one", Block(16, 16, 1))),
      two(register_module("two", Block(16, 32, 2))),
      three(register_module("three", Block(32, 64, 2))),
      classifier(register_module("classifier", torch::nn::Linear(64, 10))) {}

torch::Tensor Resnet8Impl::forward(torch::Tensor x) {
  x = three(two(one(torch::relu(stem_norm(stem(x))))));
  return classifier(x.mean({2, 3}));
}

}  // namespace mote::bench
