// LSQ+: learned step and, for signed activations, a learned offset (Bhalgat, Lee, Nagel, Blankevoort, Kwak:
// "LSQ+: Improving low-bit quantization through learnable offsets and better initialization", CVPR Workshops
// 2020, arXiv:2004.09576). For what swishes and leaky rectifiers make: most values on one side of zero, some
// on the other. Steps start at the least squared error (section 3.2); the offset at the least value, its
// integer zero point within the grid, so that real zero stays exact for padding.
#include <cmath>

#include "train/quantizers/uniform.h"

namespace mote::train {

namespace {

class LsqPlus final : public Quantizer {
 public:
  explicit LsqPlus(const QuantizerSpec& spec)
      : spec_(spec),
        grid_(grid_of(spec)),
        step_(torch::ones({spec.axis < 0 ? 1 : spec.channels})),
        limit_(step_),
        has_offset_(!spec.weights && spec.is_signed) {
    step_.requires_grad_();
    if (has_offset_) offset_ = torch::zeros({1}).requires_grad_();
  }

  void initialize(const torch::Tensor& x) override {
    const torch::NoGradGuard no_gradient;
    if (!has_offset_) {
      step_.copy_(least_squares_step(x, spec_));
      limit_.reset(step_);
      return;
    }
    // Affine: the whole grid over [least, greatest]. Shifted onto an unsigned grid, the step that errs least
    // is that of x - least.
    const float least = std::min(x.min().item<float>(), 0.0F);
    QuantizerSpec shifted = spec_;
    shifted.is_signed = false;
    step_.copy_(least_squares_step(x.detach() - least, shifted));
    limit_.reset(step_);
    offset_.fill_(least - grid_.low * step_.item<float>());
  }

  torch::Tensor forward(const torch::Tensor& x, bool training) override {
    if (training) limit_.apply(step_);
    const std::int64_t features = x.numel() / (spec_.weights ? step_.numel() : x.size(0));
    return quantize_with_step(
        x, step_, offset_,
        {grid_, spec_.axis, StepGradient::Learned,
         1 / std::sqrt(static_cast<double>(features) * static_cast<double>(grid_.high))});
  }

  std::vector<Parameter> parameters() override {
    std::vector<Parameter> all{{{"step", step_}, Role::Quantizer}};
    if (has_offset_) all.push_back({{"offset", offset_}, Role::Quantizer});
    return all;
  }
  std::vector<NamedTensor> buffers() override { return {{"last_step", limit_.buffer()}}; }
  bool clips_below_zero() const override { return grid_.low == 0; }
  ExportedQuant exported(const torch::Tensor& x) override { return exported_step(spec_, step_, offset_, x); }

 private:
  QuantizerSpec spec_;
  Grid grid_;
  torch::Tensor step_;
  StepLimit limit_;
  torch::Tensor offset_;  // undefined: none
  bool has_offset_;
};

}  // namespace

std::unique_ptr<Quantizer> make_lsq_plus(const QuantizerSpec& spec) {
  return std::make_unique<LsqPlus>(spec);
}

}  // namespace mote::train
