#include "train/train.h"

#include <gtest/gtest.h>

#include <array>

#include "base/error.h"
#include "base/file.h"
#include "data/dataset.h"
#include "train/checkpoint.h"
#include "train/loader.h"
#include "train/train_data.h"
#include "zoo/zoo.h"

namespace mote::train {
namespace {

constexpr const char* kGlyphs = "synth:glyphs?train=4000&valid=300&test=300";

TrainData glyphs(std::size_t limit) {
  DataRequest request;
  request.specification = kGlyphs;
  request.shape = {1, 28, 28, 1};
  request.limit = limit;
  return load_train_data(request).data;
}

Graph small_cnn() { return zoo_model("cnn?width=4"); }

TrainOptions quick(std::uint64_t epochs) {
  TrainOptions options;
  options.epochs = epochs;
  options.batch = 50;
  options.threads = 1;
  options.optimizer.rate = 0.1;
  options.schedule = parse_schedule("one-cycle", static_cast<double>(epochs), -1, 0.1);
  return options;
}

class Training : public ::testing::Test {
 protected:
  std::filesystem::path file(const char* name) const { return folder_.path() / name; }

 private:
  TemporaryFolder folder_;
};

TEST_F(Training, ReachesASensibleAccuracy) {
  const TrainData data = glyphs(4000);
  const Graph start = zoo_model("lenet5");
  TrainOptions options = quick(5);
  options.optimizer.rate = 0.05;
  options.log = file("log.csv");
  const TrainResult result = train(start, data, options);
  EXPECT_GT(*score(result.graph, data.valid, data.normalization, options).accuracy, 0.85);
  EXPECT_LT(*score(start, data.valid, data.normalization, options).accuracy, 0.3);
  ASSERT_EQ(result.epochs.size(), 5U);
  EXPECT_LT(result.epochs[4].train.loss, result.epochs[0].train.loss / 3);
  EXPECT_EQ(result.epochs[4].step, 400U);
  EXPECT_EQ(read_text_file(options.log), to_csv(result.epochs));
}

TEST_F(Training, IsDeterministicBySeed) {
  const TrainData data = glyphs(300);
  TrainOptions options = quick(1);
  options.augmentation = parse_augmentation("shift-crop=2,noise=0.1");
  const Graph first = train(small_cnn(), data, options).graph;
  EXPECT_TRUE(first == train(small_cnn(), data, options).graph);
  options.seed = 2;
  EXPECT_FALSE(first == train(small_cnn(), data, options).graph);
}

TEST_F(Training, StopsEarlyAndKeepsTheBestEpoch) {
  TrainData data = glyphs(300);
  TrainOptions options = quick(40);
  options.schedule = parse_schedule("constant", 40, 0, 0.1);
  options.optimizer.rate = 0.3;
  options.patience = 2;
  const TrainResult result = train(small_cnn(), data, options);
  ASSERT_TRUE(result.stopped_early);
  EXPECT_EQ(result.epochs.size(), result.best_epoch + 2);
  double best = 0;
  for (const EpochRecord& record : result.epochs) best = std::max(best, *record.valid->accuracy);
  EXPECT_EQ(*result.epochs[result.best_epoch - 1].valid->accuracy, best);
  EXPECT_NEAR(*score(result.graph, data.valid, data.normalization, options).accuracy, best, 0.004);
}

TEST_F(Training, LearnsToReconstructAndToRegress) {
  TrainData data;
  data.train.samples = data::allocate_samples(data::ElementKind::kTensor, {4}, 512);
  Rng rng(3);
  for (std::size_t i = 0; i < 512; ++i) {
    const auto u = static_cast<float>(rng.normal()), v = static_cast<float>(rng.normal());
    const std::array<float, 4> row = {u, v, u + v, u - v};
    std::copy(row.begin(), row.end(), &data.train.samples.values[i * 4]);
  }
  TrainOptions options = quick(30);
  options.optimizer.kind = OptimizerKind::Adam;
  options.optimizer.rate = 0.02;
  options.optimizer.weight_decay = 0;
  options.loss = LossKind::Reconstruction;
  // The inputs have a mean square of 1.5 (the mean of 1, 1, 2 and 2).
  const Graph same = zoo_model("mlp?width=16&classes=4&resolution=2&channels=1");
  EXPECT_LT(train(same, data, options).epochs.back().train.loss, 0.15);
  options.loss = LossKind::Auto;
  for (std::size_t i = 0; i < 512; ++i)
    data.train.targets.push_back(2 * data.train.samples.values[i * 4] + 1);
  // The targets have variance 4.
  const Graph one = zoo_model("mlp?width=16&classes=1&resolution=2&channels=1");
  EXPECT_LT(train(one, data, options).epochs.back().train.loss, 0.2);
}

TEST_F(Training, DivergenceIsAnErrorAndTheLastGoodCheckpointStays) {
  const TrainData data = glyphs(200);
  TrainOptions options = quick(3);
  options.checkpoint = file("c.checkpoint");
  options.schedule = parse_schedule("step=1", 3, 0, 1e30);  // the second epoch explodes
  try {
    train(small_cnn(), data, options);
    FAIL() << "it must diverge";
  } catch (const UserError& e) {
    EXPECT_NE(std::string(e.what()).find("last good"), std::string::npos) << e.what();
  }
  const Checkpoint kept = read_checkpoint(options.checkpoint);
  EXPECT_EQ(kept.epoch, 1U);
  EXPECT_EQ(kept.records.size(), 1U);
}

TEST_F(Training, RefusesWhatDoesNotFit) {
  TrainData data = glyphs(100);
  EXPECT_THROW(train(zoo_model("cnn?width=4&classes=5"), data, quick(1)), UserError);
  EXPECT_THROW(train(zoo_model("cnn?width=4&resolution=14"), data, quick(1)), UserError);
  TrainOptions options = quick(1);
  options.checkpoint = file("c.checkpoint");
  train(small_cnn(), data, options);
  options.resume = true;
  options.optimizer.rate = 0.05;
  EXPECT_THROW(train(small_cnn(), data, options), UserError);
  write_file(options.checkpoint, "not a checkpoint");
  EXPECT_THROW(train(small_cnn(), data, options), UserError);
  options.resume = false;
  options.patience = 1;
  data.valid = {};
  EXPECT_THROW(train(small_cnn(), data, options), UserError);
  data.train.samples.labels.assign(data.train.samples.count, data::kNoLabel);
  EXPECT_THROW(train(small_cnn(), data, quick(1)), UserError);
  data.train.samples = {};
  EXPECT_THROW(train(small_cnn(), data, quick(1)), UserError);
}

}  // namespace
}  // namespace mote::train
