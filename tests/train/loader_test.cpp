#include "train/loader.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "base/error.h"

namespace mote::train {
namespace {

data::Samples pictures(std::size_t count) {
  data::Samples samples = data::allocate_samples(data::ElementKind::kImage, {4, 4, 3}, count);
  for (std::size_t i = 0; i < samples.pixels.size(); ++i)
    samples.pixels[i] = static_cast<std::uint8_t>(i * 37 % 256);
  for (std::size_t i = 0; i < count; ++i) samples.labels[i] = static_cast<std::int32_t>(i % 5);
  return samples;
}

LoaderOptions shuffled(const char* augmentation) {
  LoaderOptions options;
  options.batch = 8;
  options.shuffle = true;
  options.augmentation = parse_augmentation(augmentation);
  return options;
}

TEST(Loader, InOrderItGivesNormalizedSamplesAndTheRest) {
  const data::Samples samples = pictures(19);
  const auto normalization = data::parse_normalization("scale=1/255,mean=0.5:0.4:0.3,std=0.2:0.3:0.4");
  LoaderOptions options;
  options.batch = 8;
  Loader loader(samples, normalization, options);
  Batch batch;
  std::size_t seen = 0;
  std::vector<float> wanted(samples.sample_size());
  for (const std::size_t count : {8U, 8U, 3U}) {
    ASSERT_TRUE(loader.next(batch));
    ASSERT_EQ(batch.count, count);
    for (std::size_t i = 0; i < count; ++i, ++seen) {
      samples.copy_to(seen, wanted);
      normalization.apply(wanted, 3);
      EXPECT_TRUE(std::equal(wanted.begin(), wanted.end(), &batch.inputs[i * wanted.size()]));
      EXPECT_EQ(batch.labels[i], samples.labels[seen]);
    }
  }
  EXPECT_FALSE(loader.next(batch));
}

TEST(Loader, EpochsAreDifferentPermutations) {
  auto first = epoch_order(100, 1, 0);
  EXPECT_NE(first, epoch_order(100, 1, 1));
  EXPECT_NE(first, epoch_order(100, 2, 0));
  EXPECT_EQ(first, epoch_order(100, 1, 0));
  std::sort(first.begin(), first.end());
  std::vector<std::size_t> all(100);
  std::iota(all.begin(), all.end(), std::size_t{0});
  EXPECT_EQ(first, all);
}

TEST(Loader, ABatchIsTheSameWhereverThePassBegins) {
  const data::Samples samples = pictures(50);
  const LoaderOptions options = shuffled("flip,shift-crop=1,noise=0.1,mixup=0.5");
  EXPECT_EQ(batch_count(50, options), 6U);
  Loader whole(samples, {}, options, 2), part(samples, {}, options, 2, 4);
  Batch a, b;
  for (int k = 0; k < 4; ++k) ASSERT_TRUE(whole.next(a));
  for (int k = 0; k < 2; ++k) {
    ASSERT_TRUE(whole.next(a));
    ASSERT_TRUE(part.next(b));
    EXPECT_EQ(a.inputs, b.inputs);
    EXPECT_EQ(a.labels, b.labels);
    EXPECT_EQ(a.others, b.others);
    EXPECT_EQ(a.share, b.share);
  }
  EXPECT_FALSE(part.next(b));
}

TEST(Loader, MixupBlendsSamplesOfTheBatch) {
  const data::Samples samples = pictures(16);
  Loader plain(samples, {}, shuffled("none")), mixed(samples, {}, shuffled("mixup=1"));
  Batch a, b;
  ASSERT_TRUE(plain.next(a));
  ASSERT_TRUE(mixed.next(b));
  ASSERT_EQ(a.indices, b.indices);
  const std::size_t size = samples.sample_size();
  for (std::size_t i = 0; i < b.count; ++i) {
    const auto at = static_cast<std::size_t>(std::find(a.indices.begin(), a.indices.end(), b.partners[i]) -
                                             a.indices.begin());
    ASSERT_LT(at, a.count);
    EXPECT_EQ(b.others[i], a.labels[at]);
    for (std::size_t k = 0; k < size; ++k)
      EXPECT_NEAR(b.inputs[i * size + k],
                  b.share * a.inputs[i * size + k] + (1 - b.share) * a.inputs[at * size + k], 1e-3);
  }
}

TEST(Loader, FewerSamplesThanABatchAndEarlyEnd) {
  const data::Samples samples = pictures(5);
  Batch batch;
  {
    Loader loader(samples, {}, shuffled("none"));
    ASSERT_TRUE(loader.next(batch));
    EXPECT_EQ(batch.count, 5U);
    EXPECT_FALSE(loader.next(batch));
  }
  const data::Samples many = pictures(4000);
  const Loader abandoned(many, {}, shuffled("flip"));  // its thread ends with it
  EXPECT_THROW(Loader(samples, data::parse_normalization("mean=1:2"), {}), UserError);
}

TEST(Loader, MeasuredNormalizationMakesMeanZeroAndDeviationOne) {
  const data::Samples samples = pictures(200);
  const auto normalization = measured_normalization(samples);
  EXPECT_EQ(normalization.scale, 1.0 / 255);
  std::vector<float> values(samples.sample_size());
  std::vector<double> sum(3), squares(3);
  for (std::size_t n = 0; n < samples.count; ++n) {
    samples.copy_to(n, values);
    normalization.apply(values, 3);
    for (std::size_t i = 0; i < values.size(); ++i) {
      sum[i % 3] += static_cast<double>(values[i]);
      squares[i % 3] += static_cast<double>(values[i]) * static_cast<double>(values[i]);
    }
  }
  for (std::size_t c = 0; c < 3; ++c) {
    EXPECT_NEAR(sum[c] / 3200, 0, 1e-2);
    EXPECT_NEAR(squares[c] / 3200, 1, 1e-2);
  }
}

}  // namespace
}  // namespace mote::train
