// The ONNX reader on small models made here: values by hand, layouts, folding, errors.
#include "format/onnx_reader.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "compress/pipelines.h"
#include "compress/quantize/lower_qdq.h"
#include "ir/verify.h"
#include "run/interpreter.h"
#include "tests/format/onnx_bytes.h"

namespace mote {
namespace {

using testing::kFloat;
using testing::kInt32;
using testing::kInt64;
using testing::kInt8;
using testing::kUint8;
using testing::OnnxModel;
using testing::OnnxNode;
using Reals = std::vector<float>;
using Numbers = std::vector<std::int64_t>;

Graph read(const OnnxModel& model) { return read_onnx(model.bytes(), "test.onnx"); }

Reals run(const Graph& graph, const std::vector<Tensor>& inputs, std::size_t output = 0) {
  const Tensor tensor = interpret(graph, inputs).at(output);
  Reals values;
  for (std::int64_t i = 0; i < tensor.type().elements(); ++i)
    values.push_back(tensor.type().encoding.is_real() ? static_cast<float>(tensor.real_at(i))
                                                      : static_cast<float>(tensor.integer_at(i)));
  return values;
}

// One node on one float input "x".
Reals run_node(const OnnxNode& node, const Shape& shape, const Reals& x, std::int64_t opset = 13,
               const std::function<void(OnnxModel&)>& more = {}) {
  OnnxModel model{.opset = opset};
  model.nodes = {node};
  model.input("x", kFloat, shape);
  model.outputs = {node.outputs[0]};
  if (more) more(model);
  return run(simplify(read(model)), {Tensor::reals(shape, x)});
}

UserError::Parts error_of(const std::vector<std::byte>& bytes) {
  try {
    read_onnx(bytes, "bad.onnx");
  } catch (const UserError& e) {
    return e.parts();
  }
  return {};
}

UserError::Parts error_of(const OnnxModel& model) { return error_of(model.bytes()); }

TEST(OnnxReader, ConvolutionOfOneSpatialAxis) {
  // correlation of [1,2,3,4] with [1,-1], stride 1, one zero before: -1, 1-2, 2-3, 3-4
  const auto y = run_node(OnnxNode{"Conv", {"x", "w"}, {"y"}}.integers("pads", {1, 0}), {1, 1, 4},
                          {1, 2, 3, 4}, 13, [](OnnxModel& m) {
                            m.constant<float>("w", kFloat, {1, 1, 2}, {1, -1});
                          });
  EXPECT_EQ(y, (Reals{-1, -1, -1, -1}));
}

TEST(OnnxReader, DepthwiseConvolutionKeepsChannelOrder) {
  OnnxModel model;
  model.nodes = {OnnxNode{"Conv", {"x", "w"}, {"y"}}.integer("group", 2)};
  model.input("x", kFloat, {1, 2, 1, 2}).constant<float>("w", kFloat, {4, 1, 1, 1}, {1, 10, 100, 1000});
  model.outputs = {"y"};
  const Graph graph = simplify(read(model));
  EXPECT_EQ(run(graph, {Tensor::reals({1, 2, 1, 2}, {1, 2, 3, 4})}),
            (Reals{1, 2, 10, 20, 300, 400, 3000, 4000}));
}

TEST(OnnxReader, GroupedTransposedConvolution) {
  const auto y =
      run_node(OnnxNode{"ConvTranspose", {"x", "w"}, {"y"}}.integer("group", 2).integers("strides", {1, 2}),
               {1, 2, 1, 2}, {1, 2, 3, 4}, 13, [](OnnxModel& m) {
                 m.constant<float>("w", kFloat, {2, 1, 1, 2}, {1, 2, 10, 20});
               });
  EXPECT_EQ(y, (Reals{1, 2, 2, 4, 30, 60, 40, 80}));
}

TEST(OnnxReader, TransposesAroundImageOperatorsVanish) {
  OnnxModel model;
  model.nodes = {OnnxNode{"Conv", {"x", "w"}, {"a"}},         OnnxNode{"Relu", {"a"}, {"b"}},
                 OnnxNode{"Conv", {"b", "w"}, {"c"}},         OnnxNode{"Add", {"b", "c"}, {"d"}},
                 OnnxNode{"GlobalAveragePool", {"d"}, {"e"}}, OnnxNode{"Flatten", {"e"}, {"y"}}};
  model.input("x", kFloat, {-1, 2, 3, 3}).constant<float>("w", kFloat, {2, 2, 1, 1}, {1, 2, 3, 4});
  model.outputs = {"y"};
  const Graph graph = simplify(read(model));
  EXPECT_EQ(graph.type(graph.inputs()[0]).shape, (Shape{1, 2, 3, 3}));  // symbolic batch
  int transposes = 0;
  for (const Node& node : graph.nodes()) transposes += node.op->name() == "Transpose" ? 1 : 0;
  EXPECT_LE(transposes, 1);  // the one that the file's input layout asks for
  EXPECT_EQ(graph.value(graph.outputs()[0]).name, "y");
  // b = relu(W 1) = (3, 7) everywhere; c = W b = (17, 37)
  EXPECT_EQ(run(graph, {Tensor::reals({1, 2, 3, 3}, Reals(18, 1))}), (Reals{20, 44}));
}

TEST(OnnxReader, ShapeArithmeticIsFolded) {
  OnnxModel model;
  model.nodes = {OnnxNode{"Shape", {"x"}, {"s"}}, OnnxNode{"Gather", {"s", "zero"}, {"n"}},
                 OnnxNode{"Unsqueeze", {"n", "axis"}, {"n1"}},
                 OnnxNode{"Concat", {"n1", "rest"}, {"shape"}}.integer("axis", 0),
                 OnnxNode{"Reshape", {"x", "shape"}, {"y"}}};
  model.input("x", kFloat, {2, 3, 4}).constant<std::int64_t>("zero", kInt64, {}, {0});
  model.constant<std::int64_t>("axis", kInt64, {1}, {0}).constant<std::int64_t>("rest", kInt64, {1}, {-1});
  model.outputs = {"y"};
  const Graph graph = read(model);
  EXPECT_EQ(graph.type(graph.outputs()[0]).shape, (Shape{2, 12}));
  EXPECT_EQ(graph.nodes().size(), 1U);
}

TEST(OnnxReader, SoftmaxBeforeOpset13TakesAllLaterAxesAsOneRow) {
  const Shape shape{1, 2, 2};
  const auto old = run_node(OnnxNode{"Softmax", {"x"}, {"y"}}, shape, {0, 0, 0, 0}, 11);
  const auto now = run_node(OnnxNode{"Softmax", {"x"}, {"y"}}, shape, {0, 0, 0, 0}, 13);
  EXPECT_EQ(old, Reals(4, 0.25F));
  EXPECT_EQ(now, Reals(4, 0.5F));
}

TEST(OnnxReader, AveragePoolCountsAsTheFileSays) {
  const auto pool = [](std::int64_t counted) {
    return run_node(OnnxNode{"AveragePool", {"x"}, {"y"}}
                        .integers("kernel_shape", {2})
                        .integers("pads", {1, 0})
                        .integer("count_include_pad", counted),
                    {1, 1, 2}, {4, 8});
  };
  EXPECT_EQ(pool(0), (Reals{4, 6}));
  EXPECT_EQ(pool(1), (Reals{2, 6}));
}

TEST(OnnxReader, VolumetricPoolsAreTwoPlanarOnes) {
  const Reals x{1, 2, 3, 4, 5, 6, 7, 8};
  const auto pool = [&](const char* type) {
    return run_node(OnnxNode{type, {"x"}, {"y"}}.integers("kernel_shape", {2, 2, 2}), {1, 1, 2, 2, 2}, x);
  };
  EXPECT_EQ(pool("MaxPool"), Reals{8});
  EXPECT_EQ(pool("AveragePool"), Reals{4.5F});
}

TEST(OnnxReader, IntegerPoolsAndClips) {
  OnnxModel model;
  model.nodes = {OnnxNode{"MaxPool", {"x"}, {"p"}}.integers("kernel_shape", {2}),
                 OnnxNode{"Clip", {"p", "", "high"}, {"y"}}};
  model.input("x", kUint8, {1, 1, 3}).constant<std::uint8_t>("high", kUint8, {}, {200});
  model.outputs = {"y"};
  const Graph graph = simplify(read(model));
  const TensorType type{{1, 1, 3}, Encoding::integer(8, false), {}};
  EXPECT_EQ(run(graph, {Tensor::integers(type, {7, 100, 255})}), (Reals{100, 200}));
}

TEST(OnnxReader, CubicResizeIsALinearMap) {
  // half-pixel cubic of [1,2,3,4] to twice the length; first weights of A = -0.75 at 0.75 and 0.25 (ONNX
  // operator text)
  const auto y = run_node(OnnxNode{"Resize", {"x", "", "scales"}, {"y"}}.text("mode", "cubic"), {1, 1, 1, 4},
                          {1, 2, 3, 4}, 13, [](OnnxModel& m) {
                            m.constant<float>("scales", kFloat, {4}, {1, 1, 1, 2});
                          });
  ASSERT_EQ(y.size(), 8U);
  EXPECT_NEAR(y[0] + y[7], 5, 1e-5);  // symmetric about the centre
  EXPECT_NEAR(y[3] + y[4], 5, 1e-5);
  const double t = 0.25, a = -0.75;  // cell 3: position 1.25 between 2 and 3
  const auto far = [&](double d) { return ((a * d - 5 * a) * d + 8 * a) * d - 4 * a; };
  const auto near = [&](double d) { return ((a + 2) * d - (a + 3)) * d * d + 1; };
  EXPECT_NEAR(y[3], far(1 + t) * 1 + near(t) * 2 + near(1 - t) * 3 + far(2 - t) * 4, 1e-5);
}

TEST(OnnxReader, SliceClampsAndCountsFromTheEnd) {
  const auto slice = [](std::int64_t start, std::int64_t end, std::int64_t step) {
    return run_node(
        OnnxNode{"Slice", {"x", "s", "e", "a", "t"}, {"y"}}, {5}, {0, 1, 2, 3, 4}, 13, [&](OnnxModel& m) {
          m.constant<std::int64_t>("s", kInt64, {1}, {start}).constant<std::int64_t>("e", kInt64, {1}, {end});
          m.constant<std::int64_t>("a", kInt64, {1}, {-1}).constant<std::int64_t>("t", kInt64, {1}, {step});
        });
  };
  EXPECT_EQ(slice(-2, INT64_MAX, 1), (Reals{3, 4}));
  EXPECT_EQ(slice(-1, INT64_MIN, -2), (Reals{4, 2, 0}));
  EXPECT_EQ(slice(1, -1, 2), (Reals{1, 3}));
  EXPECT_EQ(slice(9, 20, 1), Reals{});
}

TEST(OnnxReader, PadWrapsReflectsAndCuts) {
  const auto pad = [](const char* mode, Numbers pads) {
    return run_node(OnnxNode{"Pad", {"x", "p"}, {"y"}}.text("mode", mode), {3}, {1, 2, 3}, 19,
                    [&](OnnxModel& m) { m.constant<std::int64_t>("p", kInt64, {2}, pads); });
  };
  EXPECT_EQ(pad("wrap", {4, 1}), (Reals{3, 1, 2, 3, 1, 2, 3, 1}));
  EXPECT_EQ(pad("reflect", {2, 1}), (Reals{3, 2, 1, 2, 3, 2}));
  EXPECT_EQ(pad("constant", {-1, 1}), (Reals{2, 3, 0}));
}

TEST(OnnxReader, GemmWithEveryAttribute) {
  const auto y = run_node(
      OnnxNode{"Gemm", {"x", "b", "c"}, {"y"}}.real("alpha", 0.5F).real("beta", 2).integer("transA", 1),
      {2, 1}, {2, 4}, 13, [](OnnxModel& m) {
        m.constant<float>("b", kFloat, {2, 2}, {1, 2, 3, 4}).constant<float>("c", kFloat, {1, 1}, {10});
      });
  EXPECT_EQ(y, (Reals{27, 30}));  // 0.5 * (2 + 12) + 20, 0.5 * (4 + 16) + 20
}

TEST(OnnxReader, MatMulAndAddAreOneLayer) {
  OnnxModel model;
  model.nodes = {OnnxNode{"MatMul", {"x", "w"}, {"m"}}, OnnxNode{"Add", {"b", "m"}, {"y"}}};
  model.input("x", kFloat, {1, 1, 2});
  model.constant<float>("w", kFloat, {2, 2}, {1, 2, 3, 4}).constant<float>("b", kFloat, {2}, {10, 20});
  model.outputs = {"y"};
  const Graph graph = simplify(read(model));
  EXPECT_EQ(graph.nodes().size(), 1U);
  EXPECT_EQ(run(graph, {Tensor::reals({1, 1, 2}, {1, 1})}), (Reals{14, 26}));
  model.outputs = {"y", "m"};  // the product alone is asked for too
  EXPECT_EQ(run(simplify(read(model)), {Tensor::reals({1, 1, 2}, {1, 1})}, 1), (Reals{4, 6}));
}

TEST(OnnxReader, IntegerProducts) {
  OnnxModel model;
  model.nodes = {OnnxNode{"MatMulInteger", {"x", "w", "xz"}, {"y"}}};
  model.input("x", kUint8, {1, 2})
      .constant<std::int8_t>("w", kInt8, {2, 2}, {1, -2, 3, 4})
      .constant<std::uint8_t>("xz", kUint8, {}, {10});
  model.outputs = {"y"};
  const TensorType type{{1, 2}, Encoding::integer(8, false), {}};
  EXPECT_EQ(run(simplify(read(model)), {Tensor::integers(type, {12, 9})}), (Reals{-1, -8}));
}

// Dequantize -> Conv -> Relu -> Quantize with a symbolic batch and integer input and output.
OnnxModel qdq_model() {
  OnnxModel model;
  model.nodes = {OnnxNode{"DequantizeLinear", {"x", "xs", "xz"}, {"xf"}},
                 OnnxNode{"DequantizeLinear", {"w", "ws"}, {"wf"}}.integer("axis", 0),
                 OnnxNode{"DequantizeLinear", {"b", "bs"}, {"bf"}}.integer("axis", 0),
                 OnnxNode{"Conv", {"xf", "wf", "bf"}, {"c"}},
                 OnnxNode{"Relu", {"c"}, {"r"}},
                 OnnxNode{"QuantizeLinear", {"r", "ys", "yz"}, {"y"}}};
  model.input("x", kUint8, {-1, 1, 1, 2});
  model.constant<float>("xs", kFloat, {}, {0.5F}).constant<std::uint8_t>("xz", kUint8, {}, {128});
  model.constant<std::int8_t>("w", kInt8, {2, 1, 1, 1}, {2, -3})
      .constant<float>("ws", kFloat, {2}, {1, 0.5F});
  model.constant<std::int32_t>("b", kInt32, {2}, {4, 8}).constant<float>("bs", kFloat, {2}, {0.5F, 0.25F});
  model.constant<float>("ys", kFloat, {}, {1}).constant<std::uint8_t>("yz", kUint8, {}, {0});
  model.outputs = {"y"};
  return model;
}

TEST(OnnxReader, QdqFormLowersToIntegers) {
  const Graph graph = simplify(lower_qdq(simplify(read(qdq_model()))));
  EXPECT_EQ(stage_of(graph), Stage::Integer);
  for (const Node& node : graph.nodes()) EXPECT_NE(node.op->name(), "Dequantize");
  // x = (1, -2); channel 0: 2 x + 2; channel 1: -1.5 x + 2
  EXPECT_EQ(run(graph, {Tensor::integers(graph.type(graph.inputs()[0]), {130, 124})}), (Reals{4, 0, 1, 5}));
}

TEST(OnnxReader, QonnxQuantStaysSimulated) {
  OnnxModel model;
  model.nodes = {OnnxNode{"Quant", {"x", "s", "z", "b"}, {"y"}, {}, "qonnx.custom_op.general"}
                     .integer("signed", 1)
                     .text("rounding_mode", "ROUND")};
  model.input("x", kFloat, {3})
      .constant<float>("s", kFloat, {}, {0.5F})
      .constant<float>("z", kFloat, {}, {0})
      .constant<float>("b", kFloat, {}, {4});
  model.outputs = {"y"};
  const Graph graph = read(model);
  EXPECT_EQ(stage_of(graph), Stage::Simulated);
  EXPECT_EQ(run(graph, {Tensor::reals({3}, {0.3F, 100, -100})}), (Reals{0.5F, 3.5F, -4}));
}

TEST(OnnxReader, ExternalDataStaysInsideTheFolder) {
  const TemporaryFolder folder;
  const float values[] = {3, 4};
  write_file(folder.path() / "weights.bin", std::as_bytes(std::span(values)));
  const auto model = [](const std::string& location) {
    const auto entry = [](std::string_view key, std::string_view value) {
      return testing::Message().text(1, key).text(2, value);
    };
    OnnxModel m;
    m.nodes = {OnnxNode{"Add", {"x", "w"}, {"y"}}};
    m.input("x", kFloat, {1});
    m.initializers.push_back(testing::Message()
                                 .integer(1, 1)
                                 .integer(2, kFloat)
                                 .text(8, "w")
                                 .message(13, entry("location", location))
                                 .message(13, entry("offset", "4"))
                                 .message(13, entry("length", "4"))
                                 .integer(14, 1));
    m.outputs = {"y"};
    return m.bytes();
  };
  write_file(folder.path() / "model.onnx", model("weights.bin"));
  EXPECT_EQ(run(read_onnx(folder.path() / "model.onnx"), {Tensor::reals({1}, {1})}), Reals{5});
  for (const char* location : {"../weights.bin", "/etc/passwd", "missing.bin", ""}) {
    write_file(folder.path() / "model.onnx", model(location));
    EXPECT_THROW(read_onnx(folder.path() / "model.onnx"), UserError) << location;
  }
}

TEST(OnnxReader, BadModelsAreUserErrors) {
  const auto node_error = [](OnnxNode node, Shape shape = {1, 2, 3}) {
    OnnxModel model;
    model.nodes = {std::move(node)};
    model.input("x", kFloat, shape);
    model.outputs = {"y"};
    return error_of(model);
  };
  EXPECT_NE(error_of(std::vector<std::byte>{}).why.find("empty"), std::string::npos);
  EXPECT_NE(node_error({"LSTM", {"x", "x", "x"}, {"y"}}).why.find("LSTM"), std::string::npos);
  EXPECT_NE(node_error({"Frobnicate", {"x"}, {"y"}}).why.find("Frobnicate"), std::string::npos);
  EXPECT_NE(node_error({"Relu", {"y"}, {"y"}}).why.find("cycle"), std::string::npos);
  EXPECT_NE(node_error({"Relu", {"nothing"}, {"y"}}).why.find("nothing"), std::string::npos);
  EXPECT_NE(node_error({"Relu", {"x"}, {"y"}}, {1 << 20, 1 << 20}).why.find("2^31"), std::string::npos);
  EXPECT_NE(node_error({"Relu", {"x"}, {"y"}}, {1, -1}).why.find("batch"), std::string::npos);
  EXPECT_FALSE(node_error({"Reshape", {"x", "x"}, {"y"}}).what.empty());
  EXPECT_FALSE(node_error({"Conv", {"x"}, {"y"}}).what.empty());
  OnnxModel old = qdq_model();
  old.opset = 6;
  EXPECT_NE(error_of(old).why.find("opset 6"), std::string::npos);
  OnnxModel strings;
  strings.input("x", testing::kString, {1});
  strings.outputs = {"x"};
  EXPECT_NE(error_of(strings).why.find("strings"), std::string::npos);
  OnnxModel short_data = qdq_model();
  short_data.constant<float>("ws", kFloat, {1000000}, {1});
  short_data.initializers.erase(short_data.initializers.begin() + 3);
  EXPECT_NE(error_of(short_data).why.find("4 bytes"), std::string::npos);
}

// What cannot be held: 2^40 elements, whether declared, computed or claimed by a constant.
TEST(OnnxReader, HugeShapesAreUserErrors) {
  const auto huge = [](OnnxNode node, const Numbers& numbers) {
    OnnxModel model;
    model.nodes = {std::move(node)};
    model.input("x", kFloat, {1});
    model.constant<std::int64_t>("n", kInt64, {static_cast<std::int64_t>(numbers.size())}, numbers);
    model.outputs = {"y"};
    return error_of(model).what;
  };
  const Numbers extents{1 << 20, 1 << 20};
  EXPECT_FALSE(huge({"ConstantOfShape", {"n"}, {"y"}}, extents).empty());
  EXPECT_FALSE(huge({"Expand", {"x", "n"}, {"y"}}, extents).empty());
  EXPECT_FALSE(huge({"Tile", {"x", "n"}, {"y"}}, {std::int64_t{1} << 40}).empty());
  EXPECT_FALSE(huge({"Pad", {"x", "n"}, {"y"}}, {std::int64_t{1} << 39, std::int64_t{1} << 39}).empty());
  OnnxModel constant;
  constant.nodes = {OnnxNode{"Add", {"x", "c"}, {"y"}}};
  constant.input("x", kFloat, {1}).constant<float>("c", kFloat, extents, {1});
  constant.outputs = {"y"};
  EXPECT_FALSE(error_of(constant).what.empty());
}

TEST(OnnxReader, TypesThatDoNotGoTogetherAreUserErrors) {
  const auto mixed = [](const char* op, int left, int right) {
    OnnxModel model;
    model.nodes = {OnnxNode{op, {"a", "b"}, {"y"}}};
    model.input("a", left, {1, 1, 2, 2}).input("b", right, {1, 1, 2, 2});
    model.outputs = {"y"};
    return error_of(model).what;
  };
  EXPECT_TRUE(mixed("Add", kFloat, kFloat).empty());
  EXPECT_FALSE(mixed("Add", kFloat, kInt32).empty());
  EXPECT_FALSE(mixed("Conv", kUint8, kUint8).empty());
  EXPECT_FALSE(mixed("Conv", kFloat, kInt8).empty());
  EXPECT_FALSE(mixed("MatMul", kFloat, kInt8).empty());
  EXPECT_FALSE(mixed("PRelu", kFloat, kInt32).empty());
}

TEST(OnnxReader, CyclesOfSeveralNodesAreUserErrors) {
  OnnxModel model;
  model.nodes = {OnnxNode{"Add", {"x", "c"}, {"a"}}, OnnxNode{"Relu", {"a"}, {"b"}},
                 OnnxNode{"Neg", {"b"}, {"c"}}};
  model.input("x", kFloat, {2});
  model.outputs = {"b"};
  EXPECT_NE(error_of(model).why.find("cycle"), std::string::npos);
}

}  // namespace
}  // namespace mote
