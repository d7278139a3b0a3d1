#include "tests/compress/same_results.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/rng.h"
#include "run/interpreter.h"

namespace mote::test {

Tensor random_tensor(const TensorType& type, std::uint64_t seed) {
  Rng rng(seed);
  Array array(type);
  for (double& x : array.real) x = rng.uniform(-2, 2);
  for (std::int64_t& q : array.integer) do
      q = rng.integer(std::max<std::int64_t>(type.encoding.min(), -1000),
                      std::min<std::int64_t>(type.encoding.max(), 1000));
    while (!type.encoding.allows(q));
  return narrow(array);
}

void expect_same_results(const Graph& before, const Graph& after, std::uint64_t seed) {
  ASSERT_EQ(before.inputs().size(), after.inputs().size());
  ASSERT_EQ(before.outputs().size(), after.outputs().size());
  std::vector<Tensor> inputs;
  for (std::size_t i = 0; i < before.inputs().size(); ++i) {
    EXPECT_EQ(before.value(before.inputs()[i]).name, after.value(after.inputs()[i]).name);
    inputs.push_back(random_tensor(before.type(before.inputs()[i]), seed + i));
  }
  const auto expected = interpret(before, inputs);
  const auto actual = interpret(after, inputs);
  for (std::size_t k = 0; k < expected.size(); ++k) {
    EXPECT_EQ(before.value(before.outputs()[k]).name, after.value(after.outputs()[k]).name);
    ASSERT_EQ(expected[k].type(), actual[k].type());
    if (expected[k].type().encoding.is_integer()) {
      EXPECT_TRUE(expected[k] == actual[k]) << "output " << k;
      continue;
    }
    const auto e = expected[k].floats(), a = actual[k].floats();
    float largest = 0;
    for (const float x : e)
      if (std::isfinite(x)) largest = std::max(largest, std::abs(x));
    for (std::size_t i = 0; i < e.size(); ++i) {
      if (e[i] == a[i] || (std::isnan(e[i]) && std::isnan(a[i]))) continue;
      ASSERT_NEAR(e[i], a[i], 1e-5F * largest) << "output " << k << ", element " << i;
    }
  }
}

int count(const Graph& graph, std::string_view op) {
  return static_cast<int>(std::count_if(graph.nodes().begin(), graph.nodes().end(),
                                        [&](const Node& n) { return n.op->name() == op; }));
}

}  // namespace mote::test
