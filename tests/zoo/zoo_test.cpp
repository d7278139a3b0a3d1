#include "zoo/zoo.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "base/error.h"
#include "base/file.h"
#include "compress/import.h"
#include "compress/quantize/insert_quantizers.h"
#include "compress/quantize/lower_simulated.h"
#include "compress/quantize/quantize_post_training.h"
#include "emit/c.h"
#include "ir/patch.h"
#include "ir/verify.h"
#include "measure/host.h"
#include "ops/batch_normalization.h"
#include "ops/encode.h"
#include "run/interpreter.h"
#include "tests/support/random_inputs.h"

namespace mote {
namespace {

std::int64_t parameters(const Graph& graph) {
  std::int64_t count = 0;
  for (const Value& value : graph.values())
    if (value.constant) count += value.type.elements();
  return count;
}

// Elements of the running statistics, which papers do not count as parameters.
std::int64_t statistics(const Graph& graph) {
  std::int64_t count = 0;
  for (const Node& node : graph.nodes())
    if (node.as<BatchNormalization>()) count += 2 * graph.type(node.inputs.at(3)).elements();
  return count;
}

struct Figure {
  const char* spec;
  std::int64_t parameters;  // exact: with gamma and beta, no bias in front of batch normalization
  double macs;              // as published: multiply-accumulates
  double rounding;          // of the published figure
  const char* source;
};

// Keras and torchvision print parameters to the last one; where Keras adds statistics and biases in front of
// batch normalization, three for each channel are taken off.
constexpr Figure kFigures[] = {
    {"mlp", 334336 + 3 * 2 * 256 + 10, 784 * 256 + 2 * 256 * 256 + 2560, 0, "FINN, SFC: 3 layers of 256"},
    {"mlp?width=1024", 2910208 + 3 * 2 * 1024 + 10, 5.8e6 / 2, 0.05e6, "FINN, LFC: 5.8 M operations"},
    // the paper's layers: C1 156, C5 48,120, F6 10,164; C3 with all connections 16 (6 * 25 + 1)
    {"lenet5", 156 + 2416 + 48120 + 10164 + 850, 416520, 0, "LeCun et al. 1998, section II.B"},
    {"resnet8", 78666 - 3 * 240, 12501632, 0, "MLPerf Tiny, pretrainedResnet"},
    {"resnet20", 272474, 40.8e6, 0.05e6,
     "He et al. 2016, table 6: 0.27 M; widely reported count of option B"},
    {"wrn?depth=16&width=2&classes=100", 703284, 101.1e6, 0.5e6, "published with distillation benchmarks"},
    {"wrn?depth=40&width=2&classes=100", 2255156, 0.33e9, 0.01e9, "published with distillation benchmarks"},
    {"densenet-bc?depth=100&growth=12", 769162, 0.29e9, 0.01e9, "Huang et al. 2017, table 2: 0.8 M"},
    {"cnv", 1542848 + 2 * 1920 + 10, 59461376, 0, "FINN, CNV: the sum over its layers"},
    {"vgg-small", 4656512 + 2 * 1792 + 10, 0.61e9, 0.01e9, "LQ-Nets"},
    {"ds-cnn", 24908 - 3 * 576, 2656768, 0, "MLPerf Tiny, kws_ref_model"},
    {"mobilenet-v1", 4231976, 569e6, 0.5e6, "Howard et al. 2017, table 8; Keras: trainable"},
    {"mobilenet-v1?width=0.25&resolution=96&classes=2", 210850 + 2736, 7489664, 0,
     "MLPerf Tiny, vww_96; 2736 gammas"},
    {"mobilenet-v2", 3504872, 300e6, 1e6, "Sandler et al. 2018, table 4: 300 M; torchvision"},
    {"squeezenet", 1248424, 0.82e9, 0.005e9, "torchvision squeezenet1_0"},
    {"squeezenet?version=1.1", 1235496, 0.35e9, 0.005e9, "torchvision squeezenet1_1"},
    {"shufflenet-v2", 2278604, 146e6, 2e6, "Ma et al. 2018, table 8; torchvision x1_0"},
    {"shufflenet-v2?width=0.5", 1366792, 41e6, 1e6, "Ma et al. 2018, table 8; torchvision x0_5"},
    {"autoencoder", 269992 - 3 * 1032, 264192, 0, "MLPerf Tiny, ad01"},
};

TEST(Zoo, ParametersAndMacsAreThePublishedOnes) {
  for (const Figure& figure : kFigures) {
    SCOPED_TRACE(std::string(figure.spec) + ": " + figure.source);
    const Graph graph = zoo_model(figure.spec);
    verify(graph, Stage::Float, figure.spec);
    EXPECT_EQ(parameters(graph) - statistics(graph), figure.parameters);
    EXPECT_NEAR(static_cast<double>(total_macs(graph)), figure.macs, figure.rounding);
  }
}

// After folding, the networks of MLPerf Tiny have the numbers of the benchmark's own files.
TEST(Zoo, FoldedNetworksAreThoseOfTheBenchmark) {
  const std::filesystem::path models =
      std::filesystem::path(MOTE_SOURCE_DIR) / ".." / "shared" / "models" / "mlperf-tiny";
  if (!std::filesystem::exists(models)) GTEST_SKIP() << "the models are not beside the repository";
  const std::pair<const char*, const char*> pairs[] = {
      {"zoo:ds-cnn", "kws_ref_model_float32.tflite"},
      {"zoo:mobilenet-v1?width=0.25&resolution=96&classes=2", "vww_96_float.tflite"},
      {"zoo:autoencoder", "ad01_fp32.tflite"}};
  for (const auto& [spec, file] : pairs) {
    const Graph ours = import_model(spec);
    const Graph theirs = import_model(models / file);
    EXPECT_EQ(parameters(ours), parameters(theirs)) << spec;
    EXPECT_EQ(total_macs(ours), total_macs(theirs)) << spec;
  }
}

// Statistics of batch normalization as after training: a graph whose neutral ones would hide a wrong fold.
Graph with_random_statistics(const Graph& graph, Rng& rng) {
  Patch patch(graph);
  for (const Node& node : graph.nodes()) {
    if (!node.as<BatchNormalization>()) continue;
    for (std::size_t i = 1; i < 5; ++i) {
      const TensorType& type = graph.type(node.inputs[i]);
      std::vector<float> values;
      for (std::int64_t c = 0; c < type.elements(); ++c)
        values.push_back(static_cast<float>(i == 1 || i == 4 ? rng.uniform(0.5, 2) : rng.uniform(-0.3, 0.3)));
      patch.set_constant(node.inputs[i], Tensor::reals(type.shape, values));
    }
  }
  return std::move(patch).apply();
}

void expect_emitted_equals_oracle(const Graph& graph, Rng& rng) {
  const TemporaryFolder folder;
  const CompiledModel model(emit_c(make_plan(prepare_model(graph, {}).graph, load_target("host")),
                                   {.name = "net", .folder = folder.path()}));
  const std::vector<Tensor> inputs = testing::random_inputs(graph, rng);
  std::vector<Bytes> bytes;
  for (const Tensor& t : inputs) bytes.emplace_back(t.bytes().begin(), t.bytes().end());
  const Tensor expected = interpret(graph, inputs).at(0);
  const Tensor actual(expected.type(), model.run(bytes).at(0));
  EXPECT_EQ(testing::difference(expected, actual, 1e-4, testing::largest_magnitude(expected)), "");
}

// Each builder, small.
constexpr const char* kSmall[] = {"mlp?width=24&resolution=8",
                                  "autoencoder?width=24&features=40",
                                  "lenet5?resolution=16",
                                  "cnn?resolution=12",
                                  "resnet8?width=4&resolution=8",
                                  "resnet20?width=4&resolution=8",
                                  "wrn?depth=10&width=1&resolution=8",
                                  "densenet-bc?depth=10&growth=4&resolution=8",
                                  "vgg-small?width=4&resolution=8",
                                  "cnv?width=4",
                                  "ds-cnn?width=8&depth=2&frames=20&bins=8",
                                  "mobilenet-v1?width=0.1&resolution=32&classes=5",
                                  "mobilenet-v2?width=0.1&resolution=32&classes=5",
                                  "squeezenet?version=1.1&resolution=32&classes=5&seed=3",
                                  "shufflenet-v2?width=0.5&resolution=32&classes=5"};

// What is folded computes the same, it can be quantized, and the emitted code equals the oracle bit for bit.
TEST(Zoo, EveryBuilderSimplifiesQuantizesAndCompiles) {
  ASSERT_EQ(std::size(kSmall), zoo_list().size());
  Rng rng(5);
  for (const char* spec : kSmall) {
    SCOPED_TRACE(spec);
    const Graph trained = with_random_statistics(zoo_model(spec), rng);
    const Graph folded = simplify(trained);
    for (const Node& node : folded.nodes()) EXPECT_FALSE(node.as<BatchNormalization>()) << node.name;
    const std::vector<Tensor> inputs = testing::random_inputs(folded, rng);
    const Tensor expected = interpret(trained, inputs).at(0);
    EXPECT_EQ(testing::difference(expected, interpret(folded, inputs).at(0), 1e-4,
                                  testing::largest_magnitude(expected)),
              "");
    const std::vector<std::vector<Tensor>> samples{testing::random_inputs(folded, rng)};
    expect_emitted_equals_oracle(quantize_with_samples(folded, samples, {}), rng);
  }
}

// The network with trained quantizers becomes integers, and gives nearly the same outputs.
TEST(Zoo, EveryBuilderLowersFromSimulatedQuantization) {
  Rng rng(7);
  for (const char* spec : kSmall) {
    SCOPED_TRACE(spec);
    const Graph trained = simplify_for_training(with_random_statistics(zoo_model(spec), rng));
    const std::vector<Tensor> inputs = testing::random_inputs(trained, rng);
    const Calibration calibration = calibrate(trained, {inputs});
    const Graph simulated = insert_quantizers(trained, {}, &calibration);
    const Graph lowered = simplify(lower_simulated(simulated));
    EXPECT_EQ(stage_of(lowered), Stage::Integer);
    const std::vector<float> expected = decode_reals(interpret(simulated, inputs).at(0));
    const Tensor& x = inputs.at(0);
    const Tensor encoded = encode_reals(x.floats(), lowered.type(lowered.inputs()[0]));
    const std::vector<float> actual = decode_reals(interpret(lowered, {encoded}).at(0));
    double error = 0, power = 0;
    for (std::size_t i = 0; i < expected.size(); ++i) {
      error += std::pow(static_cast<double>(expected[i] - actual.at(i)), 2);
      power += std::pow(static_cast<double>(expected[i]), 2);
    }
    EXPECT_GT(power, 0);
    EXPECT_LT(error, 0.02 * power);  // steps of 8 bits add up over more than fifty layers
  }
}

TEST(Zoo, NamesWhatExists) {
  const auto message = [](const char* spec) {
    try {
      zoo_model(spec);
    } catch (const UserError& e) {
      return e.parts().why + " " + e.parts().remedy;
    }
    return std::string("no error");
  };
  EXPECT_NE(message("resnet9").find("resnet8, resnet20"), std::string::npos);
  EXPECT_NE(message("cnn?depth=3").find("width=8, classes=10"), std::string::npos);
  EXPECT_NE(message("cnn?width=0").find("from 1 to 4096"), std::string::npos);
  EXPECT_NE(message("cnn?width=3.5").find("integer"), std::string::npos);
  EXPECT_NE(message("cnn?width").find("integer"), std::string::npos);
}

TEST(Zoo, SeedsGiveWeights) {
  EXPECT_EQ(zoo_model("cnn"), zoo_model("cnn?seed=1"));
  EXPECT_FALSE(zoo_model("cnn") == zoo_model("cnn?seed=2"));
}

}  // namespace
}  // namespace mote
