// Distributions of weights: their starts, their moments, and what a layer makes of them.
#include <gtest/gtest.h>

#include "base/file.h"
#include "compress/finetune/quantize_aware.h"
#include "compress/import.h"
#include "format/model_file.h"
#include "train/network.h"
#include "train/quantizers/methods.h"
#include "train/quantizers/rows.h"
#include "zoo/zoo.h"

namespace mote::train {
namespace {

const std::vector<std::int64_t> kShape = {4, 3, 3, 6};

std::unique_ptr<Quantizer> trained(MakeQuantizer make, int bits, const torch::Tensor& w) {
  auto quantizer = make({.bits = bits, .narrow = true, .axis = 0, .channels = kShape[0], .shape = kShape});
  quantizer->initialize(w);
  return quantizer;
}

torch::Tensor weights() {
  torch::manual_seed(3);
  return torch::randn(kShape) * 0.1;
}

// Weights drawn from the probabilities: [samples, shape].
torch::Tensor draw(const LevelProbabilities& p, std::int64_t samples) {
  const auto k = static_cast<std::int64_t>(p.levels.size());
  const torch::Tensor choice = torch::multinomial(p.probabilities.reshape({k, -1}).t(), samples, true).t();
  const torch::Tensor levels = torch::tensor(p.levels).to(torch::kFloat);
  const torch::Tensor scale = torch::tensor(p.scale).reshape({1, -1, 1, 1, 1});
  std::vector<std::int64_t> shape = {samples};
  shape.insert(shape.end(), kShape.begin(), kShape.end());
  return levels.index({choice}).reshape(shape) * scale;
}

TEST(WeightDistributions, StartNearTheTrainedWeights) {
  const torch::Tensor w = weights();
  for (const int bits : {2, 3, 4}) {
    const auto quantizer = trained(make_discrete, bits, w);
    const LevelProbabilities p = *quantizer->probabilities();
    EXPECT_EQ(p.levels.size(), (std::size_t{1} << bits) - 1);
    EXPECT_TRUE(torch::allclose(p.probabilities.sum(0), torch::ones(kShape), 1e-5, 1e-5));
    EXPECT_GT(p.probabilities.min().item<double>(), 0.001);
    const torch::Tensor mean = quantizer->moments()->mean;
    const double correlation = ((mean * w).sum() / (mean.norm() * w.norm())).item<double>();
    EXPECT_GT(correlation, 0.95) << bits;
  }
}

// Local reparameterization: means and variances of a convolution's outputs, from the moments of the weights,
// against the same convolution with weights drawn from the probabilities.
TEST(WeightDistributions, MomentsOfSumsAgreeWithMonteCarlo) {
  for (const int bits : {1, 2, 3}) {
    const auto quantizer = trained(make_discrete, bits, weights());
    const torch::NoGradGuard no_gradient;
    const Moments m = *quantizer->moments();
    const torch::Tensor x = torch::randn({2, 3, 3, 6});
    const torch::Tensor w = m.mean.reshape({4, -1});
    const torch::Tensor mean = x.reshape({2, -1}).matmul(w.t());
    const torch::Tensor variance = x.square().reshape({2, -1}).matmul(m.variance.reshape({4, -1}).t());
    constexpr std::int64_t kSamples = 20000;
    const torch::Tensor sums = torch::matmul(
        draw(*quantizer->probabilities(), kSamples).reshape({kSamples, 4, -1}), x.reshape({2, -1}).t());
    const torch::Tensor sampled_mean = sums.mean(0).t();
    const torch::Tensor sampled_variance = sums.var(0).t();
    EXPECT_TRUE(torch::allclose(mean, sampled_mean, 0,
                                5 * variance.max().sqrt().item<double>() / std::sqrt(kSamples)));
    EXPECT_TRUE(torch::allclose(variance, sampled_variance, 0.07, 0));
  }
}

TEST(WeightDistributions, RelaxedSamplesApproachTheDistributionAsTheTemperatureFalls) {
  const auto quantizer = trained(make_gumbel, 2, weights());
  const torch::NoGradGuard no_gradient;
  const torch::Tensor scale = torch::tensor(quantizer->probabilities()->scale).reshape({4, 1, 1, 1});
  double last = 1;
  for (const double progress : {0.0, 0.5, 0.99}) {
    quantizer->set_progress(progress);
    const torch::Tensor u = quantizer->forward(weights(), true) / scale;
    const double distance = (u - u.round()).abs().mean().item<double>();
    EXPECT_LT(distance, last);
    last = distance;
  }
}

TEST(WeightDistributions, PenaltiesPullAsTheySay) {
  for (const auto& [make, sign] :
       {std::pair{MakeQuantizer{make_discrete}, -1.0}, {MakeQuantizer{make_gumbel}, 1.0}}) {
    const auto quantizer = trained(make, 2, weights());
    quantizer->set_progress(1);
    const auto entropy = [&] {
      const torch::Tensor p = quantizer->probabilities()->probabilities;
      return -(p * p.log()).sum().item<double>();
    };
    const double before = entropy();
    torch::Tensor logits;
    for (const Parameter& p : quantizer->parameters())
      if (p.name == "logits") logits = p.tensor;
    quantizer->penalty().backward();
    {
      const torch::NoGradGuard no_gradient;
      logits.sub_(logits.grad() * (0.01 / logits.grad().abs().max()));
    }
    // Entropy falls for the settling penalty, and rises towards the uniform prior.
    EXPECT_GT((entropy() - before) * sign, 0);
  }
}

// A small network, its weights distributions but those of the first and last layer.
Network bayesian_network(const std::string& method, int bits) {
  QuantizerPolicy policy;
  policy.bits = {bits, 4};
  NetworkOptions options;
  options.weights = method;
  torch::manual_seed(4);
  return Network(quantizer_network(zoo_model("cnn?width=4&resolution=12&channels=1"), policy), options);
}

// Layers sample what their weights' moments say; outside training the most probable network answers.
TEST(WeightDistributions, LayersSampleInTrainingOnly) {
  Network network = bayesian_network("discrete", 2);
  const torch::Tensor x = torch::randn({16, 12, 12, 1});
  network.initialize_quantizers(x);
  network.set_statistics(Statistics::Running);
  const torch::Tensor y = network.forward(x, true);
  EXPECT_FALSE(torch::equal(y, network.forward(x, true)));
  EXPECT_TRUE(torch::equal(network.forward(x, false), network.forward(x, false)));
  (y.square().mean() + network.penalty()).backward();
  std::size_t learned = 0;
  for (const Parameter& p : network.parameters())
    if (p.name.ends_with("/logits")) {
      ++learned;
      EXPECT_GT(p.tensor.grad().abs().max().item<double>(), 0) << p.name;
      EXPECT_TRUE(p.tensor.grad().isfinite().all().item<bool>()) << p.name;
    }
  EXPECT_GE(learned, 1U);
}

// The posterior names the weights of the exported model, also after it was written and read.
TEST(WeightDistributions, ThePosteriorBelongsToTheExportedModel) {
  Network network = bayesian_network("gumbel", 2);
  network.initialize_quantizers(torch::randn({16, 12, 12, 1}));
  const WeightPosterior posterior = network.posterior();
  ASSERT_GE(posterior.size(), 1U);
  const TemporaryFolder folder;
  for (const char* name : {"net.mote", "net.onnx"}) {
    SCOPED_TRACE(name);
    write_model(folder.path() / name, network.exported());
    Rng rng(1);
    const Graph drawn =
        draw_weights(import_model(folder.path() / name, {.lower = false, .observer = {}}), posterior, rng);
    EXPECT_FALSE(drawn == network.exported());
  }
}

}  // namespace
}  // namespace mote::train
