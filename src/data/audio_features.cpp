#include "data/audio_features.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numbers>

#include "base/error.h"
#include "base/text.h"

extern "C" {
#include "../../kernels/c/audio_features.h"
}

namespace mote::data {

namespace {

[[noreturn]] void refuse(const std::string& where, const std::string& why, const std::string& remedy) {
  throw UserError({"these audio features cannot be computed", where, why, remedy});
}

struct Key {
  std::string_view name;
  double low, high;
  void (*set)(AudioFeatureOptions&, double);
};
constexpr Key kKeys[] = {
    {"rate", 1000, 192000, [](AudioFeatureOptions& o, double v) { o.rate_hz = static_cast<int>(v); }},
    {"frame", 1, 1000, [](AudioFeatureOptions& o, double v) { o.frame_ms = v; }},
    {"hop", 0.5, 1000, [](AudioFeatureOptions& o, double v) { o.hop_ms = v; }},
    {"fft", 32, 1024, [](AudioFeatureOptions& o, double v) { o.fft = static_cast<int>(v); }},
    {"bins", 2, 128, [](AudioFeatureOptions& o, double v) { o.bins = static_cast<int>(v); }},
    {"coefficients", 1, 128, [](AudioFeatureOptions& o, double v) { o.coefficients = static_cast<int>(v); }},
    {"low", 1, 96000, [](AudioFeatureOptions& o, double v) { o.low_hz = v; }},
    {"high", 1, 96000, [](AudioFeatureOptions& o, double v) { o.high_hz = v; }},
    {"bits", 8, 16, [](AudioFeatureOptions& o, double v) { o.bits = static_cast<int>(v); }},
    {"seconds", 0.001, 3600, [](AudioFeatureOptions& o, double v) { o.seconds = v; }},
};

void set_key(const std::string& text, const std::string& item, AudioFeatureOptions& options) {
  const std::size_t equals = item.find('=');
  const std::string_view name = std::string_view(item).substr(0, equals);
  const std::string_view value =
      equals == std::string::npos ? std::string_view() : std::string_view(item).substr(equals + 1);
  double number = 0;
  const auto [end, code] = std::from_chars(value.data(), value.data() + value.size(), number);
  for (const Key& key : kKeys) {
    if (key.name != name) continue;
    if (code != std::errc() || end != value.data() + value.size() ||
        !(number >= key.low && number <= key.high))
      refuse(text, "'" + item + "' is no number in its range",
             "give one from " + format_double(key.low) + " to " + format_double(key.high));
    key.set(options, number);
    return;
  }
  refuse(text, "there is no parameter '" + std::string(name) + "'",
         "the parameters are rate, frame, hop, fft, bins, coefficients, low, high, bits and seconds");
}

double mel(double hz) { return 2595 * std::log10(1 + hz / 700); }

template <class T>
T fixed(double value, double one) {
  return static_cast<T>(
      std::lround(std::min(value * one, static_cast<double>(std::numeric_limits<T>::max()))));
}

}  // namespace

AudioFeatureOptions parse_audio_features(const std::string& text) {
  std::string list = text;
  std::replace(list.begin(), list.end(), '?', ',');
  std::replace(list.begin(), list.end(), '&', ',');
  const std::vector<std::string> items = split(list, ',');
  AudioFeatureOptions options;
  options.mfcc = items.at(0) == "mfcc";
  if (!options.mfcc && items[0] != "log-mel")
    refuse(text, "there are no features '" + items[0] + "'", "give log-mel or mfcc");
  for (std::size_t i = 1; i < items.size(); ++i) set_key(text, items[i], options);
  return options;
}

AudioFeatures::AudioFeatures(const AudioFeatureOptions& options, int rate_hz)
    : options_(options), rate_hz_(rate_hz) {
  const std::string where = std::to_string(rate_hz) + " Hz";
  if (options.rate_hz != 0 && options.rate_hz != rate_hz)
    refuse("rate=" + std::to_string(options.rate_hz), "the samples have " + where,
           "convert the sounds, or leave the rate out");
  frame_ = static_cast<int>(std::lround(options.frame_ms * rate_hz / 1000));
  hop_ = static_cast<int>(std::lround(options.hop_ms * rate_hz / 1000));
  log2_fft_ = 5;
  while ((1 << log2_fft_) < (options.fft != 0 ? options.fft : frame_)) ++log2_fft_;
  if (log2_fft_ > 10 || (1 << log2_fft_) < frame_ || frame_ < 2)
    refuse(where,
           "a frame has " + std::to_string(frame_) + " samples, the FFT takes 2 to " +
               std::to_string(options.fft != 0 ? options.fft : 1024),
           "give another frame (milliseconds), or a lower sample rate");
  if (options.fft != 0 && options.fft != 1 << log2_fft_)
    refuse("fft=" + std::to_string(options.fft), "it is no power of two", "give 32, 64, ... or 1024");
  if (hop_ < 1 || hop_ > frame_)
    refuse(where, "a hop has " + std::to_string(hop_) + " samples, a frame " + std::to_string(frame_),
           "give a hop of at most a frame (milliseconds)");
  if (options.bits != 8 && options.bits != 16)
    refuse("bits=" + std::to_string(options.bits), "features have 8 or 16 bits", "give one of them");
  if (options.mfcc && options.coefficients > options.bins)
    refuse("coefficients=" + std::to_string(options.coefficients),
           "there are " + std::to_string(options.bins) + " bins",
           "give at most as many coefficients as bins");
  make_window();
  make_filters();
  if (options.mfcc) make_dct();
}

float AudioFeatures::scale() const {
  const int fraction = options_.mfcc ? 3 : 5;
  return std::ldexp(1.0F, options_.bits == 8 ? -fraction : -fraction - 8);
}

// Hann, and the offset that makes a sine of full scale 0.
void AudioFeatures::make_window() {
  double sum = 0;
  for (int i = 0; i < frame_; ++i) {
    const double value = 0.5 - 0.5 * std::cos(2 * std::numbers::pi * (i + 0.5) / frame_);
    sum += value;
    if (2 * i < frame_) window_.push_back(fixed<std::int16_t>(value, 32768));
  }
  const int size = 1 << log2_fft_;
  for (int i = 0; i < size * 3 / 4; ++i)
    sine_.push_back(fixed<std::int16_t>(std::sin(2 * std::numbers::pi * i / size), 32768));
  const double full_scale = 2 * std::log2(16384 * sum);
  offset_ = static_cast<std::int32_t>(std::lround(65536 * (full_scale + 24 - 14)));
}

void AudioFeatures::make_filters() {
  const int size = 1 << log2_fft_;
  const double high = options_.high_hz > 0 ? options_.high_hz : std::min(rate_hz_ / 2.0, 7600.0);
  if (!(options_.low_hz < high && high <= rate_hz_ / 2.0))
    refuse("low=" + format_double(options_.low_hz) + ", high=" + format_double(high),
           "they must rise, up to half of " + std::to_string(rate_hz_) + " Hz", "give other frequencies");
  const double first = mel(options_.low_hz);
  const double step = (mel(high) - first) / (options_.bins + 1);
  const auto place = [&](int k) { return (mel(static_cast<double>(k) * rate_hz_ / size) - first) / step; };
  int k = 1;
  while (place(k) < 0) ++k;
  for (int segment = 0; segment <= options_.bins; ++segment) {
    edges_.push_back(static_cast<std::uint16_t>(k));
    for (; k < size / 2 && place(k) < segment + 1; ++k)
      weights_.push_back(fixed<std::uint16_t>(place(k) - segment, 16384));
  }
  edges_.push_back(static_cast<std::uint16_t>(k));
  for (int m = 0; m < options_.bins; ++m)
    if (edges_[static_cast<std::size_t>(m)] == edges_[static_cast<std::size_t>(m) + 2])
      refuse("bins=" + std::to_string(options_.bins),
             "filter " + std::to_string(m) + " holds no frequency of an FFT of " + std::to_string(size),
             "give fewer bins, a higher low frequency or a larger FFT");
}

void AudioFeatures::make_dct() {
  const double bins = options_.bins;
  for (int i = 0; i < options_.coefficients; ++i)
    for (int m = 0; m < options_.bins; ++m)
      dct_.push_back(fixed<std::int16_t>(
          std::sqrt((i == 0 ? 1 : 2) / bins) * std::cos(std::numbers::pi * i * (m + 0.5) / bins), 4096));
}

std::vector<std::int16_t> AudioFeatures::rows(std::span<const std::int16_t> samples) const {
  const audio_features_params params{frame_,          log2_fft_,      options_.bins, coefficients(),
                                     offset_,         window_.data(), sine_.data(),  edges_.data(),
                                     weights_.data(), dct_.data()};
  const auto width = static_cast<std::size_t>(columns());
  const std::size_t count = samples.size() / static_cast<std::size_t>(hop_);
  std::vector<std::int16_t> result(count * width);
  std::vector<std::int16_t> frame(static_cast<std::size_t>(frame_));
  std::vector<std::int32_t> work(std::size_t{1} << log2_fft_);
  for (std::size_t t = 0; t < count; ++t) {
    const std::size_t end = (t + 1) * static_cast<std::size_t>(hop_);
    const std::size_t known = std::min(end, frame.size());
    std::fill(frame.begin(), frame.end(), std::int16_t{0});
    std::copy_n(samples.begin() + static_cast<std::ptrdiff_t>(end - known), known,
                frame.end() - static_cast<std::ptrdiff_t>(known));
    std::int16_t* row = result.data() + t * width;
    audio_features(&params, frame.data(), work.data(), row);
    if (options_.bits == 8)
      std::transform(row, row + width, row,
                     [](std::int16_t q) { return static_cast<std::int16_t>(audio_features_byte(q)); });
  }
  return result;
}

}  // namespace mote::data
