#include "ir/text_form.h"

#include <gtest/gtest.h>

#include <cmath>

#include "ir/patch.h"
#include "ir/verify.h"
#include "ops/operator_list.h"
#include "ops/reshape.h"

namespace mote {
namespace {

Graph round_trip(const Graph& graph) { return parse(print(graph), "test", make_operator); }

TEST(TextForm, EverySampleOfEveryOperatorRoundTrips) {
  for (const OperatorRow& row : operator_list()) {
    Rng rng(7);
    for (int i = 0; i < 20; ++i) {
      const Graph graph = row.sample(rng);
      const Graph again = round_trip(graph);
      ASSERT_TRUE(again == graph) << row.name << "\n" << print(graph) << print(again);
      EXPECT_EQ(again.hash(), graph.hash()) << row.name;
      EXPECT_EQ(print(again), print(graph));
    }
  }
}

// Ids in no particular order, odd names, every kind of encoding and sparsity, absent inputs, an output twice.
TEST(TextForm, KeepsEverything) {
  Patch patch;
  patch.set_name("odd \"name\" \\ \n\x01 \xc3\xa9");
  const ValueId x = patch.add_input("x # not a comment", {{2, 3}, Encoding::real(), {}});
  const ValueId y = patch.add_input("", {{}, Encoding::affine(3, false, 0.1F, 7), {}});
  const auto q = Encoding::per_axis(4, true, 1, {1e-30F, 0.3F}, {-8, 7});
  patch.add_output(
      patch.add_constant("w", Tensor::integers({{1, 2}, q, {Sparsity::Kind::NOfM, 1, 2}}, {-8, 7})));
  patch.add_output(patch.add_constant("r", Tensor::reals({3}, {-0.0F, INFINITY, 1e-45F})));
  patch.add_output(patch.add_constant("none", Tensor::zeros({{0, 4}, Encoding::integer(32, false), {}})));
  auto reshape = std::make_shared<Reshape>();
  reshape->shape = {6};
  const ValueId z = patch.add(reshape, {x}, "node\t1");
  patch.add_output(z);
  patch.add_output(z);
  patch.add_output(y);
  const Graph graph = std::move(patch).apply();
  EXPECT_TRUE(round_trip(graph) == graph) << print(graph);
}

TEST(TextForm, ReadsAndShowsTheDocumentedForm) {
  const std::string text =
      "graph \"g\" {\n"
      "  %0 \"x\" : s8[1x2] {scale=[0.5], zero=[-3]} = input\n"
      "  %1 \"y\" : s8[2x1] {scale=[0.5], zero=[-3]} = Reshape(%0) {shape=[2, 1]} @ \"n\"\n"
      "  output %1\n"
      "}\n";
  const Graph graph = parse(text, "test", make_operator);
  EXPECT_EQ(print(graph), text);
  EXPECT_TRUE(find_problems(graph, Stage::Integer).empty());
  EXPECT_EQ(graph.node(NodeId{0}).as<Reshape>()->shape, (Shape{2, 1}));
}

TEST(TextForm, LeavesConstantBytesOutOnRequest) {
  Patch patch;
  patch.add_output(patch.add_constant("w", Tensor::reals({1000}, std::vector<float>(1000, 1.0F))));
  const Graph graph = std::move(patch).apply();
  const std::string text = print(graph, {.constant_bytes = false});
  EXPECT_LT(text.size(), 100U);
  EXPECT_THROW(parse(text, "test", make_operator), UserError);
}

TEST(TextForm, NamesTheLineOfAnError) {
  const std::string x = "%0 \"x\" : f32[2] = input\n";
  const std::pair<std::string, std::string> cases[] = {
      {"graph \"g\" {\n" + x + "%1 \"y\" : f32[2] = Nothing(%0)\n}", "3"},
      {"graph \"g\" {\n" + x + "%1 \"y\" : f32[2] = Reshape(%7) {shape=[2]}\n}", "3"},
      {"graph \"g\" {\n" + x + "%1 \"y\" : f32[2] = Reshape(%0) {}\n}", "3"},
      {"graph \"g\" {\n" + x + "%1 \"y\" : f32[2] = Reshape(%0) {shape=[2], colour=1}\n}", "3"},
      {"graph \"g\" {\n" + x + "%1 \"y\" : f32[2] = Reshape(%0) {shape=2}\n}", "3"},
      {"graph \"g\" {\n" + x + x + "}", "3"},
      {"graph \"g\" {\n%1 \"x\" : f32[2] = input\n}", "3"},
      {"graph \"g\" {\n%0 \"x\" : f32[2000000000x2000000000] = input\n}", "2"},
      {"graph \"g\" {\n%0 \"x\" : s4[1] = constant \"7f\"\n}", "2"},
      {"graph \"g\" {\n%0 \"x\" : s8[2] = constant \"7f\"\n}", "2"},
      {"graph \"g\" {\n%0 \"x\" : s9[2] = input\n}", "2"},
      {"graph \"g\" {\n%0 \"x\" : s8[2] {scale=[1, 2], zero=[0]} = input\n}", "2"},
      {"graph \"g\" {\n" + x + "output %0\n", "4"},
      {"graph \"g\" {\n%0 \"x", "2"},
  };
  for (const auto& [text, line] : cases) {
    try {
      parse(text, "file", make_operator);
      ADD_FAILURE() << "accepted: " << text;
    } catch (const UserError& e) {
      EXPECT_EQ(e.parts().where, "file:" + line) << text << "\n" << e.parts().why;
    }
  }
}

// Cut off, with bytes changed, and with pieces repeated: always a graph or one UserError.
TEST(TextForm, SurvivesDamage) {
  Rng rng(3);
  for (const OperatorRow& row : operator_list()) {
    const std::string whole = print(row.sample(rng));
    for (int i = 0; i < 60; ++i) {
      std::string text =
          whole.substr(0, static_cast<std::size_t>(rng.integer(0, static_cast<std::int64_t>(whole.size()))));
      for (int k = 0; k < 3 && !text.empty(); ++k)
        text[static_cast<std::size_t>(rng.integer(0, static_cast<std::int64_t>(text.size()) - 1))] =
            whole[static_cast<std::size_t>(rng.integer(0, static_cast<std::int64_t>(whole.size()) - 1))];
      if (rng.chance(0.5)) text += whole.substr(text.size());
      try {
        find_problems(parse(text, "damaged", make_operator), Stage::Mixed);
      } catch (const UserError&) {
      }
    }
  }
}

}  // namespace
}  // namespace mote
