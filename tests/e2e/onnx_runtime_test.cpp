// Models that write_onnx made, run in ONNX Runtime: float results agree to 1e-4, quantized ones to one step
// (the runtime rounds in float, halves to even, where the integer law uses its fixed-point multiplier).
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <cstdlib>

#include "base/file.h"
#include "base/npy.h"
#include "base/process.h"
#include "compress/import.h"
#include "format/onnx_writer.h"
#include "ir/patch.h"
#include "measure/sample_input.h"
#include "ops/operator_list.h"
#include "run/interpreter.h"

namespace mote {
namespace {

const std::filesystem::path kScripts = MOTE_SOURCE_DIR "/tests/e2e/ort";

// Folder of the installed packages, or the reason why there is none. MOTE_ORT_MODULES names an existing one.
struct Runtime {
  std::filesystem::path modules;
  std::string missing;
};

Runtime find_runtime() {
  if (!find_program("node") || !find_program("npm")) return {{}, "node or npm is not installed"};
  if (const char* given = std::getenv("MOTE_ORT_MODULES")) return {given, {}};
  const std::filesystem::path build = std::filesystem::path(MOTE_PROGRAM).parent_path();
  const std::filesystem::path folder = build / "ort";
  if (!std::filesystem::exists(folder)) {
    // installed aside and renamed: tests that run at the same time never see a half-installed package
    const std::filesystem::path aside = build / ("ort-" + std::to_string(::getpid()));
    make_folder(aside);
    std::filesystem::copy_file(kScripts / "package.json", aside / "package.json");
    // the package carries the CPU library; its install script would only fetch one for GPUs
    const auto result = run_process({"npm", "install", "--ignore-scripts", "--no-audit", "--no-fund"},
                                    {.limit = std::chrono::seconds(300), .folder = aside});
    std::error_code code;
    if (result.exit_code == 0) std::filesystem::rename(aside, folder, code);
    if (result.exit_code != 0 || code) std::filesystem::remove_all(aside);
    if (!std::filesystem::exists(folder))
      return {{}, "npm cannot install onnxruntime-node: " + result.output.substr(0, 300)};
  }
  return {folder / "node_modules", {}};
}

NpyArray to_npy(const Tensor& tensor) {
  const Encoding& e = tensor.type().encoding;
  const NpyType types[3][2] = {{NpyType::kUint8, NpyType::kInt8},
                               {NpyType::kUint16, NpyType::kInt16},
                               {NpyType::kUint32, NpyType::kInt32}};
  const auto width = static_cast<std::size_t>(e.container_bytes());
  NpyArray array;
  array.type = e.is_real() ? NpyType::kFloat32 : types[width == 4 ? 2 : width - 1][e.is_signed() ? 1 : 0];
  array.shape = tensor.type().shape;
  array.bytes.assign(tensor.bytes().begin(), tensor.bytes().end());
  return array;
}

struct Case {
  std::string name;
  Graph graph;
  std::vector<Tensor> expected;
  std::filesystem::path folder;
  double steps = 1;  // that quantized results may differ by
};

Case make_case(const std::filesystem::path& root, const std::string& name, const Graph& graph) {
  Case c{name, graph, {}, root / name, 1};
  make_folder(c.folder);
  write_onnx(graph, c.folder / "model.onnx");
  const auto inputs = sample_inputs(graph, 5);
  for (std::size_t k = 0; k < inputs.size(); ++k)
    write_npy(c.folder / ("input_" + std::to_string(k) + ".npy"), to_npy(inputs[k]));
  c.expected = interpret(graph, inputs);
  return c;
}

// Share of elements that are off by more than rounding, or a message.
std::string compare(const Case& c) {
  for (std::size_t o = 0; o < c.expected.size(); ++o) {
    const auto path = c.folder / ("output_" + std::to_string(o) + ".npy");
    if (!std::filesystem::exists(path)) return "the runtime gave no output";
    const auto actual = read_npy(path).as_double();
    const TensorType& type = c.expected[o].type();
    if (static_cast<std::int64_t>(actual.size()) != type.elements()) return "another number of elements";
    double largest = 0;
    for (std::int64_t i = 0; i < type.elements() && type.encoding.is_real(); ++i)
      if (std::isfinite(c.expected[o].real_at(i)))
        largest = std::max(largest, std::abs(c.expected[o].real_at(i)));
    for (std::int64_t i = 0; i < type.elements(); ++i) {
      const bool real = type.encoding.is_real();
      const double want = real ? c.expected[o].real_at(i) : static_cast<double>(c.expected[o].integer_at(i));
      const double got = actual[static_cast<std::size_t>(i)];
      const double allowed = real ? 1e-6 + 1e-4 * std::max(std::abs(want), largest) : c.steps;
      if (want != got && !(std::isnan(want) && std::isnan(got)) && !(std::abs(want - got) <= allowed))
        return "element " + std::to_string(i) + " is " + std::to_string(got) + ", expected " +
               std::to_string(want);
    }
  }
  return {};
}

void run_cases(const Runtime& runtime, std::vector<Case>& cases) {
  std::vector<std::string> command{"node", (kScripts / "ort_run.mjs").string(), runtime.modules.string()};
  for (const Case& c : cases) command.push_back(c.folder.string());
  const auto result = run_process(command, {.limit = std::chrono::seconds(300)});
  ASSERT_EQ(result.exit_code, 0) << result.output;
  for (const Case& c : cases) {
    const auto line = result.output.find(c.folder.string() + ": ");
    const std::string said =
        line == std::string::npos ? "" : result.output.substr(line, result.output.find('\n', line) - line);
    EXPECT_EQ(compare(c), "") << c.name << "\n" << said;
  }
}

// The network up to its last Softmax, which would magnify a step of its input.
Graph without_softmax(const Graph& graph) {
  const NodeId last = graph.value(graph.outputs()[0]).producer;
  if (graph.node(last).op->name() != "Softmax") return graph;
  Patch patch(graph);
  patch.set_outputs({graph.node(last).inputs[0]});
  patch.remove_node(last);
  return std::move(patch).apply();
}

TEST(OnnxRuntime, OperatorSamplesAgree) {
  const Runtime runtime = find_runtime();
  if (runtime.modules.empty()) GTEST_SKIP() << runtime.missing;
  const TemporaryFolder folder;
  std::vector<Case> cases;
  for (const char* name : {"Conv2D",
                           "DepthwiseConv2D",
                           "ConvTranspose2D",
                           "FullyConnected",
                           "MatMul",
                           "Add",
                           "Sub",
                           "Mul",
                           "Div",
                           "Minimum",
                           "Maximum",
                           "Relu",
                           "LeakyRelu",
                           "HardSigmoid",
                           "HardSwish",
                           "Sigmoid",
                           "Tanh",
                           "Gelu",
                           "Erf",
                           "Exp",
                           "Sqrt",
                           "Abs",
                           "Neg",
                           "Softmax",
                           "LogSoftmax",
                           "BatchNormalization",
                           "LayerNormalization",
                           "Split",
                           "Slice",
                           "Concat",
                           "Transpose",
                           "Reshape",
                           "Gather",
                           "DepthToSpace",
                           "ReduceMean",
                           "ReduceSum",
                           "ReduceMax",
                           "PRelu"}) {
    Rng rng(11);
    int real = 0;
    int quantized = 0;
    for (int i = 0; i < 80 && (real < 2 || quantized < 2); ++i) {
      const Graph graph = find_operator(name).sample(rng);
      const Encoding& e = graph.type(graph.outputs()[0]).encoding;
      const bool all_alike = std::all_of(graph.values().begin(), graph.values().end(), [&](const Value& v) {
        return v.type.encoding.is_real() == e.is_real() || !v.type.encoding.is_quantized();
      });
      const bool too_new = std::any_of(graph.values().begin(), graph.values().end(),
                                       [](const Value& v) { return v.type.encoding.bits() == 2; });
      const bool undefined = std::string_view(name) == "Sqrt" && !e.is_real();  // of negative numbers
      const bool bytes = e.is_quantized() && e.bits() == 8 && !e.is_per_axis();
      int& count = e.is_real() ? real : quantized;
      if (too_new || undefined || !all_alike || (!e.is_real() && !bytes) || count == 2) continue;
      if (graph.type(graph.inputs()[0]).encoding.bits() != e.bits()) continue;
      try {
        cases.push_back(make_case(folder.path(), std::string(name) + std::to_string(i), graph));
        ++count;
      } catch (const UserError&) {  // ONNX has no such integers
      }
    }
  }
  EXPECT_GT(cases.size(), 90U);
  run_cases(runtime, cases);
}

TEST(OnnxRuntime, NetworksAgree) {
  const Runtime runtime = find_runtime();
  if (runtime.modules.empty()) GTEST_SKIP() << runtime.missing;
  const std::filesystem::path models = MOTE_SOURCE_DIR "/../shared/models";
  if (!std::filesystem::exists(models)) GTEST_SKIP() << "../shared/models is absent";
  const TemporaryFolder folder;
  std::vector<Case> cases;
  for (const char* name : {"mlperf-tiny/pretrainedResnet.tflite", "mlperf-tiny/kws_ref_model_float32.tflite",
                           "onnx/vww01_f32.onnx"})
    cases.push_back(
        make_case(folder.path(), std::filesystem::path(name).stem().string(), import_model(models / name)));
  // in a whole network the single steps of its layers add up
  for (const char* name : {"mlperf-tiny/pretrainedResnet_quant.tflite", "mlperf-tiny/kws_ref_model.tflite",
                           "mlperf-tiny/ad01_int8.tflite", "mlperf-tiny/vww_96_int8.tflite"}) {
    const Graph graph = without_softmax(import_model(models / name));
    cases.push_back(make_case(folder.path(), std::filesystem::path(name).stem().string(), graph));
    cases.back().steps = 4;
  }
  run_cases(runtime, cases);
}

}  // namespace
}  // namespace mote
