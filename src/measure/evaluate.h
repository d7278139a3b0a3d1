// Evaluation of a network on a data set by the code that ships: the graph is planned and emitted for the
// host, compiled, and run on all samples and all cores. The first samples go through the oracle too, as proof
// that both compute the same.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/progress.h"
#include "data/dataset.h"
#include "data/normalization.h"
#include "data/samples.h"
#include "ir/graph.h"
#include "run/metrics.h"

namespace mote {

// Sample `index`, normalized and in the encoding of a network's input. `type` has as many elements as the
// sample.
Tensor network_input(const data::Samples& samples, std::size_t index,
                     const data::Normalization& normalization, const TensorType& type);

// The inputs that calibration takes, fitted to the shape of the graph's only input. Throws UserError for a
// graph with several inputs, and as data::open_dataset and Dataset::load do.
std::vector<std::vector<Tensor>> load_inputs(const Graph& graph, const std::string& data_specification,
                                             data::Split split, std::size_t count,
                                             const data::Normalization& normalization);

struct EvaluateOptions {
  data::Normalization normalization{};
  std::size_t oracle_samples = 4;  // compared with the oracle, at most so many
};

struct OracleCheck {
  std::size_t samples = 0;
  std::size_t differing =
      0;  // samples with an integer output that differs, or a real one beyond kRealTolerance
  double largest_difference = 0;  // of real outputs, relative to the largest magnitude in the tensor
  bool passed() const { return differing == 0; }
};
inline constexpr double kRealTolerance = 1e-4;

struct Evaluation {
  std::size_t samples = 0;
  Shape output_shape;          // of the first output
  std::vector<float> outputs;  // the first output of each sample in real units, one after the other
  std::vector<std::int32_t>
      predictions;  // classifiers: greatest output, or the index that the network itself gives
  std::optional<ConfusionMatrix> confusion;  // classifiers, where every sample has a label
  std::optional<double>
      mean_squared_error;  // networks whose output has the size of their input: of the reconstruction
  OracleCheck oracle;
  double compile_seconds = 0;
  double run_seconds = 0;  // of all samples, on all cores, wall clock
};

// Samples must have the size of the graph's only input (LoadOptions::shape). Throws UserError for several
// inputs, a wrong size, a label outside the network's classes, and where the compiler is missing.
Evaluation evaluate(const Graph& graph, const data::Samples& samples, const EvaluateOptions& options = {},
                    const Progress& progress = {});

}  // namespace mote
