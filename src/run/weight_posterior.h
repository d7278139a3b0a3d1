// Distributions of a network's weights over few levels, as Bayesian training leaves them beside a model, and
// networks drawn from them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/rng.h"
#include "ir/graph.h"

namespace mote {

// Of the real constant `name`: each weight is scale * level, independently of the others, with its own
// probabilities.
struct WeightDistribution {
  std::string name;
  Shape shape;                       // of the constant, as the graph has it
  std::vector<int> levels;           // ascending
  int axis = -1;                     // of `scale`; -1: one for all
  std::vector<float> scale;          // one, or one per index of the axis
  std::vector<float> probabilities;  // [levels, shape]
};
using WeightPosterior = std::vector<WeightDistribution>;

// A .npz with NAME/levels, NAME/scale, NAME/axis and NAME/probabilities for each. Throws UserError for a file
// that is not of this form, and for probabilities that are negative or do not add up to 1 (within 1e-3).
void write_posterior(const std::filesystem::path& path, const WeightPosterior& posterior);
WeightPosterior read_posterior(const std::filesystem::path& path);

// The graph with weights drawn: constants of the posterior's names replaced. Throws UserError where the graph
// has no real constant of that name and shape.
Graph draw_weights(const Graph& graph, const WeightPosterior& posterior, Rng& rng);

}  // namespace mote
