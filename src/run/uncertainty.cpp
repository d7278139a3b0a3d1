#include "run/uncertainty.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace mote {

namespace {

constexpr double kLeastProbability = 1e-12;

std::size_t rows_of(std::size_t elements, std::size_t classes) {
  MOTE_CHECK(classes > 0 && elements % classes == 0);
  return elements / classes;
}

std::span<const double> row(std::span<const double> probabilities, std::size_t i, std::size_t classes) {
  return probabilities.subspan(i * classes, classes);
}

std::size_t greatest(std::span<const double> p) {
  return static_cast<std::size_t>(std::max_element(p.begin(), p.end()) - p.begin());
}

bool is_distribution(std::span<const float> values) {
  double sum = 0;
  for (const float v : values) {
    if (v < 0) return false;
    sum += static_cast<double>(v);
  }
  return std::abs(sum - 1) < 0.01;
}

std::size_t label_of(std::span<const std::int32_t> labels, std::size_t i, std::size_t classes) {
  const std::int32_t label = labels[i];
  if (label < 0 || static_cast<std::size_t>(label) >= classes)
    throw UserError({"the uncertainty cannot be judged", "label " + std::to_string(label),
                     "the network has " + std::to_string(classes) + " classes",
                     "use the data set that the network was trained for"});
  return static_cast<std::size_t>(label);
}

}  // namespace

std::vector<double> class_probabilities(std::span<const float> outputs, std::size_t classes) {
  std::vector<double> result(outputs.begin(), outputs.end());
  for (std::size_t i = 0; i < rows_of(outputs.size(), classes); ++i) {
    const auto values = std::span(result).subspan(i * classes, classes);
    if (!is_distribution(outputs.subspan(i * classes, classes))) {
      const double top = *std::max_element(values.begin(), values.end());
      for (double& v : values) v = std::exp(v - top);
    }
    double sum = 0;
    for (const double v : values) sum += v;
    for (double& v : values) v /= sum;
  }
  return result;
}

double mean_entropy(std::span<const double> probabilities, std::size_t classes) {
  double sum = 0;
  for (const double p : probabilities)
    if (p > 0) sum -= p * std::log(p);
  return sum / static_cast<double>(rows_of(probabilities.size(), classes));
}

double expected_calibration_error(std::span<const double> probabilities, std::span<const std::int32_t> labels,
                                  std::size_t classes) {
  const std::size_t rows = rows_of(probabilities.size(), classes);
  MOTE_CHECK(labels.size() == rows);
  std::vector<double> excess(kCalibrationBins, 0);  // sum of (right - confidence)
  for (std::size_t i = 0; i < rows; ++i) {
    const auto p = row(probabilities, i, classes);
    const std::size_t predicted = greatest(p);
    const auto bin = static_cast<std::size_t>(p[predicted] * static_cast<double>(kCalibrationBins));
    const double right = predicted == label_of(labels, i, classes) ? 1 : 0;
    excess[std::min(bin, kCalibrationBins - 1)] += right - p[predicted];
  }
  double sum = 0;
  for (const double e : excess) sum += std::abs(e);
  return sum / static_cast<double>(rows);
}

double accuracy_of(std::span<const double> probabilities, std::span<const std::int32_t> labels,
                   std::size_t classes) {
  std::size_t right = 0;
  for (std::size_t i = 0; i < labels.size(); ++i)
    right += greatest(row(probabilities, i, classes)) == label_of(labels, i, classes) ? 1 : 0;
  return static_cast<double>(right) / static_cast<double>(labels.size());
}

double negative_log_likelihood(std::span<const double> probabilities, std::span<const std::int32_t> labels,
                               std::size_t classes) {
  double sum = 0;
  for (std::size_t i = 0; i < labels.size(); ++i)
    sum -=
        std::log(std::max(row(probabilities, i, classes)[label_of(labels, i, classes)], kLeastProbability));
  return sum / static_cast<double>(labels.size());
}

Uncertainty uncertainty_of(std::span<const double> probabilities, std::span<const std::int32_t> labels,
                           std::size_t classes) {
  return {accuracy_of(probabilities, labels, classes),
          negative_log_likelihood(probabilities, labels, classes), mean_entropy(probabilities, classes),
          expected_calibration_error(probabilities, labels, classes)};
}

}  // namespace mote
