// Calibration: what values flow through a float graph for typical inputs.
#pragma once

#include <functional>
#include <vector>

#include "base/progress.h"
#include "compress/quantize/histogram.h"
#include "ir/graph.h"

namespace mote {

// Runs the graph once and shows every value that a node makes. Called from several threads at once. A faster
// one than the oracle can be given by whoever has compiled code.
using Observe = std::function<void(ValueId, const Tensor&)>;
using Executor = std::function<void(const std::vector<Tensor>& inputs, const Observe& observe)>;

Executor oracle_executor(const Graph& graph);

struct ValueStatistics {
  Histogram histogram;
  std::vector<double> channel_mean;  // by index of the last axis, over samples and positions
};

struct Calibration {
  std::vector<ValueStatistics> values;  // by ValueId; empty for constants and integers
  std::size_t samples = 0;
};

// One entry of `samples` holds the graph's inputs in order. Samples are spread over all cores; the result
// does not depend on how many there are. Throws UserError when there is no sample, and where values are not
// finite.
Calibration calibrate(const Graph& graph, const std::vector<std::vector<Tensor>>& samples,
                      const Executor& executor = {}, const Progress& progress = {});

}  // namespace mote
