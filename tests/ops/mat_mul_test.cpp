#include "ops/mat_mul.h"

#include <gtest/gtest.h>

namespace mote {
namespace {

Array product(const MatMul& op, const Array& a, const Array& b, const Encoding& encoding) {
  TensorType type = op.infer({&a.type, &b.type}).at(0);
  type.encoding = encoding;
  Array y(type);
  op.check({&a.type, &b.type}, {&y.type});
  op.evaluate({&a, &b}, {&y});
  return y;
}

TEST(MatMul, TransposesAgree) {
  const Array a = widen(Tensor::reals({2, 3}, {1, 2, 3, 4, 5, 6}));
  const Array b = widen(Tensor::reals({3, 2}, {7, 8, 9, 10, 11, 12}));
  const Array at = widen(Tensor::reals({3, 2}, {1, 4, 2, 5, 3, 6}));
  const Array bt = widen(Tensor::reals({2, 3}, {7, 9, 11, 8, 10, 12}));
  const std::vector<double> expected{58, 64, 139, 154};
  for (const bool transpose_a : {false, true})
    for (const bool transpose_b : {false, true}) {
      MatMul op;
      op.transpose_a = transpose_a;
      op.transpose_b = transpose_b;
      EXPECT_EQ(product(op, transpose_a ? at : a, transpose_b ? bt : b, Encoding::real()).real, expected);
    }
}

// [2,1,1,2] x [3,2,1]: both leading axes broadcast, each product a dot product.
TEST(MatMul, Broadcasts) {
  const Array a = widen(Tensor::reals({2, 1, 1, 2}, {1, 2, 3, 4}));
  const Array b = widen(Tensor::reals({3, 2, 1}, {1, 0, 0, 1, 1, 1}));
  const Array y = product(MatMul{}, a, b, Encoding::real());
  EXPECT_EQ(y.shape(), (Shape{2, 3, 1, 1}));
  EXPECT_EQ(y.real, (std::vector<double>{1, 2, 3, 3, 4, 7}));
}

TEST(MatMul, SumsOfZeroPointedBytes) {
  const TensorType a{{1, 2}, Encoding::affine(8, false, 1, 12), {}};
  const TensorType b{{2, 1}, Encoding::affine(8, true, 1, -3), {}};
  const Array y = product(MatMul{}, widen(Tensor::integers(a, {11, 255})),
                          widen(Tensor::integers(b, {127, -128})), Encoding::integer(32, true));
  EXPECT_EQ(y.integer, (std::vector<std::int64_t>{(11 - 12) * (127 + 3) + (255 - 12) * (-128 + 3)}));
}

TEST(MatMul, PlainWordsWrap) {
  const TensorType row{{1, 1}, Encoding::integer(32, true), {}};
  const Array a = widen(Tensor::integers(row, {65536}));
  const Array b = widen(Tensor::integers(row, {98304}));  // 2^16 * 1.5 * 2^16 = 2^32 + 2^31
  EXPECT_EQ(product(MatMul{}, a, b, row.encoding).integer, (std::vector<std::int64_t>{-2147483648LL}));
}

TEST(MatMul, RefusesWhatDoesNotFit) {
  const auto type = [](Shape shape) { return TensorType{std::move(shape), Encoding::real(), {}}; };
  const auto infer = [](const TensorType& a, const TensorType& b) { return MatMul{}.infer({&a, &b}); };
  EXPECT_THROW(infer(type({2, 3}), type({2, 3})), UserError);
  EXPECT_THROW(infer(type({2, 2, 3}), type({3, 3, 2})), UserError);
  EXPECT_THROW(infer(type({3}), type({3, 2})), UserError);
}

}  // namespace
}  // namespace mote
