// Training of a graph, float or simulated, on samples in memory.
//
// The result is the same graph with other constants (and, where simulated, other Quant parameters). Training
// is deterministic by seed on one thread, also across a kill and a resume.
#pragma once

#include <cstdint>
#include <vector>

#include "base/progress.h"
#include "data/normalization.h"
#include "data/samples.h"
#include "ir/graph.h"
#include "run/weight_posterior.h"
#include "train/options.h"
#include "train/record.h"

namespace mote::train {

// Samples have the shape of the graph's only input without its batch of 1, or as many elements.
struct LabelledSamples {
  data::Samples samples;
  std::vector<float> targets;  // for regression: [samples, output elements]; else empty
};

struct TrainData {
  LabelledSamples train;
  LabelledSamples valid;  // may be empty: then nothing is validated
  data::Normalization normalization;
};

struct TrainResult {
  Graph graph;
  std::vector<EpochRecord> epochs;
  std::uint64_t best_epoch = 0;      // 1-based: the epoch whose parameters the graph holds
  std::uint64_t resumed_epochs = 0;  // read from the checkpoint
  bool stopped_early = false;
  WeightPosterior posterior;  // of weights that were trained as distributions
};

// Throws UserError for a graph that cannot be trained, data that do not fit it (shape, missing labels, labels
// that the network has no output for), a checkpoint of another run, and a loss that is no longer finite; the
// checkpoint then is the last good one.
TrainResult train(const Graph& graph, const TrainData& data, const TrainOptions& options,
                  const Progress& progress = {});

// Loss and accuracy of a float or simulated graph over samples, computed as in training, without
// augmentation.
Score score(const Graph& graph, const LabelledSamples& samples, const data::Normalization& normalization,
            const TrainOptions& options, const Progress& progress = {});

}  // namespace mote::train
