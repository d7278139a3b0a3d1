#include "format/tflite.h"

#include <gtest/gtest.h>

#include <numeric>

#include "run/interpreter.h"
#include "tests/format/tflite_writer.h"

namespace mote {
namespace {

using test::bytes_of;
using test::index_tensor;
using test::real_tensor;
using test::TfliteFile;
using test::TfliteOperator;
using test::TfliteTensor;

Graph read(const TfliteFile& file) { return read_tflite(test::write_tflite(file), "model.tflite"); }

// One operator on input 0, whose result is the last tensor.
TfliteFile one_operator(TfliteTensor input, std::vector<TfliteTensor> constants, TfliteTensor output,
                        TfliteOperator op) {
  TfliteFile file;
  file.tensors.push_back(std::move(input));
  for (auto& c : constants) file.tensors.push_back(std::move(c));
  file.tensors.push_back(std::move(output));
  const auto last = static_cast<std::int32_t>(file.tensors.size() - 1);
  if (op.inputs.empty())
    for (std::int32_t i = 0; i < last; ++i) op.inputs.push_back(i);
  op.outputs = {last};
  file.inputs = {0};
  file.outputs = {last};
  file.operators = {std::move(op)};
  return file;
}

std::vector<float> ramp(std::size_t count) {
  std::vector<float> values(count);
  std::iota(values.begin(), values.end(), 0.0F);
  return values;
}

// The real outputs for the input 0, 1, 2, ...
std::vector<float> run(const Graph& graph) {
  const auto& type = graph.type(graph.inputs()[0]);
  const auto outputs =
      interpret(graph, {Tensor::reals(type.shape, ramp(static_cast<std::size_t>(type.elements())))});
  const auto values = outputs[0].floats();
  return {values.begin(), values.end()};
}

Shape output_shape(const Graph& graph) { return graph.type(graph.outputs()[0]).shape; }

std::int8_t b(int v) { return static_cast<std::int8_t>(v); }

TEST(Tflite, SamePaddingPutsTheOddCellBehind) {
  const auto file = one_operator({{1, 4, 4, 1}}, {real_tensor({1, 3, 3, 1}, std::vector<float>(9, 1.0F))},
                                 {{1, 2, 2, 1}}, {3, {}, {}, 1, {{0, b(0)}, {1, 2}, {2, 2}, {3, b(1)}}});
  const Graph graph = read(file);
  const auto fields = graph.nodes()[0].op->fields();
  for (const auto& [name, value] : fields) {
    if (name == "padding") {
      EXPECT_EQ(std::get<std::vector<std::int64_t>>(value), (std::vector<std::int64_t>{0, 0, 1, 1}));
    }
    if (name == "clamp_min") {
      EXPECT_EQ(std::get<double>(value), 0);  // the fused RELU
    }
  }
  EXPECT_EQ(run(graph), (std::vector<float>{45, 39, 66, 50}));
}

TEST(Tflite, TransposedConvolutionFollowsTheGivenOutputShape) {
  // SAME, stride 2, 3x3 of ones on 2x2 -> 4x4: rows overlap where two taps meet
  auto file = one_operator(
      {{1, 2, 2, 1}}, {real_tensor({1, 3, 3, 1}, std::vector<float>(9, 1.0F)), index_tensor({1, 4, 4, 1})},
      {{1, 4, 4, 1}}, {67, {2, 1, 0}, {}, 49, {{0, b(0)}, {1, 2}, {2, 2}}});
  const auto y = run(read(file));
  // out(y, x) = sum of in(i, j) with 0 <= y - 2i < 3 and 0 <= x - 2j < 3
  for (int r = 0; r < 4; ++r)
    for (int c = 0; c < 4; ++c) {
      float expected = 0;
      for (int i = 0; i < 2; ++i)
        for (int j = 0; j < 2; ++j)
          if (r - 2 * i >= 0 && r - 2 * i < 3 && c - 2 * j >= 0 && c - 2 * j < 3)
            expected += static_cast<float>(2 * i + j);
      EXPECT_EQ(y.at(static_cast<std::size_t>(4 * r + c)), expected) << r << "," << c;
    }
}

TEST(Tflite, FullyConnectedFlattensUnlessItKeepsAxes) {
  const auto weights = real_tensor({1, 2}, {1, 10});
  EXPECT_EQ(output_shape(read(one_operator({{1, 3, 2}}, {weights}, {{3, 1}}, {9, {}, {}, 8, {}}))),
            (Shape{3, 1}));
  const Graph kept = read(one_operator({{1, 3, 2}}, {weights}, {{1, 3, 1}}, {9, {}, {}, 8, {{2, b(1)}}}));
  EXPECT_EQ(output_shape(kept), (Shape{1, 3, 1}));
  EXPECT_EQ(run(kept), (std::vector<float>{10, 32, 54}));
}

TEST(Tflite, BatchMatMulReadsItsAdjointFlags) {
  const auto file = one_operator({{1, 2, 2}}, {real_tensor({1, 2, 2}, {1, 2, 3, 4})}, {{1, 2, 2}},
                                 {126, {}, {}, 101, {{0, b(1)}, {1, b(1)}}});
  // x^T y^T with x = [0 1; 2 3], y = [1 2; 3 4]
  EXPECT_EQ(run(read(file)), (std::vector<float>{4, 8, 7, 15}));
}

TEST(Tflite, HybridWeightsBecomeRealAndHalfConstantsToo) {
  const TfliteTensor weights{
      .shape = {1, 2}, .type = test::kInt8, .data = {2, 0xfe}, .scales = {0.5F}, .zero_points = {0}};
  EXPECT_EQ(run(read(one_operator({{1, 2}}, {weights}, {{1, 1}}, {9, {}, {}, 8, {}}))),
            (std::vector<float>{-1}));
  const TfliteTensor half{
      .shape = {2}, .type = test::kFloat16, .data = bytes_of<std::uint16_t>({0x3c00, 0xc200})};  // 1, -3
  EXPECT_EQ(run(read(one_operator({{2}}, {half}, {{2}}, {0, {}, {}, 11, {}}))), (std::vector<float>{1, -2}));
}

TEST(Tflite, IntegerLayersKeepScalesPerAxisPackedWeightsAndWideBiases) {
  const TfliteTensor x{.shape = {1, 3}, .type = test::kInt16, .scales = {0.25F}, .zero_points = {0}};
  const TfliteTensor w{.shape = {2, 3},
                       .type = test::kInt4,
                       .data = {0x21, 0xf3, 0x78},
                       .scales = {0.5F, 1},
                       .zero_points = {0, 0}};
  const TfliteTensor bias{.shape = {2},
                          .type = test::kInt64,
                          .data = bytes_of<std::int64_t>({8, -4}),
                          .scales = {0.125F, 0.25F},
                          .zero_points = {0, 0}};
  const TfliteTensor y{.shape = {1, 2}, .type = test::kInt16, .scales = {0.25F}, .zero_points = {0}};
  const Graph graph = read(one_operator(x, {w, bias}, y, {9, {}, {}, 8, {}}));
  const auto& inputs = graph.nodes()[0].inputs;
  EXPECT_EQ(graph.type(inputs[1]).encoding.bits(), 4);
  EXPECT_EQ(widen(*graph.constant(inputs[1])).integer, (std::vector<std::int64_t>{1, 2, 3, -1, -8, 7}));
  EXPECT_EQ(graph.type(inputs[2]).encoding.bits(), 32);
  EXPECT_EQ(widen(*graph.constant(inputs[2])).integer, (std::vector<std::int64_t>{8, -4}));
}

TEST(Tflite, OldFilesCarryTheCodeInTheDeprecatedField) {
  auto file = one_operator({{3}}, {}, {{3}}, {101, {}, {}});
  file.only_deprecated_codes = true;
  EXPECT_EQ(read(file).nodes()[0].op->name(), "Abs");
}

TEST(Tflite, OpenBatchBecomesOneAndShapeArithmeticFolds) {
  // SHAPE -> STRIDED_SLICE [0:1] -> PACK with 6 -> RESHAPE: how Keras flattens
  TfliteFile file;
  file.tensors = {{.shape = {1, 2, 3}, .signature = {-1, 2, 3}},
                  {.shape = {3}, .type = test::kInt32},
                  index_tensor({0}),
                  index_tensor({1}),
                  index_tensor({1}),
                  {.shape = {}, .type = test::kInt32},
                  {.shape = {}, .type = test::kInt32, .data = bytes_of<std::int32_t>({6})},
                  {.shape = {2}, .type = test::kInt32},
                  {{1, 6}}};
  file.operators = {{77, {0}, {1}},
                    {45, {1, 2, 3, 4}, {5}, 32, {{4, 1}}},
                    {83, {5, 6}, {7}, 59, {{0, 2}, {1, 0}}},
                    {22, {0, 7}, {8}, 17, {}}};
  file.inputs = {0};
  file.outputs = {8};
  const Graph graph = read(file);
  EXPECT_EQ(graph.nodes().size(), 1U);
  EXPECT_EQ(output_shape(graph), (Shape{1, 6}));
  file.tensors[0].signature = {-1, -1, 3};
  EXPECT_THROW(read(file), UserError);
}

TEST(Tflite, StridedSliceUnderstandsAllMasks) {
  const auto slice = [](std::vector<std::int32_t> begin, std::vector<std::int32_t> end,
                        std::vector<std::int32_t> step, std::vector<test::TfliteField> masks) {
    return read(one_operator({{2, 3, 4}}, {index_tensor(begin), index_tensor(end), index_tensor(step)}, {{1}},
                             {45, {}, {}, 32, std::move(masks)}));
  };
  const Graph reversed = slice({0, 2}, {1, -4}, {1, -1}, {});
  EXPECT_EQ(output_shape(reversed), (Shape{1, 3, 4}));
  EXPECT_EQ(run(reversed), (std::vector<float>{8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3}));
  const Graph ellipsis = slice({1, 0, -1}, {2, 0, 0}, {1, 1, 1}, {{2, 2}, {4, 5}});  // x[1, ..., -1]
  EXPECT_EQ(output_shape(ellipsis), (Shape{3}));
  EXPECT_EQ(run(ellipsis), (std::vector<float>{15, 19, 23}));
  const Graph new_axis =
      slice({0, 0, 0}, {0, 0, 2}, {1, 1, 2}, {{0, 2}, {1, 2}, {3, 1}});  // x[newaxis, :, 0:2:2]
  EXPECT_EQ(output_shape(new_axis), (Shape{1, 2, 1, 4}));
  EXPECT_EQ(run(new_axis), (std::vector<float>{0, 1, 2, 3, 12, 13, 14, 15}));
}

TEST(Tflite, SplitPackAndUnpackGoBackAndForth) {
  TfliteFile file;
  file.tensors = {{{2, 3}}, {{3}}, {{3}}, {{3, 2}}};
  file.operators = {{88, {0}, {1, 2}, 64, {{0, 2}, {1, 0}}}, {83, {2, 1}, {3}, 59, {{0, 2}, {1, 1}}}};
  file.inputs = {0};
  file.outputs = {3};
  EXPECT_EQ(run(read(file)), (std::vector<float>{3, 0, 4, 1, 5, 2}));
  file.tensors = {{{1, 5}}, index_tensor({2, -1}), index_tensor({1}), {{1, 2}}, {{1, 3}}, {{1, 5}}};
  file.operators = {{102, {0, 1, 2}, {3, 4}, 79, {{0, 2}}}, {2, {4, 3}, {5}, 10, {{0, -1}}}};
  file.outputs = {5};
  EXPECT_EQ(run(read(file)), (std::vector<float>{2, 3, 4, 0, 1}));
}

TEST(Tflite, PaddingMirrorsRepeatsAndTakesValues) {
  const auto amounts = index_tensor({0, 0, 2, 1});
  const auto symmetric = one_operator({{1, 3}}, {amounts}, {{1, 6}}, {100, {}, {}, 77, {{0, b(1)}}});
  EXPECT_EQ(run(read(symmetric)), (std::vector<float>{1, 0, 0, 1, 2, 2}));
  const auto reflect = one_operator({{1, 3}}, {amounts}, {{1, 6}}, {100, {}, {}, 77, {{0, b(0)}}});
  EXPECT_EQ(run(read(reflect)), (std::vector<float>{2, 1, 0, 1, 2, 1}));
  const auto value = one_operator({{1, 3}}, {amounts, real_tensor({}, {7})}, {{1, 6}}, {60, {}, {}});
  EXPECT_EQ(run(read(value)), (std::vector<float>{7, 7, 0, 1, 2, 7}));
}

TEST(Tflite, RepetitionIsComposed) {
  const auto tile = one_operator({{1, 2}}, {index_tensor({2, 2})}, {{2, 4}}, {69, {}, {}});
  EXPECT_EQ(run(read(tile)), (std::vector<float>{0, 1, 0, 1, 0, 1, 0, 1}));
  const auto broadcast = one_operator({{2, 1}}, {index_tensor({2, 2, 2})}, {{2, 2, 2}}, {130, {}, {}});
  EXPECT_EQ(run(read(broadcast)), (std::vector<float>{0, 0, 1, 1, 0, 0, 1, 1}));
  const auto reverse = one_operator({{2, 2}}, {index_tensor({1})}, {{2, 2}}, {105, {}, {}});
  EXPECT_EQ(run(read(reverse)), (std::vector<float>{1, 0, 3, 2}));
}

TEST(Tflite, SpaceToBatchAndBackWithACropIsTheInput) {
  TfliteFile file;
  file.tensors = {{{1, 3, 4, 2}},
                  index_tensor({2, 2}),
                  {.shape = {2, 2}, .type = test::kInt32, .data = bytes_of<std::int32_t>({1, 0, 0, 0})},
                  {{4, 2, 2, 2}},
                  {{1, 3, 4, 2}}};
  file.operators = {{38, {0, 1, 2}, {3}}, {37, {3, 1, 2}, {4}}};
  file.inputs = {0};
  file.outputs = {3};
  // block row 1, block column 0 holds the odd padded rows (0 and 2 of the image) and the even columns
  const auto batches = run(read(file));
  EXPECT_EQ(std::vector<float>(batches.begin() + 16, batches.begin() + 24),
            (std::vector<float>{0, 1, 4, 5, 16, 17, 20, 21}));
  file.outputs = {4};
  EXPECT_EQ(run(read(file)), ramp(24));
}

TEST(Tflite, ConcatenationOfOtherScalesIsRequantized) {
  const auto quantized = [](std::vector<std::int32_t> shape, float scale) {
    return TfliteTensor{
        .shape = std::move(shape), .type = test::kInt8, .scales = {scale}, .zero_points = {0}};
  };
  TfliteTensor constant = quantized({1, 1}, 1);
  constant.data = {3};
  const Graph graph = read(
      one_operator(quantized({1, 2}, 0.5F), {constant}, quantized({1, 3}, 0.5F), {2, {}, {}, 10, {{0, 1}}}));
  const Tensor x = Tensor::integers(graph.type(graph.inputs()[0]), {5, -6});
  EXPECT_EQ(widen(interpret(graph, {x})[0]).integer, (std::vector<std::int64_t>{5, -6, 6}));
}

TEST(Tflite, ConvertsOperatorsWithParameters) {
  const auto leaky = one_operator({{3}}, {}, {{3}}, {98, {}, {}, 75, {{0, 0.5F}}});
  EXPECT_EQ(read(leaky).nodes()[0].op->name(), "LeakyRelu");
  const auto mean = one_operator({{1, 2, 2, 2}}, {index_tensor({-3, 2})}, {{1, 2}}, {40, {}, {}, 27, {}});
  EXPECT_EQ(run(read(mean)), (std::vector<float>{3, 4}));
  const auto gather = one_operator({{2, 3}}, {index_tensor({2, 0})}, {{2, 2}}, {36, {}, {}, 23, {{0, 1}}});
  EXPECT_EQ(run(read(gather)), (std::vector<float>{2, 0, 5, 3}));
  const auto resize =
      one_operator({{1, 1, 2, 1}}, {index_tensor({1, 4})}, {{1, 1, 4, 1}}, {23, {}, {}, 15, {{3, b(1)}}});
  EXPECT_EQ(run(read(resize)), (std::vector<float>{0, 0.25F, 0.75F, 1}));
  const auto difference = one_operator({{3}}, {real_tensor({1}, {2})}, {{3}}, {99, {}, {}});
  EXPECT_EQ(run(read(difference)), (std::vector<float>{4, 1, 0}));
}

}  // namespace
}  // namespace mote
