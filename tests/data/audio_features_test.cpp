// The integer front end against its definition in double precision, by formulas of docs/audio.md.
#include "data/audio_features.h"

#include <gtest/gtest.h>

#include <cmath>
#include <complex>
#include <filesystem>
#include <numbers>

#include "base/error.h"
#include "base/rng.h"
#include "data/dataset.h"

namespace mote::data {
namespace {

double mel(double hz) { return 2595 * std::log10(1 + hz / 700); }

// What the features should be, without any rounding: rows x columns.
struct Reference {
  AudioFeatureOptions options;
  double rate = 16000;

  std::vector<double> row(std::span<const std::int16_t> samples, int frame, int hop, int size, int t) const {
    std::vector<double> x(static_cast<std::size_t>(size), 0.0);
    double sum = 0;
    for (int i = 0; i < frame; ++i) {
      const double w = std::pow(std::sin(std::numbers::pi * (i + 0.5) / frame), 2);
      const int at = (t + 1) * hop - frame + i;
      sum += w;
      x[static_cast<std::size_t>(i)] = at < 0 ? 0 : w * samples[static_cast<std::size_t>(at)];
    }
    const double high = options.high_hz > 0 ? options.high_hz : std::min(rate / 2, 7600.0);
    const double step = (mel(high) - mel(options.low_hz)) / (options.bins + 1);
    std::vector<double> energy(static_cast<std::size_t>(options.bins), 0.0);
    for (int k = 1; k < size / 2; ++k) {
      std::complex<double> bin;
      for (int i = 0; i < frame; ++i)
        bin += x[static_cast<std::size_t>(i)] * std::polar(1.0, -2 * std::numbers::pi * k * i / size);
      const double place = (mel(k * rate / size) - mel(options.low_hz)) / step;
      for (int m = 0; m < options.bins; ++m)
        energy[static_cast<std::size_t>(m)] += std::norm(bin) * std::max(0.0, 1 - std::abs(place - (m + 1)));
    }
    const double full = 2 * std::log2(32768 * sum / 2);
    for (double& e : energy)
      e = std::clamp((e > 0 ? std::log2(e) - full + 14 : -100) / 4, -4.0, 32767 / 8192.0);
    return options.mfcc ? cepstrum(energy) : energy;
  }

