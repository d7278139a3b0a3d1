// PACT: a learned clipping value of activations (Choi, Wang, Venkataramani, Chuang, Srinivasan,
// Gopalakrishnan: "PACT: Parameterized Clipping Activation for Quantized Neural Networks", 2018,
// arXiv:1805.06085): y = clip(x, 0, alpha) on 2^b - 1 equal steps; dy/dalpha is 1 where x >= alpha, else 0
// (equation 3). alpha is decayed (section 3.3: L2, with the weights' own factor here a term of the loss).
// Signed activations are clipped to [-alpha, alpha]. alpha starts at the range of least squared error.
#include <cmath>

#include "train/quantizers/uniform.h"

namespace mote::train {

namespace {

constexpr double kDecay = 1e-4;  // of alpha relative to where it started

class Pact final : public Quantizer {
 public:
  explicit Pact(const QuantizerSpec& spec)
      : spec_(spec), alpha_(torch::ones({1})), start_(torch::ones({1})), limit_(alpha_) {
    spec_.narrow = spec.is_signed;  // symmetric clipping needs a symmetric grid
    grid_ = grid_of(spec_);
    alpha_.requires_grad_();
  }

  void initialize(const torch::Tensor& x) override {
    const torch::NoGradGuard no_gradient;
    alpha_.copy_(least_squares_step(x, spec_) * grid_.high);
    start_.copy_(alpha_);
    limit_.reset(alpha_);
  }

  torch::Tensor forward(const torch::Tensor& x, bool training) override {
    if (training) limit_.apply(alpha_);
    // dstep sums high (low) times the gradients outside: alpha / high takes the factor away again
    return quantize_with_step(x, alpha_ / grid_.high, {}, {grid_, -1, StepGradient::Clipping, 1});
  }

  std::vector<Parameter> parameters() override { return {{{"alpha", alpha_}, Role::Quantizer}}; }
  std::vector<NamedTensor> buffers() override { return {{"start", start_}, {"last_alpha", limit_.buffer()}}; }
  torch::Tensor penalty() override { return kDecay * (alpha_ / start_).square().sum(); }
  bool clips_below_zero() const override { return grid_.low == 0; }
  ExportedQuant exported(const torch::Tensor&) override {
    return exported_step(spec_, alpha_.detach() / grid_.high, {}, {});
  }

 private:
  QuantizerSpec spec_;
  Grid grid_{};
  torch::Tensor alpha_;
  torch::Tensor start_;
  StepLimit limit_;
};

}  // namespace

std::unique_ptr<Quantizer> make_pact(const QuantizerSpec& spec) { return std::make_unique<Pact>(spec); }

}  // namespace mote::train
