#include "ops/bipolar_quant.h"
#include "ops/quant.h"
#include "ops/trunc.h"
#include "train/forward.h"

namespace mote::train {

namespace {

using torch::Tensor;

Tensor away_from_zero(const Tensor& x) { return at::where(x < 0, at::floor(x), at::ceil(x)); }

// The fraction decides from `half` on; below, toward zero.
Tensor half_away(const Tensor& x, bool from_half) {
  const Tensor below = at::trunc(x);
  const Tensor fraction = at::abs(x - below);
  return at::where(from_half ? fraction >= 0.5 : fraction > 0.5, below + at::sign(x), below);
}

// The rounding modes of ops/quant.h.
Tensor rounded(const Tensor& x, const std::string& mode) {
  if (mode == "ROUND" || mode == "HALF_EVEN") return at::round(x);
  if (mode == "CEIL") return at::ceil(x);
  if (mode == "FLOOR") return at::floor(x);
  if (mode == "UP") return away_from_zero(x);
  if (mode == "HALF_UP") return half_away(x, true);
  if (mode == "HALF_DOWN") return half_away(x, false);
  return at::trunc(x);  // ROUND_TO_ZERO, DOWN
}

// Gradients pass where x is within the range: the clipped straight-through estimator, Bengio, Leonard and
// Courville 2013 (arXiv:1308.3432). Scale and zero point get none.
class FixedQuant : public torch::autograd::Function<FixedQuant> {
 public:
  static Tensor forward(torch::autograd::AutogradContext* context, const Tensor& x, const Tensor& scale,
                        const Tensor& zero, const Quant* op) {
    const Tensor level = x / scale + zero;
    const Tensor limited = at::clamp(level, op->min_level(), op->max_level());
    context->save_for_backward({level == limited});
    return (rounded(limited, op->rounding) - zero) * scale;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& gradients) {
    return {gradients[0] * context->get_saved_variables()[0], {}, {}, {}};
  }
};

// The sign with a scale. Gradients pass where |x| <= scale, as for the hard tanh that it stands for:
// Courbariaux et al. 2016 (arXiv:1602.02830), equation 4.
class FixedBipolarQuant : public torch::autograd::Function<FixedBipolarQuant> {
 public:
  static Tensor forward(torch::autograd::AutogradContext* context, const Tensor& x, const Tensor& scale) {
    context->save_for_backward({at::abs(x) <= scale});
    return at::where(x >= 0, scale, -scale);
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& gradients) {
    return {gradients[0] * context->get_saved_variables()[0], {}};
  }
};

// What Trunc takes away is less than a step of its result: gradients pass unchanged where that is not
// clamped.
class FixedTrunc : public torch::autograd::Function<FixedTrunc> {
 public:
  static Tensor forward(torch::autograd::AutogradContext* context, const Tensor& x, const Tensor& scale,
                        const Tensor& zero, const Trunc* op) {
    const Tensor level = at::round(x / scale + zero) / op->step();
    const Tensor limited = at::clamp(level, op->min_level(), op->max_level());
    context->save_for_backward({level == limited});
    context->saved_data["slope"] = static_cast<double>(op->gain() / op->step());
    return (rounded(limited, op->rounding) - zero * op->zero_step()) * (scale * op->gain());
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& gradients) {
    const double slope = context->saved_data["slope"].toDouble();
    return {gradients[0] * context->get_saved_variables()[0] * slope, {}, {}, {}};
  }
};

}  // namespace

ForwardResult forward_quant(const ForwardCall& call) {
  return {FixedQuant::apply(call.x(), call.inputs[1], call.inputs[2], &call.op<Quant>())};
}

ForwardResult forward_bipolar_quant(const ForwardCall& call) {
  return {FixedBipolarQuant::apply(call.x(), call.inputs[1])};
}

ForwardResult forward_trunc(const ForwardCall& call) {
  return {FixedTrunc::apply(call.x(), call.inputs[1], call.inputs[2], &call.op<Trunc>())};
}

}  // namespace mote::train
