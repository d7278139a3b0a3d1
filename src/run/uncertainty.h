// How certain a classifier is, and whether rightly so: figures from class probabilities. Pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace mote {

// Softmax of each row of `classes` logits; rows that already are distributions (no element below 0, sum 1
// within 1 %: the 8-bit output of a Softmax) are only normalized.
std::vector<double> class_probabilities(std::span<const float> outputs, std::size_t classes);

// Mean entropy of the rows, in nats.
double mean_entropy(std::span<const double> probabilities, std::size_t classes);

// Expected calibration error (Naeini, Cooper, Hauskrecht: "Obtaining Well Calibrated Probabilities Using
// Bayesian Binning", AAAI 2015; Guo, Pleiss, Sun, Weinberger: "On Calibration of Modern Neural Networks",
// ICML 2017): the greatest probabilities in bins of equal width, the mean of |accuracy - confidence| weighted
// by the samples in each.
inline constexpr std::size_t kCalibrationBins = 15;
double expected_calibration_error(std::span<const double> probabilities, std::span<const std::int32_t> labels,
                                  std::size_t classes);

// Accuracy of the greatest probability, and the mean of -log of the label's probability.
double accuracy_of(std::span<const double> probabilities, std::span<const std::int32_t> labels,
                   std::size_t classes);
double negative_log_likelihood(std::span<const double> probabilities, std::span<const std::int32_t> labels,
                               std::size_t classes);

struct Uncertainty {
  double accuracy = 0;
  double negative_log_likelihood = 0;
  double predictive_entropy = 0;  // nats
  double calibration_error = 0;
};
Uncertainty uncertainty_of(std::span<const double> probabilities, std::span<const std::int32_t> labels,
                           std::size_t classes);

}  // namespace mote
