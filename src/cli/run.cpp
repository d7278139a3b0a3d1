#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "compress/import.h"
#include "compress/quantize/remove_quantizers.h"
#include "emit/c.h"
#include "format/tensor_file.h"
#include "ir/verify.h"
#include "measure/ensemble.h"
#include "measure/host.h"
#include "ops/encode.h"
#include "plan/plan.h"
#include "report/agreement_text.h"
#include "report/evaluation_text.h"
#include "report/uncertainty_text.h"
#include "run/interpreter.h"
#include "run/weight_posterior.h"

namespace mote::cli {

namespace {

struct Options {
  std::string model, data, normalize, features, posterior;
  std::string split = "test";
  std::string compare;
  std::vector<std::string> inputs, outputs;
  std::size_t limit = 0;
  std::size_t check = 4;
  std::size_t values = 16;
  std::size_t draws = 10;
  std::uint64_t seed = 1;
  int threads = 1;
  bool oracle = false;
  PrepareOptions prepare;
};

std::vector<Tensor> read_inputs(const Graph& graph, const Options& o) {
  if (o.inputs.size() != graph.inputs().size())
    throw UserError(
        {"the model cannot run", o.model,
         fmt::format("it has {} input(s), {} file(s) were given", graph.inputs().size(), o.inputs.size()),
         "give --input once per input, in the order that `mote inspect` lists, or --data"});
  std::vector<Tensor> tensors;
  for (std::size_t i = 0; i < o.inputs.size(); ++i)
    tensors.push_back(read_tensor_file(o.inputs[i], graph.type(graph.inputs()[i])));
  return tensors;
}

// By the emitted C, compiled for this computer.
std::vector<Tensor> run_compiled(const Graph& graph, const std::vector<Tensor>& inputs, int threads) {
  const TemporaryFolder folder;
  const CompiledModel model(emit_c(make_plan(graph, load_target("host"), {.threads = threads}),
                                   {.name = "model", .folder = folder.path()}));
  Sample sample;
  for (const Tensor& t : inputs) sample.emplace_back(t.bytes().begin(), t.bytes().end());
  const std::vector<Bytes> outputs = model.run(sample);
  std::vector<Tensor> tensors;
  for (std::size_t i = 0; i < outputs.size(); ++i)
    tensors.emplace_back(graph.type(graph.outputs()[i]), outputs[i]);
  return tensors;
}

void run_once(const Options& o, Context& context) {
  const PreparedModel model = prepare_model(import_model(o.model), o.prepare);
  const Graph& graph = model.imported;
  const auto inputs = read_inputs(graph, o);
  const auto outputs = o.oracle ? interpret(graph, inputs) : run_compiled(model.graph, inputs, o.threads);
  if (!o.outputs.empty() && o.outputs.size() != outputs.size())
    throw UserError(
        {"the outputs cannot be written", o.model,
         fmt::format("it has {} output(s), {} file(s) were given", outputs.size(), o.outputs.size()),
         "give --output once per output, or not at all"});
  auto list = nlohmann::json::array();
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const std::string& name = graph.value(graph.outputs()[i]).name;
    if (!o.outputs.empty()) write_tensor_file(o.outputs[i], outputs[i]);
    const std::vector<float> values = decode_reals(outputs[i]);
    list.push_back({{"name", name}, {"type", to_string(outputs[i].type())}, {"values", values}});
    if (context.json) continue;
    constexpr std::size_t kShown = 16;
    std::string text = fmt::format("{} {}:", name, to_string(outputs[i].type()));
    for (std::size_t v = 0; v < std::min(values.size(), kShown); ++v)
      text += fmt::format(" {:.6g}", values[v]);
    context.print(text + (values.size() > kShown ? " ..." : ""));
  }
  if (context.json) context.print(nlohmann::json{{"outputs", list}});
}

data::Samples load_samples(const Options& o, const data::Dataset& dataset, const Graph& graph) {
  data::LoadOptions load;
  if (o.limit > 0) load.max_count = o.limit;
  if (graph.inputs().size() == 1) load.shape = graph.type(graph.inputs()[0]).shape;
  return dataset.load(data::parse_split(o.split), load);
}

EvaluateOptions evaluate_options(const Options& o) {
  EvaluateOptions options;
  options.normalization = data::parse_normalization(o.normalize);
  options.oracle_samples = o.check;
  return options;
}

// The network before lowering, and what was lowered.
void run_compare(const Options& o, Context& context) {
  const Graph simulated = import_model(o.model, {.lower = false, .observer = {}});
  if (stage_of(simulated) != Stage::Simulated)
    throw UserError({"the stages cannot be compared", o.model,
                     "the model is in the " + to_string(stage_of(simulated)) + " stage",
                     "give a QONNX file: quantizers between float operators"});
  const Graph reference = o.compare == "float" ? simplify(remove_quantizers(simulated)) : simulated;
  const Graph integer = import_model(o.model);
  const auto dataset = data::open_dataset(data::with_features(o.data, o.features));
  const data::Samples samples = load_samples(o, *dataset, integer);
  EvaluateOptions options = evaluate_options(o);
  StageComparison result{o.compare, {}, evaluate(integer, samples, options, context.progress()), {}};
  options.oracle_samples = 0;
  result.reference = evaluate(reference, samples, options, context.progress());
  std::vector<std::vector<Tensor>> inputs;
  for (std::size_t i = 0; i < std::min(samples.count, o.values); ++i)
    inputs.push_back(
        {network_input(samples, i, options.normalization, reference.type(reference.inputs()[0]))});
  result.agreement = find_agreement(reference, integer, inputs, context.progress());
  if (context.json)
    context.print(to_json(result));
  else
    context.print(to_text(result));
  if (!result.integer.oracle.passed()) context.exit_code = 1;
}

// Networks drawn from the posterior, each lowered and run as emitted code. Probabilities come from logits: an
// integer softmax has steps of 1/256.
void run_ensemble(const Options& o, Context& context) {
  const Graph simulated = import_model(o.model, {.lower = false, .observer = {}});
  const auto prepare = [](const Graph& graph) {
    return prepare_model(lower_imported(graph), {.simplify = false, .logits = true}).graph;
  };
  const auto dataset = data::open_dataset(data::with_features(o.data, o.features));
  const EnsembleEvaluation e =
      evaluate_ensemble(simulated, read_posterior(o.posterior), o.draws, o.seed, prepare,
                        load_samples(o, *dataset, simulated), evaluate_options(o), context.progress());
  if (context.json)
    context.print(to_json(e));
  else
    context.print(to_text(e));
  if (!e.most_probable.oracle.passed()) context.exit_code = 1;
}

void run_data(const Options& o, Context& context) {
  const Graph graph =
      prepare_model(import_model(o.model), {.simplify = false, .logits = o.prepare.logits}).graph;
  const auto dataset = data::open_dataset(data::with_features(o.data, o.features));
  const data::Samples samples = load_samples(o, *dataset, graph);
  const EvaluateOptions options = evaluate_options(o);
  const Evaluation evaluation = evaluate(graph, samples, options, context.progress());
  if (context.json)
    context.print(to_json(evaluation, dataset->info().class_names));
  else
    context.print(to_text(evaluation, dataset->info().class_names));
  if (!evaluation.oracle.passed()) context.exit_code = 1;
}

void run(const Options& o, Context& context) {
  if (o.data.empty())
    run_once(o, context);
  else if (!o.compare.empty())
    run_compare(o, context);
  else if (!o.posterior.empty())
    run_ensemble(o, context);
  else
    run_data(o, context);
}

}  // namespace

