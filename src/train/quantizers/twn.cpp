// Ternary weight networks (Li, Zhang, Liu: "Ternary Weight Networks", 2016): {-1, 0, +1} alpha with threshold
// 0.7 mean |w| and alpha = mean |w| of the weights beyond it (equations 4 to 6), per filter.
#include "train/quantizers/methods.h"
#include "train/quantizers/rows.h"

namespace mote::train {

namespace {

constexpr double kThreshold = 0.7;  // equation 6

class Twn final : public Quantizer {
 public:
  explicit Twn(const QuantizerSpec& spec) : spec_(spec) {}

  void initialize(const torch::Tensor& /*x*/) override {}
  torch::Tensor forward(const torch::Tensor& x, bool /*training*/) override {
    const auto [codes, scales] = ternary(x);
    return with_gradient(from_rows(codes * scales, x, spec_.axis), x);
  }
  ExportedQuant exported(const torch::Tensor& x) override {
    const auto [codes, scales] = ternary(x);
    return exported_levels(spec_, 2, scales, from_rows(codes * scales, x, spec_.axis));
  }

 private:
  struct Ternary {
    torch::Tensor codes, scales;
  };
  Ternary ternary(const torch::Tensor& x) const {
    const torch::NoGradGuard no_gradient;
    const torch::Tensor rows = to_rows(x.detach(), spec_.axis);
    const torch::Tensor magnitude = rows.abs();
    const torch::Tensor beyond = (magnitude > kThreshold * magnitude.mean(1, true)).to(rows.dtype());
    const torch::Tensor scales =
        ((magnitude * beyond).sum(1, true) / beyond.sum(1, true).clamp_min(1)).clamp_min(kLeastScale);
    return {beyond * rows.sign(), scales};
  }
  QuantizerSpec spec_;
};

}  // namespace

std::unique_ptr<Quantizer> make_twn(const QuantizerSpec& spec) { return std::make_unique<Twn>(spec); }

}  // namespace mote::train
