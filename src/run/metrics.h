// Figures of merit from outputs and labels. Pure functions; `outputs` holds `labels.size()` rows of equal
// length, one after the other, in real units or as integers, whatever orders the classes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace mote {

// Index of the greatest element of each row; of equals the first.
std::vector<std::int32_t> arg_max_rows(std::span<const float> outputs, std::size_t rows);

// Rows: labels, columns: predictions. Entries: counts.
struct ConfusionMatrix {
  std::size_t classes = 0;
  std::vector<std::uint64_t> counts;  // classes x classes

  std::uint64_t at(std::size_t label, std::size_t prediction) const {
    return counts.at(label * classes + prediction);
  }
  std::uint64_t total() const;
  // The fraction on the diagonal; 0 of nothing.
  double accuracy() const;
  // The fraction of the samples of a class (row) found, and of the predictions of a class (column) that are
  // right; 0 of nothing.
  double recall(std::size_t label) const;
  double precision(std::size_t prediction) const;
};

// Throws UserError for a label or prediction outside [0, classes).
ConfusionMatrix confusion_matrix(std::span<const std::int32_t> predictions,
                                 std::span<const std::int32_t> labels, std::size_t classes);

// The fraction of rows whose label is among the k greatest elements; equals are ranked by index. Throws
// UserError for a label outside the row.
double top_k_accuracy(std::span<const float> outputs, std::span<const std::int32_t> labels, std::size_t k);

double mean_squared_error(std::span<const float> values, std::span<const float> wanted);

// Signal to quantization noise ratio in decibels: 10 log10(sum reference^2 / sum (value - reference)^2);
// infinite when equal.
double sqnr_decibels(std::span<const float> values, std::span<const float> reference);

}  // namespace mote