void add_run(CLI::App& app, Context& context) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("run", "run a model on one input, or evaluate it on a data set");
  command->add_option("MODEL", options->model, ".tflite, .onnx, .mote or zoo:NAME")->required();
  auto* input = command->add_option("--input", options->inputs, ".npy or raw bytes; once per input");
  command->add_option("--output", options->outputs, ".npy or raw bytes; once per output")->needs(input);
  command->add_flag("--oracle", options->oracle, "use the exact interpreter instead of the emitted C")
      ->needs(input);
  auto* data = command->add_option("--data", options->data,
                                   "a path or synth:NAME: print accuracy and the confusion matrix");
  data->excludes(input);
  command->add_option("--split", options->split, "train, valid or test")->capture_default_str()->needs(data);
  command->add_option("--limit", options->limit, "at most so many samples")->needs(data);
  command->add_option("--normalize", options->normalize, "scale=1/255,mean=...,std=...")->needs(data);
  add_features(*command, options->features)->needs(data);
  command->add_option("--check", options->check, "samples that are compared with the exact interpreter")
      ->capture_default_str()
      ->needs(data);
  auto* compare =
      command
          ->add_option("--compare", options->compare,
                       "simulated or float: how the integer network differs from that stage, layer by layer")
          ->check(CLI::IsMember({"simulated", "float"}))
          ->needs(data);
  command->add_option("--values", options->values, "samples whose values --compare looks at, layer by layer")
      ->capture_default_str()
      ->needs(compare);
  auto* posterior =
      command->add_option("--posterior", options->posterior,
                          "OUT.posterior of Bayesian training: uncertainty of networks drawn from it");
  posterior->needs(data)->excludes(compare);
  command->add_option("--samples", options->draws, "networks drawn from the posterior")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000))
      ->needs(posterior);
  command->add_option("--seed", options->seed, "of the draws")->capture_default_str()->needs(posterior);
  add_prepare(*command, options->prepare);
  add_threads(*command, options->threads);
  add_common(*command, context);
  command->footer(
      "Example: mote run net.onnx --data photos/ --split test\n         mote run net.onnx --input x.npy "
      "--output y.npy");
  command->callback([options, &context] { run(*options, context); });
}

}  // namespace mote::cli
