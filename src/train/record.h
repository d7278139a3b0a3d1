// What a training run reports about each epoch, and its log as CSV.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace mote::train {

// Loss and, for classifiers, accuracy (0..1) over a set of samples.
struct Score {
  double loss = 0;
  std::optional<double> accuracy;
  bool operator==(const Score&) const = default;
};

// Sums over the samples of a pass, or of a part of it.
struct EpochSums {
  double loss = 0;  // of all samples
  std::uint64_t samples = 0, correct = 0;
  Score score(bool classifies) const {
    const auto n = static_cast<double>(samples);
    Score mean{loss / n, std::nullopt};
    if (classifies) mean.accuracy = static_cast<double>(correct) / n;
    return mean;
  }
  bool operator==(const EpochSums&) const = default;
};

struct EpochRecord {
  std::uint64_t epoch = 0;  // 1-based
  std::uint64_t step = 0;   // all steps so far
  Score train;              // as met during the epoch: augmented samples, weights still moving
  std::optional<Score> valid;
  double rate = 0;  // learning rate of the last step
  double samples_per_second = 0;
  double seconds = 0;  // since the start, over all resumes
  bool operator==(const EpochRecord&) const = default;
};

// Header line and a line per epoch; numbers that do not exist are empty.
std::string to_csv(const std::vector<EpochRecord>& records);

}  // namespace mote::train
