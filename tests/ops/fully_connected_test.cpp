#include "ops/fully_connected.h"

#include "ops/random_tensor.h"
#include "tests/ops/naive_sums.h"

namespace mote {
namespace {

using testing::NaiveNode;

std::vector<double> naive(const NaiveNode& n) {
  std::vector<double> sums;
  for (std::size_t row = 0; row < n.x.size() / static_cast<std::size_t>(n.ws[1]); ++row)
    for (std::int64_t o = 0; o < n.ws[0]; ++o) {
      double sum = n.bias.empty() ? 0 : n.bias[static_cast<std::size_t>(o)];
      for (std::int64_t k = 0; k < n.ws[1]; ++k)
        sum += n.x[row * static_cast<std::size_t>(n.ws[1]) + static_cast<std::size_t>(k)] *
               n.w[static_cast<std::size_t>(o * n.ws[1] + k)];
      sums.push_back(sum);
    }
  return sums;
}

TEST(FullyConnected, EverySampleIsTheDefinitionRounded) {
  Rng rng(4);
  for (int i = 0; i < 120; ++i) {
    const Graph graph = sample_fully_connected(rng);
    const Tensor input = random_tensor(rng, graph.type(graph.inputs()[0]));
    const NaiveNode n = testing::naive_node(graph, input);
    const auto& op = *n.node.as<FullyConnected>();
    testing::expect_rounded(n, input, naive(n), op.clamp_min, op.clamp_max);
    if (HasFatalFailure()) FAIL() << "sample " << i;
  }
}

TEST(FullyConnected, RefusesAnotherDepth) {
  const FullyConnected op;
  const TensorType x{{2, 5}, Encoding::real(), {}};
  const TensorType w{{3, 4}, Encoding::real(), {}};
  EXPECT_THROW(op.infer({&x, &w}), UserError);
}

}  // namespace
}  // namespace mote
