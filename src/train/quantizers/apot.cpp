// Additive powers of two (Li, Dong, Wang: "Additive Powers-of-Two Quantization: An Efficient Non-uniform
// Discretization for Neural Networks", ICLR 2020): a level is a sum of powers of two from disjoint lists
// (equation 5), denser near zero than a uniform grid and less so than plain powers. The clipping threshold is
// learned per filter with the gradient of equation 7; the paper's normalization of weights, which moves their
// mean, is left out.
#include "train/quantizers/methods.h"
#include "train/quantizers/rows.h"

namespace mote::train {

namespace {

// b - 1 bits of magnitude: for 1 and 2 bits one list, for 3 bits {0, 8, 4, 1} + {0, 2} (16 times the paper's
// 1/2, 1/4, 1/16 and 1/8).
torch::Tensor additive_powers(int bits) {
  std::vector<float> magnitudes = {0, 1};
  if (bits == 3) magnitudes = {0, 1, 2, 4};
  if (bits == 4) magnitudes = {0, 1, 2, 3, 4, 6, 8, 10};
  std::vector<float> levels = magnitudes;
  for (const float m : magnitudes)
    if (m > 0) levels.push_back(-m);
  return std::get<0>(torch::tensor(levels).sort());
}

class Apot final : public Quantizer {
 public:
  explicit Apot(const QuantizerSpec& spec)
      : spec_(spec),
        levels_(additive_powers(spec.bits)),
        greatest_(levels_.max().item<double>()),
        step_(torch::ones({row_count(spec), 1}).requires_grad_()) {}

  void initialize(const torch::Tensor& x) override {
    const torch::NoGradGuard no_gradient;
    step_.copy_(fitted_scales(to_rows(x.detach(), spec_.axis), levels_));
  }
  // step = threshold / greatest level: d/dstep = q - x/step inside, +-greatest outside; scaled as in LSQ.
  torch::Tensor forward(const torch::Tensor& x, bool /*training*/) override {
    const torch::Tensor rows = to_rows(x, spec_.axis);
    const double gain = 1 / std::sqrt(static_cast<double>(rows.size(1)) * greatest_);
    const torch::Tensor step =
        with_gradient(step_, step_, torch::full_like(step_, gain)).clamp_min(kLeastScale);
    const torch::Tensor u = (rows / step).clamp(-greatest_, greatest_);
    return from_rows(with_gradient(nearest_level(u, levels_), u) * step, x, spec_.axis);
  }
  std::vector<Parameter> parameters() override { return {{{"step", step_}, Role::Quantizer}}; }
  ExportedQuant exported(const torch::Tensor& x) override {
    const torch::NoGradGuard no_gradient;
    return exported_levels(spec_, 8, step_.clamp_min(kLeastScale), forward(x, false));
  }

 private:
  QuantizerSpec spec_;
  torch::Tensor levels_;
  double greatest_;
  torch::Tensor step_;
};

}  // namespace

std::unique_ptr<Quantizer> make_apot(const QuantizerSpec& spec) { return std::make_unique<Apot>(spec); }

}  // namespace mote::train
