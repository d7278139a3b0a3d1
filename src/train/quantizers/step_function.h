// The uniform quantizer with learned step as one pass over the data:
//
//   v = x / s + z        s = max(step, kLeastStep), z = clamp(round(-offset / s), low, high)
//   y = (round(clamp(v, low, high)) - z) s
//
// rounded as operator Quant does (float32, halves to even), so that the node written with s and z computes
// the same numbers. With low = 0 and no offset it is the Relu before it, too. Gradients, inside = low <= v <=
// high:
//
//   dy/dx       1 inside, else 0
//   dy/dstep    inside round(v) - v (StepGradient::Learned) or 0 (Clipping); below low, above high
//               (Esser et al., LSQ, ICLR 2020, arXiv:1902.08153, equation 3; Choi et al., PACT, 2018,
//               arXiv:1805.06085, equation 3)
//   dy/doffset  0 inside, else 1 (Bhalgat et al., LSQ+, CVPR Workshops 2020, arXiv:2004.09576, equation 6)
//
// all as if z were real: its rounding passes straight through.
#pragma once

#include "train/torch.h"

namespace mote::train {

struct Grid {
  float low, high;  // least and greatest integer
};

enum class StepGradient { Learned, Clipping };

inline constexpr float kLeastStep = 1e-9F;

struct StepOptions {
  Grid grid{};
  int axis = -1;  // of x, with one step per index; -1: one step
  StepGradient gradient = StepGradient::Learned;
  double gradient_scale = 1;  // of dy/dstep and dy/doffset
};

// x: float32. step: [C] or [1]. offset: like step, or undefined for 0.
torch::Tensor quantize_with_step(const torch::Tensor& x, const torch::Tensor& step,
                                 const torch::Tensor& offset, const StepOptions& options);

// s and z of the formula above, without gradients: what the graph gets.
torch::Tensor effective_step(const torch::Tensor& step);
torch::Tensor effective_zero(const torch::Tensor& step, const torch::Tensor& offset, const Grid& grid);

// The levels round(clamp(v)), as float32 integers.
torch::Tensor step_levels(const torch::Tensor& x, const torch::Tensor& step, const StepOptions& options);

}  // namespace mote::train
