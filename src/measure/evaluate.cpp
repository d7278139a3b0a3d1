#include "measure/evaluate.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <limits>
#include <utility>

#include "base/error.h"
#include "base/parallel.h"
#include "emit/c.h"
#include "measure/host.h"
#include "ops/encode.h"
#include "plan/plan.h"
#include "run/interpreter.h"

namespace mote {

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

const TensorType& only_input(const Graph& graph) {
  if (graph.inputs().size() != 1)
    throw UserError({"the network cannot be fed from a data set", graph.name(),
                     "it has " + std::to_string(graph.inputs().size()) +
                         " inputs, a data set gives one tensor per sample",
                     "run it with one file per input instead"});
  return graph.type(graph.inputs()[0]);
}

void check_sizes(const Graph& graph, const data::Samples& samples) {
  if (samples.count == 0)
    throw UserError({"there is nothing to evaluate", graph.name(), "the data set has no samples",
                     "choose another split"});
  const TensorType& input = only_input(graph);
  if (static_cast<std::int64_t>(samples.sample_size()) != input.elements())
    throw UserError(
        {"the samples do not fit the network", graph.name(),
         "a sample is " + data::shape_text(samples.shape) + ", the network takes " + to_string(input.shape),
         "use the data set that the network was trained for"});
}

// Outputs of the code against those of the oracle.
void compare(const Tensor& expected, const Bytes& bytes, OracleCheck& check, bool& differs) {
  if (expected.type().encoding.is_integer()) {
    differs =
        differs || !std::equal(bytes.begin(), bytes.end(), expected.bytes().begin(), expected.bytes().end());
    return;
  }
  const Tensor actual(expected.type(), bytes);
  double largest = 0;
  double difference = 0;
  for (std::size_t i = 0; i < expected.floats().size(); ++i) {
    const auto e = static_cast<double>(expected.floats()[i]);
    const double d = std::abs(static_cast<double>(actual.floats()[i]) - e);
    largest = std::max(largest, std::abs(e));
    difference = std::isnan(d) ? std::numeric_limits<double>::infinity() : std::max(difference, d);
  }
  const double relative = difference == 0 ? 0 : difference / std::max(largest, 1e-30);
  check.largest_difference = std::max(check.largest_difference, relative);
  differs = differs || relative > kRealTolerance;
}

OracleCheck check_against_oracle(const Graph& graph, const CompiledModel& model,
                                 const std::vector<Tensor>& inputs) {
  std::vector<OracleCheck> parts(inputs.size());
  parallel_for(inputs.size(), [&](std::size_t, std::size_t i) {
    const auto expected = interpret(graph, {inputs[i]});
    const auto bytes = inputs[i].bytes();
    const std::vector<Bytes> given{Bytes(bytes.begin(), bytes.end())};
    const auto actual = model.run(given);
    bool differs = false;
    for (std::size_t o = 0; o < expected.size(); ++o) compare(expected[o], actual.at(o), parts[i], differs);
    parts[i].differing = differs ? 1 : 0;
  });
  OracleCheck check;
  check.samples = inputs.size();
  for (const OracleCheck& part : parts) {
    check.differing += part.differing;
    check.largest_difference = std::max(check.largest_difference, part.largest_difference);
  }
  return check;
}

void run_samples(const CompiledModel& model, const Graph& graph, const data::Samples& samples,
                 const EvaluateOptions& options, const Progress& progress, Evaluation& evaluation) {
  constexpr std::size_t kBlock = 16;
  const TensorType& input = only_input(graph);
  const TensorType& output = graph.type(graph.outputs()[0]);
  const auto elements = static_cast<std::size_t>(output.elements());
  evaluation.outputs.resize(samples.count * elements);
  const bool reconstructs = output.shape == input.shape && !output.encoding.is_per_axis();
  std::vector<double> errors(samples.count, 0);
  std::atomic<std::uint64_t> done = 0;
  parallel_for((samples.count + kBlock - 1) / kBlock, [&](std::size_t, std::size_t block) {
    CompiledModel::Arena arena(model);
    const std::size_t end = std::min(samples.count, (block + 1) * kBlock);
    for (std::size_t i = block * kBlock; i < end; ++i) {
      const Tensor given = network_input(samples, i, options.normalization, input);
      const std::vector<Bytes> inputs{Bytes(given.bytes().begin(), given.bytes().end())};
      const auto values = decode_reals(Tensor(output, model.run(arena, inputs).at(0)));
      std::copy(values.begin(), values.end(),
                evaluation.outputs.begin() + static_cast<std::ptrdiff_t>(i * elements));
      if (reconstructs) errors[i] = mean_squared_error(values, decode_reals(given));
    }
    report(progress, done += end - block * kBlock, samples.count, "evaluating");
  });
  if (!reconstructs) return;
  double sum = 0;
  for (const double error : errors) sum += error;
  evaluation.mean_squared_error = sum / static_cast<double>(samples.count);
}

void classify(const TensorType& output, const data::Samples& samples, Evaluation& evaluation) {
  const auto elements = static_cast<std::size_t>(output.elements());
  const bool gives_index = elements == 1 && output.encoding.is_integer() && !output.encoding.is_quantized();
  if (evaluation.mean_squared_error || (elements < 2 && !gives_index)) return;
  std::size_t classes = elements;
  if (gives_index) {
    for (const float value : evaluation.outputs)
      evaluation.predictions.push_back(static_cast<std::int32_t>(value));
    classes = 1;
    for (const std::vector<std::int32_t>* indices : {&std::as_const(evaluation.predictions), &samples.labels})
      for (const std::int32_t index : *indices)
        classes = std::max(classes, static_cast<std::size_t>(std::max(index, 0)) + 1);
  } else {
    evaluation.predictions = arg_max_rows(evaluation.outputs, samples.count);
  }
  const auto& labels = samples.labels;
  if (labels.size() == samples.count &&
      std::find(labels.begin(), labels.end(), data::kNoLabel) == labels.end())
    evaluation.confusion = confusion_matrix(evaluation.predictions, labels, classes);
}

}  // namespace

