#include "train/network.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "ir/patch.h"
#include "ops/arg_max.h"
#include "ops/batch_normalization.h"
#include "ops/random_tensor.h"
#include "ops/reduce.h"
#include "run/interpreter.h"
#include "zoo/zoo.h"

namespace mote::train {
namespace {

torch::Tensor random_images(Rng& rng, std::int64_t count, const Shape& shape) {
  Shape batch = shape;
  batch[0] = count;
  const Tensor tensor = random_tensor(rng, {batch, Encoding::real(), {}}, -1, 1);
  return torch::tensor(std::vector<float>(tensor.floats().begin(), tensor.floats().end())).view(batch);
}

Tensor sample_of(const torch::Tensor& batch, std::int64_t index) {
  const torch::Tensor one = batch.slice(0, index, index + 1).contiguous();
  return Tensor::reals(one.sizes().vec(),
                       std::vector<float>(one.data_ptr<float>(), one.data_ptr<float>() + one.numel()));
}

// Evaluation of a batch equals the oracle on each sample.
void expect_equal_to_oracle(const Graph& graph, Network& network, const torch::Tensor& x) {
  const torch::NoGradGuard no_gradients;
  const torch::Tensor y = network.forward(x, false).contiguous();
  for (std::int64_t i = 0; i < x.size(0); ++i) {
    const Tensor expected = interpret(graph, {sample_of(x, i)})[0];
    const torch::Tensor row = y[i].contiguous();
    for (std::int64_t j = 0; j < row.numel(); ++j)
      ASSERT_NEAR(row.data_ptr<float>()[j], expected.real_at(j), 1e-4) << "sample " << i << " element " << j;
  }
}

// A few steps of plain gradient descent towards random labels; the loss of each step.
std::vector<double> descend(Network& network, const torch::Tensor& x, const torch::Tensor& labels,
                            int steps) {
  std::vector<double> losses;
  for (int i = 0; i < steps; ++i) {
    const torch::Tensor loss = at::cross_entropy_loss(network.forward(x, true), labels);
    losses.push_back(loss.item<double>());
    loss.backward();
    const torch::NoGradGuard no_gradients;
    for (Parameter& p : network.parameters()) {
      p.tensor.sub_(p.tensor.grad() * 0.1);
      p.tensor.mutable_grad().reset();
    }
  }
  return losses;
}

class Zoo : public testing::TestWithParam<const char*> {};

TEST_P(Zoo, BatchesEqualTheOracleSampleBySample) {
  const Graph graph = zoo_model(GetParam());
  Network network(graph);
  Rng rng(5);
  expect_equal_to_oracle(graph, network, random_images(rng, 3, graph.type(graph.inputs()[0]).shape));
}

INSTANTIATE_TEST_SUITE_P(Networks, Zoo, testing::Values("cnn", "resnet8", "ds-cnn"),
                         [](const auto& instance) {
                           std::string name = instance.param;
                           std::erase(name, '-');
                           return name;
                         });

TEST(Network, LearnsAndWritesBackWhatItLearned) {
  const Graph graph = zoo_model("cnn");
  Network network(graph);
  Rng rng(7);
  const torch::Tensor x = random_images(rng, 8, graph.type(graph.inputs()[0]).shape);
  const torch::Tensor labels = torch::tensor({0, 1, 2, 3, 4, 5, 6, 7}, at::kLong);
  const auto losses = descend(network, x, labels, 60);
  EXPECT_LT(losses.back(), 0.5 * losses.front());
  const Graph learned = network.exported();
  EXPECT_FALSE(learned == graph);
  expect_equal_to_oracle(learned, network, x.slice(0, 0, 2));
}

// Batch normalization as first layer: its statistics are those of the data.
Graph normalizing_graph() {
  Patch patch;
  const ValueId x = patch.add_input("x", {{1, 3, 3, 2}, Encoding::real(), {}});
  const auto constant = [&](const char* name, float value) {
    return patch.add_constant(name, Tensor::reals({2}, {value, value}));
  };
  patch.add_output(patch.add(
      std::make_shared<BatchNormalization>(),
      {x, constant("gamma", 1), constant("beta", 0), constant("mean", 7), constant("variance", 9)}));
  return std::move(patch).apply();
}

torch::Tensor state_of(const Network& network, const std::string& name) {
  for (const NamedTensor& t : network.state())
    if (t.name == name) return t.tensor;
  return {};
}

TEST(Network, RunningStatisticsAreThoseOfTheBatches) {
  Network network(normalizing_graph());
  Rng rng(3);
  const torch::Tensor x = random_images(rng, 12, {1, 3, 3, 2}) * 2 + 1;
  const torch::NoGradGuard no_gradients;
  network.reset_statistics();
  for (int k = 0; k < 3; ++k) {
    network.set_batch_norm_momentum(1.0 / (k + 1));
    const torch::Tensor y = network.forward(x.slice(0, 4 * k, 4 * k + 4), true);
    EXPECT_LT(at::abs(y.mean({0, 1, 2})).max().item<float>(), 1e-5) << "normalized by the batch";
  }
  const torch::Tensor means = x.view({3, 36, 2}).mean(at::IntArrayRef{0, 1});
  const torch::Tensor variances = at::var(x.view({3, 36, 2}), at::IntArrayRef{1}, true).mean(0);
  EXPECT_TRUE(at::allclose(state_of(network, "mean"), means, 1e-4, 1e-5));
  EXPECT_TRUE(at::allclose(state_of(network, "variance"), variances, 1e-4, 1e-5));

  network.set_statistics(Statistics::Running);
  const torch::Tensor frozen = network.forward(x, true);
  EXPECT_TRUE(at::allclose(frozen, network.forward(x, false)));
  EXPECT_TRUE(at::allclose(state_of(network, "mean"), means, 1e-4, 1e-5)) << "not updated";
  expect_equal_to_oracle(network.exported(), network, x.slice(0, 0, 2));
}

TEST(Network, LearnsWhatLayersOwnAndNothingElse) {
  const Network network(zoo_model("cnn"));
  std::map<Role, int> counts;
  for (const Parameter& p : network.parameters()) {
    ++counts[p.role];
    EXPECT_TRUE(p.tensor.requires_grad()) << p.name;
  }
  const auto is = [](const char* op) { return [op](const Node& node) { return node.op->name() == op; }; };
  const auto nodes = network.graph().nodes();
  const auto count = [&](const char* op) { return std::count_if(nodes.begin(), nodes.end(), is(op)); };
  EXPECT_EQ(counts[Role::Weight], count("Conv2D") + count("FullyConnected"));
  EXPECT_EQ(counts[Role::Normalization], 2 * count("BatchNormalization"));
  EXPECT_EQ(network.state().size(), network.parameters().size() + 2U * count("BatchNormalization"));
}

TEST(Network, RefusesWhatItCannotTrain) {
  const auto message = [](const Graph& graph, const torch::Tensor& x) -> std::string {
    try {
      Network(graph).forward(x, false);
    } catch (const UserError& e) {
      return e.what();
    }
    return {};
  };
  Patch index;
  auto arg_max = std::make_shared<ArgMax>();
  arg_max->axis = 1;
  index.add_output(index.add(arg_max, {index.add_input("x", {{1, 4}, Encoding::real(), {}})}, "winner"));
  EXPECT_NE(message(std::move(index).apply(), at::zeros({1, 4})).find("winner"), std::string::npos);

  Patch mixing;
  auto sum = std::make_shared<Reduce>();
  sum->axes = {0};
  mixing.add_output(mixing.add(sum, {mixing.add_input("x", {{1, 4}, Encoding::real(), {}})}, "sum"));
  const Graph graph = std::move(mixing).apply();
  EXPECT_EQ(message(graph, at::zeros({1, 4})), "");
  EXPECT_NE(message(graph, at::zeros({2, 4})).find("mixes the samples"), std::string::npos);
  EXPECT_NE(message(graph, at::zeros({2, 5})).find("1x4"), std::string::npos);
}

TEST(Network, TheSameSeedGivesTheSameBits) {
  set_threads(1);
  const Graph graph = zoo_model("cnn");
  const auto train = [&] {
    Network network(graph);
    network.reinitialize(11);
    Rng rng(7);
    const torch::Tensor x = random_images(rng, 4, graph.type(graph.inputs()[0]).shape);
    descend(network, x, torch::tensor({3, 1, 4, 1}, at::kLong), 3);
    return network.exported();
  };
  EXPECT_EQ(train(), train());
}

}  // namespace
}  // namespace mote::train
