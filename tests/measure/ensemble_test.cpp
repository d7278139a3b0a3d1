#include "measure/ensemble.h"

#include <gtest/gtest.h>

#include <cmath>
#include <memory>

#include "base/error.h"
#include "base/process.h"
#include "ir/patch.h"
#include "ops/fully_connected.h"
#include "ops/reshape.h"

namespace mote {
namespace {

class Ensemble : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!find_program("cc")) GTEST_SKIP() << "no C compiler";
  }
};

// One pixel x: scores 0 and w x.
Graph network() {
  Patch p;
  const ValueId x = p.add_input("x", {{1, 1, 1, 1}, Encoding::real(), {}});
  auto reshape = std::make_shared<Reshape>();
  reshape->shape = {1, 1};
  p.add_output(p.add(std::make_shared<FullyConnected>(),
                     {p.add(reshape, {x}), p.add_constant("w", Tensor::reals({2, 1}, {0, 1}))}));
  return std::move(p).apply();
}

// Weight 1 is +1 or -1, each half of the time.
WeightPosterior coin() { return {{"w", {2, 1}, {-1, 0, 1}, -1, {1.0F}, {0, 0.5F, 1, 0, 0, 0.5F}}}; }

data::Samples bright_pixels() {
  data::Samples samples = data::allocate_samples(data::ElementKind::kImage, {1, 1, 1}, 20);
  for (std::size_t i = 0; i < samples.count; ++i) {
    samples.pixels[i] = 200;
    samples.labels[i] = 1;
  }
  return samples;
}

// Every draw is sure, and draws contradict each other: all uncertainty is about the weights.
TEST_F(Ensemble, DisagreementOfSureDrawsIsMutualInformation) {
  std::size_t prepared = 0;
  const auto prepare = [&](const Graph& graph) {
    ++prepared;
    return graph;
  };
  const EnsembleEvaluation e = evaluate_ensemble(network(), coin(), 3, 3, prepare, bright_pixels());
  EXPECT_EQ(prepared, 4U);
  EXPECT_EQ(e.most_probable_uncertainty.accuracy, 1);
  EXPECT_LT(e.most_probable_uncertainty.predictive_entropy, 1e-9);
  EXPECT_GT(e.mean_accuracy, 0.1);
  EXPECT_LT(e.mean_accuracy, 0.9);
  const double p = e.mean_accuracy;  // of class 1
  const double entropy = -p * std::log(p) - (1 - p) * std::log(1 - p);
  EXPECT_NEAR(e.ensemble.predictive_entropy, entropy, 1e-6);
  EXPECT_NEAR(e.mutual_information, entropy, 1e-6);
}

TEST_F(Ensemble, WithoutLabelsThereIsNothingToJudge) {
  data::Samples samples = bright_pixels();
  samples.labels[0] = data::kNoLabel;
  EXPECT_THROW(evaluate_ensemble(
                   network(), coin(), 1, 1, [](const Graph& g) { return g; }, samples),
               UserError);
}

}  // namespace
}  // namespace mote
