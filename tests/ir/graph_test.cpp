#include "ir/graph.h"

#include <gtest/gtest.h>

#include <set>

#include "ir/patch.h"
#include "ops/concat.h"
#include "ops/operator_list.h"
#include "ops/reshape.h"

namespace mote {
namespace {

Graph with_constant(float value, std::int64_t axis = 0, const std::string& name = "w") {
  Patch patch;
  const ValueId x = patch.add_input("x", {{1, 2}, Encoding::real(), {}});
  const ValueId w = patch.add_constant(name, Tensor::reals({1, 2}, {1, value}));
  auto concat = std::make_shared<Concat>();
  concat->axis = axis;
  patch.add_output(patch.add(concat, {x, w, x}, "join"));
  return std::move(patch).apply();
}

TEST(Graph, CopiesShareTheirConstants) {
  const Graph graph = with_constant(2);
  const Graph copy = graph;
  EXPECT_EQ(graph.constant(ValueId{1})->bytes().data(), copy.constant(ValueId{1})->bytes().data());
  const Graph edited = Patch(graph).apply();
  EXPECT_EQ(graph.constant(ValueId{1})->bytes().data(), edited.constant(ValueId{1})->bytes().data());
}

TEST(Graph, KnowsProducersAndConsumers) {
  const Graph graph = with_constant(2);
  EXPECT_EQ(graph.consumers(ValueId{0}).size(), 1U);  // reads x twice, counts once
  EXPECT_FALSE(graph.value(ValueId{0}).producer.valid());
  const ValueId out = graph.outputs()[0];
  EXPECT_EQ(graph.value(out).producer, NodeId{0});
  EXPECT_TRUE(graph.is_output(out));
  EXPECT_FALSE(graph.is_output(ValueId{0}));
  EXPECT_EQ(graph.constant(ValueId{}), nullptr);
  EXPECT_EQ(graph.describe(NodeId{0}), "Concat 'join' (node 0)");
}

TEST(Graph, EqualityAndHashSeeEveryPart) {
  const Graph graph = with_constant(2);
  EXPECT_TRUE(graph == with_constant(2));
  EXPECT_EQ(graph.hash(), with_constant(2).hash());
  const Graph others[] = {with_constant(3), with_constant(2, 1), with_constant(2, 0, "v"), Graph()};
  std::set<std::uint64_t> hashes{graph.hash()};
  for (const Graph& other : others) {
    EXPECT_FALSE(graph == other);
    hashes.insert(other.hash());
  }
  EXPECT_EQ(hashes.size(), 5U);
}

TEST(Graph, HashSeesTypesAndFields) {
  const auto graph_of = [](const Encoding& e, const Shape& to) {
    Patch patch;
    auto op = std::make_shared<Reshape>();
    op->shape = to;
    patch.add_output(patch.add(op, {patch.add_input("x", {{4, 1}, e, {}})}, "", "y"));
    return std::move(patch).apply();
  };
  std::set<std::uint64_t> hashes;
  for (const Encoding& e : {Encoding::real(), Encoding::integer(8, true), Encoding::integer(8, false),
                            Encoding::integer(7, true), Encoding::affine(8, true, 0.5F, 0),
                            Encoding::affine(8, true, 0.25F, 0), Encoding::affine(8, true, 0.5F, 1)})
    for (const Shape& to : {Shape{4}, Shape{2, 2}, Shape{1, 4}}) hashes.insert(graph_of(e, to).hash());
  EXPECT_EQ(hashes.size(), 21U);
}

// The hash names files between runs and machines, so it may not drift.
TEST(Graph, HashIsStable) {
  EXPECT_EQ(Graph().hash(), Graph().hash());
  EXPECT_EQ(with_constant(2).hash(), 16039864727669437520ULL);
}

TEST(OperatorList, SamplesAreLegalAndCarryTheirName) {
  std::set<std::string_view> names;
  for (const OperatorRow& row : operator_list()) {
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
    Rng rng(11);
    for (int i = 0; i < 40; ++i) {
      const Graph graph = row.sample(rng);
      ASSERT_EQ(graph.nodes().size(), 1U);
      const Node& node = graph.node(NodeId{0});
      EXPECT_EQ(node.op->name(), row.name);
      EXPECT_TRUE(*row.from_fields(node.op->fields()) == *node.op);
    }
  }
}

}  // namespace
}  // namespace mote