  std::vector<double> cepstrum(const std::vector<double>& logarithms) const {
    std::vector<double> result;
    for (int i = 0; i < options.coefficients; ++i) {
      double sum = 0;
      for (int m = 0; m < options.bins; ++m)
        sum += logarithms[static_cast<std::size_t>(m)] *
               std::cos(std::numbers::pi * i * (m + 0.5) / options.bins);
      result.push_back(sum * std::sqrt((i == 0 ? 1.0 : 2.0) / options.bins));
    }
    return result;
  }
};

// Vowel-like: harmonics that glide, noise, and a level that falls by `decades` of power.
std::vector<std::int16_t> voice(double rate, int count, double peak, double decades, std::uint64_t seed) {
  Rng rng(seed);
  std::vector<std::int16_t> samples;
  double phase = 0;
  for (int i = 0; i < count; ++i) {
    const double time = static_cast<double>(i) / count;
    phase += 2 * std::numbers::pi * (120 + 60 * time) / rate;
    double value = 0.1 * rng.normal();
    for (int h = 1; h <= 20; ++h) value += std::sin(h * phase) / (1 + std::abs(h - 4 - 8 * time));
    value *= peak / 4 * std::pow(10.0, -decades / 2 * time);
    samples.push_back(static_cast<std::int16_t>(std::lround(std::clamp(value, -32768.0, 32767.0))));
  }
  return samples;
}

// Decibels of the features' variation over the error.
double signal_to_noise(const std::string& text, int rate, const std::vector<std::int16_t>& samples) {
  const AudioFeatureOptions options = parse_audio_features(text);
  const AudioFeatures features(options, rate);
  const Reference reference{options, static_cast<double>(rate)};
  const auto rows = features.rows(samples);
  const int count = static_cast<int>(samples.size()) / features.hop();
  EXPECT_EQ(rows.size(), static_cast<std::size_t>(count * features.columns()));
  std::vector<double> expected;
  for (int t = 0; t < count; ++t) {
    const auto row = reference.row(samples, features.frame(), features.hop(), 1 << features.log2_fft(), t);
    expected.insert(expected.end(), row.begin(), row.end());
  }
  double mean = 0, variation = 0, error = 0;
  for (const double e : expected) mean += e / static_cast<double>(expected.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    variation += std::pow(expected[i] - mean, 2);
    error += std::pow(static_cast<double>(features.scale()) * rows[i] - expected[i], 2);
  }
  return 10 * std::log10(variation / error);
}

TEST(AudioFeatures, FollowTheirDefinition) {
  const auto loud = voice(16000, 16000, 32000, 2, 1);
  EXPECT_GT(signal_to_noise("log-mel?bits=16", 16000, loud), 72);
  EXPECT_GT(signal_to_noise("log-mel?bits=16&fft=1024&frame=50&hop=25", 16000, loud), 72);
  EXPECT_GT(signal_to_noise("mfcc?bits=16", 16000, loud), 62);
  EXPECT_GT(signal_to_noise("log-mel?bits=16&bins=20", 8000, voice(8000, 8000, 300, 2, 2)), 60);
  // the rounding of 8 bits: 1/32 and 1/8
  EXPECT_GT(signal_to_noise("log-mel", 16000, loud), 38);
  EXPECT_GT(signal_to_noise("mfcc?coefficients=10", 16000, loud), 28);
}

TEST(AudioFeatures, StaySoundAtTheExtremes) {
  const AudioFeatures features(parse_audio_features("log-mel?bits=16&frame=64&fft=1024"), 16000);
  Rng rng(3);
  std::vector<std::int16_t> square, ends;
  for (int i = 0; i < 4096; ++i) {
    square.push_back(i / 20 % 2 ? -32768 : 32767);
    ends.push_back(rng.chance(0.5) ? -32768 : 32767);
  }
  for (const auto& samples : {square, ends}) {
    EXPECT_GT(signal_to_noise("log-mel?bits=16&frame=64&fft=1024&hop=32", 16000, samples), 38);
    for (const std::int16_t q : features.rows(samples)) EXPECT_LT(q * features.scale(), 4);
  }
  for (const std::int16_t q : features.rows(std::vector<std::int16_t>(2048, 0))) EXPECT_EQ(q, -32768);
  for (const std::int16_t q : AudioFeatures(parse_audio_features("log-mel"), 8000).rows(ends)) {
    EXPECT_GE(q, -128);
    EXPECT_LE(q, 127);
  }
}

// A sine of full scale is 0 dB: (0 + 14) / 4.
TEST(AudioFeatures, FullScaleIsFourteenOctavesOfPowerAboveZero) {
  const AudioFeatures features(parse_audio_features("log-mel?bits=16&frame=64&fft=1024"), 16000);
  std::vector<std::int16_t> sine;
  const double hz = 700 * (std::pow(10, (mel(60) + 20 * (mel(7600) - mel(60)) / 41) / 2595) - 1);
  for (int i = 0; i < 4096; ++i)
    sine.push_back(
        static_cast<std::int16_t>(std::lround(32767 * std::sin(2 * std::numbers::pi * hz * i / 16000))));
  const auto rows = features.rows(sine);
  EXPECT_NEAR(rows[9 * 40 + 19] * static_cast<double>(features.scale()), 3.5, 0.2);  // the window's main lobe
  EXPECT_LT(rows[9 * 40 + 39] * static_cast<double>(features.scale()), -1);
}

TEST(AudioFeatures, RefuseWhatDoesNotGoTogether) {
  for (const char* bad : {"spectrum", "log-mel?bins=1", "log-mel?colour=1", "log-mel?bins=4x", "mfcc,bins"})
    EXPECT_THROW(parse_audio_features(bad), UserError) << bad;
  for (const char* bad :
       {"log-mel?frame=100", "log-mel?hop=40", "log-mel?fft=500", "log-mel?bins=128&fft=512&low=20",
        "log-mel?low=5000&high=4000", "log-mel?high=9000", "mfcc?coefficients=41", "log-mel?bits=12",
        "log-mel?rate=8000"})
    EXPECT_THROW(AudioFeatures(parse_audio_features(bad), 16000), UserError) << bad;
}

TEST(AudioFeatures, MakeFeaturesOfADataSet) {
  const auto path = std::filesystem::path(MOTE_SOURCE_DIR) / ".." / "shared" / "data" / "fsdd.tar.gz";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "the spoken digits are not beside the repository";
  const auto dataset = open_dataset(with_features(path.string(), "log-mel?bins=20&seconds=0.5"));
  EXPECT_EQ(dataset->info().shape, (Shape{25, 20, 1}));
  EXPECT_EQ(dataset->info().counts, (std::array<std::size_t, 3>{2700, 0, 300}));
  LoadOptions some;
  some.max_count = 3;
  const Samples features = dataset->load(Split::kTest, some);
  some.shape = {12000, 1};
  const Samples sounds = open_dataset(path.string())->load(Split::kTest, some);
  EXPECT_EQ(features.labels, sounds.labels);
  std::vector<std::int16_t> pulses;
  for (int i = 0; i < 4000; ++i)
    pulses.push_back(static_cast<std::int16_t>(32768 * sounds.values[12000U + i]));
  const auto rows = AudioFeatures(parse_audio_features("log-mel?bins=20"), 8000).rows(pulses);
  for (std::size_t i = 0; i < rows.size(); ++i)
    EXPECT_EQ(features.values[500 + i], static_cast<float>(rows[i]) / 32) << i;
  some.shape = {1, 10, 20, 1};  // the rows that a network takes
  EXPECT_EQ(dataset->load(Split::kTest, some).values[0], features.values[0]);
  some.shape = {1, 10, 13, 1};
  EXPECT_THROW(dataset->load(Split::kTest, some), UserError);
}

}  // namespace
}  // namespace mote::data
