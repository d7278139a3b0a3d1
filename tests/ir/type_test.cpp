#include "ir/type.h"

#include <gtest/gtest.h>

#include "ir/patch.h"
#include "ir/text_form.h"
#include "ir/verify.h"
#include "ops/fully_connected.h"
#include "ops/operator_list.h"

namespace mote {
namespace {

Encoding powers_of_two() {
  return Encoding::affine(8, true, 0.5F, 0).with_levels({-64, -8, -1, 0, 1, 8, 64});
}

TEST(Type, LevelsNumberWhatIsStored) {
  const Encoding ternary = Encoding::integer(2, true).with_levels({-1, 0, 1});
  EXPECT_EQ(Encoding::bipolar(1).stored_bits(), 1);
  EXPECT_EQ(ternary.stored_bits(), 2);
  EXPECT_EQ(powers_of_two().stored_bits(), 3);
  EXPECT_EQ(Encoding::integer(8, true).with_levels({-128, 127}).stored_bits(), 1);
  EXPECT_EQ(Encoding::integer(5, false).stored_bits(), 5);
  EXPECT_EQ((TensorType{{3, 7}, powers_of_two(), {}}.packed_bytes()), 8);  // 63 bits
  EXPECT_EQ((TensorType{{3, 7}, powers_of_two(), {}}.bytes()), 21);
}

TEST(Type, LevelsBoundTheIntegers) {
  const Encoding e = powers_of_two();
  EXPECT_EQ(e.min(), -64);
  EXPECT_EQ(e.max(), 64);
  EXPECT_TRUE(e.allows(8));
  EXPECT_FALSE(e.allows(2));
  EXPECT_FALSE(Encoding::bipolar(1).allows(0));
  EXPECT_TRUE(Encoding::are_levels(std::vector<std::int64_t>{0, 15}, 4, false));
  EXPECT_FALSE(Encoding::are_levels(std::vector<std::int64_t>{0, 16}, 4, false));
  EXPECT_FALSE(Encoding::are_levels(std::vector<std::int64_t>{1, 1}, 4, false));
  EXPECT_FALSE(Encoding::are_levels(std::vector<std::int64_t>{1}, 4, false));
  EXPECT_FALSE(Encoding::are_levels(std::vector<std::int64_t>(17, 0), 8, false));
}

TEST(Type, OnlyMinusAndPlusOneWithoutZeroPointAreBipolar) {
  const Encoding signs = Encoding::integer(2, true).with_levels({-1, 1});
  EXPECT_TRUE(signs.is_bipolar());
  EXPECT_TRUE(signs.with_quantization({0, {0.1F, 0.2F}, {0, 0}}).is_bipolar());
  EXPECT_FALSE(signs.with_quantization({-1, {0.1F}, {1}}).is_bipolar());
  EXPECT_FALSE(Encoding::integer(8, true).with_levels({-1, 1}).is_bipolar());
  EXPECT_FALSE(Encoding::integer(2, true).with_levels({0, 1}).is_bipolar());
  EXPECT_FALSE(Encoding::integer(2, true).is_bipolar());
}

TEST(Type, LevelsAreShownAndCompared) {
  EXPECT_EQ(to_string(Encoding::bipolar(2)), "b1");
  EXPECT_EQ(to_string(powers_of_two()), "s8{7}");
  EXPECT_FALSE(powers_of_two() == Encoding::affine(8, true, 0.5F, 0));
  EXPECT_TRUE(powers_of_two() == powers_of_two());
  EXPECT_FALSE(powers_of_two() == powers_of_two().with_levels({-64, -8, -1, 0, 1, 8, 32}));
}

// x (bipolar) times a constant of that type.
Graph layer_with_weights(const Encoding& weights, const std::vector<std::int64_t>& values) {
  Patch patch;
  const ValueId x = patch.add_input("x", {{1, 4}, Encoding::bipolar(0.5F), {}});
  const ValueId w = patch.add_constant("w", Tensor::integers({{1, 4}, weights, {}}, values));
  const TensorType y{{1, 1}, Encoding::bipolar(1), {}};
  patch.add_output(patch.add_node(std::make_shared<FullyConnected>(), {x, w}, {y}, "layer", {"y"})[0]);
  return std::move(patch).apply();
}

TEST(Type, LevelsSurviveTheTextForm) {
  const Graph graph = layer_with_weights(powers_of_two(), {-64, 0, 1, 8});
  EXPECT_TRUE(find_problems(graph, Stage::Integer).empty());
  const std::string text = print(graph);
  EXPECT_NE(text.find("s2[1x4] {scale=[0.5], zero=[0], levels=[-1, 1]}"), std::string::npos) << text;
  const Graph again = parse(text, "text", make_operator);
  EXPECT_EQ(print(again), text);
  EXPECT_EQ(again.hash(), graph.hash());
  EXPECT_NE(layer_with_weights(Encoding::affine(8, true, 0.5F, 0), {-64, 0, 1, 8}).hash(), graph.hash());
}

TEST(Type, TextRefusesElementsThatAreNoLevels) {
  std::string text = print(layer_with_weights(powers_of_two(), {-64, 0, 1, 8}));
  const auto at = text.find("constant \"c0000108\"");
  ASSERT_NE(at, std::string::npos) << text;
  text.replace(at, 19, "constant \"c0000208\"");
  EXPECT_THROW(parse(text, "text", make_operator), UserError);
}

TEST(Type, OnlySignsAreComputed) {
  Patch patch;
  const ValueId x = patch.add_input("x", {{1, 4}, powers_of_two(), {}});
  patch.add_output(x);
  const auto problems = find_problems(std::move(patch).apply(), Stage::Mixed);
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_NE(problems[0].find("levels"), std::string::npos);
}

}  // namespace
}  // namespace mote
