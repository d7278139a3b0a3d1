#include "ops/fully_connected.h"

#include "tests/ops/naive_sums.h"

namespace mote {
namespace {

using testing::NaiveNode;

std::vector<double> naive(const NaiveNode& n, const FullyConnected&) {
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
  testing::expect_samples_rounded<FullyConnected>(4, sample_fully_connected, naive);
}

TEST(FullyConnected, RefusesAnotherDepth) {
  const FullyConnected op;
  const TensorType x{{2, 5}, Encoding::real(), {}};
  const TensorType w{{3, 4}, Encoding::real(), {}};
  EXPECT_THROW(op.infer({&x, &w}), UserError);
}

}  // namespace
}  // namespace mote
