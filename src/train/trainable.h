// Which constants of a graph are learned, and what each is to its layer.
#pragma once

#include <optional>
#include <vector>

#include "ir/graph.h"
#include "train/quantizer.h"

namespace mote::train {

struct Trainable {
  ValueId value;
  Role role;
  std::int64_t fan_in = 0;  // inputs per sum, of weights; 0: no sum (tables of Gather, slopes)
};

// In the order of the graph's values. A constant behind Quant nodes is what it is behind them. Real constants
// that no layer owns (factors of Mul, addends of Add that do not follow a layer, scales and zero points) are
// not learned.
std::vector<Trainable> find_trainable(const Graph& graph);

// The running mean and variance of a BatchNormalization, where they are constants.
struct RunningStatistics {
  ValueId mean, variance;
};
std::vector<RunningStatistics> find_running_statistics(const Graph& graph);

}  // namespace mote::train
