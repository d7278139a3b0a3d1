#include "ops/conv_transpose2d.h"

#include "tests/ops/naive_sums.h"

namespace mote {
namespace {

using testing::NaiveNode;

// Scattering: every input element adds its filter to the output.
std::vector<double> naive(const NaiveNode& n, const ConvTranspose2D& op) {
  std::vector<double> sums(static_cast<std::size_t>(element_count(n.ys)), 0.0);
  const std::int64_t group_outputs = n.ws[0] / op.groups;
  for (std::int64_t b = 0; b < n.xs[0]; ++b)
    for (std::int64_t iy = 0; iy < n.xs[1]; ++iy)
      for (std::int64_t ix = 0; ix < n.xs[2]; ++ix)
        for (std::int64_t o = 0; o < n.ws[0]; ++o)
          for (std::int64_t ky = 0; ky < n.ws[1]; ++ky)
            for (std::int64_t kx = 0; kx < n.ws[2]; ++kx)
              for (std::int64_t i = 0; i < n.ws[3]; ++i) {
                const std::int64_t oy = iy * op.stride[0] + ky * op.dilation[0] - op.padding[0];
                const std::int64_t ox = ix * op.stride[1] + kx * op.dilation[1] - op.padding[1];
                if (oy < 0 || ox < 0 || oy >= n.ys[1] || ox >= n.ys[2]) continue;
                const std::int64_t c = o / group_outputs * n.ws[3] + i;
                sums[static_cast<std::size_t>(((b * n.ys[1] + oy) * n.ys[2] + ox) * n.ys[3] + o)] +=
                    n.x[static_cast<std::size_t>(((b * n.xs[1] + iy) * n.xs[2] + ix) * n.xs[3] + c)] *
                    n.w[static_cast<std::size_t>(((o * n.ws[1] + ky) * n.ws[2] + kx) * n.ws[3] + i)];
              }
  if (!n.bias.empty())
    for (std::size_t i = 0; i < sums.size(); ++i) sums[i] += n.bias[i % n.bias.size()];
  return sums;
}

TEST(ConvTranspose2D, EverySampleIsTheDefinitionRounded) {
  testing::expect_samples_rounded<ConvTranspose2D>(3, sample_conv_transpose2d, naive);
}

// One input of 2 with stride 2: the filter, doubled; the second input starts two columns later.
TEST(ConvTranspose2D, ByHand) {
  ConvTranspose2D op;
  op.stride = {1, 2};
  const Array x = widen(Tensor::reals({1, 1, 2, 1}, {2, 10}));
  const Array w = widen(Tensor::reals({1, 1, 3, 1}, {1, 2, 3}));
  Array y(op.infer({&x.type, &w.type}).at(0));
  op.evaluate({&x, &w}, {&y});
  EXPECT_EQ(y.real, (std::vector<double>{2, 4, 16, 20, 30}));
}

}  // namespace
}  // namespace mote
