#include "measure/evaluate.h"

#include <gtest/gtest.h>

#include <memory>

#include "base/error.h"
#include "base/process.h"
#include "ir/patch.h"
#include "ops/arg_max.h"
#include "ops/fully_connected.h"
#include "ops/reshape.h"

namespace mote {
namespace {

// A picture of 2x2x1 pixels; class 0 when the left column is brighter, 1 otherwise.
data::Samples pictures() {
  data::Samples samples = data::allocate_samples(data::ElementKind::kImage, {2, 2, 1}, 40);
  for (std::size_t i = 0; i < samples.count; ++i) {
    const bool left = i % 3 == 0;
    for (std::size_t p = 0; p < 4; ++p)
      samples.pixels[4 * i + p] = static_cast<std::uint8_t>((p % 2 == 0) == left ? 100 + 3 * i : 2 * i);
    samples.labels[i] = left ? 0 : 1;
  }
  samples.labels[7] = 0;  // one label is wrong
  return samples;
}

enum class Head { Scores, Index };

Graph left_or_right(const Encoding& input, Head head) {
  Patch p;
  const ValueId x = p.add_input("image", {{1, 2, 2, 1}, input, {}});
  auto reshape = std::make_shared<Reshape>();
  reshape->shape = {1, 4};
  const ValueId flat = p.add(reshape, {x});
  ValueId scores;
  if (input.is_real()) {
    scores = p.add(std::make_shared<FullyConnected>(),
                   {flat, p.add_constant("w", Tensor::reals({2, 4}, {1, -1, 1, -1, -1, 1, -1, 1}))});
  } else {
    const TensorType weights{{2, 4}, Encoding::affine(8, true, 1.0F / 127, 0), {}};
    scores = p.add_node(
        std::make_shared<FullyConnected>(),
        {flat, p.add_constant("w", Tensor::integers(weights, {127, -127, 127, -127, -127, 127, -127, 127}))},
        {{{1, 2}, Encoding::affine(8, true, 4, 0), {}}})[0];
  }
  if (head == Head::Index) {
    auto arg_max = std::make_shared<ArgMax>();
    arg_max->axis = 1;
    arg_max->keep_dims = false;
    scores = p.add(arg_max, {scores});
  }
  p.add_output(scores);
  return std::move(p).apply();
}

class Evaluate : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!find_program("cc")) GTEST_SKIP() << "no C compiler";
  }
};

TEST_F(Evaluate, RealAndIntegerNetworksClassify) {
  for (const Encoding& input : {Encoding::real(), Encoding::affine(8, true, 1, -128)})
    for (const Head head : {Head::Scores, Head::Index}) {
      const Evaluation e = evaluate(left_or_right(input, head), pictures(), {.oracle_samples = 40});
      EXPECT_EQ(e.samples, 40U);
      ASSERT_TRUE(e.confusion.has_value());
      EXPECT_EQ(e.confusion->classes, 2U);
      EXPECT_EQ(e.confusion->at(0, 1), 1U);
      EXPECT_EQ(e.confusion->at(0, 0), 14U);
      EXPECT_EQ(e.confusion->at(1, 1), 25U);
      EXPECT_EQ(e.oracle.samples, 40U);
      EXPECT_TRUE(e.oracle.passed()) << e.oracle.differing << " " << e.oracle.largest_difference;
      EXPECT_EQ(e.outputs.size(), head == Head::Index ? 40U : 80U);
    }
}

TEST_F(Evaluate, WithoutLabelsThereAreOnlyPredictions) {
  data::Samples samples = pictures();
  samples.labels[3] = data::kNoLabel;
  const Evaluation e = evaluate(left_or_right(Encoding::real(), Head::Scores), samples);
  EXPECT_FALSE(e.confusion.has_value());
  EXPECT_EQ(e.predictions.at(0), 0);
  EXPECT_EQ(e.predictions.at(1), 1);
}

TEST_F(Evaluate, ForeignDataIsAUserError) {
  data::Samples samples = pictures();
  samples.labels[3] = 2;
  EXPECT_THROW(evaluate(left_or_right(Encoding::real(), Head::Scores), samples), UserError);
  EXPECT_THROW(evaluate(left_or_right(Encoding::real(), Head::Scores),
                        data::allocate_samples(data::ElementKind::kImage, {3, 2, 1}, 4)),
               UserError);
}

TEST(NetworkInput, NormalizesThenRoundsToTheInputScale) {
  const data::Samples samples = pictures();  // sample 3: 109, 6, 109, 6
  data::Normalization normalization;
  normalization.scale = 1.0 / 255;
  const TensorType type{{1, 2, 2, 1}, Encoding::affine(8, true, 1.0F / 128, -10), {}};
  const Tensor input = network_input(samples, 3, normalization, type);
  EXPECT_EQ(input.integer_at(0), 45);  // round(109 / 255 * 128) - 10
  EXPECT_EQ(input.integer_at(1), -7);
  EXPECT_FLOAT_EQ(network_input(samples, 3, {}, {{1, 2, 2, 1}, Encoding::real(), {}}).floats()[2], 109);
}

}  // namespace
}  // namespace mote
