#include "compress/quantize/calibrate.h"

#include <algorithm>
#include <atomic>

#include "base/parallel.h"
#include "run/interpreter.h"

namespace mote {

namespace {

// Samples go to a fixed number of parts, so that sums are added in the same order on any number of threads.
constexpr std::size_t kParts = 16;

struct Part {
  std::vector<Histogram> histograms;
  std::vector<std::vector<double>> sums;  // by value and channel

  explicit Part(std::size_t values) : histograms(values), sums(values) {}

  void add(ValueId id, const Tensor& tensor) {
    if (!tensor.type().encoding.is_real()) return;
    const auto values = tensor.floats();
    histograms[id.index].add(values);
    const Shape& shape = tensor.type().shape;
    auto& sum = sums[id.index];
    sum.resize(shape.empty() ? 1 : static_cast<std::size_t>(shape.back()));
    for (std::size_t i = 0, channel = 0; i < values.size(); ++i) {
      sum[channel] += static_cast<double>(values[i]);
      if (++channel == sum.size()) channel = 0;
    }
  }

  void merge(const Part& other) {
    for (std::size_t v = 0; v < histograms.size(); ++v) {
      histograms[v].merge(other.histograms[v]);
      sums[v].resize(std::max(sums[v].size(), other.sums[v].size()));
      for (std::size_t c = 0; c < other.sums[v].size(); ++c) sums[v][c] += other.sums[v][c];
    }
  }
};

void check_finite(const Graph& graph, ValueId id, const Histogram& histogram) {
  if (histogram.not_finite() == 0) return;
  const NodeId producer = graph.value(id).producer;
  throw UserError({"calibration met values that are not finite",
                   producer.valid() ? graph.describe(producer) : "input '" + graph.value(id).name + "'",
                   std::to_string(histogram.not_finite()) + " values are infinite or not a number",
                   "check the normalization of the samples and the weights of the network"});
}

}  // namespace

Executor oracle_executor(const Graph& graph) {
  return [graph](const std::vector<Tensor>& inputs, const Observe& observe) {
    interpret(graph, inputs, [&](NodeId node, std::size_t output, const Tensor& value) {
      observe(graph.node(node).outputs[output], value);
    });
  };
}

Calibration calibrate(const Graph& graph, const std::vector<std::vector<Tensor>>& samples,
                      const Executor& executor, const Progress& progress) {
  if (samples.empty())
    throw UserError({"calibration has no samples", graph.name(), "the list of samples is empty",
                     "give at least one sample"});
  const Executor run = executor ? executor : oracle_executor(graph);
  std::vector<Part> parts(std::min(kParts, samples.size()), Part(graph.values().size()));
  std::atomic<std::uint64_t> done = 0;
  parallel_for(parts.size(), [&](std::size_t, std::size_t p) {
    Part& part = parts[p];
    for (std::size_t s = p; s < samples.size(); s += parts.size()) {
      MOTE_CHECK(samples[s].size() == graph.inputs().size());
      for (std::size_t i = 0; i < samples[s].size(); ++i) part.add(graph.inputs()[i], samples[s][i]);
      run(samples[s], [&](ValueId id, const Tensor& value) { part.add(id, value); });
      report(progress, ++done, samples.size(), "calibrating");
    }
  });
  for (std::size_t p = 1; p < parts.size(); ++p) parts[0].merge(parts[p]);

  Calibration calibration;
  calibration.samples = samples.size();
  calibration.values.resize(graph.values().size());
  for (std::uint32_t v = 0; v < calibration.values.size(); ++v) {
    ValueStatistics& statistics = calibration.values[v];
    statistics.histogram = std::move(parts[0].histograms[v]);
    statistics.channel_mean = std::move(parts[0].sums[v]);
    check_finite(graph, ValueId{v}, statistics.histogram);
    const auto positions = static_cast<double>(statistics.histogram.count()) /
                           static_cast<double>(std::max<std::size_t>(statistics.channel_mean.size(), 1));
    for (double& mean : statistics.channel_mean) mean /= positions;
  }
  return calibration;
}

}  // namespace mote
