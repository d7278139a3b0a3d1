#include "compress/quantize/lower_simulated.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstring>

#include "compress/pipelines.h"
#include "compress/quantize/insert_quantizers.h"
#include "ir/patch.h"
#include "ir/text_form.h"
#include "ir/verify.h"
#include "ops/operator_list.h"
#include "run/agreement.h"
#include "run/interpreter.h"
#include "tests/compress/small_network.h"
#include "zoo/zoo.h"

namespace mote {
namespace {

using testing::random_reals;

// Gammas of both signs, other means and variances than 0 and 1.
Graph with_random_normalization(const Graph& graph, Rng& rng) {
  Patch patch(graph);
  for (const Node& node : graph.nodes()) {
    if (node.op->name() != "BatchNormalization") continue;
    for (std::size_t i = 1; i < 5; ++i) {
      std::vector<float> values(static_cast<std::size_t>(graph.type(node.inputs[i]).elements()));
      for (float& v : values)
        v = static_cast<float>(i == 1   ? rng.uniform(0.5, 1.5) * (rng.chance(0.3) ? -1 : 1)
                               : i == 4 ? rng.uniform(0.2, 3)
                                        : rng.uniform(-0.5, 0.5));
      patch.set_constant(node.inputs[i], Tensor::reals(graph.type(node.inputs[i]).shape, values));
    }
  }
  return std::move(patch).apply();
}

struct Lowered {
  Graph simulated, integer;
  std::vector<std::vector<Tensor>> images;
};

Lowered lowered(const std::string& model, LayerBits bits, std::uint64_t seed = 5) {
  Rng rng(seed);
  const Graph graph = with_random_normalization(simplify_for_training(zoo_model(model)), rng);
  Lowered result;
  for (int i = 0; i < 3; ++i)
    result.images.push_back({random_reals(rng, graph.type(graph.inputs()[0]).shape, 1)});
  QuantizerPolicy policy;
  policy.bits = bits;
  const Calibration calibration =
      calibrate(graph, {result.images[0], result.images[1]}, oracle_executor(graph));
  result.simulated = simplify(insert_quantizers(graph, policy, &calibration));
  EXPECT_EQ(stage_of(result.simulated), Stage::Simulated);
  result.integer = simplify(lower_simulated(result.simulated));
  EXPECT_EQ(stage_of(result.integer), Stage::Integer) << print(result.integer, {.constant_bytes = false});
  return result;
}

// What each layer itself adds to the disagreement, of its elements.
void expect_agreement(const std::string& model, LayerBits bits, double most) {
  const Lowered l = lowered(model, bits);
  const Agreement agreement = find_agreement(l.simulated, l.integer, l.images);
  EXPECT_GE(agreement.layers.size(), 10U);
  for (const LayerAgreement& layer : agreement.layers) {
    EXPECT_LE(static_cast<double>(layer.own), most * static_cast<double>(layer.elements) + 1) << layer.name;
  }
}

TEST(LowerSimulated, EightBits) { expect_agreement("resnet8", {8, 8}, 0.005); }
TEST(LowerSimulated, BinaryWeights) { expect_agreement("resnet8", {1, 8}, 0.005); }
TEST(LowerSimulated, FourBits) { expect_agreement("resnet8", {4, 4}, 0.1); }
TEST(LowerSimulated, TwoBits) { expect_agreement("resnet8", {2, 2}, 0.1); }

// Signs of sums, of residual sums and of bytes: not one differs where the inputs agree.
TEST(LowerSimulated, SignsAreExact) {
  const Lowered l = lowered("resnet8", {1, 1});
  int signs = 0;
  for (const LayerAgreement& layer : find_agreement(l.simulated, l.integer, l.images).layers) {
    if (layer.encoding != "b1") continue;
    EXPECT_EQ(layer.own, 0U) << layer.name;
    ++signs;
  }
  EXPECT_EQ(signs, 6);
}

// A text form of the simulated stage, lowered.
Graph lower(const std::string& text) {
  return simplify(lower_simulated(simplify(parse(text, "test", make_operator))));
}

std::string hex(const std::vector<float>& values) {
  std::string text;
  for (const float v : values) {
    std::uint32_t bits = 0;
    std::memcpy(&bits, &v, sizeof bits);
    for (int i = 0; i < 4; ++i) text += fmt::format("{:02x}", bits >> (8 * i) & 255);
  }
  return text;
}

std::string reals(int id, const std::string& shape, const std::vector<float>& values) {
  return fmt::format("%{} \"c{}\" : f32[{}] = constant \"{}\"\n", id, id, shape, hex(values));
}

const std::string kQuant = "Quant({}) {{bits={}, is_signed={}, narrow={}, rounding=\"{}\"}}\n";

// Signs of batch normalization for every sum that can be, a gamma of 0 and ties at the threshold included.
TEST(LowerSimulated, ThresholdsAreExactForEverySum) {
  // x in -7..7, w = 1: channel c is sign(gamma (x - mean) + beta)
  const std::vector<float> gamma{1, -1, 0.3F, -2, 0, 0, 1e-20F}, beta{0, 0, -0.9F, 1, 0, -1, 1},
      mean{2, -3, 0.5F, 0.25F, 1, 1, 0};
  std::string text = "graph \"g\" {\n%0 \"x\" : f32[1x1] = input\n" + reals(1, "", {1}) + reals(2, "", {0}) +
                     reals(3, "7x1", std::vector<float>(7, 1)) + reals(4, "7", gamma) + reals(5, "7", beta) +
                     reals(6, "7", mean) + reals(7, "7", std::vector<float>(7, 1));
  text += "%8 \"xq\" : f32[1x1] = " + fmt::format(fmt::runtime(kQuant), "%0, %1, %2", 4, true, true, "ROUND");
  text += "%9 \"wq\" : f32[7x1] = " + fmt::format(fmt::runtime(kQuant), "%3, %1, %2", 2, true, true, "ROUND");
  text += "%10 \"sum\" : f32[1x7] = FullyConnected(%8, %9) {clamp_min=-inf, clamp_max=inf}\n";
  text += "%11 \"norm\" : f32[1x7] = BatchNormalization(%10, %4, %5, %6, %7) {epsilon=0f}\n";
  text += "%12 \"sign\" : f32[1x7] = BipolarQuant(%11, %1)\noutput %12\n}\n";
  const Graph integer = lower(text);
  ASSERT_EQ(stage_of(integer), Stage::Integer);
  for (std::int64_t x = -7; x <= 7; ++x) {
    const Tensor y = interpret(integer, {Tensor::integers(integer.type(integer.inputs()[0]), {x})}).at(0);
    for (std::size_t c = 0; c < 7; ++c) {
      const double value = gamma[c] * (static_cast<double>(x) - mean[c]) + beta[c];
      EXPECT_EQ(y.integer_at(static_cast<std::int64_t>(c)), value >= 0 ? 1 : -1) << c << " at " << x;
    }
  }
}

// As Brevitas writes its average pool: the sum of the window, then the lowest bits cut off.
TEST(LowerSimulated, TruncatedAveragesAreExact) {
  std::string text = "graph \"g\" {\n%0 \"x\" : f32[1x2x2x1] = input\n" + reals(1, "", {0.5F}) +
                     reals(2, "", {0}) + reals(3, "", {4});
  text += "%4 \"xq\" : f32[1x2x2x1] = " +
          fmt::format(fmt::runtime(kQuant), "%0, %1, %2", 4, false, false, "ROUND");
  text +=
      "%5 \"mean\" : f32[1x1x1x1] = AveragePool(%4) {function=\"AveragePool\", window=[2, 2], stride=[2, 2], "
      "dilation=[1, 1], padding=[0, 0, 0, 0], ceil_extra=[0, 0], count_include_pad=false, clamp_min=-inf, "
      "clamp_max=inf}\n";
  text += "%6 \"sum\" : f32[1x1x1x1] = Mul(%5, %3) {function=\"Mul\", clamp_min=-inf, clamp_max=inf}\n";
  text +=
      "%7 \"y\" : f32[1x1x1x1] = Trunc(%6, %1, %2) {version=1, shift=2, bits=4, is_signed=true, "
      "narrow=false, "
      "rounding=\"FLOOR\"}\noutput %7\n}\n";
  const Graph integer = lower(text);
  ASSERT_EQ(stage_of(integer), Stage::Integer) << print(integer);
  for (std::int64_t a = 0; a < 16; ++a)
    for (std::int64_t b = 0; b < 16; b += 5) {
      const TensorType& type = integer.type(integer.inputs()[0]);
      const Tensor y = interpret(integer, {Tensor::integers(type, {a, b, 3, 0})}).at(0);
      EXPECT_EQ(y.integer_at(0), (a + b + 3) / 4) << a << " " << b;
    }
}

// Logits without a quantizer are the sums themselves.
TEST(LowerSimulated, ResultsWithoutQuantizerAreSums) {
  std::string text = "graph \"g\" {\n%0 \"x\" : f32[1x2] = input\n" + reals(1, "", {0.5F}) +
                     reals(2, "", {0}) + reals(3, "2x2", {1, -2, 3, 1}) + reals(4, "2x1", {1, 0.25F}) +
                     reals(5, "2", {0.5F, -3});
  text +=
      "%6 \"xq\" : f32[1x2] = " + fmt::format(fmt::runtime(kQuant), "%0, %1, %2", 8, true, false, "ROUND");
  text += "%7 \"wq\" : f32[2x2] = " + fmt::format(fmt::runtime(kQuant), "%3, %4, %2", 8, true, true, "ROUND");
  text += "%8 \"y\" : f32[1x2] = FullyConnected(%6, %7, %5) {clamp_min=-inf, clamp_max=inf}\noutput %8\n}\n";
  const Graph simulated = parse(text, "test", make_operator);
  const Graph integer = lower(text);
  ASSERT_EQ(stage_of(integer), Stage::Integer) << print(integer);
  for (std::int64_t a = -128; a < 128; a += 17) {
    const Tensor q = Tensor::integers(integer.type(integer.inputs()[0]), {a, 7 - a / 2});
    const Tensor x =
        Tensor::reals({1, 2}, {0.5F * static_cast<float>(a), 0.5F * static_cast<float>(7 - a / 2)});
    const Tensor expected = interpret(simulated, {x}).at(0), actual = interpret(integer, {q}).at(0);
    for (std::int64_t i = 0; i < 2; ++i) EXPECT_EQ(actual.real_at(i), expected.real_at(i));
  }
}

// Weights of few levels say so, and take no more flash than their levels need.
TEST(LowerSimulated, LevelsOfWeightsAreFound) {
  for (const auto& [bits, most] : {std::pair{1, 1}, {2, 2}, {4, 4}}) {
    const Lowered l = lowered("resnet8", {bits, 8});
    const Graph planned = simplify_by_proof(l.integer);
    EXPECT_EQ(stage_of(planned), Stage::Integer);
    int inner = 0;
    for (const Node& node : planned.nodes()) {
      if (node.op->name() != "Conv2D" || node.name.starts_with("stem")) continue;
      EXPECT_LE(planned.type(node.inputs[1]).encoding.stored_bits(), most) << node.name;
      ++inner;
    }
    EXPECT_EQ(inner, 8);
    EXPECT_EQ(interpret(planned, {Tensor::zeros(planned.type(planned.inputs()[0]))}),
              interpret(l.integer, {Tensor::zeros(l.integer.type(l.integer.inputs()[0]))}));
  }
}

}  // namespace
}  // namespace mote
