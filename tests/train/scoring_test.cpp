#include "train/scoring.h"

#include <gtest/gtest.h>

#include "base/rng.h"
#include "zoo/zoo.h"

namespace mote::train {
namespace {

// Statistics that are measured in two batches are the means over all samples, layer behind layer.
TEST(Scoring, ReestimatedStatisticsAreMeans) {
  const Graph graph = zoo_model("cnn?width=3&resolution=8");
  data::Samples samples = data::allocate_samples(data::ElementKind::kTensor, {8, 8, 1}, 40);
  Rng rng(5);
  for (float& value : samples.values) value = static_cast<float>(rng.normal() + 0.5);
  Network network(graph);
  reestimate_statistics(network, samples, {}, 2, 20, 1);
  std::map<std::string, torch::Tensor> state;
  for (const NamedTensor& tensor : network.state()) state[tensor.name] = tensor.tensor;
  Batch all;
  all.count = 40;
  all.inputs = samples.values;
  int layers = 0;
  network.forward(input_tensor(all, graph), false, [&](ValueId id, const torch::Tensor& value) {
    const auto readers = graph.consumers(id);
    if (readers.empty() || graph.node(readers[0]).op->name() != "BatchNormalization") return;
    const Node& node = graph.node(readers[0]);
    const torch::Tensor rows = value.reshape({-1, value.size(-1)});
    const torch::Tensor mean = state.at(graph.value(node.inputs[3]).name);
    const torch::Tensor variance = state.at(graph.value(node.inputs[4]).name);
    // The first layer exactly; later ones saw batches that were normalized by their own statistics.
    const double tolerance = layers == 0 ? 1e-4 : 0.15;
    EXPECT_TRUE(torch::allclose(rows.mean(0), mean, tolerance, tolerance)) << node.name;
    EXPECT_TRUE(torch::allclose(rows.var(0, true), variance, 2 * tolerance, 0.05)) << node.name;
    ++layers;
  });
  EXPECT_EQ(layers, 3);
}

TEST(Scoring, CountsWhatIsRight) {
  const Graph graph = zoo_model("mlp?width=4&classes=3&resolution=2&channels=1");
  LabelledSamples given{data::allocate_samples(data::ElementKind::kTensor, {4}, 600), {}};
  Rng rng(6);
  for (float& value : given.samples.values) value = static_cast<float>(rng.normal());
  for (std::int32_t& label : given.samples.labels) label = static_cast<std::int32_t>(rng.integer(0, 2));
  Network network(graph);
  const Loss loss(graph, given, LossKind::Auto, 0);
  const Score score = score_network(network, loss, given.samples, {}, {}, {});
  Batch all;
  all.count = 600;
  all.inputs = given.samples.values;
  const torch::NoGradGuard guard;
  const torch::Tensor output = network.forward(input_tensor(all, graph), false);
  const torch::Tensor labels = torch::tensor(given.samples.labels, torch::kInt64);
  EXPECT_NEAR(score.accuracy.value(), output.argmax(1).eq(labels).to(torch::kFloat64).mean().item<double>(),
              1e-9);
  const torch::Tensor chosen = output.log_softmax(1).gather(1, labels.view({-1, 1}));
  EXPECT_NEAR(score.loss, -chosen.mean().item<double>(), 1e-5);
}

}  // namespace
}  // namespace mote::train
