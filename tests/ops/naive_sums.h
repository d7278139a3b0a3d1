// Convolution sums straight from the definitions, in double: one product at a time, no tables, no gathering.
#pragma once

#include <gtest/gtest.h>

#include <cmath>

#include "base/rng.h"
#include "ops/random_tensor.h"
#include "run/interpreter.h"

namespace mote::testing {

struct NaiveNode {
  const Graph& graph;
  const Node& node;
  std::vector<double> x, w, bias;  // real values
  Shape xs, ws, ys;
};

inline NaiveNode naive_node(const Graph& graph, const Tensor& input) {
  const Node& node = graph.nodes()[0];
  NaiveNode n{graph, node, dequantized(widen(input)), {}, {}, graph.type(node.inputs[0]).shape, {}, {}};
  n.w = dequantized(widen(*graph.constant(node.inputs[1])));
  n.ws = graph.type(node.inputs[1]).shape;
  n.ys = graph.type(node.outputs[0]).shape;
  if (node.inputs.size() < 3) return n;
  // an integer bias counts in units of the product of the scales
  const Tensor& bias = *graph.constant(node.inputs[2]);
  const Encoding& xe = graph.type(node.inputs[0]).encoding;
  const Encoding& we = graph.type(node.inputs[1]).encoding;
  for (std::int64_t c = 0; c < bias.type().elements(); ++c)
    n.bias.push_back(xe.is_real() ? bias.real_at(c)
                                  : static_cast<double>(bias.integer_at(c)) * xe.scale() *
                                        we.scale(static_cast<std::size_t>(c)));
  return n;
}

// The evaluation must be the real result, rounded. The two roundings of the law may differ from one by a
// step: at most in a quarter of the cases, where the second shifts by one bit; hardly ever where it shifts by
// more. `real` holds sums with bias, before the fused bounds.
inline void expect_rounded(const NaiveNode& n, const Tensor& input, std::vector<double> real, float low,
                           float high) {
  const Tensor y = interpret(n.graph, {input}).at(0);
  const Encoding& e = y.type().encoding;
  std::int64_t off_by_one = 0;
  for (std::size_t i = 0; i < real.size(); ++i) {
    const auto at = static_cast<std::int64_t>(i);
    if (e.is_real()) {
      const double clamped = std::clamp<double>(real[i], low, high);
      ASSERT_NEAR(y.real_at(at), clamped, 1e-5 * (1 + std::abs(clamped))) << i;
      continue;
    }
    if (!e.is_quantized()) {  // the sum itself
      const double scale = static_cast<double>(n.graph.type(n.node.inputs[0]).encoding.scale());
      const std::size_t channel = i % static_cast<std::size_t>(n.ys.back());
      const double step = scale * n.graph.type(n.node.inputs[1]).encoding.scale(channel);
      ASSERT_EQ(y.integer_at(at), std::llround(real[i] / step)) << i;
      continue;
    }
    if (e.is_bipolar()) {
      const double scale = static_cast<double>(n.graph.type(n.node.inputs[0]).encoding.scale());
      if (std::abs(real[i]) > 1e-6 * scale) {
        ASSERT_EQ(y.integer_at(at), real[i] > 0 ? 1 : -1) << i;
      }
      continue;
    }
    const auto bound = [&](float b, std::int64_t otherwise) {
      return std::isinf(b)
                 ? otherwise
                 : std::clamp<std::int64_t>(e.zero_point() + std::lround(b / e.scale()), e.min(), e.max());
    };
    const double q =
        std::clamp(std::round(real[i] / static_cast<double>(e.scale())) + e.zero_point(),
                   static_cast<double>(bound(low, e.min())), static_cast<double>(bound(high, e.max())));
    const double difference = std::abs(static_cast<double>(y.integer_at(at)) - q);
    // the 16-bit law has a 16-bit multiplier: a relative error of 2^-15 of the unclamped value
    const double allowed = e.bits() == 16 ? 1.0 + std::abs(q) / 16384 : 1.0;
    ASSERT_LE(difference, allowed) << i;
    off_by_one += difference > 0 ? 1 : 0;
  }
  if (e.is_quantized() && e.bits() <= 8) {
    EXPECT_LE(off_by_one, 4 + static_cast<std::int64_t>(real.size()) / 4);
  }
}

// 120 graphs of `sample`, each of one operator Op, give the sums of `naive(node, operator)`, rounded.
template <class Op>
void expect_samples_rounded(std::uint64_t seed, Graph (*sample)(Rng&),
                            std::vector<double> (*naive)(const NaiveNode&, const Op&)) {
  Rng rng(seed);
  for (int i = 0; i < 120; ++i) {
    const Graph graph = sample(rng);
    const Tensor input = random_tensor(rng, graph.type(graph.inputs()[0]));
    const NaiveNode n = naive_node(graph, input);
    const auto& op = *n.node.as<Op>();
    expect_rounded(n, input, naive(n, op), op.clamp_min, op.clamp_max);
    if (::testing::Test::HasFatalFailure()) FAIL() << "sample " << i;
  }
}

}  // namespace mote::testing
