#include "train/scoring.h"

namespace mote::train {

namespace {

constexpr std::size_t kScoringBatch = 250;

}  // namespace

torch::Tensor input_tensor(const Batch& batch, const Graph& graph) {
  std::vector<std::int64_t> shape = graph.type(graph.inputs()[0]).shape;
  shape[0] *= static_cast<std::int64_t>(batch.count);
  return torch::from_blob(const_cast<float*>(batch.inputs.data()), shape, torch::kFloat32);
}

Score score_network(Network& network, const Loss& loss, const data::Samples& samples,
                    const data::Normalization& normalization, const std::string& label,
                    const Progress& progress) {
  const torch::NoGradGuard guard;
  LoaderOptions options;
  options.batch = kScoringBatch;
  options.keep_clean = loss.needs_clean_inputs();
  Loader loader(samples, normalization, options);
  Batch batch;
  EpochSums sums;
  while (loader.next(batch)) {
    const torch::Tensor output = network.forward(input_tensor(batch, network.graph()), false);
    sums.loss += loss.mean(output, batch, false).item<double>() * static_cast<double>(batch.count);
    if (loss.classifies()) sums.correct += loss.correct(output, batch);
    sums.samples += batch.count;
    report(progress, sums.samples, samples.count, label);
  }
  return sums.score(loss.classifies());
}

void reestimate_statistics(Network& network, const data::Samples& samples,
                           const data::Normalization& normalization, std::size_t batches,
                           std::size_t batch_size, std::uint64_t seed) {
  const torch::NoGradGuard guard;
  LoaderOptions options;
  options.batch = batch_size;
  options.shuffle = true;
  options.seed = seed;
  Loader loader(samples, normalization, options);
  Batch batch;
  network.reset_statistics();
  for (std::size_t k = 1; k <= batches && loader.next(batch); ++k) {
    network.set_batch_norm_momentum(1.0 / static_cast<double>(k));
    network.measure_statistics(input_tensor(batch, network.graph()));
  }
}

}  // namespace mote::train
