// Straight-through estimators: what stands in for the derivative of a step, which is zero almost everywhere
// (Bengio, Leonard, Courville: "Estimating or Propagating Gradients Through Stochastic Neurons for
// Conditional Computation", 2013, arXiv:1308.3432).
#pragma once

#include "train/torch.h"

namespace mote::train {

enum class Estimator {
  Identity,  // 1 everywhere
  Clipped,   // 1 within the range of the grid, else 0 (Courbariaux et al., 2016, arXiv:1602.02830)
  Tanh,  // 1 - tanh(t)^2, t = -1 and 1 at the ends of the range (Gong et al., ICCV 2019, arXiv:1908.05033,
         // whose soft staircase has one such slope per step; this is the one of the whole range)
};

// The slope at t, the position relative to the range: -1 at its lower end, 1 at its upper one.
torch::Tensor slope(Estimator estimator, const torch::Tensor& t);

// `value` bit for bit in the forward pass; in the backward pass d/dx = slope (undefined: 1).
torch::Tensor with_gradient(const torch::Tensor& value, const torch::Tensor& x,
                            const torch::Tensor& slope = {});

}  // namespace mote::train
