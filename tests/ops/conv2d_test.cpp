#include "ops/conv2d.h"

#include "ir/patch.h"
#include "tests/ops/naive_sums.h"

namespace mote {
namespace {

using testing::NaiveNode;

std::vector<double> naive(const NaiveNode& n, const Conv2D& op) {
  std::vector<double> sums;
  const std::int64_t group_outputs = n.ws[0] / op.groups;
  for (std::int64_t b = 0; b < n.ys[0]; ++b)
    for (std::int64_t oy = 0; oy < n.ys[1]; ++oy)
      for (std::int64_t ox = 0; ox < n.ys[2]; ++ox)
        for (std::int64_t o = 0; o < n.ys[3]; ++o) {
          double sum = n.bias.empty() ? 0 : n.bias[static_cast<std::size_t>(o)];
          for (std::int64_t ky = 0; ky < n.ws[1]; ++ky)
            for (std::int64_t kx = 0; kx < n.ws[2]; ++kx)
              for (std::int64_t i = 0; i < n.ws[3]; ++i) {
                const std::int64_t iy = oy * op.stride[0] + ky * op.dilation[0] - op.padding[0];
                const std::int64_t ix = ox * op.stride[1] + kx * op.dilation[1] - op.padding[1];
                if (iy < 0 || ix < 0 || iy >= n.xs[1] || ix >= n.xs[2]) continue;
                const std::int64_t c = o / group_outputs * n.ws[3] + i;
                sum += n.x[static_cast<std::size_t>(((b * n.xs[1] + iy) * n.xs[2] + ix) * n.xs[3] + c)] *
                       n.w[static_cast<std::size_t>(((o * n.ws[1] + ky) * n.ws[2] + kx) * n.ws[3] + i)];
              }
          sums.push_back(sum);
        }
  return sums;
}

TEST(Conv2D, EverySampleIsTheDefinitionRounded) {
  testing::expect_samples_rounded<Conv2D>(1, sample_conv2d, naive);
}

// 2x2 window on 1..9, stride 1, by hand: 1*1 + 2*2 + 4*3 + 5*4 = 37 and so on; bias 0.5; bounds cut the last.
TEST(Conv2D, ByHand) {
  Conv2D op;
  op.clamp_max = 70;
  const Array x = widen(Tensor::reals({1, 3, 3, 1}, {1, 2, 3, 4, 5, 6, 7, 8, 9}));
  const Array w = widen(Tensor::reals({1, 2, 2, 1}, {1, 2, 3, 4}));
  const Array bias = widen(Tensor::reals({1}, {0.5F}));
  Array y(op.infer({&x.type, &w.type, &bias.type}).at(0));
  op.evaluate({&x, &w, &bias}, {&y});
  EXPECT_EQ(y.shape(), (Shape{1, 2, 2, 1}));
  EXPECT_EQ(y.real, (std::vector<double>{37.5, 47.5, 67.5, 70}));
  EXPECT_EQ(op.macs({&x.type, &w.type}, {&y.type}), 16);
}

TEST(Conv2D, RefusesImpossibleShapes) {
  const TensorType x{{1, 5, 5, 4}, Encoding::real(), {}};
  const auto infer = [&](const Conv2D& op, Shape w) {
    const TensorType weights{std::move(w), Encoding::real(), {}};
    return op.infer({&x, &weights});
  };
  Conv2D op;
  EXPECT_NO_THROW(infer(op, {2, 3, 3, 4}));
  EXPECT_THROW(infer(op, {2, 3, 3, 3}), UserError);  // channels
  EXPECT_THROW(infer(op, {2, 6, 3, 4}), UserError);  // larger than the image
  EXPECT_THROW(infer(op, {2, 0, 3, 4}), UserError);  // empty
  EXPECT_THROW(infer(op, {2, 3, 4}), UserError);     // rank
  op.groups = 2;
  EXPECT_THROW(infer(op, {3, 3, 3, 2}), UserError);  // 3 outputs in 2 groups
  op.groups = 1;
  op.stride = {0, 1};
  EXPECT_THROW(infer(op, {2, 3, 3, 4}), UserError);
  op.stride = {1};
  EXPECT_THROW(infer(op, {2, 3, 3, 4}), UserError);
  EXPECT_THROW(op.infer({&x}), UserError);
}

}  // namespace
}  // namespace mote
