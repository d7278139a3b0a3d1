// Variational training of discrete weights with Gumbel-softmax samples (Jang, Gu, Poole: "Categorical
// Reparameterization with Gumbel-Softmax", ICLR 2017; Maddison, Mnih, Teh: "The Concrete Distribution", ICLR
// 2017; for quantized networks Louizos et al.: "Relaxed Quantization for Discretized Neural Networks", ICLR
// 2019). One relaxed sample of all weights per batch, at a temperature that falls geometrically; the
// divergence from a uniform prior is added to the loss.
#include "train/quantizers/level_distribution.h"
#include "train/quantizers/methods.h"

namespace mote::train {

namespace {

constexpr double kFirstTemperature = 1;
constexpr double kLastTemperature = 0.2;
// Per weight. The evidence lower bound has 1 / number of training samples; less is the usual cold posterior
// (Wenzel et al.: "How Good is the Bayes Posterior in Deep Neural Networks Really?", ICML 2020).
constexpr double kDivergenceWeight = 1e-6;
constexpr double kTiny = 1e-10;

class Gumbel final : public LevelDistribution {
 public:
  using LevelDistribution::LevelDistribution;

  void set_progress(double progress) override {
    temperature_ = kFirstTemperature * std::pow(kLastTemperature / kFirstTemperature, progress);
  }
  torch::Tensor forward(const torch::Tensor& /*x*/, bool training) override {
    if (!training) return most_probable();
    const torch::Tensor l = logits();
    const torch::Tensor noise = -torch::log(-torch::log(torch::rand_like(l).clamp(kTiny, 1 - 1e-7)));
    return (torch::softmax((l + noise) / temperature_, 0) * levels()).sum(0) * scale();
  }
  torch::Tensor penalty() override {
    const torch::Tensor log_p = torch::log_softmax(logits(), 0);
    const double prior = std::log(static_cast<double>(log_p.size(0)));
    return ((log_p.exp() * log_p).sum(0) + prior).sum() * kDivergenceWeight;
  }

 private:
  double temperature_ = kFirstTemperature;
};

}  // namespace

std::unique_ptr<Quantizer> make_gumbel(const QuantizerSpec& spec) { return std::make_unique<Gumbel>(spec); }

}  // namespace mote::train
