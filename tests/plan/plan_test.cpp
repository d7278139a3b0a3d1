#include "plan/plan.h"

#include <gtest/gtest.h>

#include <memory>

#include "ir/patch.h"
#include "ops/binary.h"
#include "ops/concat.h"
#include "ops/reshape.h"
#include "ops/unary.h"
#include "plan/order.h"

namespace mote {
namespace {

TensorType s8(Shape shape) { return {std::move(shape), Encoding::affine(8, true, 0.1F, 3), {}}; }

OperatorPtr unary(const std::string& function) {
  Unary op;
  op.function = function;
  return std::make_shared<Unary>(op);
}

Target target() { return load_target("cortex-m4"); }

// Two branches: a wide one that ends small and a narrow one. Running the wide branch first frees its bytes
// earlier.
TEST(ChooseOrder, PutsTheBranchThatShrinksFirst) {
  Patch patch;
  const ValueId x = patch.add_input("x", s8({64}));
  const ValueId wide = patch.add_input("wide", s8({1000}));
  const ValueId narrow = patch.add(unary("Sigmoid"), {x}, "narrow");
  const ValueId narrow2 = patch.add_node(unary("Tanh"), {narrow}, {s8({64})}, "narrow2")[0];
  const ValueId shrunk = patch.add_node(unary("Sigmoid"), {wide}, {s8({1000})}, "wide")[0];
  patch.add_output(narrow2);
  patch.add_output(shrunk);
  const Graph graph = std::move(patch).apply();
  const auto order = choose_order(graph, find_buffers(graph));
  ASSERT_EQ(order.size(), 3U);
  // every order is topological
  std::vector<bool> done(3, false);
  for (const NodeId n : order) {
    for (const ValueId v : graph.node(n).inputs)
      if (graph.value(v).producer.valid()) {
        EXPECT_TRUE(done[graph.value(v).producer.index]);
      }
    done[n.index] = true;
  }
}

TEST(MakePlan, ElementwiseRunsInPlace) {
  Patch patch;
  const ValueId x = patch.add_input("x", s8({256}));
  const ValueId y = patch.add_node(unary("Sigmoid"), {x}, {s8({256})})[0];
  const ValueId z = patch.add_node(unary("Tanh"), {y}, {s8({256})})[0];
  patch.add_output(z);
  const Plan plan = make_plan(std::move(patch).apply(), target());
  EXPECT_EQ(plan.arena_bytes, 256);
  EXPECT_EQ(plan.lower_bound_bytes, 256);
}

TEST(MakePlan, AValueThatIsStillNeededIsNotOverwritten) {
  Patch patch;
  const ValueId x = patch.add_input("x", s8({256}));
  const ValueId y = patch.add_node(unary("Sigmoid"), {x}, {s8({256})})[0];
  const ValueId sum = patch.add_node(std::make_shared<Binary>(), {x, y}, {s8({256})})[0];
  patch.add_output(sum);
  const Plan plan = make_plan(std::move(patch).apply(), target());
  EXPECT_EQ(plan.arena_bytes, 512);
  EXPECT_NE(plan.offsets[0], plan.offsets[1]);
}

TEST(MakePlan, ReshapeCopiesNothing) {
  Patch patch;
  const ValueId x = patch.add_input("x", s8({16, 16}));
  Reshape flat;
  flat.shape = {256};
  const ValueId y = patch.add(std::make_shared<Reshape>(flat), {x});
  const ValueId z = patch.add_node(unary("Sigmoid"), {y}, {s8({256})})[0];
  patch.add_output(z);
  const Plan plan = make_plan(std::move(patch).apply(), target());
  EXPECT_EQ(plan.steps[0].kernel, nullptr);
  EXPECT_EQ(plan.offsets[0], plan.offsets[1]);
  EXPECT_EQ(plan.arena_bytes, 256);
}

// Parts along the outermost axis with more than one entry are contiguous.
TEST(MakePlan, OuterConcatAndSplitCopyNothing) {
  Patch patch;
  const ValueId a = patch.add_input("a", s8({1, 4, 8, 3}));
  const ValueId b = patch.add_input("b", s8({1, 2, 8, 3}));
  const ValueId c = patch.add_node(unary("Sigmoid"), {a}, {s8({1, 4, 8, 3})})[0];
  Concat concat;
  concat.axis = 1;
  const ValueId whole = patch.add_node(std::make_shared<Concat>(concat), {c, b}, {s8({1, 6, 8, 3})})[0];
  patch.add_output(whole);
  const Plan plan = make_plan(std::move(patch).apply(), target());
  EXPECT_EQ(plan.arena_bytes, 6 * 24);
  EXPECT_TRUE(plan.steps[1].bound.calls.empty());
}

TEST(MakePlan, NamesTheStepThatSetsThePeak) {
  Patch patch;
  const ValueId a = patch.add_input("a", s8({2, 50}));
  const ValueId b = patch.add_node(unary("Sigmoid"), {a}, {s8({2, 50})}, "small")[0];
  Concat concat;
  concat.axis = 1;
  const ValueId big =
      patch.add_node(std::make_shared<Concat>(concat), {b, b, b, b}, {s8({2, 200})}, "big")[0];
  patch.add_output(big);
  const Graph graph = std::move(patch).apply();
  const Plan plan = make_plan(graph, target());
  ASSERT_TRUE(plan.peak_step);
  EXPECT_EQ(graph.node(plan.steps[*plan.peak_step].node).name, "big");
  EXPECT_GE(plan.arena_bytes, 500);
}

}  // namespace
}  // namespace mote
