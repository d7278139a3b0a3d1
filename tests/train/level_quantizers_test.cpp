// The quantizers whose levels are not a plain learned uniform grid: what each is defined by.
#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "train/quantizers/lq_nets.h"
#include "train/quantizers/methods.h"
#include "train/quantizers/rows.h"
#include "train/quantizers/sign_activation.h"

namespace mote::train {
namespace {

struct Method {
  const char* name;
  MakeQuantizer make;
  int bits;
};

// Binary, ternary and codebook methods at every width that they have.
const std::vector<Method> kMethods = {{"binary_connect", make_binary_connect, 1},
                                      {"bnn", make_bnn, 1},
                                      {"xnor_net", make_xnor_net, 1},
                                      {"bi_real", make_bi_real, 1},
                                      {"twn", make_twn, 2},
                                      {"ttq", make_ttq, 2},
                                      {"kmeans", make_kmeans, 2},
                                      {"kmeans", make_kmeans, 3},
                                      {"kmeans", make_kmeans, 4},
                                      {"lq_nets", make_lq_nets, 2},
                                      {"lq_nets", make_lq_nets, 3},
                                      {"lq_nets", make_lq_nets, 4},
                                      {"inq", make_inq, 2},
                                      {"inq", make_inq, 3},
                                      {"inq", make_inq, 4},
                                      {"apot", make_apot, 2},
                                      {"apot", make_apot, 3},
                                      {"apot", make_apot, 4},
                                      {"soft", make_soft, 2},
                                      {"soft", make_soft, 4},
                                      {"discrete", make_discrete, 1},
                                      {"discrete", make_discrete, 2},
                                      {"discrete", make_discrete, 4},
                                      {"gumbel", make_gumbel, 1},
                                      {"gumbel", make_gumbel, 2},
                                      {"gumbel", make_gumbel, 3}};

const std::vector<std::int64_t> kShape = {6, 3, 3, 5};

QuantizerSpec spec_of(int bits, int axis) {
  return {.bits = bits,
          .is_signed = true,
          .narrow = true,
          .axis = axis,
          .weights = true,
          .channels = axis < 0 ? 1 : kShape[static_cast<std::size_t>(axis)],
          .shape = kShape};
}

// Channels of different magnitude, as after folding batch normalization.
torch::Tensor weights(std::uint64_t seed = 1) {
  torch::manual_seed(seed);
  return torch::randn(kShape) * torch::tensor({0.02F, 0.1F, 0.5F, 0.05F, 0.2F, 1.0F}).reshape({6, 1, 1, 1}) *
         0.3;
}

// A few steps of gradient descent towards other weights.
void train(Quantizer& quantizer, torch::Tensor& w, int steps) {
  const torch::Tensor wanted = weights(7);
  std::vector<torch::Tensor> leaves = {w};
  for (const Parameter& p : quantizer.parameters()) leaves.push_back(p.tensor);
  for (int step = 0; step < steps; ++step) {
    quantizer.set_progress(static_cast<double>(step) / steps);
    const auto moments = quantizer.moments();
    torch::Tensor loss = ((moments ? moments->mean : quantizer.forward(w, true)) - wanted).square().sum();
    if (const torch::Tensor penalty = quantizer.penalty(); penalty.defined()) loss = loss + penalty;
    loss.backward();
    const torch::NoGradGuard no_gradient;
    for (torch::Tensor& leaf : leaves) {
      if (!leaf.grad().defined()) continue;
      ASSERT_TRUE(leaf.grad().isfinite().all().item<bool>());
      leaf.sub_(leaf.grad() * 0.02);
      leaf.mutable_grad().zero_();
    }
  }
  quantizer.set_progress(1);
}

// Quantizing the exported values by the exported node changes nothing, they are what forward gives, and they
// stand on few integers.
void expect_on_levels(Quantizer& quantizer, const torch::Tensor& w, const QuantizerSpec& spec) {
  const ExportedQuant e = quantizer.exported(w);
  ASSERT_TRUE(e.values.has_value());
  EXPECT_TRUE(torch::equal(quantizer.forward(w, false), *e.values));
  EXPECT_EQ(e.axis, spec.axis);
  ASSERT_EQ(static_cast<std::int64_t>(e.scale.size()), row_count(spec));
  EXPECT_EQ(e.bipolar, spec.bits == 1);
  EXPECT_TRUE(e.is_signed && (e.narrow || e.bipolar));
  const torch::Tensor rows = to_rows(*e.values, spec.axis);
  const torch::Tensor scale = torch::tensor(e.scale).reshape({-1, 1});
  const torch::Tensor q = (rows / scale).round();
  EXPECT_TRUE(torch::equal(q * scale, rows));
  EXPECT_LE(q.abs().max().item<double>(), e.bipolar ? 1.0 : std::exp2(e.bits - 1) - 1);
  const std::vector<float> levels = to_floats(q);
  const std::set<float> distinct(levels.begin(), levels.end());
  EXPECT_LE(distinct.size(), std::size_t{1} << spec.bits);
  EXPECT_GE(distinct.size(), 2U);
}

TEST(LevelQuantizers, ValuesStandOnFewIntegersBeforeAndAfterTraining) {
  for (const Method& method : kMethods)
    for (const int axis : {-1, 0, 3}) {
      SCOPED_TRACE(std::string(method.name) + " bits " + std::to_string(method.bits) + " axis " +
                   std::to_string(axis));
      const QuantizerSpec spec = spec_of(method.bits, axis);
      const auto quantizer = method.make(spec);
      torch::Tensor w = weights().requires_grad_();
      quantizer->initialize(w);
      expect_on_levels(*quantizer, w, spec);
      train(*quantizer, w, 8);
      expect_on_levels(*quantizer, w, spec);
    }
}

TEST(LevelQuantizers, TrainingBringsTheValuesNearerToTheirAim) {
  for (const Method& method : kMethods) {
    SCOPED_TRACE(std::string(method.name) + " bits " + std::to_string(method.bits));
    const auto quantizer = method.make(spec_of(method.bits, 0));
    torch::Tensor w = weights().requires_grad_();
    quantizer->initialize(w);
    const auto distance = [&] {
      return (quantizer->forward(w, false) - weights(7)).square().sum().item<double>();
    };
    const double before = distance();
    train(*quantizer, w, 100);
    EXPECT_LT(distance(), before);
  }
}

TEST(LevelQuantizers, RowsOfZerosAreHarmless) {
  for (const Method& method : kMethods) {
    SCOPED_TRACE(method.name);
    const QuantizerSpec spec = spec_of(method.bits, 0);
    const auto quantizer = method.make(spec);
    torch::Tensor w = weights();
    w[2].zero_();
    w.requires_grad_();
    quantizer->initialize(w);
    quantizer->forward(w, true).sum().backward();
    for (const float scale : quantizer->exported(w).scale) EXPECT_TRUE(std::isnormal(scale) && scale > 0);
    EXPECT_TRUE(quantizer->forward(w, false).isfinite().all().item<bool>());
  }
}

TEST(BinaryConnect, WeightsAreClippedAndTheGradientPassesUnchanged) {
  const auto quantizer = make_binary_connect(spec_of(1, -1));
  torch::Tensor w = weights().requires_grad_();
  const double bound = w.abs().mean().item<double>();
  quantizer->initialize(w);
  const torch::Tensor y = quantizer->forward(w, true);
  EXPECT_NEAR(w.abs().max().item<double>(), bound, 1e-6);
  EXPECT_TRUE(torch::allclose(y.abs(), torch::full_like(y, bound)));
  const torch::Tensor g = torch::randn(kShape);
  y.backward(g);
  EXPECT_TRUE(torch::equal(w.grad(), g));
}

TEST(XnorNet, TheScaleIsTheMeanMagnitudeOfTheFilter) {
  const auto quantizer = make_xnor_net(spec_of(1, 0));
  const torch::Tensor w = weights();
  const torch::Tensor y = quantizer->forward(w, false);
  const torch::Tensor mean = w.abs().mean({1, 2, 3}, true);
  EXPECT_TRUE(torch::allclose(y, torch::where(w >= 0, mean, -mean)));
}

TEST(SignActivations, GradientsAreThoseOfTheirSurrogates) {
  const auto x = [] { return torch::tensor({-1.5F, -1.0F, -0.25F, 0.0F, 0.5F, 2.0F}); };
  const QuantizerSpec spec{.bits = 1, .is_signed = true, .narrow = true, .weights = false};
  const auto gradient = [&](MakeQuantizer make) {
    torch::Tensor leaf = x().requires_grad_();
    const torch::Tensor y = make(spec)->forward(leaf, true);
    EXPECT_TRUE(torch::equal(y, torch::tensor({-1.0F, -1.0F, -1.0F, 1.0F, 1.0F, 1.0F})));
    y.sum().backward();
    return leaf.grad();
  };
  EXPECT_TRUE(torch::equal(gradient(make_bnn), torch::tensor({0.0F, 1.0F, 1.0F, 1.0F, 1.0F, 0.0F})));
  EXPECT_TRUE(torch::equal(gradient(make_bi_real), torch::tensor({0.0F, 0.0F, 1.5F, 2.0F, 1.0F, 0.0F})));
  const auto scaled = make_xnor_net(spec);
  scaled->initialize(x());
  EXPECT_NEAR(scaled->exported({}).scale.at(0), 0.875, 1e-6);
}

TEST(Twn, ThresholdAndScaleAreThePapers) {
  const torch::Tensor w =
      torch::tensor({0.1F, -0.2F, 0.9F, -1.1F, 0.5F, 0.4F, -0.05F, 0.3F}).reshape({2, 1, 1, 4});
  const auto quantizer = make_twn(spec_of(2, 0));
  // Row 0: threshold 0.7 * 0.575, scale (0.9 + 1.1) / 2; row 1: threshold 0.7 * 0.3125, scale 0.4.
  const torch::Tensor expected =
      torch::tensor({0.0F, 0.0F, 1.0F, -1.0F, 0.4F, 0.4F, 0.0F, 0.4F}).reshape({2, 1, 1, 4});
  EXPECT_TRUE(torch::allclose(quantizer->forward(w, false), expected));
}

TEST(Ttq, BothLevelsAreLearnedAndMayDiffer) {
  const auto quantizer = make_ttq(spec_of(2, -1));
  torch::Tensor w = torch::where(weights() > 0, weights() * 3, weights()).requires_grad_();
  quantizer->initialize(w);
  const torch::Tensor q =
      (quantizer->exported(w).values.value() / quantizer->exported(w).scale.at(0)).round();
  EXPECT_EQ(q.max().item<float>(), 127);
  EXPECT_LT(-q.min().item<float>(), 80);
  quantizer->forward(w, true).square().sum().backward();
  for (const Parameter& p : quantizer->parameters()) EXPECT_GT(p.tensor.grad().abs().item<double>(), 0);
}

TEST(KMeans, TheGradientOfACentroidIsTheSumOverItsCluster) {
  const auto quantizer = make_kmeans(spec_of(3, -1));
  const torch::Tensor w = weights();
  quantizer->initialize(w);
  const torch::Tensor g = torch::randn(kShape);
  quantizer->forward(w, true).backward(g);
  torch::Tensor clusters;
  for (const NamedTensor& b : quantizer->buffers())
    if (b.name == "clusters") clusters = b.tensor.flatten();
  const torch::Tensor sums = torch::zeros({8}).index_add_(0, clusters, g.flatten());
  const torch::Tensor counts = torch::bincount(clusters, {}, 8).clamp_min(1);
  EXPECT_TRUE(torch::allclose(quantizer->parameters().at(0).tensor.grad() * counts.sqrt(), sums, 1e-4, 1e-4));
  // Lloyd's algorithm has come to rest: every weight is nearest to its own centroid.
  const torch::Tensor nearest =
      nearest_level(w, std::get<0>(quantizer->parameters().at(0).tensor.detach().sort()));
  EXPECT_LT((nearest - quantizer->forward(w, false)).abs().max().item<double>(),
            w.abs().max().item<double>() / 90);
}

TEST(LqNets, MinimizationNeverIncreasesTheError) {
  for (const int bits : {1, 2, 3, 4})
    for (std::uint64_t seed = 0; seed < 5; ++seed) {
      const torch::Tensor rows = weights(seed).reshape({6, -1}).to(torch::kDouble);
      LearnedBasis current{torch::full({6, 1}, 0.05, torch::kDouble),
                           torch::rand({bits}, torch::kDouble) + 0.1};
      double error = quantization_error(rows, current);
      for (int i = 0; i < 20; ++i) {
        current = minimize_error(rows, current);
        const double next = quantization_error(rows, current);
        EXPECT_LE(next, error * (1 + 1e-9)) << "bits " << bits << " seed " << seed << " step " << i;
        error = next;
      }
    }
}

TEST(Inq, WhatIsFrozenNeverChangesAndPortionsFollowTheProgress) {
  const auto quantizer = make_inq(spec_of(3, 0));
  torch::Tensor w = weights();
  quantizer->initialize(w);
  torch::Tensor frozen, values, before, before_values;
  for (const NamedTensor& b : quantizer->buffers()) {
    if (b.name == "frozen") frozen = b.tensor;
    if (b.name == "values") values = b.tensor;
  }
  before = torch::zeros(kShape, torch::kBool);
  before_values = torch::zeros(kShape);
  for (const auto& [progress, portion] : {std::pair{0.0, 0.5}, {0.3, 0.75}, {0.5, 0.875}, {0.75, 1.0}}) {
    quantizer->set_progress(progress);
    const torch::Tensor y = quantizer->forward(w, true);
    EXPECT_NEAR(frozen.to(torch::kFloat).mean().item<double>(), portion, 2.0 / 270);
    EXPECT_TRUE(torch::equal(torch::where(before, values, before_values), before_values));
    EXPECT_TRUE(torch::equal(torch::where(frozen, y, w), y));
    before = frozen.clone();
    before_values = torch::where(frozen, values, torch::zeros(kShape));
    w = w + torch::randn(kShape) * 0.05;  // what an optimizer would do
  }
  EXPECT_TRUE(torch::equal(quantizer->forward(w, false), values));
  const torch::Tensor q =
      (to_rows(values, 0) / torch::tensor(quantizer->exported(w).scale).reshape({-1, 1})).abs();
  const torch::Tensor powers = torch::where(q > 0, q.log2(), torch::zeros_like(q));
  EXPECT_TRUE(torch::equal(powers, powers.round()));
}

TEST(Apot, LevelsAreThePapersSumsOfPowersOfTwo) {
  torch::Tensor w = torch::linspace(-1, 1, 270).reshape(kShape);
  const auto quantizer = make_apot(spec_of(4, -1));
  quantizer->initialize(w);
  const ExportedQuant e = quantizer->exported(w);
  const std::vector<float> q = to_floats((*e.values / e.scale.at(0)).round());
  EXPECT_EQ(std::set<float>(q.begin(), q.end()),
            (std::set<float>{-10, -8, -6, -4, -3, -2, -1, 0, 1, 2, 3, 4, 6, 8, 10}));
}

TEST(Soft, TheStaircaseSharpensToTheHardOne) {
  const QuantizerSpec spec{.bits = 3, .is_signed = false, .narrow = false, .weights = false};
  const auto quantizer = make_soft(spec);
  const torch::Tensor x = torch::linspace(-0.2, 3, 500);
  quantizer->initialize(x);
  const torch::Tensor hard = quantizer->forward(x, false);
  double last = INFINITY;
  for (const double progress : {0.0, 0.3, 0.6, 0.79}) {
    quantizer->set_progress(progress);
    const double difference = (quantizer->forward(x, true) - hard).abs().mean().item<double>();
    EXPECT_LT(difference, last);
    last = difference;
  }
  quantizer->set_progress(0.9);
  EXPECT_TRUE(torch::equal(quantizer->forward(x, true), hard));
}

}  // namespace
}  // namespace mote::train
