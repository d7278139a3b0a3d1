#include "train/quantizers/ste.h"

namespace mote::train {

torch::Tensor slope(Estimator estimator, const torch::Tensor& t) {
  switch (estimator) {
    case Estimator::Identity: return torch::ones_like(t);
    case Estimator::Clipped: return (t.abs() <= 1).to(t.dtype());
    case Estimator::Tanh: return 1 - t.tanh().square();
  }
  return {};
}

// x - x is exactly zero, which x + (value - x) is not after rounding.
torch::Tensor with_gradient(const torch::Tensor& value, const torch::Tensor& x, const torch::Tensor& slope) {
  const torch::Tensor nothing = x - x.detach();
  return value.detach() + (slope.defined() ? nothing * slope.detach() : nothing);
}

}  // namespace mote::train
