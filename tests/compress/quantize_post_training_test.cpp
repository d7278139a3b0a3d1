#include "compress/quantize/quantize_post_training.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <map>

#include "compress/quantize/bias_correction.h"
#include "compress/quantize/equalize.h"
#include "compress/quantize/quantize_layer.h"
#include "ir/verify.h"
#include "ops/batch_normalization.h"
#include "ops/layer_normalization.h"
#include "run/interpreter.h"
#include "run/metrics.h"
#include "tests/compress/small_network.h"

namespace mote {
namespace {

using testing::random_images;
using testing::small_network;

Tensor encoded(const Tensor& reals, const Encoding& encoding) {
  return encoding.is_real() ? reals : quantize_tensor(reals, encoding);
}

std::vector<float> reals_of(const Tensor& tensor) {
  const auto values = dequantized(widen(tensor));
  return {values.begin(), values.end()};
}

// SQNR of the outputs over fresh images.
double output_sqnr(const Graph& reference, const Graph& integer, std::size_t output = 0) {
  std::vector<float> values;
  std::vector<float> wanted;
  for (const auto& sample : random_images(99, 16)) {
    const auto exact = reals_of(interpret(reference, sample).at(output));
    const auto rounded = reals_of(
        interpret(integer, {encoded(sample[0], integer.type(integer.inputs()[0]).encoding)}).at(output));
    wanted.insert(wanted.end(), exact.begin(), exact.end());
    values.insert(values.end(), rounded.begin(), rounded.end());
  }
  return sqnr_decibels(values, wanted);
}

TEST(Calibrate, BoundsMeansAndIndependenceOfThreads) {
  const Graph graph = small_network(1);
  const auto samples = random_images(2, 20);
  ::setenv("MOTE_THREADS", "1", 1);
  const Calibration one = calibrate(graph, samples);
  ::setenv("MOTE_THREADS", "3", 1);
  const Calibration three = calibrate(graph, samples);
  ::unsetenv("MOTE_THREADS");
  std::vector<double> sums(3, 0);
  float most = 0;
  for (const auto& sample : samples)
    for (std::size_t i = 0; i < 192; ++i) {
      sums[i % 3] += static_cast<double>(sample[0].floats()[i]);
      most = std::max(most, sample[0].floats()[i]);
    }
  const ValueStatistics& input = one.values.at(graph.inputs()[0].index);
  EXPECT_EQ(input.histogram.max(), most);
  for (std::size_t c = 0; c < 3; ++c) EXPECT_NEAR(input.channel_mean.at(c), sums[c] / (20 * 64), 1e-12);
  for (std::size_t v = 0; v < one.values.size(); ++v) {
    EXPECT_EQ(one.values[v].channel_mean, three.values[v].channel_mean);
    EXPECT_EQ(one.values[v].histogram.width(), three.values[v].histogram.width());
    EXPECT_EQ(one.values[v].histogram.count(), three.values[v].histogram.count());
  }
  EXPECT_THROW(calibrate(graph, {}), UserError);
}

TEST(Calibrate, InfiniteValuesNameTheirLayer) {
  const Graph graph = small_network(1);
  auto samples = random_images(2, 2);
  std::vector<float> values(192, 3e38F);
  samples[1][0] = Tensor::reals({1, 8, 8, 3}, values);
  try {
    calibrate(graph, samples);
    FAIL();
  } catch (const UserError& e) {
    EXPECT_NE(e.parts().where.find("stem"), std::string::npos) << e.what();
  }
}

TEST(Equalize, LeavesTheFunctionAndEvensOutTheChannels) {
  // channel c of the first layer is 2.2^c times as large, and as much smaller in the second: harmless in
  // float only
  const auto factor = [](std::size_t channel) { return std::pow(2.2, static_cast<double>(channel)); };
  Rng rng(5);
  Patch p;
  const ValueId x = p.add_input("x", {{1, 8, 8, 3}, Encoding::real(), {}});
  auto conv = std::make_shared<Conv2D>();
  conv->clamp_min = 0;
  std::vector<float> w0(8 * 27);
  for (std::size_t i = 0; i < w0.size(); ++i) w0[i] = static_cast<float>(rng.normal() * factor(i / 27));
  const ValueId a = p.add(conv, {x, p.add_constant("w0", Tensor::reals({8, 3, 3, 3}, w0)),
                                 p.add_constant("b0", testing::random_reals(rng, {8}, 1))});
  std::vector<float> w1(9 * 16);
  for (std::size_t i = 0; i < w1.size(); ++i) w1[i] = static_cast<float>(rng.normal() / factor(i % 16 / 2));
  const ValueId b =
      p.add(std::make_shared<DepthwiseConv2D>(), {a, p.add_constant("w1", Tensor::reals({1, 3, 3, 16}, w1))});
  const ValueId r = p.add(std::make_shared<Unary>(), {b});
  const ValueId c = p.add(std::make_shared<Conv2D>(),
                          {r, p.add_constant("w2", testing::random_reals(rng, {4, 1, 1, 16}, 1))});
  p.add_output(c);
  const Graph chain = std::move(p).apply();
  const Graph even = equalize(chain);
  EXPECT_FALSE(even == chain);
  for (const auto& sample : random_images(6, 3)) {
    const Tensor before_tensor = interpret(chain, sample)[0];  // floats() points into it
    const auto before = before_tensor.floats();
    const auto after = interpret(even, sample)[0];
    double largest = 0;
    for (const float value : before) largest = std::max(largest, std::abs(static_cast<double>(value)));
    for (std::size_t i = 0; i < before.size(); ++i) EXPECT_NEAR(after.floats()[i], before[i], 1e-5 * largest);
  }
  QuantizeOptions options;
  options.per_axis = false;
  const auto samples = random_images(7, 32);
  const double plain = output_sqnr(chain, quantize_with_samples(chain, samples, options));
  options.equalize = true;
  const double better = output_sqnr(chain, quantize_with_samples(chain, samples, options));
  EXPECT_GT(better, plain + 6) << plain;
}

TEST(BiasCorrection, TakesOutTheMeanErrorOfRoundedWeights) {
  Rng rng(11);
  Patch p;
  const ValueId x = p.add_input("x", {{1, 64}, Encoding::real(), {}});
  const Tensor weights = testing::random_reals(rng, {8, 64}, 1);
  const ValueId y =
      p.add(std::make_shared<FullyConnected>(), {x, p.add_constant("w", weights)}, "dense", "y");
  p.add_output(y);
  const Graph graph = std::move(p).apply();
  std::vector<std::vector<Tensor>> samples;
  for (int i = 0; i < 64; ++i)
    samples.push_back({testing::random_reals(rng, {1, 64}, 0.3, 2)});  // far from zero mean
  QuantizeOptions options;
  options.weight_bits = 3;
  const auto mean_error = [&](const Graph& integer) {
    std::vector<double> error(8, 0);
    for (const auto& sample : samples) {
      const auto exact = interpret(graph, sample)[0];
      const auto rounded =
          reals_of(interpret(integer, {encoded(sample[0], integer.type(integer.inputs()[0]).encoding)})[0]);
      for (std::size_t c = 0; c < 8; ++c) error[c] += (rounded[c] - exact.floats()[c]) / 64;
    }
    double sum = 0;
    for (const double e : error) sum += std::abs(e);
    return sum / 8;
  };
  const double before = mean_error(quantize_with_samples(graph, samples, options));
  options.correct_bias = true;
  EXPECT_LT(mean_error(quantize_with_samples(graph, samples, options)), 0.05 * before) << before;
}

TEST(BiasCorrection, CountsThePaddedBorder) {
  auto conv = std::make_shared<Conv2D>();
  conv->padding = {1, 1, 1, 1};
  conv->clamp_min = 0;  // must not matter
  const TensorType x{{1, 2, 2, 1}, Encoding::real(), {}};
  const Tensor weights = Tensor::reals({1, 3, 3, 1}, std::vector<float>(9, 1.4F));
  const Tensor rounded =
      Tensor::integers({{1, 3, 3, 1}, Encoding::affine(8, true, 1, 0), {}}, std::vector<std::int64_t>(9, 1));
  // every output of the 2x2 image sees 4 of the 9 taps
  EXPECT_NEAR(bias_correction(*conv, x, {10}, weights, rounded).at(0), 4 * 0.4 * 10, 1e-5);
}

TEST(QuantizePostTraining, SmallNetworkKeepsItsFunction) {
  const Graph graph = small_network(21, false);
  const auto samples = random_images(22, 64);
  for (const RangeMethod method : {RangeMethod::kMinMax, RangeMethod::kPercentile, RangeMethod::kMse}) {
    QuantizeOptions options;
    options.ranges.method = method;
    const Graph integer = quantize_with_samples(graph, samples, options);
    EXPECT_TRUE(find_problems(integer, Stage::Integer).empty());
    EXPECT_GT(output_sqnr(graph, integer), 30) << to_string(method);
  }
}

TEST(QuantizePostTraining, WiderActivationsAndFewerBits) {
  const Graph graph = small_network(23, false);
  const auto samples = random_images(24, 64);
  std::map<std::pair<int, int>, double> sqnr;
  for (const auto& [activations, weights] : {std::pair{16, 8}, {8, 8}, {8, 4}, {4, 4}, {2, 2}}) {
    QuantizeOptions options;
    options.activation_bits = activations;
    options.weight_bits = weights;
    const Graph integer = quantize_with_samples(graph, samples, options);
    EXPECT_TRUE(find_problems(integer, Stage::Integer).empty());
    sqnr[{activations, weights}] = output_sqnr(graph, integer);
  }
  EXPECT_GT((sqnr[{16, 8}]), (sqnr[{8, 8}]));
  EXPECT_GT((sqnr[{8, 8}]), (sqnr[{8, 4}]) + 5);
  EXPECT_GT((sqnr[{8, 4}]), (sqnr[{4, 4}]));
  EXPECT_GT((sqnr[{4, 4}]), (sqnr[{2, 2}]));
}

TEST(QuantizePostTraining, EncodingsFollowTheSpecification) {
  const Graph graph = small_network(25);
  const Graph integer = quantize_with_samples(graph, random_images(26, 16), {});
  std::map<std::string, Encoding> encodings;
  for (const Value& value : integer.values()) encodings[value.name] = value.type.encoding;
  EXPECT_EQ(encodings.at("probability"), Encoding::affine(8, true, 1.0F / 256, -128));
  EXPECT_EQ(encodings.at("gate_out"), Encoding::affine(8, true, 1.0F / 256, -128));
  EXPECT_EQ(encodings.at("stem_out").zero_point(), -128);  // relu: nothing below zero
  EXPECT_EQ(encodings.at("sum"), encodings.at("both"));    // joined by the concat
  EXPECT_EQ(encodings.at("pooled"), encodings.at("flat"));
  EXPECT_EQ(encodings.at("pooled"), encodings.at("both"));
  const Encoding& weights = encodings.at("w0");
  const Encoding& bias = encodings.at("b0");
  EXPECT_EQ(weights.quantization().axis, 0);
  EXPECT_EQ(encodings.at("w1").quantization().axis, 3);
  EXPECT_EQ(bias.bits(), 32);
  for (std::size_t c = 0; c < 8; ++c) {
    EXPECT_FLOAT_EQ(bias.scale(c), encodings.at("image").scale() * weights.scale(c));
    EXPECT_EQ(bias.zero_point(c), 0);
  }
}

TEST(QuantizePostTraining, FloatInputsAndOutputs) {
  const Graph graph = small_network(27);
  QuantizeOptions options;
  options.float_io = true;
  const Graph integer = quantize_with_samples(graph, random_images(28, 16), options);
  EXPECT_TRUE(integer.type(integer.inputs()[0]).encoding.is_real());
  EXPECT_TRUE(integer.type(integer.outputs()[0]).encoding.is_real());
  EXPECT_EQ(integer.value(integer.inputs()[0]).name, "image");
  EXPECT_EQ(integer.value(integer.outputs()[0]).name, "probability");
  EXPECT_TRUE(find_problems(integer, Stage::Integer).empty());
  options.float_io = false;
  const Graph plain = quantize_with_samples(graph, random_images(28, 16), options);
  const auto sample = random_images(29, 1)[0];
  const auto integers = interpret(plain, {encoded(sample[0], plain.type(plain.inputs()[0]).encoding)})[0];
  EXPECT_EQ(reals_of(interpret(integer, sample)[0]), reals_of(integers));
}

// Every elementwise operator that a vision or audio network has between its layers.
TEST(QuantizePostTraining, OperatorsBetweenLayers) {
  Rng rng(31);
  Patch p;
  const ValueId x = p.add_input("image", {{1, 8, 8, 3}, Encoding::real(), {}});
  const auto unary = [&](const char* function, ValueId v) {
    auto op = std::make_shared<Unary>();
    op->function = function;
    return p.add(op, {v});
  };
  const auto binary = [&](const char* function, ValueId a, ValueId b) {
    auto op = std::make_shared<Binary>();
    op->function = function;
    return p.add(op, {a, b});
  };
  const auto constant = [&](const char* name, Shape shape, std::vector<float> values) {
    return p.add_constant(name, Tensor::reals(std::move(shape), values));
  };
  auto normalization = std::make_shared<LayerNormalization>();
  normalization->axis = 3;
  const ValueId normal = p.add(
      normalization, {x, constant("gamma", {3}, {1, -0.5F, 2}), constant("beta", {3}, {0.1F, 0.7F, -1})});
  const ValueId squared = binary("Pow", normal, constant("two", {}, {2}));
  const ValueId scaled = binary("Mul", squared, constant("scale", {3}, {0.5F, 1, 0.3F}));
  const ValueId bounded =
      binary("Minimum", binary("Add", scaled, unary("Tanh", x)), constant("top", {}, {3}));
  p.add_output(binary("Sub", unary("HardSwish", bounded), unary("Gelu", normal)));
  const Graph graph = std::move(p).apply();
  const auto samples = random_images(32, 32);
  EXPECT_GT(output_sqnr(graph, quantize_with_samples(graph, samples, {})), 25);
  QuantizeOptions wide;
  wide.activation_bits = 16;
  EXPECT_GT(output_sqnr(graph, quantize_with_samples(graph, samples, wide)), 45);
}

TEST(QuantizePostTraining, HugeBiasWidensItsWeightScale) {
  const Tensor weights = Tensor::reals({2, 1}, {1e-6F, 1});
  const Tensor bias = Tensor::reals({2}, {1000, 1});
  const TensorType x{{1, 1}, Encoding::real(), {}};
  const FullyConnected op;
  const IntegerLayer layer =
      quantize_layer({op, {0, 1}, x, {0}, weights, &bias}, Encoding::affine(8, true, 1e-3F, 0), {});
  const Array back = widen(*layer.bias);
  EXPECT_NEAR(dequantized(back)[0], 1000, 1e-3);
  EXPECT_LE(std::abs(back.integer[0]), (std::int64_t{1} << 30) + 1024);
}

TEST(QuantizePostTraining, WhatCannotBeQuantizedIsNamed) {
  Patch p;
  const ValueId x = p.add_input("x", {{1, 2}, Encoding::real(), {}});
  const auto vector = [&](const char* name) { return p.add_constant(name, Tensor::reals({2}, {1, 2})); };
  p.add_output(p.add(std::make_shared<BatchNormalization>(),
                     {x, vector("g"), vector("b"), vector("m"), vector("v")}, "norm"));
  const Graph graph = std::move(p).apply();
  try {
    quantize_with_samples(graph, {{Tensor::reals({1, 2}, {1, 2})}}, {});
    FAIL();
  } catch (const UserError& e) {
    EXPECT_NE(e.parts().where.find("norm"), std::string::npos) << e.what();
  }
  const Graph integer = quantize_with_samples(small_network(1), random_images(1, 2), {});
  EXPECT_THROW(quantize_post_training(integer, {}, {}), UserError);
  QuantizeOptions options;
  options.weight_bits = 9;
  EXPECT_THROW(quantize_with_samples(small_network(1), random_images(1, 2), options), UserError);
}

}  // namespace
}  // namespace mote
