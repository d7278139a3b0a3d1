// Log-mel and MFCC features of sounds, in integers: the host side of kernels/c/audio_features.h. It makes the
// tables and calls the very source that is emitted for devices, so both give the same numbers. docs/audio.md
// has the equations.
//
// Row t of a sound belongs to the window of frame() samples that ends with hop t; before the first sample
// there is silence. So a device that takes one hop after the other gets the rows of the whole sound.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace mote::data {

struct AudioFeatureOptions {
  bool mfcc = false;  // cepstrum, else the logarithms of the mel energies
  int rate_hz = 0;    // of the samples; 0: of the data
  double frame_ms = 32;
  double hop_ms = 20;
  int fft = 0;  // a power of two from 32 to 1024; 0: the smallest that holds a frame
  int bins = 40;
  int coefficients = 13;
  double low_hz = 60;
  double high_hz = 0;  // 0: half of the sample rate, at most 7600
  int bits = 8;        // 8 or 16
  double seconds = 0;  // of a sound: cut or filled up with silence; 0: the longest of the data
};

// "log-mel" or "mfcc", then key=value with the keys rate, frame, hop (ms), fft, bins, coefficients, low, high
// (Hz), bits, seconds, all separated by commas; '?' and '&' serve as well. UserError for anything else.
AudioFeatureOptions parse_audio_features(const std::string& text);

class AudioFeatures {
 public:
  // `rate_hz`: of the samples. UserError for parameters that do not go together.
  AudioFeatures(const AudioFeatureOptions& options, int rate_hz);

  // Integers q, row after row; the feature is q * scale(). One row per whole hop.
  std::vector<std::int16_t> rows(std::span<const std::int16_t> samples) const;

  int rate_hz() const { return rate_hz_; }
  int frame() const { return frame_; }
  int hop() const { return hop_; }
  int log2_fft() const { return log2_fft_; }
  int bins() const { return options_.bins; }
  int coefficients() const { return options_.mfcc ? options_.coefficients : 0; }
  int columns() const { return options_.mfcc ? options_.coefficients : options_.bins; }
  int bits() const { return options_.bits; }
  float scale() const;

  // Tables and constants of the kernel.
  std::int32_t offset() const { return offset_; }
  const std::vector<std::int16_t>& window() const { return window_; }
  const std::vector<std::int16_t>& sine() const { return sine_; }
  const std::vector<std::uint16_t>& edges() const { return edges_; }
  const std::vector<std::uint16_t>& weights() const { return weights_; }
  const std::vector<std::int16_t>& dct() const { return dct_; }

 private:
  void make_window();
  void make_filters();
  void make_dct();

  AudioFeatureOptions options_;
  int rate_hz_, frame_, hop_, log2_fft_;
  std::int32_t offset_ = 0;
  std::vector<std::int16_t> window_, sine_, dct_;
  std::vector<std::uint16_t> edges_, weights_;
};

}  // namespace mote::data
