#include "train/augment.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "base/error.h"

namespace mote::train {
namespace {

const data::Shape kPicture{6, 5, 2};

std::vector<float> numbered(const data::Shape& shape) {
  std::vector<float> values(data::element_count(shape));
  std::iota(values.begin(), values.end(), 1.0F);
  return values;
}

std::vector<float> changed(const data::Shape& shape, const char* what, std::uint64_t index) {
  std::vector<float> values = numbered(shape), scratch;
  Rng rng = sample_rng(7, 3, index);
  augment(values, shape, parse_augmentation(what), scratch, rng);
  return values;
}

TEST(Augment, FlipMirrorsEveryOtherPicture) {
  const std::vector<float> plain = numbered(kPicture);
  std::vector<float> mirror(plain.size());
  for (std::size_t y = 0; y < 6; ++y)
    for (std::size_t x = 0; x < 5; ++x)
      for (std::size_t c = 0; c < 2; ++c) mirror[(y * 5 + x) * 2 + c] = plain[(y * 5 + 4 - x) * 2 + c];
  int mirrored = 0;
  for (std::uint64_t i = 0; i < 400; ++i) {
    const auto values = changed(kPicture, "flip", i);
    ASSERT_TRUE(values == plain || values == mirror);
    mirrored += values == mirror;
  }
  EXPECT_NEAR(mirrored, 200, 50);
}

TEST(Augment, ShiftCropIsAWindowOfThePaddedPicture) {
  const std::vector<float> plain = numbered(kPicture);
  std::set<std::pair<int, int>> seen;
  for (std::uint64_t i = 0; i < 300; ++i) {
    const auto values = changed(kPicture, "shift-crop=2", i);
    int matches = 0;
    for (int down = -2; down <= 2; ++down)
      for (int right = -2; right <= 2; ++right) {
        bool same = true;
        for (int y = 0; y < 6; ++y)
          for (int x = 0; x < 5; ++x)
            for (int c = 0; c < 2; ++c) {
              const int v = y - down, u = x - right;
              const bool inside = v >= 0 && v < 6 && u >= 0 && u < 5;
              const float wanted = inside ? plain[static_cast<std::size_t>((v * 5 + u) * 2 + c)] : 0;
              same = same && values[static_cast<std::size_t>((y * 5 + x) * 2 + c)] == wanted;
            }
        if (same) seen.emplace(down, right), ++matches;
      }
    ASSERT_EQ(matches, 1);
  }
  EXPECT_EQ(seen.size(), 25U);
}

TEST(Augment, CutoutAndMasksClearWhatTheySay) {
  std::size_t most = 0;
  for (std::uint64_t i = 0; i < 200; ++i) {
    const auto square = changed(kPicture, "cutout=2", i);
    const auto cleared = static_cast<std::size_t>(std::count(square.begin(), square.end(), 0.0F));
    ASSERT_TRUE(cleared == 2 || cleared == 4 || cleared == 8) << cleared;  // whole, at an edge, in a corner
    most = std::max(most, cleared);
    const auto rows = changed({10, 4, 1}, "mask-time=3", i);
    const auto bins = changed({10, 4, 1}, "mask-bins=2", i);
    ASSERT_LE(std::count(rows.begin(), rows.end(), 0.0F), 12);
    ASSERT_EQ(std::count(rows.begin(), rows.end(), 0.0F) % 4, 0);
    ASSERT_LE(std::count(bins.begin(), bins.end(), 0.0F), 20);
    ASSERT_EQ(std::count(bins.begin(), bins.end(), 0.0F) % 10, 0);
  }
  EXPECT_EQ(most, 8U);
}

TEST(Augment, TimeShiftMovesAndNoiseHasItsDeviation) {
  for (std::uint64_t i = 0; i < 50; ++i) {
    const auto moved = changed({20, 1}, "time-shift=4", i);
    const auto first = std::find_if(moved.begin(), moved.end(), [](float v) { return v != 0; });
    const auto kept = moved.end() - first - std::count(first, moved.end(), 0.0F);
    ASSERT_GE(kept, 16);
    for (auto at = first; at + 1 < first + kept; ++at) ASSERT_EQ(at[1], at[0] + 1);
  }
  const auto plain = numbered({100, 100});
  const auto noisy = changed({100, 100}, "noise=0.5", 0);
  double squares = 0;
  for (std::size_t i = 0; i < plain.size(); ++i)
    squares += std::pow(static_cast<double>(noisy[i]) - static_cast<double>(plain[i]), 2);
  EXPECT_NEAR(std::sqrt(squares / static_cast<double>(plain.size())), 0.5, 0.02);
}

TEST(Augment, MixupShareHasTheMomentsOfBeta) {
  for (const double alpha : {0.2, 1.0, 3.0}) {
    Rng rng(5);
    double sum = 0, squares = 0;
    constexpr int kCount = 20000;
    for (int i = 0; i < kCount; ++i) {
      const double share = mixup_share(alpha, rng);
      ASSERT_TRUE(share >= 0 && share <= 1);
      sum += share;
      squares += (share - 0.5) * (share - 0.5);
    }
    EXPECT_NEAR(sum / kCount, 0.5, 0.01);
    EXPECT_NEAR(squares / kCount, 1 / (4 * (2 * alpha + 1)), 0.005) << alpha;
  }
}

TEST(Augment, TextRoundTripsAndNonsenseIsRefused) {
  const char* all = "flip,shift-crop=4,cutout=8,mixup=0.2,time-shift=10,noise=0.1,mask-time=5,mask-bins=4";
  EXPECT_EQ(format_augmentation(parse_augmentation(all)), all);
  EXPECT_EQ(parse_augmentation("none"), Augmentation{});
  for (const char* text : {"flop", "flip=1", "cutout", "cutout=0", "cutout=1.5", "mixup=x", "flip,,cutout=2"})
    EXPECT_THROW(parse_augmentation(text), UserError) << text;
  EXPECT_THROW(check_augmentation(parse_augmentation("flip"), {640}), UserError);
  EXPECT_THROW(check_augmentation(parse_augmentation("mask-bins=2"), {640}), UserError);
}

}  // namespace
}  // namespace mote::train
