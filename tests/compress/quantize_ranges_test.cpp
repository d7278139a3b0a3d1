#include "compress/quantize/ranges.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "base/rng.h"

namespace mote {
namespace {

std::vector<float> heavy_tailed(std::uint64_t seed, std::size_t count) {
  Rng rng(seed);
  std::vector<float> values(count);
  for (float& x : values) x = static_cast<float>(rng.normal());
  values[count / 2] = 60;  // one far outlier
  return values;
}

Histogram histogram_of(const std::vector<float>& values) {
  Histogram h;
  h.add(values);
  return h;
}

// Mean squared error of the values after rounding with the range, value by value.
double actual_error(const std::vector<float>& values, const Range& range, int bits) {
  const Encoding e = affine_encoding(range, bits);
  double sum = 0;
  for (const float x : values) {
    const double q = std::clamp(std::round(x / static_cast<double>(e.scale())) + e.zero_point(),
                                static_cast<double>(e.min()), static_cast<double>(e.max()));
    const double difference = (q - e.zero_point()) * static_cast<double>(e.scale()) - x;
    sum += difference * difference;
  }
  return sum / static_cast<double>(values.size());
}

TEST(Histogram, MergedPartsEqualTheWhole) {
  Rng rng(3);
  std::vector<float> values(5000);
  for (float& x : values) x = static_cast<float>(rng.normal() * std::exp(rng.uniform(-6, 6)));
  const Histogram whole = histogram_of(values);
  std::vector<Histogram> parts(7);
  for (std::size_t i = 0; i < values.size(); ++i) parts[i * i % 7].add(std::span(&values[i], 1));
  Histogram merged;
  for (std::size_t i = parts.size(); i-- > 0;) merged.merge(parts[i]);
  EXPECT_EQ(merged.count(), 5000U);
  EXPECT_EQ(merged.min(), *std::min_element(values.begin(), values.end()));
  EXPECT_EQ(merged.max(), *std::max_element(values.begin(), values.end()));
  EXPECT_EQ(merged.width(), whole.width());
  EXPECT_EQ(merged.lower_edge(0), whole.lower_edge(0));
  EXPECT_TRUE(std::equal(merged.counts().begin(), merged.counts().end(), whole.counts().begin(),
                         whole.counts().end()));
  EXPECT_LE(whole.counts().size(), static_cast<std::size_t>(Histogram::kBins));
  EXPECT_GT(whole.counts().size(), static_cast<std::size_t>(Histogram::kBins / 2 - 1));
}

TEST(Histogram, ExtremesAndZerosAreCounted) {
  const Histogram h =
      histogram_of({0, 0, 1e-30F, std::numeric_limits<float>::max(), std::numeric_limits<float>::quiet_NaN(),
                    -std::numeric_limits<float>::infinity()});
  EXPECT_EQ(h.count(), 4U);
  EXPECT_EQ(h.not_finite(), 2U);
  EXPECT_EQ(h.counts()[0], 3U);
  EXPECT_EQ(histogram_of({5, 5, 5}).counts().size(), 1U);
}

TEST(Ranges, MinMaxCoversEverythingAndZero) {
  const Histogram h = histogram_of({1, 2, 3.5F});
  const Range r = choose_range(h, 8, false, {RangeMethod::kMinMax});
  EXPECT_EQ(r.min, 0);
  EXPECT_EQ(r.max, 3.5);
  const Range s = choose_range(h, 16, true, {RangeMethod::kMinMax});
  EXPECT_EQ(s.min, -3.5);
}

TEST(Ranges, PercentileCutsTheFarTail) {
  const Histogram h = histogram_of(heavy_tailed(1, 20000));
  const Range r = choose_range(h, 8, false, {RangeMethod::kPercentile, 0.999});
  EXPECT_LT(r.max, 3.6);
  EXPECT_GT(r.max, 2.8);
  EXPECT_NEAR(r.min, -3.1, 0.4);
  EXPECT_THROW(choose_range(h, 8, false, {RangeMethod::kPercentile, 1.5}), UserError);
}

TEST(Ranges, MseAndKlBeatMinMaxOnHeavyTails) {
  const std::vector<float> values = heavy_tailed(2, 2000000);
  const Histogram h = histogram_of(values);
  for (const int bits : {4, 6, 8}) {
    const double plain = actual_error(values, choose_range(h, bits, false, {RangeMethod::kMinMax}), bits);
    const double mse = actual_error(values, choose_range(h, bits, false, {RangeMethod::kMse}), bits);
    EXPECT_LT(mse, plain * (bits == 8 ? 0.5 : 0.1)) << bits;
    EXPECT_LE(
        mse,
        1.001 * actual_error(values, choose_range(h, bits, false, {RangeMethod::kPercentile, 0.9999}), bits));
  }
  EXPECT_LT(choose_range(h, 8, false, {RangeMethod::kKl}).max, 20);
  EXPECT_LT(choose_range(h, 4, false, {RangeMethod::kKl}).max, 20);
}

TEST(Ranges, NoMethodClipsWhatIsUniform) {
  Rng rng(5);
  std::vector<float> values(100000);
  for (float& x : values) x = static_cast<float>(rng.uniform(-1, 3));
  const Histogram h = histogram_of(values);
  for (const RangeMethod method : {RangeMethod::kPercentile, RangeMethod::kMse, RangeMethod::kKl}) {
    const Range r = choose_range(h, 8, false, {method});
    EXPECT_NEAR(r.min, -1, 0.05) << to_string(method);
    EXPECT_NEAR(r.max, 3, 0.1) << to_string(method);
  }
}

TEST(Ranges, AffineEncodingRepresentsZeroExactly) {
  const Encoding relu = affine_encoding({0, 6}, 8);
  EXPECT_EQ(relu.zero_point(), -128);
  EXPECT_FLOAT_EQ(relu.scale(), 6.0F / 255);
  const Encoding both = affine_encoding({-1, 2}, 8);
  EXPECT_EQ(both.zero_point(), -43);  // -128 + 255 / 3
  const Encoding negative = affine_encoding({-3, -1}, 4);
  EXPECT_EQ(negative.zero_point(), 7);
  EXPECT_EQ(affine_encoding({0, 0}, 8).scale(), 1);
  EXPECT_FLOAT_EQ(symmetric_encoding({-1, 2}, 16).scale(), 2.0F / 32767);
}

TEST(Ranges, WeightsAreSymmetricPerChannelAndDeadChannelsHarmless) {
  const Tensor weights = Tensor::reals({3, 2}, {1, -0.5F, 0, 0, -20, 10});
  const Encoding e = weight_encoding(weights, 0, 8, RangeMethod::kMinMax);
  EXPECT_FLOAT_EQ(e.scale(0), 1.0F / 127);
  EXPECT_FLOAT_EQ(e.scale(1), 20.0F / 127);
  const Tensor q = quantize_tensor(weights, e);
  EXPECT_EQ(q.integer_at(0), 127);
  EXPECT_EQ(q.integer_at(1), -64);  // -63.5: halves away from zero
  EXPECT_EQ(q.integer_at(4), -127);
  EXPECT_FLOAT_EQ(weight_encoding(weights, -1, 4, RangeMethod::kMinMax).scale(), 20.0F / 7);
}

TEST(Ranges, ErrorMinimizingWeightScalesHelpAtFewBits) {
  Rng rng(8);
  std::vector<float> values(4096);
  for (float& x : values) x = static_cast<float>(rng.normal());
  const Tensor weights = Tensor::reals({1, 4096}, values);
  const auto error = [&](RangeMethod method) {
    const Array q = widen(quantize_tensor(weights, weight_encoding(weights, 0, 4, method)));
    const auto back = dequantized(q);
    double sum = 0;
    for (std::size_t i = 0; i < back.size(); ++i) sum += (back[i] - values[i]) * (back[i] - values[i]);
    return sum;
  };
  EXPECT_LT(error(RangeMethod::kMse), 0.7 * error(RangeMethod::kMinMax));
}

TEST(Ranges, UnknownMethodIsAUserError) {
  EXPECT_EQ(parse_range_method("kl"), RangeMethod::kKl);
  EXPECT_THROW(parse_range_method("entropy"), UserError);
}

}  // namespace
}  // namespace mote
