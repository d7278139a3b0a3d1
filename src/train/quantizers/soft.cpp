// Differentiable soft quantization (Gong, Liu, Jiang, Li, Hu, Lin, Yu, Yan: "Differentiable Soft
// Quantization: Bridging Full-Precision and Low-Bit Neural Networks", ICCV 2019): within each step of a
// uniform grid the staircase is a tanh (equation 4), sharpened as training goes on (soft-to-hard annealing).
// In the last fifth the forward pass is the hard staircase and only the gradient stays soft. The step is
// learned.
#include "train/quantizers/methods.h"
#include "train/quantizers/rows.h"

namespace mote::train {

namespace {

constexpr double kFirstSharpness = 1;
constexpr double kLastSharpness = 8;
constexpr double kHardFrom = 0.8;  // of the training

class Soft final : public Quantizer {
 public:
  explicit Soft(const QuantizerSpec& spec)
      : spec_(spec),
        low_(spec.is_signed ? -std::exp2(spec.bits - 1) + (spec.narrow ? 1 : 0) : 0),
        high_(spec.is_signed ? std::exp2(spec.bits - 1) - 1 : std::exp2(spec.bits) - (spec.narrow ? 2 : 1)),
        step_(torch::ones({row_count(spec), 1}).requires_grad_()) {}

  void initialize(const torch::Tensor& x) override {
    const torch::NoGradGuard no_gradient;
    const torch::Tensor mean = to_rows(x.detach(), spec_.axis).abs().mean(1, true);
    step_.copy_((2 * mean / std::sqrt(high_)).clamp_min(kLeastScale));
  }
  void set_progress(double progress) override {
    sharpness_ =
        kFirstSharpness * std::pow(kLastSharpness / kFirstSharpness, std::min(progress / kHardFrom, 1.0));
    hard_ = progress >= kHardFrom;
  }
  torch::Tensor forward(const torch::Tensor& x, bool training) override {
    const torch::Tensor rows = to_rows(x, spec_.axis);
    const double gain = 1 / std::sqrt(static_cast<double>(rows.size(1)) * high_);
    const torch::Tensor step =
        with_gradient(step_, step_, torch::full_like(step_, gain)).clamp_min(kLeastScale);
    const torch::Tensor u = (rows / step).clamp(low_, high_);
    const torch::Tensor hard = u.detach().round();
    if (!training) return from_rows(hard * step, x, spec_.axis);
    const torch::Tensor below = u.detach().floor();
    const torch::Tensor t = torch::tanh(sharpness_ * (u - below - 0.5));
    const torch::Tensor soft = below + 0.5 + t * (0.5 / std::tanh(sharpness_ / 2));
    return from_rows((hard_ ? with_gradient(hard, soft) : soft) * step, x, spec_.axis);
  }
  // At 0 the staircase stands on its first level with nothing below.
  bool clips_below_zero() const override { return !spec_.is_signed; }
  std::vector<Parameter> parameters() override { return {{{"step", step_}, Role::Quantizer}}; }
  ExportedQuant exported(const torch::Tensor& x) override {
    const torch::NoGradGuard no_gradient;
    const torch::Tensor values = spec_.weights ? forward(x, false) : torch::Tensor();
    ExportedQuant e = exported_levels(spec_, spec_.bits, step_.clamp_min(kLeastScale), values);
    e.is_signed = spec_.is_signed;
    e.narrow = spec_.narrow;
    return e;
  }

 private:
  QuantizerSpec spec_;
  double low_, high_;
  double sharpness_ = kFirstSharpness;
  bool hard_ = false;
  torch::Tensor step_;
};

}  // namespace

std::unique_ptr<Quantizer> make_soft(const QuantizerSpec& spec) { return std::make_unique<Soft>(spec); }

}  // namespace mote::train
