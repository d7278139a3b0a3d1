// The QONNX dialect: every variant of Quant, BipolarQuant and Trunc in small files, with results worked out
// from the operator documents; what is refused; and that written files come back equal.
#include <gtest/gtest.h>

#include "compress/pipelines.h"
#include "compress/quantize/lower_simulated.h"
#include "format/onnx_reader.h"
#include "format/onnx_writer.h"
#include "ir/text_form.h"
#include "ir/verify.h"
#include "run/interpreter.h"
#include "tests/format/onnx_bytes.h"

namespace mote {
namespace {

using testing::kFloat;
using testing::kInt32;
using testing::OnnxModel;
using testing::OnnxNode;
using Reals = std::vector<float>;

constexpr std::string_view kDomain = "qonnx.custom_op.general";

OnnxNode quantizer(std::string op, std::vector<std::string> inputs, std::string y,
                   std::string_view domain = kDomain) {
  return {std::move(op), std::move(inputs), {std::move(y)}, {}, std::string(domain)};
}

OnnxModel model_of(const OnnxNode& node, const Shape& x) {
  OnnxModel model;
  model.nodes = {node};
  model.input("x", kFloat, x);
  model.outputs = {node.outputs[0]};
  return model;
}

Reals run(const Graph& graph, const Shape& shape, const Reals& x) {
  const Tensor y = interpret(graph, {Tensor::reals(shape, x)}).at(0);
  return {y.floats().begin(), y.floats().end()};
}

// Read, and read again as written.
Reals run_twice(const OnnxModel& model, const Shape& shape, const Reals& x) {
  const Graph graph = simplify(read_onnx(model.bytes(), "test.onnx"));
  EXPECT_EQ(stage_of(graph), Stage::Simulated);
  const Graph again = simplify(read_onnx(write_onnx(graph), "written.onnx"));
  EXPECT_EQ(run(again, shape, x), run(graph, shape, x));
  return run(graph, shape, x);
}

std::string why_refused(const OnnxModel& model) {
  try {
    read_onnx(model.bytes(), "bad.onnx");
  } catch (const UserError& e) {
    return e.parts().why;
  }
  return "";
}

// Levels of x = -3.5, -2.5, ..., 3.5 for a scale of 1 and a zero point.
Reals levels(OnnxNode node, float bits, float zero, std::int64_t is_signed, std::int64_t narrow,
             const std::string& mode) {
  node.integer("signed", is_signed).integer("narrow", narrow);
  if (!mode.empty()) node.text("rounding_mode", mode);
  OnnxModel model = model_of(node, {8});
  model.constant<float>("s", kFloat, {}, {1})
      .constant<float>("z", kFloat, {}, {zero})
      .constant<float>("b", kFloat, {}, {bits});
  return run_twice(model, {8}, {-3.5F, -2.5F, -1.5F, -0.5F, 0.5F, 1.5F, 2.5F, 3.5F});
}

const OnnxNode kQuant = quantizer("Quant", {"x", "s", "z", "b"}, "y");

TEST(Qonnx, QuantRoundsAndClampsAsItsDocumentSays) {
  // halves to even within -4..3; clamping comes first
  EXPECT_EQ(levels(kQuant, 3, 0, 1, 0, ""), (Reals{-4, -2, -2, 0, 0, 2, 2, 3}));
  EXPECT_EQ(levels(kQuant, 3, 0, 1, 1, "ROUND"), (Reals{-3, -2, -2, 0, 0, 2, 2, 3}));
  EXPECT_EQ(levels(kQuant, 2, 0, 0, 0, "ROUND"), (Reals{0, 0, 0, 0, 0, 2, 2, 3}));
  EXPECT_EQ(levels(kQuant, 2, 0, 0, 1, "ROUND"), (Reals{0, 0, 0, 0, 0, 2, 2, 2}));
  EXPECT_EQ(levels(kQuant, 3, 0, 1, 0, "FLOOR"), (Reals{-4, -3, -2, -1, 0, 1, 2, 3}));
  EXPECT_EQ(levels(kQuant, 3, 0, 1, 0, "CEIL"), (Reals{-3, -2, -1, 0, 1, 2, 3, 3}));
  EXPECT_EQ(levels(kQuant, 3, 0, 1, 0, "ceil"), (Reals{-3, -2, -1, 0, 1, 2, 3, 3}));
  EXPECT_EQ(levels(kQuant, 3, 0, 1, 0, "ROUND_TO_ZERO"), (Reals{-3, -2, -1, 0, 0, 1, 2, 3}));
  EXPECT_EQ(levels(kQuant, 3, 0, 1, 0, "DOWN"), (Reals{-3, -2, -1, 0, 0, 1, 2, 3}));
  EXPECT_EQ(levels(kQuant, 3, 0, 1, 0, "UP"), (Reals{-4, -3, -2, -1, 1, 2, 3, 3}));
  EXPECT_EQ(levels(kQuant, 3, 0, 1, 0, "HALF_UP"), (Reals{-4, -3, -2, -1, 1, 2, 3, 3}));
  EXPECT_EQ(levels(kQuant, 3, 0, 1, 0, "HALF_DOWN"), (Reals{-3, -2, -1, 0, 0, 1, 2, 3}));
}

TEST(Qonnx, QuantHasZeroPointsAndFractionsOfBits) {
  // levels x + 2 in 0..7, then minus 2
  EXPECT_EQ(levels(kQuant, 3, 2, 0, 0, "ROUND"), (Reals{-2, -2, -2, 0, 0, 2, 2, 4}));
  // 2^1.5 - 1 = 1.83 is the bound before rounding
  EXPECT_EQ(levels(kQuant, 1.5F, 0, 0, 0, "ROUND"), (Reals{0, 0, 0, 0, 0, 2, 2, 2}));
}

TEST(Qonnx, OtherNamesOfQuant) {
  const Reals expected{-4, -2, -2, 0, 0, 2, 2, 3};
  EXPECT_EQ(levels(quantizer("IntQuant", {"x", "s", "z", "b"}, "y"), 3, 0, 1, 0, "ROUND"), expected);
  for (const std::string_view domain : {"finn.custom_op.general", "onnx.brevitas"})
    EXPECT_EQ(levels(quantizer("Quant", {"x", "s", "z", "b"}, "y", domain), 3, 0, 1, 0, "ROUND"), expected);
}

TEST(Qonnx, OneSignedBitIsASign) {
  EXPECT_EQ(levels(kQuant, 1, 0, 1, 0, "ROUND"), (Reals{-1, -1, -1, -1, 1, 1, 1, 1}));
  EXPECT_EQ(levels(kQuant, 1, 0, 0, 0, "ROUND"), (Reals{0, 0, 0, 0, 0, 1, 1, 1}));
}

TEST(Qonnx, BitWidthsMayBeIntegers) {
  OnnxModel model = model_of(kQuant, {2});
  model.constant<float>("s", kFloat, {}, {0.5F})
      .constant<float>("z", kFloat, {}, {0})
      .constant<std::int32_t>("b", kInt32, {}, {2});
  EXPECT_EQ(run_twice(model, {2}, {-9, 9}), (Reals{-1, 0.5F}));
}

TEST(Qonnx, ScalesPerChannelOfImages) {
  OnnxModel model = model_of(kQuant, {1, 2, 1, 2});
  model.constant<float>("s", kFloat, {1, 2, 1, 1}, {1, 10})
      .constant<float>("z", kFloat, {}, {0})
      .constant<float>("b", kFloat, {}, {4});
  EXPECT_EQ(run_twice(model, {1, 2, 1, 2}, {2.4F, 99, 24, -99}), (Reals{2, 7, 20, -80}));
}

TEST(Qonnx, BipolarQuant) {
  OnnxModel model = model_of(quantizer("BipolarQuant", {"x", "s"}, "y"), {2, 2});
  model.constant<float>("s", kFloat, {2, 1}, {0.5F, 3});
  EXPECT_EQ(run_twice(model, {2, 2}, {-0.1F, 0, 0.1F, -7}), (Reals{-0.5F, 0.5F, 3, -3}));
}

TEST(Qonnx, TruncOfBothVersions) {
  OnnxNode node = quantizer("Trunc", {"x", "s", "z", "in", "out"}, "y");
  OnnxModel first = model_of(node, {3});
  first.constant<float>("s", kFloat, {}, {0.5F}).constant<float>("z", kFloat, {}, {0});
  first.constant<float>("in", kFloat, {}, {8}).constant<float>("out", kFloat, {}, {5});
  // 25, 7 and -9 of 0.5; eighths, rounded down; the scale stays
  EXPECT_EQ(run_twice(first, {3}, {12.5F, 3.5F, -4.5F}), (Reals{1.5F, 0, -1}));
  node = quantizer("Trunc", {"x", "s", "z", "in", "os", "out"}, "y");
  node.integer("signed", 0).integer("narrow", 0).text("rounding_mode", "round");
  OnnxModel second = model_of(node, {4});
  second.constant<float>("s", kFloat, {}, {0.5F})
      .constant<float>("z", kFloat, {}, {0})
      .constant<float>("in", kFloat, {}, {8});
  second.constant<float>("os", kFloat, {}, {2}).constant<float>("out", kFloat, {}, {3});
  // 25, 10, 99 and -9 of 0.5: quarters 6.25, 2.5, 24.75 and -2.25 within 0..7, halves to even, of 2
  EXPECT_EQ(run_twice(second, {4}, {12.5F, 5, 49.5F, -4.5F}), (Reals{12, 4, 14, 0}));
}

TEST(Qonnx, WhatIsRefusedSaysWhy) {
  OnnxModel model = model_of(kQuant, {2});
  model.constant<float>("s", kFloat, {}, {0})
      .constant<float>("z", kFloat, {}, {0})
      .constant<float>("b", kFloat, {}, {4});
  EXPECT_NE(why_refused(model).find("positive"), std::string::npos);
  model = model_of(kQuant, {2});
  model.constant<float>("s", kFloat, {}, {1})
      .constant<float>("z", kFloat, {}, {1})
      .constant<float>("b", kFloat, {}, {1});
  EXPECT_NE(why_refused(model).find("one signed bit"), std::string::npos);
  model = model_of(quantizer("Trunc", {"x", "s", "z", "in", "os", "out"}, "y"), {2});
  for (const char* name : {"s", "z", "in", "out"}) model.constant<float>(name, kFloat, {}, {4});
  model.constant<float>("os", kFloat, {}, {12});
  EXPECT_NE(why_refused(model).find("power of two"), std::string::npos);
  model = model_of(quantizer("MultiThreshold", {"x", "t"}, "y"), {2});
  model.constant<float>("t", kFloat, {2, 1}, {0, 0});
  EXPECT_NE(why_refused(model).find("MultiThreshold"), std::string::npos);
}

// Conv (weights of 2 bits with a scale per filter) - BatchNormalization - Relu - Quant, in NCHW as Brevitas
// writes it.
OnnxModel layer() {
  OnnxModel model;
  model.nodes = {quantizer("Quant", {"x", "xs", "z", "b4"}, "xq").integer("signed", 1),
                 quantizer("Quant", {"w", "ws", "z", "b2"}, "wq").integer("signed", 1).integer("narrow", 1),
                 OnnxNode{"Conv", {"xq", "wq"}, {"c"}},
                 OnnxNode{"BatchNormalization", {"c", "g", "beta", "m", "v"}, {"n"}}.real("epsilon", 0),
                 OnnxNode{"Relu", {"n"}, {"r"}},
                 quantizer("Quant", {"r", "ys", "z", "b4"}, "y").integer("signed", 0)};
  model.input("x", kFloat, {1, 2, 1, 1});
  model.constant<float>("xs", kFloat, {}, {0.5F})
      .constant<float>("z", kFloat, {}, {0})
      .constant<float>("ws", kFloat, {2, 1, 1, 1}, {0.25F, 2});
  model.constant<float>("b4", kFloat, {}, {4})
      .constant<float>("b2", kFloat, {}, {2})
      .constant<float>("ys", kFloat, {}, {0.5F});
  model.constant<float>("w", kFloat, {2, 2, 1, 1}, {0.3F, -9, 0.7F, 1.5F});  // 1, -1 of 0.25; 0, 1 of 2
  model.constant<float>("g", kFloat, {2}, {-4, 1}).constant<float>("beta", kFloat, {2}, {1, -0.5F});
  model.constant<float>("m", kFloat, {2}, {0, 1}).constant<float>("v", kFloat, {2}, {1, 4});
  model.outputs = {"y"};
  return model;
}

TEST(Qonnx, LayersOfBrevitasEvaluateAndLower) {
  // x = 1.5, -2: 3 and -4 of 0.5. c0 = 0.25 (1.5 + 2) = 0.875, n0 = 1 - 3.5 = -2.5: 0. c1 = 2 * -2 = -4, n1 =
  // -3: 0.
  EXPECT_EQ(run_twice(layer(), {1, 2, 1, 1}, {1.5F, -2}), (Reals{0, 0}));
  // x = -1.5, 2: c0 = -0.875, n0 = 4.5; c1 = 4, n1 = (4 - 1) / 2 - 0.5 = 1
  EXPECT_EQ(run_twice(layer(), {1, 2, 1, 1}, {-1.5F, 2}), (Reals{4.5F, 1}));
  const Graph integer =
      simplify_by_proof(simplify(lower_simulated(simplify(read_onnx(layer().bytes(), "l.onnx")))));
  ASSERT_EQ(stage_of(integer), Stage::Integer) << print(integer);
  const TensorType& x = integer.type(integer.inputs()[0]);
  EXPECT_EQ(to_string(x.encoding), "s4");
  const Tensor y = interpret(integer, {Tensor::integers(x, {-3, 4})}).at(0);
  EXPECT_EQ(y.integer_at(0), 9);  // of 0.5
  EXPECT_EQ(y.integer_at(1), 2);
}

}  // namespace
}  // namespace mote
