#include "ir/patch.h"

#include <gtest/gtest.h>

#include "ops/concat.h"
#include "ops/reshape.h"

namespace mote {
namespace {

const TensorType kType{{2}, Encoding::real(), {}};

OperatorPtr reshape(Shape shape) {
  auto op = std::make_shared<Reshape>();
  op->shape = std::move(shape);
  return op;
}

OperatorPtr concat() { return std::make_shared<Concat>(); }

std::vector<std::string> node_names(const Graph& graph) {
  std::vector<std::string> names;
  for (const Node& n : graph.nodes()) names.push_back(n.name);
  return names;
}

std::vector<std::string> value_names(const Graph& graph) {
  std::vector<std::string> names;
  for (const Value& v : graph.values()) names.push_back(v.name);
  return names;
}

// x -> a -> b -> out
Graph chain() {
  Patch patch;
  const ValueId x = patch.add_input("x", kType);
  const ValueId a = patch.add(reshape({2}), {x}, "a", "va");
  const ValueId b = patch.add(reshape({2}), {a}, "b", "vb");
  patch.add_output(b);
  return std::move(patch).apply();
}

using Names = std::vector<std::string>;

TEST(Patch, SortsNodesAndKeepsTheirOrderWhereItCan) {
  Patch patch;
  const ValueId x = patch.add_input("x", kType);
  const ValueId y = patch.add(reshape({2}), {x}, "late");
  const ValueId z = patch.add(reshape({2}), {x}, "independent");
  const ValueId w = patch.add(reshape({2}), {x}, "early");
  patch.set_node_inputs(NodeId{0}, {w});
  patch.set_outputs({y, z});
  EXPECT_EQ(node_names(std::move(patch).apply()), (Names{"independent", "early", "late"}));
}

TEST(Patch, RefusesACycle) {
  Patch patch(chain());
  const ValueId b = patch.node(NodeId{1}).outputs[0];
  patch.set_node_inputs(NodeId{0}, {b});
  try {
    std::move(patch).apply();
    FAIL();
  } catch (const UserError& e) {
    EXPECT_NE(e.parts().what.find("cycle"), std::string::npos);
    EXPECT_NE(e.parts().why.find("2 nodes"), std::string::npos);
  }
}

TEST(Patch, RefusesAReaderOfAValueThatNothingMakes) {
  Patch patch(chain());
  patch.remove_node(NodeId{0});
  try {
    std::move(patch).apply();
    FAIL();
  } catch (const UserError& e) {
    EXPECT_EQ(e.parts().where, "va");
  }
}

TEST(Patch, DropsWhatNothingMentionsButKeepsInputs) {
  Patch patch(chain());
  patch.add_constant("unused constant", Tensor::reals({1}, {1}));
  patch.add_input("unused input", kType);
  patch.replace_uses(patch.node(NodeId{0}).outputs[0], ValueId{0});
  patch.remove_node(NodeId{0});
  const Graph graph = std::move(patch).apply();
  EXPECT_EQ(node_names(graph), Names{"b"});
  EXPECT_EQ(value_names(graph), (Names{"x", "vb", "unused input"}));
  EXPECT_EQ(graph.inputs().size(), 2U);
  EXPECT_EQ(graph.value(graph.outputs()[0]).name, "vb");
  EXPECT_EQ(graph.value(graph.outputs()[0]).producer, NodeId{0});
}

TEST(Patch, ReplacesUsesInNodesAndOutputsButForOneNode) {
  Patch patch;
  const ValueId x = patch.add_input("x", kType);
  const ValueId twice = patch.add(concat(), {x, x}, "twice");
  const ValueId after = patch.add(reshape({2}), {x}, "after", "after");
  patch.set_outputs({twice, x});
  patch.replace_uses(x, after, NodeId{1});
  const Graph graph = std::move(patch).apply();
  EXPECT_EQ(node_names(graph), (Names{"after", "twice"}));
  for (const ValueId in : graph.node(NodeId{1}).inputs) EXPECT_EQ(graph.value(in).name, "after");
  EXPECT_EQ(graph.value(graph.outputs()[1]).name, "after");
  EXPECT_EQ(graph.value(graph.node(NodeId{0}).inputs[0]).name, "x");
}

// Each step reads what an earlier replacement or rewiring has changed.
TEST(Patch, ReplacesUsesThatAreNewerThanTheFirstReplacement) {
  Patch patch;
  const ValueId x = patch.add_input("x", kType);
  const ValueId y = patch.add_input("y", kType);
  const ValueId z = patch.add_input("z", kType);
  const ValueId first = patch.add(reshape({2}), {x}, "first");
  patch.replace_uses(x, y);                                       // first reads y
  const ValueId second = patch.add(reshape({2}), {y}, "second");  // a new node
  const ValueId third = patch.add(reshape({2}), {z}, "third");
  patch.set_node_inputs(NodeId{2}, {y});  // a rewired node
  patch.replace_uses(y, z);               // all three read z
  patch.replace_uses(z, x);               // and now x
  for (const ValueId v : {first, second, third}) patch.add_output(v);
  const Graph graph = std::move(patch).apply();
  for (const Node& node : graph.nodes()) EXPECT_EQ(graph.value(node.inputs[0]).name, "x") << node.name;
}

TEST(Patch, LeavesTheOldGraphAlone) {
  const Graph before = chain();
  const Graph copy = before;
  Patch patch(before);
  patch.set_operator(NodeId{0}, concat());
  patch.set_value_name(ValueId{0}, "renamed");
  const Graph after = std::move(patch).apply();
  EXPECT_TRUE(before == copy);
  EXPECT_FALSE(before == after);
  EXPECT_EQ(before.value(ValueId{0}).name, "x");
}

TEST(Patch, ChangesTypesOfConstantsWithTheirBytes) {
  Patch patch;
  const ValueId w = patch.add_constant("w", Tensor::integers({{2}, Encoding::integer(8, true), {}}, {3, -4}));
  patch.add_output(w);
  const Encoding encoding = Encoding::affine(8, true, 0.5F, 0);
  patch.set_type(w, {{2}, encoding, {}});
  const Graph graph = std::move(patch).apply();
  EXPECT_EQ(graph.constant(graph.outputs()[0])->type().encoding, encoding);
  EXPECT_EQ(graph.constant(graph.outputs()[0])->integer_at(1), -4);
}

}  // namespace
}  // namespace mote
