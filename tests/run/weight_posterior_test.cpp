#include "run/weight_posterior.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/file.h"
#include "base/npy.h"
#include "ir/patch.h"
#include "ops/fully_connected.h"

namespace mote {
namespace {

Graph layer() {
  Patch patch;
  const ValueId x = patch.add_input("x", {{1, 3}, Encoding::real(), {}});
  const ValueId w = patch.add_constant("w", Tensor::reals({2, 3}, {1, 2, 3, 4, 5, 6}));
  patch.add_output(patch.add(std::make_shared<FullyConnected>(), {x, w}, "layer", "y"));
  return std::move(patch).apply();
}

// Weight i of row 0 is 0.5 with probability i / 4, else -0.5; row 1 is surely -2.
WeightDistribution distribution() {
  WeightDistribution d{"w", {2, 3}, {-1, 1}, 0, {0.5F, 2.0F}, {}};
  d.probabilities = {1, 0.75F, 0.5F, 1, 1, 1, 0, 0.25F, 0.5F, 0, 0, 0};
  return d;
}

TEST(WeightPosterior, ReadsWhatItWrote) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "net.posterior";
  write_posterior(path, {distribution()});
  const WeightPosterior back = read_posterior(path);
  ASSERT_EQ(back.size(), 1U);
  EXPECT_EQ(back[0].name, "w");
  EXPECT_EQ(back[0].shape, (Shape{2, 3}));
  EXPECT_EQ(back[0].levels, (std::vector<int>{-1, 1}));
  EXPECT_EQ(back[0].axis, 0);
  EXPECT_EQ(back[0].scale, distribution().scale);
  EXPECT_EQ(back[0].probabilities, distribution().probabilities);
}

TEST(WeightPosterior, DrawsFollowTheProbabilities) {
  Rng rng(1);
  std::vector<int> positive(3, 0);
  constexpr int kDraws = 4000;
  for (int i = 0; i < kDraws; ++i) {
    const Graph drawn = draw_weights(layer(), {distribution()}, rng);
    const auto w = drawn.constant(drawn.node(NodeId{0}).inputs[1])->floats();
    for (std::size_t c = 0; c < 3; ++c) {
      EXPECT_TRUE(w[c] == 0.5F || w[c] == -0.5F);
      positive[c] += w[c] > 0 ? 1 : 0;
      EXPECT_EQ(w[3 + c], -2.0F);
    }
  }
  EXPECT_EQ(positive[0], 0);
  EXPECT_NEAR(positive[1], kDraws / 4, 120);
  EXPECT_NEAR(positive[2], kDraws / 2, 140);
}

TEST(WeightPosterior, ForeignModelsAndDamagedFilesAreErrors) {
  Rng rng(1);
  WeightDistribution other = distribution();
  other.name = "v";
  EXPECT_THROW(draw_weights(layer(), {other}, rng), UserError);
  other = distribution();
  other.shape = {3, 2};
  EXPECT_THROW(draw_weights(layer(), {other}, rng), UserError);

  const TemporaryFolder folder;
  const auto path = folder.path() / "net.posterior";
  other = distribution();
  other.probabilities[0] = 0.5F;
  write_posterior(path, {other});
  EXPECT_THROW(read_posterior(path), UserError);
  other = distribution();
  other.scale.pop_back();
  write_posterior(path, {other});
  EXPECT_THROW(read_posterior(path), UserError);
  write_npz(path, {{"w/levels", npy_array<std::int32_t>({1}, std::vector<std::int32_t>{1})}});
  EXPECT_THROW(read_posterior(path), UserError);
}

}  // namespace
}  // namespace mote
