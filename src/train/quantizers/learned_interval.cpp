// QIL: a learned interval of weights (Jung, Son, Lee, Son, Han, Kwak, Hwang, Choi: "Learning to Quantize Deep
// Networks by Optimizing Quantization Intervals with Task Loss", CVPR 2019, arXiv:1808.05779). With centre c
// and half width d of the magnitudes that matter (equations 3 to 5):
//
//   t = 0                               |w| < c - d: pruned
//       sign(w)                         |w| > c + d: clipped
//       ((|w| - c + d) / 2d)^gamma sign(w)   between
//   w' = kappa round(t (2^(b-1) - 1)) / (2^(b-1) - 1)
//
// c, d and gamma are learned with the task's loss. kappa is a constant from initialization (the scale of
// least squared error), where the paper leaves the magnitude to batch normalization, so that a trained
// network can be the start. Activations, whose interval must contain an exact zero, take lsq or pact.
#include "train/quantizers/ste.h"
#include "train/quantizers/uniform.h"

namespace mote::train {

namespace {

constexpr float kLeastWidth = 1e-6F;

class LearnedInterval final : public Quantizer {
 public:
  explicit LearnedInterval(const QuantizerSpec& spec)
      : spec_(spec), top_(grid_of(spec).high), kappa_(torch::ones({spec.axis < 0 ? 1 : spec.channels})) {
    const auto rows = kappa_.numel();
    center_ = torch::full({rows}, 0.5F).requires_grad_();
    half_width_ = torch::full({rows}, 0.5F).requires_grad_();
    gamma_ = torch::ones({1}).requires_grad_();
  }

  // No pruning, clipping where the squared error is least.
  void initialize(const torch::Tensor& x) override {
    const torch::NoGradGuard no_gradient;
    kappa_.copy_(least_squares_step(x, spec_) * top_);
    center_.copy_(kappa_ / 2);
    half_width_.copy_(kappa_ / 2);
  }

  torch::Tensor forward(const torch::Tensor& x, bool) override {
    const torch::Tensor t = transformed(x);
    return with_gradient(levels(t) * along_axis(kappa_ / top_, x, spec_.axis),
                         t * along_axis(kappa_, x, spec_.axis));
  }

  std::vector<Parameter> parameters() override {
    // of the size of weights, with a gradient from all of them
    constexpr double kRate = 0.01;
    return {{{"center", center_}, Role::Quantizer, kRate},
            {{"half_width", half_width_}, Role::Quantizer, kRate},
            {{"gamma", gamma_}, Role::Quantizer, kRate}};
  }
  std::vector<NamedTensor> buffers() override { return {{"kappa", kappa_}}; }
  ExportedQuant exported(const torch::Tensor& x) override {
    const torch::NoGradGuard no_gradient;
    ExportedQuant e = exported_step(spec_, kappa_ / top_, {}, {});
    e.is_signed = e.narrow = true;
    e.values = levels(transformed(x)) * along_axis(kappa_ / top_, x, spec_.axis);
    return e;
  }

 private:
  torch::Tensor transformed(const torch::Tensor& x) const {
    const torch::Tensor width = along_axis(half_width_, x, spec_.axis).clamp_min(kLeastWidth);
    const torch::Tensor inside = (x.abs() - along_axis(center_, x, spec_.axis) + width) / (2 * width);
    // the power's slope is infinite at 0 for gamma < 1
    const torch::Tensor power = inside.clamp(kLeastWidth, 1).pow(gamma_.clamp(0.25, 4));
    return power * (inside.detach() > 0) * x.detach().sign();
  }
  torch::Tensor levels(const torch::Tensor& t) const { return (t.detach() * top_).round(); }

  QuantizerSpec spec_;
  float top_;
  torch::Tensor kappa_, center_, half_width_, gamma_;
};

}  // namespace

std::unique_ptr<Quantizer> make_learned_interval(const QuantizerSpec& spec) {
  return std::make_unique<LearnedInterval>(spec);
}

}  // namespace mote::train
