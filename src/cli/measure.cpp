#include "measure/measure.h"

#include <CLI/CLI.hpp>
#include <cstring>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "cli/command.h"
#include "emit/c.h"
#include "format/tensor_file.h"
#include "ir/verify.h"
#include "measure/sample_input.h"
#include "report/measurement_text.h"
#include "run/interpreter.h"

namespace mote::cli {

namespace {

struct Options {
  std::string model, input;
  std::string target = "cortex-m4";
  PlanOptions plan;
  PrepareOptions prepare;
};

Measurement measure_folder(const Options& o, const Target& target) {
  const Artifact artifact = load_artifact(o.model);
  Sample sample;
  for (const Port& port : artifact.inputs) sample.push_back(sample_bytes(port.bytes));
  return measure(artifact, target, sample);
}

Measurement measure_model(const Options& o, const Target& target) {
  const PreparedModel model = prepare_model(import_model(o.model), o.prepare);
  const Graph& graph = model.imported;
  const Plan plan = make_plan(model.graph, target, o.plan);
  const TemporaryFolder folder;
  const Artifact artifact = emit_c(plan, {.name = "model", .folder = folder.path()});
  std::vector<Tensor> inputs = sample_inputs(graph);
  if (!o.input.empty()) inputs[0] = read_tensor_file(o.input, inputs[0].type());
  Sample sample;
  for (const Tensor& t : inputs) sample.emplace_back(t.bytes().begin(), t.bytes().end());
  Measurement result = measure(artifact, target, sample);
  if (stage_of(graph) == Stage::Integer) {
    const auto expected = interpret(graph, inputs);
    bool equal = expected.size() == result.outputs.size();
    for (std::size_t i = 0; equal && i < expected.size(); ++i)
      equal = std::ranges::equal(expected[i].bytes(), result.outputs[i]);
    result.output_matches_oracle = equal;
  }
  return result;
}

void run(const Options& o, Context& context) {
  const Target target = load_target(o.target);
  Measurement result =
      std::filesystem::is_directory(o.model) ? measure_folder(o, target) : measure_model(o, target);
  if (context.json)
    context.print(to_json(result));
  else
    context.print(to_text(result));
  if (result.output_matches_oracle == false) context.exit_code = 1;
}

}  // namespace

void add_measure(CLI::App& app, Context& context) {
  auto options = std::make_shared<Options>();
  CLI::App* command =
      app.add_subcommand("measure", "run on a target: instructions per layer, flash, RAM, stack, estimates");
  command->add_option("MODEL", options->model, "a model file, or a folder that `mote compile` wrote")
      ->required();
  command->add_option("--target", options->target, "a name of `mote targets` or a .toml file")
      ->capture_default_str();
  command->add_option("--input", options->input,
                      "first input, .npy or raw (default: a fixed pseudo-random one)");
  add_optimize(*command, options->plan.optimize);
  add_ram(*command, options->plan);
  add_threads(*command, options->plan.threads);
  add_prepare(*command, options->prepare);
  add_common(*command, context);
  command->footer("Example: mote measure keyword.tflite --target cortex-m4 --json");
  command->callback([options, &context] { run(*options, context); });
}

}  // namespace mote::cli
