#include "ir/verify.h"

#include <gtest/gtest.h>

#include "ir/patch.h"
#include "ops/dequantize.h"
#include "ops/operator_list.h"
#include "ops/quant.h"
#include "ops/quantize.h"
#include "ops/reshape.h"

namespace mote {
namespace {

const Encoding kInt8 = Encoding::affine(8, true, 0.5F, 3);

OperatorPtr reshape(Shape shape) {
  auto op = std::make_shared<Reshape>();
  op->shape = std::move(shape);
  return op;
}

Graph reshaped(const Encoding& in, const Shape& declared, const Encoding& out) {
  Patch patch;
  const ValueId x = patch.add_input("x", {{2, 3}, in, {}});
  patch.add_output(patch.add_node(reshape({6}), {x}, {{declared, out, {}}})[0]);
  return std::move(patch).apply();
}

// Quantize -> Reshape -> Dequantize, real at both ends; with a real node behind it on request.
Graph quantized(bool real_tail) {
  Patch patch;
  const ValueId x = patch.add_input("x", {{2, 3}, Encoding::real(), {}});
  const ValueId q = patch.add_node(std::make_shared<Quantize>(), {x}, {{{2, 3}, kInt8, {}}})[0];
  const ValueId r = patch.add(reshape({6}), {q});
  ValueId y = patch.add_node(std::make_shared<Dequantize>(), {r}, {{{6}, Encoding::real(), {}}})[0];
  if (real_tail) y = patch.add(reshape({3, 2}), {y});
  patch.add_output(y);
  return std::move(patch).apply();
}

TEST(Verify, EverySampleIsLegal) {
  for (const OperatorRow& row : operator_list()) {
    Rng rng(5);
    for (int i = 0; i < 60; ++i) {
      const auto problems = find_problems(row.sample(rng), Stage::Mixed);
      ASSERT_TRUE(problems.empty()) << row.name << ": " << problems[0];
    }
  }
}

TEST(Verify, FindsWrongShapesAndEncodings) {
  EXPECT_TRUE(find_problems(reshaped(Encoding::real(), {6}, Encoding::real()), Stage::Float).empty());
  EXPECT_EQ(find_problems(reshaped(Encoding::real(), {2, 2}, Encoding::real()), Stage::Mixed).size(), 1U);
  EXPECT_EQ(find_problems(reshaped(kInt8, {6}, Encoding::affine(8, true, 0.5F, 4)), Stage::Mixed).size(), 1U);
}

TEST(Verify, TellsTheStagesApart) {
  const Graph floats = reshaped(Encoding::real(), {6}, Encoding::real());
  EXPECT_EQ(stage_of(floats), Stage::Float);
  EXPECT_FALSE(find_problems(floats, Stage::Integer).empty());
  EXPECT_EQ(stage_of(quantized(false)), Stage::Integer);
  EXPECT_FALSE(find_problems(quantized(false), Stage::Float).empty());
  EXPECT_EQ(stage_of(quantized(true)), Stage::Mixed);  // arithmetic on reals inside
  Rng rng(1);
  const Graph simulated = find_operator("Quant").sample(rng);
  EXPECT_EQ(stage_of(simulated), Stage::Simulated);
  EXPECT_FALSE(find_problems(simulated, Stage::Float).empty());
}

TEST(Verify, ChecksScalesAndZeroPoints) {
  const auto problems_of = [](const Encoding& e) {
    Patch patch;
    patch.add_output(patch.add_input("x", {{2, 3}, e, {}}));
    return find_problems(std::move(patch).apply(), Stage::Mixed).size();
  };
  EXPECT_EQ(problems_of(Encoding::per_axis(8, true, 1, {1, 1, 1}, {0, 0, 0})), 0U);
  EXPECT_EQ(problems_of(Encoding::per_axis(8, true, 0, {1, 1, 1}, {0, 0, 0})), 1U);
  EXPECT_EQ(problems_of(Encoding::per_axis(8, true, 5, {1, 1, 1}, {0, 0, 0})), 1U);
  EXPECT_EQ(problems_of(Encoding::affine(8, true, 0, 0)), 1U);
  EXPECT_EQ(problems_of(Encoding::affine(8, true, -1, 0)), 1U);
  EXPECT_EQ(problems_of(Encoding::affine(8, true, 1, 128)), 1U);
  EXPECT_EQ(problems_of(Encoding::affine(4, false, 1, -1)), 1U);
}

TEST(Verify, ChecksDeclaredSparsityAgainstTheElements) {
  const auto problems_of = [](const std::vector<float>& values) {
    Patch patch;
    const Tensor dense = Tensor::reals({2, 4}, values);
    patch.add_output(
        patch.add_constant("w", dense.with_type({{2, 4}, Encoding::real(), {Sparsity::Kind::NOfM, 2, 4}})));
    return find_problems(std::move(patch).apply(), Stage::Mixed).size();
  };
  EXPECT_EQ(problems_of({0, 1, 2, 0, 3, 0, 0, 4}), 0U);
  EXPECT_EQ(problems_of({0, 1, 2, 0, 3, 0, 5, 4}), 1U);
}

TEST(Verify, BlamesThePassOrTheFile) {
  const Graph wrong = reshaped(Encoding::real(), {2, 2}, Encoding::real());
  EXPECT_THROW(verify(wrong, Stage::Float, "some_pass"), InternalError);
  try {
    verify_import(wrong, "file.onnx");
    FAIL();
  } catch (const UserError& e) {
    EXPECT_EQ(e.parts().where, "file.onnx");
  }
  EXPECT_NO_THROW(verify(quantized(false), Stage::Integer, "some_pass"));
}

}  // namespace
}  // namespace mote
