#include "run/uncertainty.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"

namespace mote {
namespace {

TEST(Uncertainty, LogitsBecomeProbabilitiesAndDistributionsStay) {
  const std::vector<float> outputs = {0, std::log(3.0F), 0.25F, 0.75F, -1000, 1000};
  const auto p = class_probabilities(outputs, 2);
  const std::vector<double> expected = {0.25, 0.75, 0.25, 0.75, 0, 1};
  for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR(p[i], expected[i], 1e-6);
}

TEST(Uncertainty, EntropyOfTheUniformDistributionIsTheLogarithmOfItsClasses) {
  EXPECT_NEAR(mean_entropy(std::vector<double>(12, 0.25), 4), std::log(4.0), 1e-12);
  EXPECT_EQ(mean_entropy(std::vector<double>{1, 0, 0, 1}, 2), 0);
}

// 100 samples at confidence 0.8 of which 60 are right, 100 at 0.55 of which 55 are right.
TEST(Uncertainty, CalibrationErrorIsTheMeanGapBetweenConfidenceAndAccuracy) {
  std::vector<double> p;
  std::vector<std::int32_t> labels;
  for (int i = 0; i < 100; ++i) {
    p.insert(p.end(), {0.8, 0.2, 0.55, 0.45});
    labels.insert(labels.end(), {i < 60 ? 0 : 1, i < 55 ? 0 : 1});
  }
  EXPECT_NEAR(expected_calibration_error(p, labels, 2), 0.5 * 0.2 + 0.5 * 0.0, 1e-9);
  const Uncertainty u = uncertainty_of(p, labels, 2);
  EXPECT_NEAR(u.accuracy, 0.575, 1e-12);
  const double expected =
      -(60 * std::log(0.8) + 40 * std::log(0.2) + 55 * std::log(0.55) + 45 * std::log(0.45)) / 200;
  EXPECT_NEAR(u.negative_log_likelihood, expected, 1e-9);
}

TEST(Uncertainty, ALabelBeyondTheClassesIsAnError) {
  EXPECT_THROW(uncertainty_of(std::vector<double>{0.5, 0.5}, std::vector<std::int32_t>{2}, 2), UserError);
}

}  // namespace
}  // namespace mote
