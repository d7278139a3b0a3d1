// write_onnx, then read_onnx, must give back what a graph computes: exactly for integers, up to float
// rounding for reals.
#include "format/onnx_writer.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/file.h"
#include "compress/import.h"
#include "compress/pipelines.h"
#include "compress/quantize/lower_qdq.h"
#include "format/onnx_reader.h"
#include "ir/text_form.h"
#include "ir/verify.h"
#include "measure/sample_input.h"
#include "ops/operator_list.h"
#include "run/interpreter.h"

namespace mote {
namespace {

Graph round_trip(const Graph& graph) {
  const auto bytes = write_onnx(graph);
  return simplify(lower_qdq(simplify(read_onnx(bytes, "written.onnx"))));
}

// Empty when both give the same outputs for the same inputs.
std::string difference(const Graph& a, const Graph& b, std::uint32_t seed) {
  if (a.inputs().size() != b.inputs().size() || a.outputs().size() != b.outputs().size())
    return "other interface";
  const auto inputs = sample_inputs(a, seed);
  std::vector<Tensor> other_inputs;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const TensorType& type = b.type(b.inputs()[i]);
    if (type.shape != inputs[i].type().shape ||
        type.encoding.container_bytes() != inputs[i].type().encoding.container_bytes())
      return "input is " + to_string(type);
    other_inputs.push_back(inputs[i].with_type(type));
  }
  const auto expected = interpret(a, inputs);
  const auto actual = interpret(b, other_inputs);
  for (std::size_t o = 0; o < expected.size(); ++o) {
    const TensorType& type = expected[o].type();
    if (type.shape != actual[o].type().shape ||
        type.encoding.is_real() != actual[o].type().encoding.is_real())
      return "output is " + to_string(actual[o].type());
    for (std::int64_t i = 0; i < type.elements(); ++i) {
      const double x =
          type.encoding.is_real() ? expected[o].real_at(i) : static_cast<double>(expected[o].integer_at(i));
      const double y =
          type.encoding.is_real() ? actual[o].real_at(i) : static_cast<double>(actual[o].integer_at(i));
      const double allowed = type.encoding.is_real() ? 1e-6 + 1e-5 * std::abs(x) : 0;
      if (!(x == y || (std::isnan(x) && std::isnan(y)) || std::abs(x - y) <= allowed))
        return "element " + std::to_string(i) + " is " + std::to_string(y) + ", expected " +
               std::to_string(x);
    }
  }
  return {};
}

class OnnxWriter : public ::testing::TestWithParam<std::size_t> {};

TEST_P(OnnxWriter, RoundTripOfSamples) {
  const OperatorRow& row = operator_list()[GetParam()];
  Rng rng(GetParam() + 1);
  int written = 0;
  int refused = 0;
  for (int i = 0; i < 60; ++i) {
    const Graph graph = row.sample(rng);
    std::vector<std::byte> bytes;
    try {
      bytes = write_onnx(graph);
    } catch (const UserError&) {
      ++refused;  // an encoding that ONNX does not have
      continue;
    }
    ++written;
    try {
      const Graph back = simplify(lower_qdq(simplify(read_onnx(bytes, "written.onnx"))));
      EXPECT_EQ(difference(graph, back, static_cast<std::uint32_t>(i + 1)), "")
          << print(graph, {.constant_bytes = false}) << "became\n"
          << print(back, {.constant_bytes = false});
    } catch (const UserError& e) {
      ADD_FAILURE() << e.what() << "\n" << print(graph, {.constant_bytes = false});
    }
    if (HasFailure()) break;
  }
  EXPECT_GT(written, 0) << refused << " refused";
}

INSTANTIATE_TEST_SUITE_P(Operators, OnnxWriter, ::testing::Range<std::size_t>(0, operator_list().size()),
                         [](const auto& row) { return std::string(operator_list()[row.param].name); });

TEST(OnnxModels, ReadWriteReadKeepsEveryInteger) {
  const std::filesystem::path models = MOTE_SOURCE_DIR "/../shared/models";
  if (!std::filesystem::exists(models)) GTEST_SKIP() << "../shared/models is absent";
  int checked = 0;
  for (const char* name :
       {"mlperf-tiny/pretrainedResnet_quant.tflite", "mlperf-tiny/kws_ref_model.tflite",
        "mlperf-tiny/ad01_int8.tflite", "tflite-micro/person_detect.tflite",
        "mlperf-tiny/kws_ref_model_float32.tflite", "onnx/ic01_f32.onnx", "onnx/ic01_s8s8_qdq.onnx",
        "onnx/kws01_u8s8_qdq.onnx", "onnx/ad01_u8s8_qdq.onnx"}) {
    const Graph graph = import_model(models / name);
    const Graph back = round_trip(graph);
    EXPECT_EQ(stage_of(back), stage_of(graph)) << name;
    EXPECT_EQ(difference(graph, back, 3), "") << name;
    ++checked;
  }
  EXPECT_EQ(checked, 9);
}

TEST(OnnxModels, QdqModelsBecomeIntegerGraphs) {
  const std::filesystem::path models = MOTE_SOURCE_DIR "/../shared/models/onnx";
  if (!std::filesystem::exists(models)) GTEST_SKIP() << "../shared/models is absent";
  for (const auto& entry : std::filesystem::directory_iterator(models)) {
    const Graph graph = import_model(entry.path());
    const bool quantized = entry.path().string().find("qdq") != std::string::npos;
    int real_results = 0;
    for (const Node& node : graph.nodes())
      real_results += graph.type(node.outputs[0]).encoding.is_real() ? 1 : 0;
    if (quantized)
      EXPECT_LE(real_results, 2) << entry.path();  // the files end in Dequantize and a real Softmax
    else
      EXPECT_EQ(stage_of(graph), Stage::Float) << entry.path();
    int transposes = 0;
    for (const Node& node : graph.nodes()) transposes += node.op->name() == "Transpose" ? 1 : 0;
    EXPECT_LE(transposes, 1) << entry.path();  // of the file's NCHW input
  }
}

}  // namespace
}  // namespace mote
