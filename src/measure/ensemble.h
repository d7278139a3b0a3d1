// The predictive distribution of a network with random weights, by the code that ships: every draw of the
// weights is prepared, emitted, compiled and run like any network.
#pragma once

#include <functional>

#include "measure/evaluate.h"
#include "run/uncertainty.h"
#include "run/weight_posterior.h"

namespace mote {

struct EnsembleEvaluation {
  Evaluation most_probable;  // of the graph as given
  Uncertainty most_probable_uncertainty;
  std::size_t draws = 0;
  Uncertainty ensemble;           // of the mean of the draws' class probabilities
  double mean_accuracy = 0;       // of single draws
  double mutual_information = 0;  // nats: entropy of the mean less mean of the entropies, what the weights
                                  // leave open (Gal, Islam, Ghahramani: "Deep Bayesian Active Learning with
                                  // Image Data", ICML 2017)
};

// `graph`: the model as the posterior's names know it; `prepare` makes what is run of it (lowering). The seed
// decides the draws. Throws UserError for samples without labels, for a network that is no classifier, and as
// evaluate() and draw_weights() do.
EnsembleEvaluation evaluate_ensemble(const Graph& graph, const WeightPosterior& posterior, std::size_t draws,
                                     std::uint64_t seed, const std::function<Graph(const Graph&)>& prepare,
                                     const data::Samples& samples, const EvaluateOptions& options = {},
                                     const Progress& progress = {});

}  // namespace mote
