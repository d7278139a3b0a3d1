#include "measure/ensemble.h"

#include "base/error.h"

namespace mote {

EnsembleEvaluation evaluate_ensemble(const Graph& graph, const WeightPosterior& posterior, std::size_t draws,
                                     std::uint64_t seed, const std::function<Graph(const Graph&)>& prepare,
                                     const data::Samples& samples, const EvaluateOptions& options,
                                     const Progress& progress) {
  MOTE_CHECK(draws > 0);
  EnsembleEvaluation result;
  result.draws = draws;
  result.most_probable = evaluate(prepare(graph), samples, options);
  if (!result.most_probable.confusion)
    throw UserError({"the uncertainty cannot be judged", graph.name(),
                     "it takes a classifier and samples with labels", "give a labelled data set"});
  const auto classes = static_cast<std::size_t>(element_count(result.most_probable.output_shape));
  if (classes < 2)
    throw UserError({"the uncertainty cannot be judged", graph.name(),
                     "the network gives an index instead of a number per class", "leave out its ArgMax"});
  const auto probabilities = class_probabilities(result.most_probable.outputs, classes);
  result.most_probable_uncertainty = uncertainty_of(probabilities, samples.labels, classes);

  Rng rng(seed);
  EvaluateOptions unchecked = options;
  unchecked.oracle_samples = 0;
  std::vector<double> mean(probabilities.size(), 0);
  double entropy = 0;
  for (std::size_t d = 0; d < draws; ++d) {
    const Graph drawn = prepare(draw_weights(graph, posterior, rng));
    const auto p = class_probabilities(evaluate(drawn, samples, unchecked).outputs, classes);
    for (std::size_t i = 0; i < p.size(); ++i) mean[i] += p[i] / static_cast<double>(draws);
    entropy += mean_entropy(p, classes) / static_cast<double>(draws);
    result.mean_accuracy += accuracy_of(p, samples.labels, classes) / static_cast<double>(draws);
    report(progress, d + 1, draws, "drawing weights");
  }
  result.ensemble = uncertainty_of(mean, samples.labels, classes);
  result.mutual_information = result.ensemble.predictive_entropy - entropy;
  return result;
}

}  // namespace mote
