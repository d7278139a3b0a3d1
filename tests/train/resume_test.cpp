// A run that is interrupted without warning and resumed gives the bytes of the uninterrupted one, whatever is
// trained.
#include <gtest/gtest.h>

#include <stdexcept>

#include "base/file.h"
#include "compress/finetune/quantize_aware.h"
#include "train/quantizer_list.h"
#include "train/train_data.h"
#include "zoo/zoo.h"

namespace mote::train {
namespace {

TrainData glyphs(std::size_t count) {
  DataRequest request;
  request.specification = "synth:glyphs?train=160&valid=20&test=20";
  request.shape = {1, 28, 28, 1};
  request.limit = count;
  return load_train_data(request).data;
}

TrainOptions quick(std::uint64_t epochs) {
  TrainOptions options;
  options.epochs = epochs;
  options.batch = 20;
  options.threads = 1;
  options.schedule = parse_schedule("one-cycle", static_cast<double>(epochs), -1, 0.1);
  return options;
}

// Trains with an end after every `every` steps, without warning, and resumes until it is done.
TrainResult train_in_pieces(const Graph& graph, const TrainData& data, TrainOptions options, int every) {
  struct Interrupted {};
  options.resume = true;
  for (int piece = 0; piece < 100; ++piece) {
    int steps = 0;
    try {
      return train(graph, data, options, [&](std::uint64_t, std::uint64_t, const std::string&) {
        if (++steps == every) throw Interrupted{};
      });
    } catch (const Interrupted&) {
    }
  }
  throw std::runtime_error("no progress from piece to piece");
}

TEST(Resume, FloatNetworksWithAllThatARunMayHold) {
  const TemporaryFolder folder;
  const TrainData data = glyphs(160);
  const Graph network = zoo_model("cnn?width=4");
  TrainOptions sgd = quick(3);
  sgd.augmentation = parse_augmentation("shift-crop=2,mixup=0.3");
  sgd.patience = 2;
  TrainOptions adam = quick(3);
  adam.optimizer.kind = OptimizerKind::AdamW;
  adam.optimizer.rate = 0.01;
  adam.ema = 0.9;
  adam.reestimate_batches = 4;
  adam.label_smoothing = 0.1;
  adam.clip = 1;
  for (TrainOptions options : {sgd, adam}) {
    const TrainResult straight = train(network, data, options);
    options.checkpoint = folder.path() / "c.checkpoint";
    std::filesystem::remove(options.checkpoint);
    const TrainResult by_epochs = train_in_pieces(network, data, options, 11);
    EXPECT_TRUE(by_epochs.graph == straight.graph);
    EXPECT_GT(by_epochs.resumed_epochs, 0U);
    std::filesystem::remove(options.checkpoint);
    options.checkpoint_steps = 2;
    const TrainResult by_steps = train_in_pieces(network, data, options, 5);
    EXPECT_TRUE(by_steps.graph == straight.graph);
    ASSERT_EQ(by_steps.epochs.size(), straight.epochs.size());
    for (std::size_t e = 0; e < straight.epochs.size(); ++e) {
      EXPECT_EQ(by_steps.epochs[e].train, straight.epochs[e].train);
      EXPECT_EQ(by_steps.epochs[e].valid, straight.epochs[e].valid);
    }
    // A finished run answers from its checkpoint.
    options.resume = true;
    EXPECT_TRUE(train(network, data, options).graph == straight.graph);
  }
}

TEST(Resume, QuantizersOfEveryMethod) {
  const TemporaryFolder folder;
  const TrainData data = glyphs(80);
  const Graph network = zoo_model("cnn?width=4");
  for (const QuantizerRow& row : quantizer_list()) {
    SCOPED_TRACE(std::string(row.name));
    QuantizerPolicy policy;
    const bool both_low = row.weights && row.activations && row.max_bits < 2;
    policy.bits.weights = row.weights ? std::min(3, row.max_bits) : 4;
    policy.bits.activations = both_low || !row.weights ? std::min(4, row.max_bits) : 4;
    const QuantizerMethods methods = methods_named(std::string(row.name), policy.bits);
    TrainOptions options = quick(2);
    options.optimizer.rate = 0.01;
    options.weight_method = methods.weights;
    options.activation_method = methods.activations;
    const Graph simulated = quantizer_network(network, policy);
    const TrainResult straight = train(simulated, data, options);
    options.checkpoint = folder.path() / (std::string(row.name) + ".checkpoint");
    options.checkpoint_steps = 2;
    EXPECT_TRUE(train_in_pieces(simulated, data, options, 3).graph == straight.graph);
  }
}

}  // namespace
}  // namespace mote::train
