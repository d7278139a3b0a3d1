#include "run/metrics.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"

namespace mote {
namespace {

TEST(Metrics, ConfusionMatrixCountsByLabelAndPrediction) {
  const std::vector<float> outputs = {0.9F, 0.1F, 0.0F, 0.2F, 0.3F, 0.5F, 0.4F, 0.4F, 0.2F, 0.1F, 0.8F, 0.1F};
  const auto predictions = arg_max_rows(outputs, 4);
  EXPECT_EQ(predictions, (std::vector<std::int32_t>{0, 2, 0, 1}));  // a tie goes to the first
  const std::vector<std::int32_t> labels = {0, 1, 1, 1};
  const ConfusionMatrix matrix = confusion_matrix(predictions, labels, 3);
  EXPECT_EQ(matrix.at(1, 2), 1U);
  EXPECT_EQ(matrix.total(), 4U);
  EXPECT_DOUBLE_EQ(matrix.accuracy(), 0.5);
  EXPECT_DOUBLE_EQ(matrix.recall(1), 1.0 / 3);
  EXPECT_DOUBLE_EQ(matrix.precision(0), 0.5);
  EXPECT_DOUBLE_EQ(matrix.precision(2), 0);
  EXPECT_DOUBLE_EQ(matrix.recall(2), 0);
  EXPECT_DOUBLE_EQ(top_k_accuracy(outputs, labels, 1), 0.5);
  EXPECT_DOUBLE_EQ(top_k_accuracy(outputs, labels, 2), 1);
}

TEST(Metrics, ForeignLabelsAreAUserError) {
  const std::vector<std::int32_t> predictions = {0};
  EXPECT_THROW(confusion_matrix(predictions, std::vector<std::int32_t>{3}, 3), UserError);
  EXPECT_THROW(top_k_accuracy(std::vector<float>{1, 2}, std::vector<std::int32_t>{-1}, 1), UserError);
}

TEST(Metrics, ErrorsOfValues) {
  const std::vector<float> reference = {3, 4};
  EXPECT_DOUBLE_EQ(mean_squared_error(std::vector<float>{3, 6}, reference), 2);
  EXPECT_NEAR(sqnr_decibels(std::vector<float>{3, 4.5F}, reference), 20, 1e-9);
  EXPECT_TRUE(std::isinf(sqnr_decibels(reference, reference)));
}

}  // namespace
}  // namespace mote
