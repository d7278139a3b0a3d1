#include "run/interpreter.h"

#include <gtest/gtest.h>

#include "ir/patch.h"
#include "ops/fully_connected.h"
#include "ops/mat_mul.h"

namespace mote {
namespace {

// y = (x W^T) W^T, with the inner product an output as well, and a constant output.
Graph two_layers() {
  Patch patch;
  const ValueId x = patch.add_input("x", {{1, 2}, Encoding::real(), {}});
  const ValueId w = patch.add_constant("w", Tensor::reals({2, 2}, {1, 2, 3, 4}));
  const auto op = std::make_shared<FullyConnected>();
  const ValueId first = patch.add(op, {x, w}, "first");
  patch.add_output(patch.add(op, {first, w}, "second"));
  patch.add_output(first);
  patch.add_output(w);
  return std::move(patch).apply();
}

TEST(Interpreter, RunsAndReportsEveryNode) {
  std::vector<std::string> seen;
  const Graph graph = two_layers();
  const auto outputs =
      interpret(graph, {Tensor::reals({1, 2}, {1, 1})}, [&](NodeId id, std::size_t output, const Tensor& t) {
        seen.push_back(graph.node(id).name + " " + std::to_string(output) + " " +
                       std::to_string(t.floats()[1]).substr(0, 2));
      });
  ASSERT_EQ(outputs.size(), 3U);
  EXPECT_EQ(outputs[0], Tensor::reals({1, 2}, {17, 37}));
  EXPECT_EQ(outputs[1], Tensor::reals({1, 2}, {3, 7}));
  EXPECT_EQ(outputs[2], Tensor::reals({2, 2}, {1, 2, 3, 4}));
  EXPECT_EQ(seen, (std::vector<std::string>{"first 0 7.", "second 0 37"}));
}

TEST(Interpreter, RefusesOtherInputs) {
  const Graph graph = two_layers();
  EXPECT_THROW(interpret(graph, {}), UserError);
  EXPECT_THROW(interpret(graph, {Tensor::reals({2}, {1, 1})}), UserError);
  EXPECT_THROW(interpret(graph, {Tensor::zeros({{1, 2}, Encoding::integer(32, true), {}})}), UserError);
}

TEST(Interpreter, TakesIntegersWithoutScales) {
  Patch patch;
  const Encoding encoding = Encoding::affine(8, true, 0.5F, 1);
  const ValueId a = patch.add_input("a", {{1, 1}, encoding, {}});
  const auto y =
      patch.add_node(std::make_shared<MatMul>(), {a, a}, {{{1, 1}, Encoding::integer(32, true), {}}});
  patch.add_output(y[0]);
  const Graph graph = std::move(patch).apply();
  const Tensor plain = Tensor::integers({{1, 1}, Encoding::integer(8, true), {}}, {5});
  EXPECT_EQ(interpret(graph, {plain}).at(0).integer_at(0), 16);
}

}  // namespace
}  // namespace mote