Tensor network_input(const data::Samples& samples, std::size_t index,
                     const data::Normalization& normalization, const TensorType& type) {
  std::vector<float> values(static_cast<std::size_t>(type.elements()));
  samples.copy_to(index, values);
  if (!normalization.is_identity())
    normalization.apply(values, type.shape.empty() ? 1 : static_cast<std::size_t>(type.shape.back()));
  return encode_reals(values, type);
}

std::vector<std::vector<Tensor>> load_inputs(const Graph& graph, const std::string& data_specification,
                                             data::Split split, std::size_t count,
                                             const data::Normalization& normalization) {
  const TensorType& input = only_input(graph);
  data::LoadOptions load;
  load.max_count = count;
  load.shape = input.shape;
  const data::Samples samples = data::open_dataset(data_specification)->load(split, load);
  check_sizes(graph, samples);
  std::vector<std::vector<Tensor>> inputs(samples.count);
  for (std::size_t i = 0; i < samples.count; ++i)
    inputs[i] = {network_input(samples, i, normalization, input)};
  return inputs;
}

Evaluation evaluate(const Graph& graph, const data::Samples& samples, const EvaluateOptions& options,
                    const Progress& progress) {
  check_sizes(graph, samples);
  const TensorType& output = graph.type(graph.outputs()[0]);
  Evaluation evaluation;
  evaluation.samples = samples.count;
  evaluation.output_shape = output.shape;

  const auto begun = Clock::now();
  const TemporaryFolder folder;
  const Target host = load_target("host");
  const CompiledModel model(emit_c(make_plan(graph, host), {.name = "network", .folder = folder.path()}),
                            host);
  evaluation.compile_seconds = seconds_since(begun);

  std::vector<Tensor> first;
  for (std::size_t i = 0; i < std::min(options.oracle_samples, samples.count); ++i)
    first.push_back(network_input(samples, i, options.normalization, only_input(graph)));
  evaluation.oracle = check_against_oracle(graph, model, first);

  const auto started = Clock::now();
  run_samples(model, graph, samples, options, progress, evaluation);
  evaluation.run_seconds = seconds_since(started);
  classify(output, samples, evaluation);
  return evaluation;
}

}  // namespace mote
