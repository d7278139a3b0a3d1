// Trained ternary quantization (Zhu, Han, Mao, Dally: "Trained Ternary Quantization", ICLR 2017): levels -Wn,
// 0, +Wp, both learned, threshold 0.05 max |w| (equations 6 to 9). Wn differs from Wp, so the levels are no
// {-1, 0, 1}: they are exported as a codebook of three integers, 127 for the greater of the two. The paper
// has one pair per layer; channels of a layer whose batch normalization was folded may differ by orders of
// magnitude, so per axis each channel keeps its relative magnitude of the start as a constant factor.
#include "train/quantizers/methods.h"
#include "train/quantizers/rows.h"

namespace mote::train {

namespace {

constexpr double kThreshold = 0.05;  // of the greatest magnitude (equation 9)
constexpr double kGreatest = 127;

class Ttq final : public Quantizer {
 public:
  explicit Ttq(const QuantizerSpec& spec)
      : spec_(spec),
        factors_(torch::ones({row_count(spec), 1})),
        positive_(torch::ones({1}).requires_grad_()),
        negative_(torch::ones({1}).requires_grad_()) {}

  void initialize(const torch::Tensor& x) override {
    const torch::NoGradGuard no_gradient;
    const torch::Tensor rows = to_rows(x.detach(), spec_.axis);
    const torch::Tensor means = rows.abs().mean(1, true).clamp_min(kLeastScale);
    factors_.copy_(means / means.mean());
    const torch::Tensor w = rows / factors_;
    for (const auto& [parameter, side] :
         {std::pair{positive_, w.clamp_min(0)}, {negative_, (-w).clamp_min(0)}}) {
      const torch::Tensor beyond = (side > threshold(w)).to(w.dtype());
      parameter.copy_(
          ((side * beyond).sum() / beyond.sum().clamp_min(1)).clamp_min(kLeastScale).reshape({1}));
    }
  }
  // Gradients of equations 7 and 8, that of a learned level divided by the root of the number of weights, as
  // LSQ does with its step: otherwise it is that much greater than the gradient of a weight.
  torch::Tensor forward(const torch::Tensor& x, bool /*training*/) override {
    const torch::Tensor rows = to_rows(x, spec_.axis);
    const Parts p = parts(rows);
    const double gain = 1 / std::sqrt(static_cast<double>(x.numel()));
    const torch::Tensor slope =
        p.above * positive_ / mean_level() + p.below * negative_ / mean_level() + (1 - p.above - p.below);
    const torch::Tensor learned = (positive_ - positive_.detach()) * (p.above * factors_ * gain) -
                                  (negative_ - negative_.detach()) * (p.below * factors_ * gain);
    return from_rows(with_gradient(p.value, rows, slope) + learned, x, spec_.axis);
  }
  std::vector<Parameter> parameters() override {
    return {{{"positive", positive_}, Role::Quantizer}, {{"negative", negative_}, Role::Quantizer}};
  }
  std::vector<NamedTensor> buffers() override { return {{"factors", factors_}}; }
  ExportedQuant exported(const torch::Tensor& x) override {
    const torch::NoGradGuard no_gradient;
    const Parts p = parts(to_rows(x, spec_.axis));
    return exported_levels(spec_, 8, p.scales, from_rows(p.value, x, spec_.axis));
  }

 private:
  struct Parts {
    torch::Tensor above, below, scales, value;
  };
  static torch::Tensor threshold(const torch::Tensor& w) { return kThreshold * w.abs().max(); }
  torch::Tensor mean_level() const { return (positive_ + negative_).detach() / 2; }
  Parts parts(const torch::Tensor& rows) const {
    const torch::NoGradGuard no_gradient;
    const torch::Tensor w = rows.detach() / factors_;
    const torch::Tensor above = (w > threshold(w)).to(w.dtype());
    const torch::Tensor below = (w < -threshold(w)).to(w.dtype());
    const torch::Tensor p = positive_.clamp_min(kLeastScale);
    const torch::Tensor n = negative_.clamp_min(kLeastScale);
    const torch::Tensor step = torch::maximum(p, n) / kGreatest;
    const torch::Tensor scales = factors_ * step;
    return {above, below, scales, ((p / step).round() * above - (n / step).round() * below) * scales};
  }
  QuantizerSpec spec_;
  torch::Tensor factors_, positive_, negative_;
};

}  // namespace

std::unique_ptr<Quantizer> make_ttq(const QuantizerSpec& spec) { return std::make_unique<Ttq>(spec); }

}  // namespace mote::train
