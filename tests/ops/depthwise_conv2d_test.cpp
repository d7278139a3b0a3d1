#include "ops/depthwise_conv2d.h"

#include "tests/ops/naive_sums.h"

namespace mote {
namespace {

using testing::NaiveNode;

std::vector<double> naive(const NaiveNode& n, const DepthwiseConv2D& op) {
  std::vector<double> sums;
  const std::int64_t multiplier = n.ys[3] / n.xs[3];
  for (std::int64_t b = 0; b < n.ys[0]; ++b)
    for (std::int64_t oy = 0; oy < n.ys[1]; ++oy)
      for (std::int64_t ox = 0; ox < n.ys[2]; ++ox)
        for (std::int64_t o = 0; o < n.ys[3]; ++o) {
          double sum = n.bias.empty() ? 0 : n.bias[static_cast<std::size_t>(o)];
          for (std::int64_t ky = 0; ky < n.ws[1]; ++ky)
            for (std::int64_t kx = 0; kx < n.ws[2]; ++kx) {
              const std::int64_t iy = oy * op.stride[0] + ky * op.dilation[0] - op.padding[0];
              const std::int64_t ix = ox * op.stride[1] + kx * op.dilation[1] - op.padding[1];
              if (iy < 0 || ix < 0 || iy >= n.xs[1] || ix >= n.xs[2]) continue;
              sum += n.x[static_cast<std::size_t>(((b * n.xs[1] + iy) * n.xs[2] + ix) * n.xs[3] +
                                                  o / multiplier)] *
                     n.w[static_cast<std::size_t>((ky * n.ws[2] + kx) * n.ws[3] + o)];
            }
          sums.push_back(sum);
        }
  return sums;
}

TEST(DepthwiseConv2D, EverySampleIsTheDefinitionRounded) {
  testing::expect_samples_rounded<DepthwiseConv2D>(2, sample_depthwise_conv2d, naive);
}

TEST(DepthwiseConv2D, RefusesImpossibleShapes) {
  const DepthwiseConv2D op;
  const TensorType x{{1, 5, 5, 4}, Encoding::real(), {}};
  for (const Shape& shape : {Shape{1, 3, 3, 6}, Shape{2, 3, 3, 4}, Shape{1, 7, 3, 4}}) {
    const TensorType w{shape, Encoding::real(), {}};
    EXPECT_THROW(op.infer({&x, &w}), UserError) << to_string(shape);
  }
}

}  // namespace
}  // namespace mote
