// Every operator's LibTorch form against its exact evaluation, and its gradient against finite differences.
#include "train/forward.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "ops/cast.h"
#include "ops/operator_list.h"
#include "ops/random_tensor.h"
#include "run/interpreter.h"

namespace mote::train {
namespace {

// Operators without a real form, and why.
const std::set<std::string_view> kWithoutForm = {
    "ArgMax", "ArgMin",                       // give an index
    "Quantize", "Dequantize", "Requantize"};  // integer encodings belong to the Integer stage
// Operators whose derivative is zero or a surrogate on purpose.
const std::set<std::string_view> kWithoutGradient = {"Floor", "Ceil",         "Round", "Sign",
                                                     "Quant", "BipolarQuant", "Trunc", "Cast"};

bool is_real(const TensorType* type) { return !type || type->encoding.is_real(); }

// Samples with real operands (indices of Gather may be integers) that the training accepts.
bool is_trainable_sample(const Graph& graph) {
  const NodeId id{0};
  const InputTypes inputs = graph.input_types(id);
  if (graph.node(id).op->name() == "Gather")
    return is_real(inputs[0]) && graph.constant(graph.node(id).inputs[1]);
  if (const auto* cast = graph.node(id).as<Cast>()) return cast->to == "f32";
  return std::all_of(inputs.begin(), inputs.end(), is_real);
}

struct Operands {
  std::vector<Tensor> inputs;          // of the graph
  std::vector<torch::Tensor> tensors;  // of the node, double
};

// Positive where the operator is only defined there.
Operands random_operands(Rng& rng, const Graph& graph) {
  const Node& node = graph.node(NodeId{0});
  const std::string_view name = node.op->name();
  const bool positive = name == "Log" || name == "Sqrt" || name == "Rsqrt" || name == "Pow" ||
                        name == "Reciprocal" || name == "Div";
  Operands result;
  for (const ValueId id : node.inputs) {
    if (!id.valid()) {
      result.tensors.emplace_back();
      continue;
    }
    const Tensor* constant = graph.constant(id);
    const Tensor tensor =
        constant ? *constant : random_tensor(rng, graph.type(id), positive ? 0.2 : -2, positive ? 1.5 : 2);
    if (!constant) result.inputs.push_back(tensor);
    const Array array = widen(tensor);
    const Shape& shape = tensor.type().shape;
    result.tensors.push_back(array.encoding().is_real()
                                 ? torch::tensor(array.real, at::kDouble).view(shape)
                                 : torch::tensor(array.integer, at::kLong).view(shape));
  }
  return result;
}

ForwardResult forward(const Graph& graph, const std::vector<torch::Tensor>& tensors, at::ScalarType type) {
  ForwardCall call{graph.node(NodeId{0}), {}};
  for (const torch::Tensor& t : tensors)
    call.inputs.push_back(t.defined() && t.is_floating_point() ? t.to(type) : t);
  return find_forward(*call.node.op)(call);
}

// Graph inputs that appear twice among the node's operands would be drawn twice; samples have none.
void expect_agreement(const Graph& graph, const Operands& operands) {
  const auto expected = interpret(graph, operands.inputs);
  const auto results = forward(graph, operands.tensors, at::kFloat);
  ASSERT_EQ(results.size(), expected.size());
  for (std::size_t i = 0; i < results.size(); ++i) {
    ASSERT_EQ(results[i].sizes().vec(), expected[i].type().shape);
    const torch::Tensor flat = results[i].to(at::kDouble).contiguous();
    double largest = 1;
    for (std::int64_t j = 0; j < flat.numel(); ++j)
      largest = std::max(largest, std::abs(expected[i].real_at(j)));
    for (std::int64_t j = 0; j < flat.numel(); ++j) {
      const double got = flat.data_ptr<double>()[j];
      if (std::isnan(got) && std::isnan(expected[i].real_at(j))) continue;
      ASSERT_NEAR(got, expected[i].real_at(j), 1e-5 * largest) << "element " << j;
    }
  }
}

// Sum of the outputs times fixed factors: a scalar with a gradient for every operand.
torch::Tensor weighted_sum(const ForwardResult& results) {
  torch::Tensor sum = at::zeros({}, at::kDouble);
  for (const torch::Tensor& y : results)
    if (y.numel() > 0) sum = sum + (y * at::cos(at::arange(y.numel(), at::kDouble)).view(y.sizes())).sum();
  return sum;
}

// Central differences in double at a few elements of each operand. A kink between the two points shows as a
// disagreement that vanishes with the step, so a smaller step is tried before it counts.
void expect_gradient(Rng& rng, const Graph& graph, const Operands& operands) {
  std::vector<torch::Tensor> leaves = operands.tensors;
  // running statistics are not learned
  const bool normalizes = graph.node(NodeId{0}).op->name() == "BatchNormalization";
  for (std::size_t i = 0; i < (normalizes ? 3 : leaves.size()); ++i)
    if (leaves[i].defined() && leaves[i].is_floating_point())
      leaves[i] = leaves[i].clone().requires_grad_(true);
  weighted_sum(forward(graph, leaves, at::kDouble)).backward();
  const torch::NoGradGuard no_gradients;
  for (torch::Tensor& t : leaves) {
    if (!t.defined() || !t.requires_grad() || t.numel() == 0) continue;
    const torch::Tensor gradient = t.grad().defined() ? t.grad().contiguous() : at::zeros_like(t);
    double* data = t.data_ptr<double>();
    for (int k = 0; k < 3; ++k) {
      const std::int64_t at = rng.integer(0, t.numel() - 1);
      const double saved = data[at];
      const double analytic = gradient.data_ptr<double>()[at];
      double numeric = 0;
      for (const double step : {1e-4, 1e-6}) {
        data[at] = saved + step;
        const double above = weighted_sum(forward(graph, leaves, at::kDouble)).item<double>();
        data[at] = saved - step;
        const double below = weighted_sum(forward(graph, leaves, at::kDouble)).item<double>();
        data[at] = saved;
        numeric = (above - below) / (2 * step);
        if (std::abs(numeric - analytic) <= 1e-4 * std::max(1.0, std::abs(analytic))) break;
      }
      EXPECT_NEAR(numeric, analytic, 1e-3 * std::max(1.0, std::abs(analytic)));
    }
  }
}

class EveryOperator : public testing::TestWithParam<std::size_t> {
 protected:
  const OperatorRow& row() const { return operator_list()[GetParam()]; }
  // Calls check with samples until `count` were trainable.
  template <class Check>
  void for_samples(int count, const Check& check) const {
    Rng rng(17 + GetParam());
    for (int tried = 0; count > 0 && tried < 2000; ++tried) {
      const Graph graph = row().sample(rng);
      if (!is_trainable_sample(graph)) continue;
      check(rng, graph);
      --count;
    }
    EXPECT_EQ(count, 0) << "too few samples with real operands";
  }
};

TEST_P(EveryOperator, AgreesWithItsEvaluation) {
  if (kWithoutForm.contains(row().name)) GTEST_SKIP() << row().name << " has no real form";
  for_samples(25, [](Rng& rng, const Graph& graph) {
    SCOPED_TRACE(graph.describe(NodeId{0}));
    expect_agreement(graph, random_operands(rng, graph));
  });
}

TEST_P(EveryOperator, HasTheGradientOfFiniteDifferences) {
  if (kWithoutForm.contains(row().name)) GTEST_SKIP() << row().name << " has no real form";
  if (kWithoutGradient.contains(row().name)) GTEST_SKIP() << row().name << " is piecewise constant";
  for_samples(6, [](Rng& rng, const Graph& graph) {
    SCOPED_TRACE(graph.describe(NodeId{0}));
    expect_gradient(rng, graph, random_operands(rng, graph));
  });
}

INSTANTIATE_TEST_SUITE_P(All, EveryOperator, testing::Range<std::size_t>(0, operator_list().size()),
                         [](const auto& instance) {
                           return std::string(operator_list()[instance.param].name);
                         });

TEST(Forward, OperatorsWithoutRealFormHaveNone) {
  for (const std::string_view name : kWithoutForm) {
    Rng rng(3);
    EXPECT_EQ(find_forward(*find_operator(name).sample(rng).node(NodeId{0}).op), nullptr) << name;
  }
}

}  // namespace
}  // namespace mote::train
