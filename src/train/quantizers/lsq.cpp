// LSQ: learned step size (Esser, McKinstry, Bablani, Appuswamy, Modha: "Learned Step Size Quantization", ICLR
// 2020, arXiv:1902.08153). The step is a parameter without weight decay whose gradient (equation 3) is scaled
// by 1 / sqrt(n Qp), n the weights or the features of one step, Qp the greatest level (section 2.2).
//
// The paper starts from s = 2 mean|x| / sqrt(Qp), made for 2 to 4 bits. It covers 18 standard deviations of
// normal weights with 8 bits, so that three quarters of the levels are never used; from 5 bits on we start
// from the step of least squared error.
#include <cmath>

#include "train/quantizers/uniform.h"

namespace mote::train {

namespace {

class Lsq final : public Quantizer {
 public:
  explicit Lsq(const QuantizerSpec& spec)
      : spec_(spec),
        grid_(grid_of(spec)),
        step_(torch::ones({spec.axis < 0 ? 1 : spec.channels})),
        limit_(step_) {
    step_.requires_grad_();
  }

  void initialize(const torch::Tensor& x) override {
    constexpr int kFewBits = 4;
    const torch::NoGradGuard no_gradient;
    if (spec_.bits > kFewBits) {
      step_.copy_(least_squares_step(x, spec_));
      limit_.reset(step_);
      return;
    }
    const torch::Tensor magnitude = grid_.low < 0 ? x.detach().abs() : x.detach().clamp_min(0);
    const torch::Tensor mean =
        spec_.axis < 0 ? magnitude.mean().reshape({1}) : magnitude.movedim(spec_.axis, 0).flatten(1).mean(1);
    const torch::Tensor start = 2 * mean / std::sqrt(grid_.high);
    const float other = start.max().item<float>();
    step_.copy_(
        torch::where(start > kLeastStep, start, torch::full_like(start, other > kLeastStep ? other : 1.0F)));
    limit_.reset(step_);
  }

  torch::Tensor forward(const torch::Tensor& x, bool training) override {
    if (training) limit_.apply(step_);
    const std::int64_t features = x.numel() / (spec_.weights ? step_.numel() : x.size(0));
    return quantize_with_step(
        x, step_, {},
        {grid_, spec_.axis, StepGradient::Learned,
         1 / std::sqrt(static_cast<double>(features) * static_cast<double>(grid_.high))});
  }

  std::vector<Parameter> parameters() override { return {{{"step", step_}, Role::Quantizer}}; }
  std::vector<NamedTensor> buffers() override { return {{"last_step", limit_.buffer()}}; }
  bool clips_below_zero() const override { return grid_.low == 0; }
  ExportedQuant exported(const torch::Tensor& x) override { return exported_step(spec_, step_, {}, x); }

 private:
  QuantizerSpec spec_;
  Grid grid_;
  torch::Tensor step_;
  StepLimit limit_;
};

}  // namespace

std::unique_ptr<Quantizer> make_lsq(const QuantizerSpec& spec) { return std::make_unique<Lsq>(spec); }

}  // namespace mote::train
