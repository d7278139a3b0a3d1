// Discrete weight distributions trained with the probabilistic forward pass (Roth et al. 2019; Shayer et al.
// 2018; section 3.1.4 of the survey arXiv:2001.03048). The loss is an expectation over weights; sums of many
// independent products are nearly normal (central limit theorem), so a layer samples its outputs from their
// means and variances (Kingma, Salimans, Welling: "Variational Dropout and the Local Reparameterization
// Trick", NeurIPS 2015) and the gradient reaches the probabilities without a straight-through estimator. An
// entropy penalty that grows with the training lets the distributions settle, so that the most probable
// network, which is exported, behaves like their mean.
#include "train/quantizers/level_distribution.h"
#include "train/quantizers/methods.h"
#include "train/quantizers/rows.h"

namespace mote::train {

namespace {

constexpr double kEntropyWeight = 0.05;  // times the mean entropy of the layer's weights, at the end

class Discrete final : public LevelDistribution {
 public:
  using LevelDistribution::LevelDistribution;

  void set_progress(double progress) override { progress_ = progress; }
  // In training layers ask for moments; a caller that cannot sample outputs gets the mean.
  torch::Tensor forward(const torch::Tensor& /*x*/, bool training) override {
    return training ? moments()->mean : most_probable();
  }
  std::optional<Moments> moments() override {
    const torch::Tensor p = torch::softmax(logits(), 0);
    const torch::Tensor mean = (p * levels()).sum(0);
    const torch::Tensor variance = (p * (levels() - mean.unsqueeze(0)).square()).sum(0);
    return Moments{mean * scale(), variance * scale().square()};
  }
  torch::Tensor penalty() override {
    const torch::Tensor log_p = torch::log_softmax(logits(), 0);
    return (log_p.exp() * log_p).sum(0).mean() * (-kEntropyWeight * progress_);
  }

 private:
  double progress_ = 0;
};

}  // namespace

std::unique_ptr<Quantizer> make_discrete(const QuantizerSpec& spec) {
  return std::make_unique<Discrete>(spec);
}

}  // namespace mote::train
