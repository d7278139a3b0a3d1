// Incremental network quantization (Zhou, Yao, Guo, Xu, Chen: "Incremental Network Quantization: Towards
// Lossless CNNs with Low-Precision Weights", ICLR 2017): weights become 0 or +-2^k in portions, greatest
// magnitudes first (section 2.2, the pruning-inspired partition); what has become so never changes again, the
// rest learns on to make up for it. Portions 50, 75, 87.5 and 100 % at quarters of the training; in the last
// quarter only biases and normalization learn. b bits hold 0 and 2^(b-1) - 1 powers of each sign; the scale
// per filter is the best of least squares instead of a power of two, because requantization multiplies
// anyway.
#include "train/quantizers/methods.h"
#include "train/quantizers/rows.h"

namespace mote::train {

namespace {

constexpr double kPortions[] = {0.5, 0.75, 0.875, 1.0};

torch::Tensor powers_of_two(int bits) {
  std::vector<float> levels = {0};
  for (int k = 0; k < (1 << (bits - 1)) - 1; ++k)
    for (const float sign : {-1.0F, 1.0F}) levels.push_back(sign * static_cast<float>(1 << k));
  return std::get<0>(torch::tensor(levels).sort());
}

class Inq final : public Quantizer {
 public:
  explicit Inq(const QuantizerSpec& spec)
      : spec_(spec),
        levels_(powers_of_two(spec.bits)),
        scales_(torch::ones({row_count(spec), 1})),
        frozen_(torch::zeros(spec.shape, torch::kBool)),
        values_(torch::zeros(spec.shape)) {}

  void initialize(const torch::Tensor& x) override {
    scales_.copy_(fitted_scales(to_rows(x.detach(), spec_.axis), levels_));
    frozen_.zero_();
  }
  void set_progress(double progress) override {
    portion_ = kPortions[std::clamp(static_cast<int>(progress * 4), 0, 3)];
  }
  // In training the part that is not frozen stays real; elsewhere everything is quantized.
  torch::Tensor forward(const torch::Tensor& x, bool training) override {
    if (!training) return quantized(x);
    freeze(x);
    const torch::Tensor is_free = frozen_.logical_not().to(x.dtype());
    return with_gradient(torch::where(frozen_, values_, x.detach()), x, is_free);
  }
  std::vector<NamedTensor> buffers() override {
    return {{"scales", scales_}, {"frozen", frozen_}, {"values", values_}};
  }
  ExportedQuant exported(const torch::Tensor& x) override {
    return exported_levels(spec_, 8, scales_, quantized(x));
  }

 private:
  torch::Tensor nearest(const torch::Tensor& x) const {
    const torch::NoGradGuard no_gradient;
    const torch::Tensor rows = to_rows(x.detach(), spec_.axis);
    return from_rows(nearest_level(rows / scales_, levels_) * scales_, x, spec_.axis);
  }
  torch::Tensor quantized(const torch::Tensor& x) const { return torch::where(frozen_, values_, nearest(x)); }
  void freeze(const torch::Tensor& x) {
    const torch::NoGradGuard no_gradient;
    const auto wanted = static_cast<std::int64_t>(std::ceil(portion_ * static_cast<double>(x.numel())));
    const std::int64_t missing = wanted - frozen_.sum().item<std::int64_t>();
    if (missing <= 0) return;
    const torch::Tensor magnitude = x.detach().abs().masked_fill(frozen_, -1).flatten();
    const torch::Tensor chosen = std::get<1>(magnitude.topk(missing));
    const torch::Tensor next =
        torch::zeros({x.numel()}, torch::kBool).index_fill_(0, chosen, true).reshape(x.sizes());
    values_.copy_(torch::where(next, nearest(x), values_));
    frozen_.logical_or_(next);
  }
  QuantizerSpec spec_;
  torch::Tensor levels_, scales_;
  torch::Tensor frozen_, values_;  // shape of the weights
  double portion_ = kPortions[0];
};

}  // namespace

std::unique_ptr<Quantizer> make_inq(const QuantizerSpec& spec) { return std::make_unique<Inq>(spec); }

}  // namespace mote::train
