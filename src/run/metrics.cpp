#include "run/metrics.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"

namespace mote {

namespace {

std::size_t row_length(std::size_t elements, std::size_t rows) {
  MOTE_CHECK(rows > 0 && elements > 0 && elements % rows == 0);
  return elements / rows;
}

double fraction(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

std::size_t checked_class(std::int32_t index, std::size_t classes, const char* what) {
  if (index < 0 || static_cast<std::size_t>(index) >= classes)
    throw UserError({"a label does not fit the network", std::string(what) + " " + std::to_string(index),
                     "the network tells " + std::to_string(classes) + " classes apart, numbered from 0",
                     "use the data set that the network was trained for"});
  return static_cast<std::size_t>(index);
}

}  // namespace

std::vector<std::int32_t> arg_max_rows(std::span<const float> outputs, std::size_t rows) {
  const std::size_t length = row_length(outputs.size(), rows);
  std::vector<std::int32_t> result(rows);
  for (std::size_t r = 0; r < rows; ++r) {
    const auto row = outputs.subspan(r * length, length);
    result[r] = static_cast<std::int32_t>(std::max_element(row.begin(), row.end()) - row.begin());
  }
  return result;
}

std::uint64_t ConfusionMatrix::total() const {
  std::uint64_t sum = 0;
  for (const std::uint64_t count : counts) sum += count;
  return sum;
}

double ConfusionMatrix::accuracy() const {
  std::uint64_t right = 0;
  for (std::size_t c = 0; c < classes; ++c) right += at(c, c);
  return fraction(right, total());
}

double ConfusionMatrix::recall(std::size_t label) const {
  std::uint64_t sum = 0;
  for (std::size_t c = 0; c < classes; ++c) sum += at(label, c);
  return fraction(at(label, label), sum);
}

double ConfusionMatrix::precision(std::size_t prediction) const {
  std::uint64_t sum = 0;
  for (std::size_t c = 0; c < classes; ++c) sum += at(c, prediction);
  return fraction(at(prediction, prediction), sum);
}

ConfusionMatrix confusion_matrix(std::span<const std::int32_t> predictions,
                                 std::span<const std::int32_t> labels, std::size_t classes) {
  MOTE_CHECK(predictions.size() == labels.size());
  ConfusionMatrix matrix{classes, std::vector<std::uint64_t>(classes * classes)};
  for (std::size_t i = 0; i < labels.size(); ++i)
    ++matrix.counts[checked_class(labels[i], classes, "label") * classes +
                    checked_class(predictions[i], classes, "prediction")];
  return matrix;
}

double top_k_accuracy(std::span<const float> outputs, std::span<const std::int32_t> labels, std::size_t k) {
  const std::size_t length = row_length(outputs.size(), labels.size());
  std::uint64_t right = 0;
  for (std::size_t r = 0; r < labels.size(); ++r) {
    const auto row = outputs.subspan(r * length, length);
    const std::size_t label = checked_class(labels[r], length, "label");
    std::size_t before = 0;
    for (std::size_t c = 0; c < length; ++c)
      if (row[c] > row[label] || (row[c] == row[label] && c < label)) ++before;
    if (before < k) ++right;
  }
  return fraction(right, labels.size());
}

double mean_squared_error(std::span<const float> values, std::span<const float> wanted) {
  MOTE_CHECK(values.size() == wanted.size() && !values.empty());
  double sum = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double difference = static_cast<double>(values[i]) - static_cast<double>(wanted[i]);
    sum += difference * difference;
  }
  return sum / static_cast<double>(values.size());
}

double sqnr_decibels(std::span<const float> values, std::span<const float> reference) {
  const double noise = mean_squared_error(values, reference);
  if (noise == 0) return std::numeric_limits<double>::infinity();
  double signal = 0;
  for (const float x : reference) signal += static_cast<double>(x) * static_cast<double>(x);
  return 10 * std::log10(signal / static_cast<double>(reference.size()) / noise);
}

}  // namespace mote
