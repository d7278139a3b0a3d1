// A published float network keeps its accuracy on real pictures.
#include <gtest/gtest.h>

#include <filesystem>

#include "base/process.h"
#include "compress/pipelines.h"
#include "compress/quantize/quantize_post_training.h"
#include "format/tflite.h"
#include "ir/verify.h"
#include "measure/evaluate.h"

namespace mote {
namespace {

TEST(QuantizePublished, ImageClassificationLosesNothing) {
  const std::filesystem::path shared = MOTE_SOURCE_DIR "/../shared";
  const auto model = shared / "models/mlperf-tiny/pretrainedResnet.tflite";
  const auto pictures = shared / "data/cifar10-jpeg.tar.gz";
  if (!std::filesystem::exists(model) || !std::filesystem::exists(pictures))
    GTEST_SKIP() << "the model or the data set is not in ../shared";
  if (!find_program("cc")) GTEST_SKIP() << "no C compiler";
  const Graph graph = simplify(read_tflite(model));
  data::LoadOptions load;
  load.max_count = 300;
  load.shape = graph.type(graph.inputs()[0]).shape;
  const data::Samples samples = data::open_dataset(pictures.string())->load(data::Split::kTest, load);
  const Evaluation real = evaluate(graph, samples, {.oracle_samples = 1});
  EXPECT_TRUE(real.oracle.passed()) << real.oracle.largest_difference;

  const auto inputs = load_inputs(graph, pictures.string(), data::Split::kTrain, 32, {});
  const Graph integer = quantize_with_samples(graph, inputs, {});
  ASSERT_TRUE(find_problems(integer, Stage::Integer).empty());
  const Evaluation rounded = evaluate(integer, samples, {.oracle_samples = 2});
  EXPECT_TRUE(rounded.oracle.passed());
  EXPECT_GT(real.confusion->accuracy(), 0.7);
  EXPECT_GT(rounded.confusion->accuracy(), real.confusion->accuracy() - 0.02);
  std::size_t agreeing = 0;
  for (std::size_t i = 0; i < samples.count; ++i)
    agreeing += rounded.predictions[i] == real.predictions[i] ? 1 : 0;
  EXPECT_GT(agreeing, 280U);
  EXPECT_GT(sqnr_decibels(rounded.outputs, real.outputs), 15);
}

}  // namespace
}  // namespace mote
