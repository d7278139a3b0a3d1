// The uniform quantizers of src/train/quantizers: the graph gets what training computed, and each method has
// its defining property.
#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "ir/patch.h"
#include "ops/quant.h"
#include "run/interpreter.h"
#include "train/quantizers/ste.h"
#include "train/quantizers/uniform.h"

namespace mote::train {
namespace {

using Make = std::unique_ptr<Quantizer> (*)(const QuantizerSpec&);
struct Method {
  const char* name;
  Make make;
  bool weights, activations;
};
constexpr Method kMethods[] = {{"lsq", make_lsq, true, true},
                               {"lsq_plus", make_lsq_plus, true, true},
                               {"pact", make_pact, false, true},
                               {"dorefa", make_dorefa, true, true},
                               {"learned_interval", make_learned_interval, true, false},
                               {"ste_identity", make_ste_identity, true, true},
                               {"ste_clipped", make_ste_clipped, true, true},
                               {"ste_tanh", make_ste_tanh, true, true}};

QuantizerSpec weight_spec(int bits, int axis, std::int64_t channels) {
  return {bits, true, true, axis, true, channels};
}
QuantizerSpec activation_spec(int bits, bool is_signed) { return {bits, is_signed, false, -1, false, 1}; }

Tensor to_tensor(const torch::Tensor& x) {
  const torch::Tensor flat = x.detach().contiguous();
  return Tensor::reals(Shape(x.sizes().begin(), x.sizes().end()),
                       {flat.data_ptr<float>(), flat.data_ptr<float>() + flat.numel()});
}

// The exported node on x, by the oracle.
Tensor by_the_graph(const ExportedQuant& e, const torch::Tensor& x) {
  Patch patch;
  const Tensor input = to_tensor(x);
  auto quant = std::make_shared<Quant>();
  quant->bits = e.bits;
  quant->is_signed = e.is_signed;
  quant->narrow = e.narrow;
  quant->rounding = e.rounding;
  Shape shape;
  if (e.axis >= 0) {
    shape.assign(input.type().shape.size(), 1);
    shape[static_cast<std::size_t>(e.axis)] = static_cast<std::int64_t>(e.scale.size());
  }
  const ValueId in = patch.add_input("x", input.type());
  const ValueId scale = patch.add_constant("scale", Tensor::reals(shape, e.scale));
  const ValueId zero = patch.add_constant("zero", Tensor::reals({}, {e.zero_point}));
  patch.add_output(patch.add(quant, {in, scale, zero}));
  return interpret(std::move(patch).apply(), {input})[0];
}

void expect_same(const torch::Tensor& got, const Tensor& expected) {
  const Tensor values = to_tensor(got);
  for (std::int64_t i = 0; i < values.type().elements(); ++i)
    ASSERT_EQ(values.real_at(i), expected.real_at(i)) << "element " << i;
}

TEST(UniformQuantizers, TheGraphGetsWhatTrainingComputed) {
  torch::manual_seed(1);
  const torch::Tensor w = torch::randn({6, 3, 3, 5}) * torch::rand({6, 1, 1, 1});
  const torch::Tensor x = torch::randn({4, 8, 8, 6}) * 3;
  for (const Method& method : kMethods)
    for (int bits = 2; bits <= 8; ++bits) {
      SCOPED_TRACE(method.name + std::string(" ") + std::to_string(bits));
      for (const int axis : {-1, 0, 3}) {
        if (!method.weights) continue;
        const auto quantizer = method.make(weight_spec(bits, axis, w.size(std::max(axis, 0))));
        quantizer->initialize(w);
        const ExportedQuant e = quantizer->exported(w);
        ASSERT_TRUE(e.values.has_value());
        expect_same(*e.values, by_the_graph(e, *e.values));
        expect_same(quantizer->forward(w, false), by_the_graph(e, *e.values));
      }
      for (const bool is_signed : {false, true}) {
        if (!method.activations) continue;
        const auto quantizer = method.make(activation_spec(bits, is_signed));
        quantizer->initialize(is_signed ? x : x.relu());
        const ExportedQuant e = quantizer->exported({});
        expect_same(quantizer->forward(x, false), by_the_graph(e, x));
        expect_same(quantizer->forward(x, true), by_the_graph(e, x));
      }
    }
}

TEST(UniformQuantizers, ThoseThatClipBelowZeroStandForTheirRelu) {
  torch::manual_seed(2);
  const torch::Tensor g = torch::randn({2, 5, 5, 3});
  for (const Method& method : kMethods) {
    if (!method.activations) continue;
    const auto quantizer = method.make(activation_spec(4, false));
    torch::Tensor a = torch::randn({2, 5, 5, 3});
    torch::Tensor b = a.clone();
    quantizer->initialize(a.relu());
    if (!quantizer->clips_below_zero()) continue;
    a.requires_grad_();
    b.requires_grad_();
    const torch::Tensor ya = quantizer->forward(a, true);
    const torch::Tensor yb = quantizer->forward(b.relu(), true);
    EXPECT_TRUE(torch::equal(ya, yb)) << method.name;
    (ya * g).sum().backward();
    (yb * g).sum().backward();
    EXPECT_TRUE(torch::equal(a.grad(), b.grad())) << method.name;
  }
}

// Esser et al., equation 3, element by element, at four steps.
TEST(Lsq, GradientOfTheStepIsTheRoundingErrorInsideAndTheLevelOutside) {
  const torch::Tensor x = torch::tensor({0.3F, 1.7F, -0.8F, 9.0F, -9.0F}).requires_grad_();
  const torch::Tensor step = torch::full({1}, 0.5F).requires_grad_();
  const Grid grid{-4, 3};
  const double scale = 0.25;
  quantize_with_step(x, step, {}, {grid, -1, StepGradient::Learned, scale}).sum().backward();
  // v = 0.6, 3.4, -1.6, 18, -18
  const double expected = (1 - 0.6) + 3 + (-2 + 1.6) + 3 + -4;
  EXPECT_NEAR(step.grad()[0].item<float>(), scale * expected, 1e-6);
  EXPECT_TRUE(torch::equal(x.grad(), torch::tensor({1.0F, 0.0F, 1.0F, 0.0F, 0.0F})));
}

TEST(Lsq, StepsPerAxisHaveTheGradientsOfTheirOwnChannels) {
  torch::manual_seed(3);
  const torch::Tensor g = torch::randn({2, 3, 4});
  torch::Tensor x = torch::randn({2, 3, 4});
  torch::Tensor step = torch::rand({3}) + 0.1;
  step.requires_grad_();
  StepOptions options{{-3, 3}, 1, StepGradient::Learned, 0.5};
  (quantize_with_step(x, step, {}, options) * g).sum().backward();
  options.axis = -1;
  for (std::int64_t c = 0; c < 3; ++c) {
    const torch::Tensor one = step.detach().slice(0, c, c + 1).clone().requires_grad_();
    (quantize_with_step(x.select(1, c), one, {}, options) * g.select(1, c)).sum().backward();
    EXPECT_NEAR(one.grad()[0].item<float>(), step.grad()[c].item<float>(), 1e-5);
  }
}

TEST(Lsq, StartsAsThePaperDoesAndLearnsAStepThatFits) {
  torch::manual_seed(4);
  const torch::Tensor w = torch::randn({1, 1000});
  const auto quantizer = make_lsq(weight_spec(3, -1, 1));
  quantizer->initialize(w);
  torch::Tensor step = quantizer->parameters()[0].tensor;
  EXPECT_NEAR(step[0].item<float>(), 2 * w.abs().mean().item<float>() / std::sqrt(3.0F), 1e-5);
  EXPECT_EQ(quantizer->parameters()[0].role, Role::Quantizer) << "no weight decay";
  const auto error = [&] { return (quantizer->forward(w, true) - w).square().sum(); };
  const float before = error().item<float>();
  for (int i = 0; i < 300; ++i) {
    error().backward();
    const torch::NoGradGuard no_gradient;
    step.sub_(step.grad() * 5e-3);
    step.grad().zero_();
  }
  EXPECT_LT(error().item<float>(), 0.9F * before);
  const torch::Tensor best = least_squares_step(w, weight_spec(3, -1, 1));
  EXPECT_NEAR(step[0].item<float>(), best[0].item<float>(), 0.08F * best[0].item<float>());
}

TEST(Lsq, AStepNeverJumps) {
  const torch::Tensor w = torch::tensor({-1.0F, 0.2F, 0.7F});
  for (const auto make : {make_lsq, make_lsq_plus}) {
    const auto quantizer = make(weight_spec(8, -1, 1));
    quantizer->initialize(w);
    torch::Tensor step = quantizer->parameters()[0].tensor;
    const float before = step[0].item<float>();
    {
      const torch::NoGradGuard no_gradient;
      step.fill_(-3);  // what an optimizer might do
    }
    quantizer->forward(w, true);
    EXPECT_NEAR(step[0].item<float>(), before / 1.02F, 1e-6);
    {
      const torch::NoGradGuard no_gradient;
      step.fill_(1000);
    }
    quantizer->forward(w, true);
    EXPECT_NEAR(step[0].item<float>(), before, 1e-6);
  }
}

TEST(LsqPlus, AnOffsetUsesTheWholeGridForUnevenValuesAndKeepsZeroExact) {
  torch::manual_seed(5);
  const torch::Tensor x = torch::randn({8, 100}) + 1.5;  // a few below zero
  const auto with_offset = make_lsq_plus(activation_spec(4, true));
  const auto without = make_ste_clipped(activation_spec(4, true));
  with_offset->initialize(x);
  without->initialize(x);
  const auto error = [&](Quantizer& q) { return (q.forward(x, false) - x).square().mean().item<float>(); };
  EXPECT_LT(error(*with_offset), 0.7F * error(*without));
  EXPECT_EQ(with_offset->forward(torch::zeros({1, 3}), false).abs().max().item<float>(), 0);
  const ExportedQuant e = with_offset->exported({});
  EXPECT_EQ(e.zero_point, std::round(e.zero_point));
  EXPECT_LT(e.zero_point, 0);
  EXPECT_GE(e.zero_point, -8);
}

// Choi et al., equation 3.
TEST(Pact, OnlyClippedValuesMoveTheBound) {
  const auto quantizer = make_pact(activation_spec(2, false));
  torch::Tensor alpha = quantizer->parameters()[0].tensor;
  {
    const torch::NoGradGuard no_gradient;
    alpha.fill_(3);
  }
  const torch::Tensor x = torch::tensor({-1.0F, 0.4F, 2.0F, 3.5F, 8.0F}).requires_grad_();
  const torch::Tensor y = quantizer->forward(x, false);
  EXPECT_TRUE(torch::equal(y, torch::tensor({0.0F, 0.0F, 2.0F, 3.0F, 3.0F})));
  (y * torch::tensor({1.0F, 2.0F, 3.0F, 5.0F, 7.0F})).sum().backward();
  EXPECT_NEAR(alpha.grad()[0].item<float>(), 12, 1e-5);
  EXPECT_TRUE(torch::equal(x.grad(), torch::tensor({0.0F, 2.0F, 3.0F, 0.0F, 0.0F})));
}

TEST(Dorefa, WeightsAreTheOddMultiplesOfTheLeastOne) {
  torch::manual_seed(6);
  const torch::Tensor w = torch::randn({4, 200});
  for (const int bits : {2, 3, 4}) {
    const auto quantizer = make_dorefa(weight_spec(bits, 0, 4));
    quantizer->initialize(w);
    const ExportedQuant e = quantizer->exported(w);
    std::set<int> levels;
    const torch::Tensor q = (*e.values / torch::tensor(e.scale).reshape({4, 1})).contiguous();
    for (std::int64_t i = 0; i < q.numel(); ++i) {
      const float level = std::round(q.data_ptr<float>()[i]);
      EXPECT_NEAR(q.data_ptr<float>()[i], level, 1e-4);
      levels.insert(static_cast<int>(level));
    }
    EXPECT_EQ(levels.size(), std::size_t{1} << bits);
    for (const int level : levels) EXPECT_TRUE(level % 2 != 0) << level;
    EXPECT_EQ(*levels.rbegin(), (1 << bits) - 1);
  }
}

TEST(LearnedInterval, PrunesBelowAndClipsAboveIt) {
  const auto quantizer = make_learned_interval(weight_spec(8, -1, 1));
  quantizer->initialize(torch::tensor({-1.0F, 1.0F}));
  {
    const torch::NoGradGuard no_gradient;
    for (Parameter& p : quantizer->parameters()) {
      if (p.name == "center") p.tensor.fill_(0.5F);
      if (p.name == "half_width") p.tensor.fill_(0.3F);
    }
  }
  const torch::Tensor w = torch::tensor({0.1F, -0.19F, 0.5F, -0.5F, 0.81F, -0.95F}).requires_grad_();
  const torch::Tensor y = quantizer->forward(w, true);
  EXPECT_NEAR((y / y[4]).sub(torch::tensor({0.0F, 0.0F, 0.5F, -0.5F, 1.0F, -1.0F})).abs().max().item<float>(),
              0, 0.01);
  y.sum().backward();
  EXPECT_EQ(w.grad()[0].item<float>(), 0) << "pruned weights do not move";
  EXPECT_GT(w.grad()[2].item<float>(), 0);
  EXPECT_EQ(w.grad()[4].item<float>(), 0) << "clipped ones neither";
  for (const Parameter& p : quantizer->parameters())
    EXPECT_TRUE(std::isfinite(p.tensor.grad()[0].item<float>())) << p.name;
}

TEST(StraightThrough, SlopesHaveTheirShapes) {
  const torch::Tensor t = torch::tensor({-3.0F, -1.0F, 0.0F, 0.5F, 2.0F});
  EXPECT_TRUE(torch::equal(slope(Estimator::Identity, t), torch::ones({5})));
  EXPECT_TRUE(torch::equal(slope(Estimator::Clipped, t), torch::tensor({0.0F, 1.0F, 1.0F, 1.0F, 0.0F})));
  const torch::Tensor soft = slope(Estimator::Tanh, t);
  EXPECT_EQ(soft[2].item<float>(), 1);
  EXPECT_NEAR(soft[1].item<float>(), 1 - std::pow(std::tanh(1.0), 2), 1e-6);
  EXPECT_LT(soft[0].item<float>(), 0.01F);
  const torch::Tensor w = torch::tensor({-9.0F, 0.3F}).requires_grad_();
  const auto quantizer = make_ste_identity(weight_spec(4, -1, 1));
  quantizer->initialize(torch::randn({100}));
  quantizer->forward(w, true).sum().backward();
  EXPECT_TRUE(torch::equal(w.grad(), torch::ones({2})));
}

TEST(LeastSquaresStep, BeatsEveryOtherStepAndMendsEmptyChannels) {
  torch::manual_seed(7);
  torch::Tensor w = torch::randn({3, 500});
  w.select(0, 1).zero_();
  const QuantizerSpec spec = weight_spec(4, 0, 3);
  const torch::Tensor step = least_squares_step(w, spec);
  EXPECT_GT(step[1].item<float>(), 0);
  const auto error = [&](const torch::Tensor& s) {
    return (quantize_with_step(w, s, {}, {grid_of(spec), 0}) - w).square().sum(1);
  };
  for (const double factor : {0.7, 0.9, 1.1, 1.4})
    EXPECT_TRUE((error(step) <= error(step * factor)).all().item<bool>()) << factor;
}

}  // namespace
}  // namespace mote::train
