#include "train/losses.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "ir/patch.h"
#include "ops/softmax.h"
#include "zoo/zoo.h"

namespace mote::train {
namespace {

const Graph kLogits = zoo_model("mlp?width=4&classes=3&resolution=2&channels=1");

LabelledSamples labelled(const std::vector<std::int32_t>& labels) {
  LabelledSamples given{data::allocate_samples(data::ElementKind::kTensor, {4}, labels.size()), {}};
  given.samples.labels = labels;
  return given;
}

Batch batch_of(const std::vector<std::int32_t>& labels) {
  Batch batch;
  batch.count = labels.size();
  batch.labels = labels;
  for (std::size_t i = 0; i < labels.size(); ++i) batch.indices.push_back(i);
  batch.inputs.assign(labels.size() * 4, 0.5F);
  return batch;
}

const torch::Tensor kOutput = torch::tensor({1.0F, 2.0F, 0.5F, -1.0F, 0.0F, 3.0F}).view({2, 3});

double log_probability(int row, int column) {
  double sum = 0;
  for (int c = 0; c < 3; ++c) sum += std::exp(kOutput[row][c].item<double>());
  return kOutput[row][column].item<double>() - std::log(sum);
}

TEST(Loss, CrossEntropyIsTheMeanOfMinusLogProbabilities) {
  const auto samples = labelled({1, 0});
  const Loss loss(kLogits, samples, LossKind::Auto, 0);
  EXPECT_EQ(loss.kind(), LossKind::CrossEntropy);
  const Batch batch = batch_of({1, 0});
  EXPECT_NEAR(loss.mean(kOutput, batch, true).item<double>(),
              -(log_probability(0, 1) + log_probability(1, 0)) / 2, 1e-6);
  EXPECT_EQ(loss.correct(kOutput, batch), 1U);
}

TEST(Loss, SmoothingAndMixupSpreadTheLabel) {
  const auto samples = labelled({1, 0});
  const Loss loss(kLogits, samples, LossKind::CrossEntropy, 0.3);
  Batch batch = batch_of({1, 0});
  batch.partners = {1, 0};
  batch.others = {0, 1};
  batch.share = 0.75;
  double wanted = 0;
  for (int row = 0; row < 2; ++row)
    for (int c = 0; c < 3; ++c) {
      double share = 0.1;
      if (c == batch.labels[static_cast<std::size_t>(row)]) share += 0.7 * 0.75;
      if (c == batch.others[static_cast<std::size_t>(row)]) share += 0.7 * 0.25;
      wanted -= share * log_probability(row, c) / 2;
    }
  EXPECT_NEAR(loss.mean(kOutput, batch, true).item<double>(), wanted, 1e-6);
  batch = batch_of({1, 0});  // evaluation knows no smoothing
  EXPECT_NEAR(loss.mean(kOutput, batch, false).item<double>(),
              -(log_probability(0, 1) + log_probability(1, 0)) / 2, 1e-6);
}

TEST(Loss, NetworksThatEndInSoftmaxGiveProbabilities) {
  Patch patch(kLogits);
  const ValueId logits = kLogits.outputs()[0];
  Softmax softmax;
  softmax.axis = 1;
  patch.set_outputs({patch.add(std::make_shared<Softmax>(softmax), {logits})});
  const Graph graph = std::move(patch).apply();
  const auto samples = labelled({1, 0});
  const Loss on_logits(kLogits, samples, LossKind::Auto, 0.1), on_shares(graph, samples, LossKind::Auto, 0.1);
  const Batch batch = batch_of({1, 0});
  EXPECT_NEAR(on_shares.mean(kOutput.softmax(1), batch, true).item<double>(),
              on_logits.mean(kOutput, batch, true).item<double>(), 1e-6);
}

TEST(Loss, SquaredErrorToTargetsOneHotAndInputs) {
  LabelledSamples samples = labelled({1, 0});
  const Batch batch = batch_of({1, 0});
  const Loss one_hot(kLogits, samples, LossKind::MeanSquaredError, 0);
  EXPECT_TRUE(one_hot.classifies());
  EXPECT_NEAR(one_hot.mean(kOutput, batch, true).item<double>(), (1 + 1 + 0.25 + 4 + 0 + 9) / 6, 1e-6);
  samples.targets = {1, 2, 3, 4, 5, 6};
  const Loss targets(kLogits, samples, LossKind::Auto, 0);
  EXPECT_EQ(targets.kind(), LossKind::MeanSquaredError);
  EXPECT_FALSE(targets.classifies());
  EXPECT_NEAR(targets.mean(kOutput, batch, true).item<double>(), (0 + 0 + 6.25 + 25 + 25 + 9) / 6, 1e-6);
}

TEST(Loss, RefusesSamplesWithoutWhatItNeeds) {
  EXPECT_THROW(Loss(kLogits, labelled({1, 3}), LossKind::Auto, 0), UserError);
  EXPECT_THROW(Loss(kLogits, labelled({1, data::kNoLabel}), LossKind::Auto, 0), UserError);
  EXPECT_THROW(Loss(kLogits, labelled({1, 0}), LossKind::Reconstruction, 0), UserError);
  LabelledSamples samples = labelled({1, 0});
  samples.targets = {1, 2, 3, 4, 5};
  EXPECT_THROW(Loss(kLogits, samples, LossKind::Auto, 0), UserError);
}

}  // namespace
}  // namespace mote::train
