#include "data/fit.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace mote::data {
namespace {

Samples colour_image() {
  Samples samples = allocate_samples(ElementKind::kImage, {2, 2, 3}, 1);
  for (std::size_t i = 0; i < 12; ++i) samples.pixels[i] = static_cast<std::uint8_t>(i * 20);
  samples.labels = {4};
  return samples;
}

TEST(FitSamples, ImagesTakeTheShapesOfNetworks) {
  for (const Shape& shape :
       {Shape{4, 6, 3}, Shape{1, 4, 6, 1}, Shape{12}, Shape{1, 12}, Shape{4}, Shape{3, 5}, Shape{1, 8, 8}}) {
    const Samples fitted = fit_samples(colour_image(), shape);
    EXPECT_EQ(fitted.shape, shape);
    EXPECT_EQ(fitted.pixels.size(), element_count(shape));
    EXPECT_EQ(fitted.labels, std::vector<std::int32_t>{4});
  }
  EXPECT_EQ(fit_samples(colour_image(), {12}).pixels, colour_image().pixels);
  for (const Shape& shape :
       {Shape{7}, Shape{2, 2, 5}, Shape{1, 2, 3, 4, 5}, Shape{0, 2, 3}, Shape{1LL << 40, 1 << 20, 3}}) {
    EXPECT_THROW(fit_samples(colour_image(), shape), UserError) << shape_text(shape);
  }
}

TEST(FitSamples, SoundsAreCutOrFilledUp) {
  Samples stereo = allocate_samples(ElementKind::kAudio, {2, 2}, 1);
  stereo.values = {1, 3, 5, 7};
  EXPECT_EQ(fit_samples(stereo, {3, 2}).values, (std::vector<float>{1, 3, 5, 7, 0, 0}));
  EXPECT_EQ(fit_samples(stereo, {1, 1}).values, std::vector<float>{2});
  EXPECT_EQ(fit_samples(stereo, {3}).values, (std::vector<float>{2, 6, 0}));
}

TEST(FitSamples, TensorsAreReshapedOnly) {
  const Samples table = allocate_samples(ElementKind::kTensor, {6}, 2);
  EXPECT_EQ(fit_samples(table, {1, 2, 3}).shape, (Shape{1, 2, 3}));
  EXPECT_THROW(fit_samples(table, {5}), UserError);
}

}  // namespace
}  // namespace mote::data
